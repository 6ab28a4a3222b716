"""The states of a lead and of a run, and the steps between them. Pure: no rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from desk.errors import NotPossible


class SourceKind(models.TextChoices):
    """Where listings come from."""

    SITE = "site", _("网站")
    FILE = "file", _("移交的商品清单")


class LeadState(models.TextChoices):
    """Where a lead stands; shortlisting is no finding."""

    NEW = "new", _("待处理")
    DISMISSED = "dismissed", _("不予列入")
    AUTHORISED = "authorised", _("授权销售")
    SHORTLISTED = "shortlisted", _("列入核查")
    PRESERVED = "preserved", _("已固证")


class ReasonCode(models.TextChoices):
    """Why a lead was dismissed."""

    NOT_SIMILAR = "not_similar", _("标识不近似")
    OTHER_GOODS = "other_goods", _("商品不相同也不类似")
    FAIR_USE = "fair_use", _("正当使用（描述性或地名）")
    COMPATIBLE = "compatible", _("说明适配关系")
    GENUINE = "genuine", _("正品转售或二手")
    PRIOR_USE = "prior_use", _("在先使用")
    RIGHT_LAPSED = "right_lapsed", _("商标权无效、到期或不及于该商品")
    DUPLICATE = "duplicate", _("重复线索")
    OTHER = "other", _("其他（须写明）")


class RunState(models.TextChoices):
    """How a reading of a watch ended; everything but complete and limited says why."""

    QUEUED = "queued", _("待执行")
    RUNNING = "running", _("执行中")
    COMPLETE = "complete", _("读取完整")
    LIMITED = "limited", _("达到条数上限")
    BLOCKED = "blocked", _("被网站阻止")
    FORBIDDEN = "forbidden", _("网站 robots 不允许")
    UNREACHABLE = "unreachable", _("无法访问")
    REFUSED = "refused", _("出口守卫拒绝")
    GONE = "gone", _("页面已不存在")
    FAILED = "failed", _("失败")


DISMISSAL_CODES: tuple[str, ...] = tuple(ReasonCode.values)
LEAD_STEPS: dict[LeadState, frozenset[LeadState]] = {
    LeadState.NEW: frozenset({LeadState.DISMISSED, LeadState.AUTHORISED, LeadState.SHORTLISTED}),
    LeadState.DISMISSED: frozenset({LeadState.NEW}),
    LeadState.AUTHORISED: frozenset({LeadState.NEW}),
    LeadState.SHORTLISTED: frozenset({LeadState.NEW, LeadState.PRESERVED}),
    LeadState.PRESERVED: frozenset(),
}


def require_step(before: str, after: LeadState) -> None:
    """Raise NotPossible unless a lead may go from one state to the other."""
    start = LeadState(before)
    if after not in LEAD_STEPS[start]:
        raise NotPossible(
            f"A lead that is {start.value} cannot become {after.value}.",
            f"线索处于“{start.label}”状态，不能改为“{after.label}”。",
        )
