"""What must be declared before anything else is said of a capture: its first lines.

The writer prints them into ``capture.json`` (``declared``) and the verifier derives them again
from the facts in ``capture.json`` and ``environment.json``, so that leaving one out hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from evidence.format.elsewhere import brief, shown_elsewhere

Line = tuple[str, str]
GOOD = ("ok", "not verified")
"""The verdicts of ``certificates.json`` with which the browser found nothing wrong."""

SENTENCES: Mapping[str, Line] = MappingProxyType(
    {
        "bad_certificate": (
            "网站证书未通过验证，仍按声明取证",
            "the site's certificate did not verify; captured all the same, declared",
        ),
        "login": (
            "页面为登录页，不是所指的商品或店铺页面",
            "the page is a sign-in page, not the listing or shop that was asked for",
        ),
        "verification": (
            "页面为验证页（验证码、人机验证），不是所指的商品或店铺页面",
            "the page asks to prove a person, it is not the listing or shop that was asked for",
        ),
        "empty": ("页面没有内容", "the page is empty"),
        "gone": ("页面所指内容已下架或不存在", "what the page was to show is gone"),
        "http-error": ("服务器以错误状态作答", "the server answered with an error"),
        "byte_mismatch": (
            "浏览器两路记录的字节数不一致，详见 capture.json",
            "the browser's two records disagree on byte counts, see capture.json",
        ),
        "log_incomplete": (
            "连接中有不属于任何应答的字节，或浏览器网络日志有无法读懂之处，详见 capture.json",
            "bytes that belong to no answer, or a browser log not all readable; see capture.json",
        ),
        "redacted": (
            "取证时带有登录状态；交互记录中的凭据已等长遮盖，原文另行加密封存",
            "captured with a login; secrets in the exchanges are masked, the exact bytes encrypted",
        ),
        "decoded": (
            "交互记录为浏览器解码后的内容，不是线路上的原始字节",
            "the exchanges are as the browser decoded them, not the literal bytes of the wire",
        ),
        "attended": ("有人值守取证，由在场人员操作浏览器", "attended: a person used the browser"),
        "limit": (
            "取证达到时间、字节、请求或高度上限，记录不完整",
            "a bound on time, bytes, requests or height was reached; the record is not whole",
        ),
        "no_licence": (
            "卖家亮照页面未能取得，原因见 capture.json",
            "the seller's licence page was asked for and not had, see capture.json for why",
        ),
        "review_failed": (
            "取证工具最近一次技术核查未通过",
            "the latest technical review of the capture tool did not pass",
        ),
        "sandbox_off": (
            "浏览器沙箱未启用（由设置关闭）",
            "the browser's sandbox was off (by setting)",
        ),
        "no_key_isolation": (
            "取证进程与密钥之间没有系统级隔离",
            "nothing in the system kept keys from the capturing process",
        ),
        "loopback_allowed": (
            "允许访问本机地址（演示或测试设置）",
            "addresses of this very machine were allowed (a setting for demo and tests)",
        ),
        "no_guard": ("未经出口守卫直接联网", "the capture did not go through the egress guard"),
    }
)
"""Code to the sentence in Chinese and English, the gravest first."""

CHANGED: Line = (
    "留存各项记录期间页面仍在变化，各项记录可能反映不同时刻",
    "the page changed while its records were taken; they can show different moments",
)
NOT_STOPPED: Line = (
    "留存各项记录时未能暂停网页脚本，原因见 capture.json",
    "the page's scripts were not stopped while its records were taken, see capture.json",
)
MOST_STATED, LONGEST_STATED = 200, 1000
MORE_STATED: Line = ("其余声明见 capture.json", "for what else is declared see capture.json")
TOO_LARGE: Line = (
    "页面过大，未查找封闭的影子树，其中的文字可能不在文字记录内",
    "the page is too large to look for closed shadow trees; their text may be missing",
)
STYLED: Line = (
    "页面文字由样式表写出，截图中有，文字记录中没有",
    "the page's words are written by its style sheets: in the picture, not in the text record",
)
_AT_ODDS = frozenset(
    {
        CHANGED[1],
        NOT_STOPPED[1],
        STYLED[1],
        TOO_LARGE[1],
        SENTENCES["byte_mismatch"][1],
        "0 lines shown while scrolling are not in the picture, but at text.txt's end",
        "0 parts of the page scroll by themselves; picture and PDF show a part of them",
        "0 closed shadow trees are not in the text record",
        "the page is 0 pixels wide, its picture shows the first 0 of them",
    }
)
_NUMBER = re.compile(r"[0-9]+")
_MOMENTS = re.compile(r"\Amoments? 0(?:, 0)*(?: and 0 more)?: ")


def at_odds(lines: Iterable[Line]) -> bool:
    """Return whether a line says that records of one capture show different things.

    Then nothing may say that they agree, but that they agree except for what is declared. Numbers
    do not matter, nor of which moment of an attended capture it is said.
    """
    shapes = (_MOMENTS.sub("", _NUMBER.sub("0", en)) for _, en in lines)
    return any(shape in _AT_ODDS for shape in shapes)


def first_lines(
    capture: Mapping[str, Any],
    environment: Mapping[str, Any],
    certificates: Mapping[str, Any] = MappingProxyType({}),
    attended: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Line, ...]:
    """Return what the records oblige to declare, the gravest first, none twice.

    The arguments are the parsed ``capture.json``, ``environment.json``, ``certificates.json`` and
    ``attended.json``, of any shape; further sentences that ``capture["declared"]`` holds
    come last. Nothing is checked against other files here.
    """
    due = {*_of_capture(capture), *_of_environment(environment)}
    if _bad_for_the_page(capture, certificates):
        due.add("bad_certificate")
    if attended:
        due.add("attended")
    lines = [line for code, line in SENTENCES.items() if code in due]
    shown = shown_elsewhere(capture)
    if shown is not None:
        at = 1 if "bad_certificate" in due else 0
        lines.insert(at, elsewhere_line(shown))
    return tuple(dict.fromkeys([*lines, *_stated(capture.get("declared"))]))


def elsewhere_line(shown: str) -> Line:
    """Return the sentence of a page that is shown at another address than was asked for."""
    return (
        f"所示页面不在所指的网址，而在 {brief(shown)}",
        f"the page shown is not at the address asked for but at {brief(shown)}",
    )


def printed(lines: tuple[Line, ...]) -> list[dict[str, str]]:
    """Return the JSON form of sentences: a list of ``{"zh", "en"}``."""
    return [{"zh": zh, "en": en} for zh, en in lines]


def _of_capture(capture: Mapping[str, Any]) -> Iterator[str]:
    if _part(capture, "certificate").get("verdict") == "bad":
        yield "bad_certificate"
    for key in ("page_state", "page_note"):
        note = capture.get(key)
        if isinstance(note, str) and note in SENTENCES:
            yield note
    if capture.get("fidelity") in ("redacted", "decoded"):
        yield str(capture["fidelity"])
    if capture.get("byte_counts") == "mismatch":
        yield "byte_mismatch"
    if capture.get("log_faults"):
        yield "log_incomplete"
    if capture.get("limits_hit"):
        yield "limit"
    missed = capture.get("not_recorded")
    for item in missed if isinstance(missed, list) else []:
        if isinstance(item, dict) and item.get("what") == "licence page":
            yield "no_licence"


def _bad_for_the_page(capture: Mapping[str, Any], certificates: Mapping[str, Any]) -> bool:
    """Whether a connection to the page's own host had a bad certificate, whatever is said of it."""
    hosts = [_host_of(capture.get(key)) for key in ("url", "final_url")]
    rows = certificates.get("connections")
    return any(
        isinstance(row, dict)
        and (row.get("host"), row.get("port")) in hosts
        and row.get("verdict") not in GOOD
        for row in (rows if isinstance(rows, list) else [])
    )


