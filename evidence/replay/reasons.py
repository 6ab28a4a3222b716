"""Why a capture was not replayed, in sentences that an officer can read; pure."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.errors import EvidenceError

_HENCE_EN = "picture and text were not compared; the sealed records are not affected."
_HENCE_ZH = "未比对画面与文字；已封存的记录不受影响。"
_DETAIL_LIMIT = 300


@dataclass(frozen=True)
class Reason:
    """One sentence in both languages, and a technical detail for whoever looks after the system."""

    en: str
    zh: str
    detail: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the form in ``replay.json``; without a detail there is none."""
        more = {"detail": self.detail[:_DETAIL_LIMIT]} if self.detail else {}
        return {"en": self.en, "zh": self.zh, **more}


class NotReplayed(EvidenceError):
    """The replay check could not be made."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.en, reason.zh)
        self.reason = reason


def _because(en: str, zh: str, detail: str = "") -> Reason:
    return Reason(f"{en}, so {_HENCE_EN}", f"{zh}，因此{_HENCE_ZH}", detail)


ATTENDED = Reason(
    "A person acted in this capture; a replay without that person shows another page.",
    "本次取证由人工操作，无人操作的回放不会显示同一页面。",
)


NOT_PUBLISHED = _because(
    "The page's own exchange holds a secret of the login and is in the encrypted part alone",
    "网页本身的交互记录含有登录凭据，仅在加密部分内",
)


def too_slow(seconds: float) -> Reason:
    """Return the reason of a replay that its time limit (seconds) ended."""
    return _because(
        f"The replay of this page took longer than the {seconds:.0f} seconds it is given",
        f"该网页的离线重放超过了 {seconds:.0f} 秒的时限",
    )


def no_browser(detail: str) -> Reason:
    """Return the reason when the second browser did not start."""
    return _because(
        "The second browser, in which the page is replayed, could not be started",
        "用于离线重放的第二个浏览器未能启动",
        detail,
    )


def not_loaded(detail: str) -> Reason:
    """Return the reason when the page did not show again for a fault of page or browser."""
    return _because(
        "The recorded page did not load again in the second browser",
        "所录网页未能在第二个浏览器中重新打开",
        detail,
    )


def unreadable(detail: str) -> Reason:
    """Return the reason when the WARC, the picture or the text could not be read."""
    return _because(
        "The recorded exchanges, the picture or the text could not be read",
        "所录交互、画面或文字无法读取",
        detail,
    )


def cut_short(detail: str) -> Reason:
    """Return the reason when the process of the replay was ended from outside or by a bound."""
    return _because("The replay was cut short", "离线重放中途被终止", detail)
