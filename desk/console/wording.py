"""How records are said on the pages: one sentence or badge for each state, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from desk.leads.models import LeadEvent
from desk.leads.states import LeadState, ReasonCode
from desk.register.models import Mark, MarkKind, Membership, User
from evidence.keeping.dated import Retention
from matcher.mark import FIGURES

BADGES = {
    "new": "new",
    "dismissed": "still",
    "authorised": "still",
    "shortlisted": "work",
    "preserved": "good",
    "requested": "work",
    "capturing": "work",
    "awaiting_timestamp": "work",
    "sealed": "good",
    "failed": "bad",
    "queued": "still",
    "running": "work",
    "complete": "good",
    "limited": "good",
    "blocked": "bad",
    "forbidden": "bad",
    "unreachable": "bad",
    "refused": "bad",
    "valid": "good",
    "invalid": "bad",
    "not_a_package": "bad",
    "incomplete": "work",
    "not_checked": "still",
    "erasure-requested": "work",
    "erasure-approved": "work",
    "erasure-blocked": "bad",
    "erasure-done": "still",
    "erasure-refused": "still",
    "erasure-withdrawn": "still",
}


def verdict_word(code: str) -> str:
    """Return the word for a verdict or for the status of a claim."""
    words = {
        "valid": _("成立"),
        "invalid": _("不成立"),
        "incomplete": _("未完整核验"),
        "not_a_package": _("不是封装文件"),
        "not_checked": _("未核查"),
    }
    return words.get(code, code)


def event_words(event: LeadEvent) -> str:
    """Return what happened to a lead in a few words."""
    if not event.from_state:
        return _("机器发现疑似")
    if event.to_state == LeadState.NEW:
        return _("撤销决定，恢复为待处理") if event.actor_id else _("商品有变化，重新打开")
    label = str(LeadState(event.to_state).label)
    if event.reason_code in ReasonCode.values:
        return f"{label}{_('：')}{ReasonCode(event.reason_code).label}"
    return label


_BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("MicroMessenger/", "WeChat"),
    ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Version/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_words(agent: str) -> str:
    """Return the browser and system that a User-Agent names; they say so, nothing proves it."""
    browser = next(
        (
            f"{name} {agent.partition(sign)[2].partition('.')[0][:4]}"
            for sign, name in _BROWSERS
            if sign in agent
        ),
        "",
    )
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return " · ".join(part for part in (browser, system) if part) or agent[:40] or _("未知")


def standing_of(user: User) -> str:
    """Return where a person works and as what, for the header."""
    memberships = Membership.objects.filter(user=user).select_related("organisation")
    parts = [f"{item.organisation.name} · {item.get_role_display()}" for item in memberships[:2]]
    return _("；").join(parts)


def lead_standing(state: str) -> str:
    """Return the sentence shown where no step is open."""
    sentences = {
        LeadState.NEW: _("执法人员尚未处理这条线索。"),
        LeadState.DISMISSED: _("这条线索不予列入；商品发生变化时会自动重新打开。"),
        LeadState.AUTHORISED: _("已确认为授权销售。"),
        LeadState.SHORTLISTED: _("已列入核查（不是认定），页面固证正在进行或由执法人员安排。"),
        LeadState.PRESERVED: _("页面已固证封装，可在证据项中查看和下载证据移交包。"),
    }
    return sentences.get(LeadState(state), "")


def mark_kind(mark: Mark) -> str:
    """Return the kind of a mark in words, and that its figure is not watched."""
    label, said = str(MarkKind(mark.kind).label), unwatched(mark)
    return f"{label} · {said}" if said else label


def unwatched(mark: Mark) -> str:
    """Return that a mark's figure is not compared with pictures, "" when it has none."""
    return _("图形未监测") if mark.kind in FIGURES else ""


def nice_classes(mark: Mark) -> str:
    """Return the Nice classes in words, or that none is recorded."""
    numbers = mark.class_numbers()
    if not numbers:
        return _("未登记")
    return _("第 %(numbers)s 类") % {"numbers": _("、").join(str(n) for n in numbers)}


def retention_words(row: Retention) -> str:
    """Return how long a class of exhibits is kept, counted from what."""
    begin = {"sealed": _("封装当年年末"), "case_closed": _("结案当年年末")}
    counted = begin.get(row.counted_from, row.counted_from)
    if row.years is None:
        return _("年数待定，自%(counted)s起") % {"counted": counted}
    return _("%(years)s 年，自%(counted)s起") % {"years": row.years, "counted": counted}


def evidence_words(evidence: Any) -> str:
    """Return the evidence of a reason as one short line."""
    if isinstance(evidence, Mapping):
        parts = [f"{key} {evidence_words(value)}" for key, value in evidence.items()]
        return " · ".join(parts)
    if isinstance(evidence, list | tuple):
        return ", ".join(evidence_words(item) for item in evidence)
    return str(evidence)


def unrecorded_word(code: str) -> str:
    """Return the words for something a page did that its package only names."""
    words = {
        "failed request": _("请求失败"),
        "unfinished": _("未完成的请求"),
        "cut off": _("取证结束时仍在传输，只保留已收到的部分"),
        "from cache": _("由本次取证自身的缓存应答"),
        "long address": _("网址过长的请求"),
        "websocket": _("WebSocket 通信内容"),
        "refused": _("被出口守卫拒绝的连接"),
        "connection failed": _("未能建立的连接"),
        "no answer": _("没有应答的请求"),
        "not in the log": _("浏览器网络日志中没有的请求"),
        "service worker": _("Service Worker，按声明停用"),
        "licence page": _("亮照页面"),
        "screen recording": _("录屏"),
        "not kept as a file": _("未另存为文件的内容"),
        "popup": _("弹出窗口，已关闭"),
        "download": _("文件下载，未保留"),
    }
    return words.get(code, code)


def picture_words(key: str) -> str:
    """Return the words for a further picture of a capture, by its key in the address."""
    words = {"licence": _("亮照页面"), "replay": _("离线重放的画面")}
    kind, _dash, number = key.partition("-")
    if kind == "moment":
        return _("标记时刻 %(n)s") % {"n": number.lstrip("0")}
    if kind == "strip":
        return _("分段截图 %(n)s") % {"n": number.lstrip("0")}
    return words.get(key, key)


def file_words(key: str) -> str:
    """Return the words for a file that can be taken out of a package by itself."""
    words = {"recording": _("录屏（WebM）"), "page": _("整页存档（MHTML）")}
    return words.get(key, key)