def _host_of(url: Any) -> tuple[str, int] | None:
    if not isinstance(url, str) or not url.startswith("https://"):
        return None
    try:
        parts = urlsplit(url)
        return (parts.hostname or "", parts.port or 443)
    except ValueError:
        return None


def _of_environment(environment: Mapping[str, Any]) -> Iterator[str]:
    if _part(environment, "browser").get("sandbox") == "off":
        yield "sandbox_off"
    if _part(environment, "isolation").get("key_isolation") == "none":
        yield "no_key_isolation"
    if _review_failed(environment.get("rows")):
        yield "review_failed"
    egress = _part(environment, "egress")
    if egress.get("allow_loopback") is True:
        yield "loopback_allowed"
    if egress.get("proxy") == "none":
        yield "no_guard"


def _review_failed(rows: Any) -> bool:
    found = [row for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict)]
    return any(
        row.get("id") == "review" and _part(row, "data").get("result") == "failed" for row in found
    )


def _part(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = value.get(key)
    return part if isinstance(part, dict) else {}


def _stated(value: Any) -> Iterator[Line]:
    """Yield what ``capture.json`` lists besides, up to what a page can hold."""
    items = value if isinstance(value, list) else []
    for item in items[:MOST_STATED]:
        if isinstance(item, dict) and {type(item.get(k)) for k in ("zh", "en")} == {str}:
            yield brief(item["zh"], LONGEST_STATED), brief(item["en"], LONGEST_STATED)
    if len(items) > MOST_STATED:
        yield MORE_STATED
