"""What the page of an exhibit tells of the capture's own records, as rows of words.

The records are the package's; their shapes are not trusted here (what is none of its kind is
left out), and what they say is escaped by the template like everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from desk.console.reasons import masked_words

Json = Mapping[str, Any]
ROWS = 500
WORD_LIMIT = 200


@dataclass(frozen=True)
class Telling:
    """What a package's records say, ready for the page."""

    record: Json
    environment: Json
    replay: Json | None
    attended: Json | None

    @property
    def differing(self) -> list[Json]:
        """Return the rows of the environment record that are not as they should be."""
        return [row for row in self.rows if row.get("status") == "differs"]

    @property
    def not_checked(self) -> list[Json]:
        """Return what the environment record did not check, with the reasons."""
        return _objects(self.environment.get("not_checked"))

    @property
    def rows(self) -> list[Json]:
        """Return all rows of the environment record."""
        return _objects(self.environment.get("rows"))

    @property
    def masked(self) -> list[str]:
        """Return what was masked, a line for each file, part and kind, and how often."""
        found: Counter[str] = Counter()
        for item in _objects(self.record.get("masked")):
            places = item.get("places")
            found[masked_words(item)[:WORD_LIMIT]] += places if isinstance(places, int) else 0
        return [f"{where} × {places}" for where, places in found.items()]

    @property
    def certificates(self) -> list[str]:
        """Return the hosts whose certificates did not verify."""
        return [str(item)[:WORD_LIMIT] for item in _list(self.record.get("bad_certificates"))]

    @property
    def replayed(self) -> str:
        """Return the result of the replay check in words; empty when there was none."""
        return replay_words(self.replay) if self.replay is not None else ""

    @property
    def regions(self) -> list[str]:
        """Return the differing regions of the replayed picture with their causes."""
        picture = _object((self.replay or {}).get("picture"))
        return [region_words(item) for item in _objects(picture.get("regions"))]

    @property
    def lines(self) -> list[Json]:
        """Return where the replayed text differs from the sealed one."""
        return _objects(_object((self.replay or {}).get("text")).get("differences"))

    @property
    def moments(self) -> list[Json]:
        """Return the marked moments of an attended capture."""
        return _objects((self.attended or {}).get("moments"))

    @property
    def profile(self) -> str:
        """Return as what the browser came: a telephone's or a desktop's, with its window."""
        declared = _object(self.environment.get("declared"))
        words = {"mobile": _("手机版页面"), "desktop": _("电脑版页面")}
        name = words.get(str(declared.get("profile")))
        window = declared.get("viewport")
        if name is None:
            return "—"
        return f"{name} · {window}"[:WORD_LIMIT] if isinstance(window, str) else name

    @property
    def attendance(self) -> str:
        """Return who used the browser, or that nobody did."""
        if self.attended is None:
            return _("无人值守，由系统自动打开")
        people = [self.attended.get(key) for key in ("by", "second")]
        named = _("、").join(str(name)[:WORD_LIMIT] for name in people if name)
        return _("有人值守：%(people)s") % {"people": named or "—"}

    @property
    def login(self) -> str:
        """Return whether the browser came with a login; the record's own word."""
        session = _object(self.environment.get("browser")).get("session")
        if session == "declared" or self.masked:
            return _("带有登录状态，凭据已遮盖")
        return _("没有声明登录状态") if isinstance(session, str) else "—"


def _list(value: Any) -> Sequence[Any]:
    return value[:ROWS] if isinstance(value, list) else []


def _objects(value: Any) -> list[Json]:
    return [item for item in _list(value) if isinstance(item, Mapping)]


def _object(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def fidelity_words(code: str) -> str:
    """Return how exact the recorded exchanges are."""
    words = {
        "exact": _("逐字节：记录的就是线路上收发的原始字节"),
        "redacted": _("逐字节，凭据已等长遮盖；原文加密封存"),
        "decoded": _("浏览器解码后的内容，不是线路上的原始字节"),
    }
    return words.get(code, "—")


def page_words(code: str) -> str:
    """Return what the page was instead of the listing that was asked for."""
    words = {
        "login": _("登录页"),
        "verification": _("验证页"),
        "empty": _("空白页"),
        "gone": _("已下架或不存在"),
        "http-error": _("服务器报错"),
    }
    return words.get(code, code)


def certificate_words(code: str) -> str:
    """Return what the browser found of the site's certificate."""
    if code == "bad":
        return _("未通过验证")
    if code.startswith("none"):
        return _("无（http 网页）")
    return _("浏览器验证通过") if code else "—"


def replay_words(replay: Json) -> str:
    """Return the verdict of the replay check in a sentence or two, with why it was not made."""
    said = _compared(replay)
    alike = _object(replay.get("requests")).get("answered_alike")
    if isinstance(alike, int) and alike > 0:
        said += _("其中 %(count)s 个请求仅网址中的数字不同，以所记录的相近应答代替。") % {
            "count": alike
        }
    return said


def _compared(replay: Json) -> str:
    if replay.get("verdict") == "equal":
        return _("离线重放后，画面与文字均与封存的一致。")
    if replay.get("verdict") != "differs":
        reason = _object(replay.get("reason")).get(
            "en" if (get_language() or "").startswith("en") else "zh"
        )
        return _("未做重放核对。") + (str(reason)[:300] if reason else "")
    picture, text = _object(replay.get("picture")), _object(replay.get("text"))
    share = picture.get("differing_permille")
    shown = f"{share / 10:.1f}%" if isinstance(share, int) else "—"
    if text.get("equal") is True:
        return _("离线重放后文字一致，画面有 %(share)s 不同。") % {"share": shown}
    return _("离线重放后文字有差异，画面有 %(share)s 不同。") % {"share": shown}


def region_words(region: Json) -> str:
    """Return one differing region: where it is and why it differs."""
    causes = {
        "clock": _("页面显示时间"),
        "animation": _("动画"),
        "advertisement": _("广告或第三方内容"),
        "not recorded": _("有内容未记录"),
        "unknown": _("原因不明"),
    }
    sides = [region.get(name) for name in ("x", "y", "width", "height")]
    x, y, width, height = (side if isinstance(side, int) else 0 for side in sides)
    place = _("左 %(x)s、上 %(y)s，宽 %(width)s × 高 %(height)s") % {
        "x": x,
        "y": y,
        "width": width,
        "height": height,
    }
    cause = region.get("cause")
    return place if cause is None else f"{place} · {causes.get(str(cause), str(cause)[:40])}"
