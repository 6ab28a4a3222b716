"""The states of an exhibit and the steps between them. Pure: no rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from desk.errors import NotPossible


class ExhibitState(models.TextChoices):
    """Where an exhibit stands."""

    REQUESTED = "requested", _("已提出固证")
    CAPTURING = "capturing", _("固证中")
    AWAITING_TIMESTAMP = "awaiting_timestamp", _("等待可信时间戳")
    SEALED = "sealed", _("已固证封装")
    FAILED = "failed", _("固证失败")


class CustodyKind(models.TextChoices):
    """What happened to an exhibit."""

    REQUESTED = "requested", _("提出固证")
    SEALED = "sealed", _("固证封装")
    FAILED = "failed", _("固证失败")
    VIEWED = "viewed", _("查看")
    DOWNLOADED = "downloaded", _("下载证据移交包")
    VERIFIED = "verified", _("核验")
    OPENED = "opened", _("打开加密部分")
    ERASED = "erased", _("销毁加密部分的密钥")
    RENEWED = "renewed", _("时间戳续期")
    CONTENT_ERASED = "content_erased", _("删除内容")
    HELD = "held", _("设定保全")
    HOLD_RELEASED = "hold_released", _("解除保全")
    ERASURE_REQUESTED = "erasure_requested", _("申请删除内容")
    ERASURE_APPROVED = "erasure_approved", _("批准删除内容")
    ERASURE_ENDED = "erasure_ended", _("删除申请终止")
    ENTRUSTED = "entrusted", _("委托公证机构")
    ENTRUSTMENT_ENDED = "entrustment_ended", _("终止委托")


class ErasureState(models.TextChoices):
    """Where a request to erase an exhibit's content stands."""

    REQUESTED = "requested", _("待批准")
    APPROVED = "approved", _("已批准，正在删除")
    BLOCKED = "blocked", _("未能删除")
    DONE = "done", _("内容已删除")
    REFUSED = "refused", _("不予批准")
    WITHDRAWN = "withdrawn", _("已撤回")


OPEN_ERASURES: tuple[str, ...] = ("requested", "approved", "blocked")


LIVE: tuple[str, ...] = ("requested", "capturing", "awaiting_timestamp")
EXHIBIT_STEPS: dict[ExhibitState, frozenset[ExhibitState]] = {
    ExhibitState.REQUESTED: frozenset({ExhibitState.CAPTURING, ExhibitState.FAILED}),
    ExhibitState.CAPTURING: frozenset(
        {ExhibitState.AWAITING_TIMESTAMP, ExhibitState.SEALED, ExhibitState.FAILED}
    ),
    ExhibitState.AWAITING_TIMESTAMP: frozenset(
        {ExhibitState.CAPTURING, ExhibitState.SEALED, ExhibitState.FAILED}
    ),
    ExhibitState.SEALED: frozenset(),
    ExhibitState.FAILED: frozenset(),
}


def require_step(before: str, after: ExhibitState) -> None:
    """Raise NotPossible unless an exhibit may go from one state to the other."""
    start = ExhibitState(before)
    if after not in EXHIBIT_STEPS[start]:
        raise NotPossible(
            f"An exhibit that is {start.value} cannot become {after.value}.",
            f"证据项处于“{start.label}”状态，不能改为“{after.label}”。",
        )
