"""Part (乙) of a report: what the package's own records say of the time before it was fixed.

Four sections: source, environment, operator, corroboration. All of it is the capturing side's
word; that it stands unchanged since it was fixed is part (甲)'s matter, whether it is true is
for whoever weighs the evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.format import names
from evidence.papers.material import Material
from evidence.verify.report import NOT_GIVEN

NAMES = {
    "source": ("来源", "Source"),
    "environment": ("环境（清洁性检查）", "Environment record"),
    "operator": ("操作主体", "Operator"),
    "corroboration": ("相互印证", "Corroboration"),
}
"""Section to its title."""
MOST_ROWS = 60
STATES = {
    "checked": ("已查，正常", "checked"),
    "differs": ("已查，有异", "DIFFERS"),
    "noted": ("已查，须说明", "to be noted"),
    "not_checked": ("未核查", "not checked"),
}
SET_UP = frozenset(
    {"browser_flags", "egress_guard", "key_isolation", "sandbox", "time_sync", "user",
     "virtualisation"}
)  # fmt: skip
"""Rows of the environment record that tell how the machine is set up, and accuse nobody."""
REPLAY = {
    "equal": ("与封存的画面和文字一致", "equal to the sealed picture and text"),
    "differs": ("有差异，见 evidence/replay.json", "differs, see evidence/replay.json"),
    "not_checked": ("未核查", "not checked"),
}


@dataclass(frozen=True)
class Said:
    """One line: what it is about, and what is said of it, in both languages; ``state`` marks it."""

    zh: str
    en: str
    said_zh: str
    said_en: str
    state: str = ""


def sections(material: Material) -> dict[str, list[Said]]:
    """Return the lines of each section; a section of which nothing is said is empty."""
    return {
        "source": list(_source(material)),
        "environment": list(_environment(material)),
        "operator": list(_operator(material)),
        "corroboration": list(_corroboration(material)),
    }


def _both(zh: str, en: str, value: object) -> Said:
    return Said(zh, en, str(value), str(value))


def _source(material: Material) -> Iterator[Said]:
    capture = material.record(names.CAPTURE)
    for key, zh, en in (
        ("url", "所请求的网址", "address asked for"),
        ("answered_url", "作答的网址", "address that answered"),
        ("final_url", "页面最终显示的网址", "address shown in the end"),
        ("http_status", "HTTP 状态", "HTTP status"),
        ("title", "页面标题", "title of the page"),
    ):
        if capture.get(key) not in (None, ""):
            yield _both(zh, en, capture[key])
    times = material.facts.get("captured")
    if times:
        yield _both("取证起止", "capture began, ended", f"{times['started']} – {times['finished']}")
    certificate = capture.get("certificate")
    if isinstance(certificate, Mapping):
        verdict = certificate.get("verdict")
        yield Said(
            "网站证书",
            "certificate of the site",
            f"浏览器的结论：{verdict}",
            f"the browser's verdict: {verdict}",
            "" if verdict == "ok" else "differs",
        )
    elif "certificate" in capture:
        none = ("未加密连接，没有证书", "not encrypted, there is no certificate")
        yield Said("网站证书", "certificate of the site", *none, "not_checked")
    peers = material.record(names.ENVIRONMENT).get("egress")
    if isinstance(peers, Mapping):
        for peer in _dicts(peers.get("peers"))[:5]:
            given = peer.get("answers")
            answers = ", ".join(map(str, given)) if isinstance(given, list) else "?"
            told = f"{peer.get('host')} → {peer.get('address')}:{peer.get('port')} ({answers})"
            yield _both("对端与域名解析（出口守卫）", "peer and DNS (egress guard)", told)
    yield _both("交互记录保真度", "fidelity of the exchanges", material.facts.get("fidelity", "?"))


def _environment(material: Material) -> Iterator[Said]:
    rows = _dicts(material.record(names.ENVIRONMENT).get("rows"))
    order = {"differs": 0, "noted": 1, "not_checked": 2, "checked": 3}
    for row in sorted(rows, key=lambda row: order.get(_state(row), 0))[:MOST_ROWS]:
        found = row.get("topic")
        topic: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        identity = str(row.get("id", "?"))
        yield Said(
            str(topic.get("zh", identity)),
            str(topic.get("en", identity)),
            str(row.get("zh", "")),
            str(row.get("en", "")),
            _state(row),
        )


def _state(row: Mapping[str, Any]) -> str:
    """Return a row's state; of how the machine is set up, what is other than usual is *noted*."""
    state = str(row.get("status"))
    return "noted" if state == "differs" and str(row.get("id")) in SET_UP else state


def _operator(material: Material) -> Iterator[Said]:
    facts, attended = material.facts, material.record(names.ATTENDED)
    who = facts.get("requested_by")
    none = ("（未写明）", "(not stated)")
    yield Said("经办人", "officer in charge", *((str(who), str(who)) if who else none))
    case = str(facts.get("case", "?"))
    no_case = ("未填", "none given")
    yield Said("案件", "case", *(no_case if case in NOT_GIVEN else (case, case)))
    if attended:
        people = "、".join(str(attended[k]) for k in ("by", "second") if attended.get(k))
        yield _both("在场人员", "persons present", people)
    else:
        unattended = ("由程序自动完成，无人操作浏览器", "by the program, nobody used the browser")
        yield Said("取证方式", "manner", *unattended)
    yield _both("封装软件", "sealing software", facts.get("software", "?"))
    code = _mapping(material.record(names.ENVIRONMENT).get("software")).get("code_sha256")
    if code:
        yield _both("取证程序代码 SHA-256", "code of the capture tool, SHA-256", code)
    if "attempt" in facts:
        number = facts["attempt"].get("number")
        yield Said(
            "本案第几次取证",
            "number of the attempt",
            f"第 {number} 次（失败的也编号）",
            f"attempt {number} of the case (failed ones are numbered too)",
        )


def _corroboration(material: Material) -> Iterator[Said]:
    capture, facts = material.record(names.CAPTURE), material.facts
    bytes_told = {
        "equal": ("一致", "equal", "checked"),
        "mismatch": ("不一致", "they differ", "differs"),
    }.get(str(capture.get("byte_counts")), ("未比较", "not compared", "not_checked"))
    yield Said("浏览器两路记录的字节数", "the browser's two counts of bytes", *bytes_told)
    replay = str(facts.get("replay", "not_checked"))
    state = {"equal": "checked", "differs": "differs"}.get(replay, "not_checked")
    told = REPLAY.get(replay, REPLAY["not_checked"])
    yield Said("离线重放（封存方自查）", "offline replay (by the sealing side)", *told, state)
    review = facts.get("review")
    if review:
        passed = review.get("result") == "passed"
        words = ("通过", "passed", "checked") if passed else ("未通过", "FAILED", "differs")
        when = review.get("finished")
        yield Said(
            "技术核查记录",
            "technical review",
            f"{words[0]}，{when}",
            f"{words[1]}, {when}",
            words[2],
        )
    else:
        none = ("未附", "not enclosed", "not_checked")
        yield Said("技术核查记录", "technical review", *none)
    earliest = facts.get("not_earlier_than")
    if isinstance(earliest, Mapping) and "time" in earliest:
        when = f"{earliest['time']} ({earliest['authority']})"
        yield _both("取证发起不早于", "attempt not earlier than", when)
    for anchor in facts.get("anchors", []):
        one = f"{anchor.get('name')} {anchor.get('reference') or ''}"
        zh, en = f"{one}（回执未核验，不作证明）", f"{one} (not verified, no proof)"
        yield Said("存证回执", "anchoring", zh, en)


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
