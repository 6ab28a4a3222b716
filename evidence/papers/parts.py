"""Parts 四 and 七 of a report: the two findings kept apart, and the table of articles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from evidence.format.times import parse_time
from evidence.papers.before import NAMES, STATES, Said
from evidence.papers.law import points
from evidence.papers.markup import Markup, Tongue, joined, tag
from evidence.papers.material import Material
from evidence.verify.report import MARKS
from evidence.verify.verdict import CLAIM_NAMES, Claim, Status

MOST_IN_TABLE = 8
"""Lines that were checked and found usual; more of them are told one after another."""
UNALTERED = ("package", "manifest", "signature", "timestamp", "inclusion")
"""The claims on which it rests that nothing was altered since the fixed time."""


def after_part(material: Material, tongue: Tongue) -> Markup:
    """Return finding (甲): unchanged since the fixed time, or why that cannot be said."""
    zh, en, state = _unaltered(material)
    title = tongue.title(4, "认定（两部分分开）", "Findings, kept apart")
    head = tag("h3", tongue.label("（甲）自固定时刻起未改动", "(A) Unchanged since the fixed time"))
    return joined([title, head, tag("p", tongue.say(zh, en), cls=state)])


def _unaltered(material: Material) -> tuple[str, str, str]:
    claims = {c.id: c.status for c in reversed(material.verdict.claims)}
    told = [c for c in material.verdict.claims if c.id in UNALTERED]
    if any(c.status is Status.INVALID for c in told):
        names = "".join(f"「{name}」" for name in _names(told, Status.INVALID, 0))
        listed = "; ".join(_names(told, Status.INVALID, 1))
        zh = f"不能认定：{names}不成立。材料与封存时不同，或不是其所称之物。"
        return zh, f"Cannot be said. Does not hold: {listed}.", "invalid"
    if any(claims.get(claim) is not Status.VALID for claim in UNALTERED):
        zh = "不能认定：上列要求的核查项未能全部完成；已查各项未发现问题。"
        en = "Cannot be said: not all of the checks could be made; nothing wrong was found so far."
        return zh, en, "not_checked"
    times = [parse_time(t["time"]) for t in material.facts.get("tokens", []) if t["trusted"]]
    at = _said(min(times)) if times else "?"
    trial = "（试用机构，不具证明力）" if material.verdict.trial else ""
    trial_en = (
        " (of a trial authority: it proves nothing to others)" if material.verdict.trial else ""
    )
    log, index = material.facts.get("log", {}), material.facts.get("index")
    zh = (
        f"送验材料所列各文件自 {at}{trial}起未经增加、删除或修改；封装由可信密钥签名，"
        f"并记入日志 {log.get('origin')}（第 {index} 条，共 {log.get('size')} 条）。"
    )
    en = (
        f"Every file that is listed stands as it stood at {at}{trial_en}: nothing added, deleted "
        f"or altered since. A trusted key sealed it, and it is entry {index} of "
        f"{log.get('size')} in the log {log.get('origin')}."
    )
    return zh, en, "valid"


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _names(claims: Iterable[Claim], status: Status, which: int) -> list[str]:
    found = (CLAIM_NAMES[c.id][which] for c in claims if c.status is status)
    return list(dict.fromkeys(found))


def before_part(material: Material, told: Mapping[str, Sequence[Said]], tongue: Tongue) -> Markup:
    """Return finding (乙): what the records say of the time before, section by section."""
    head = tag("h3", tongue.label("（乙）固定之前的事实", "(B) Facts from before that time"))
    zh = (
        "以下出自封装内的环境记录与取证记录，是取证一方当时的记载：甲成立，只说明这些记载自固定时刻起"
        "未改动，不说明其所记属实。"
    )
    en = (
        "From the environment record and the capture record inside the package: the capturing "
        "side's own word at the time. (A) says only that it is unchanged, not that it is true."
    )
    tables = [
        joined([tag("h4", tongue.label(*NAMES[name])), _table(lines, tongue)])
        for name, lines in told.items()
    ]
    lead = [tag("p", tongue.say(zh, en))]
    if _unaltered(material)[2] != "valid":
        zh = "甲未能认定：以下记载是否为当时的原记载，亦无从得知。"
        en = "(A) could not be found: whether this is the original word is not known either."
        lead.append(tag("p", tag("strong", tongue.say(zh, en)), cls="not_checked"))
    return joined([head, *lead, *tables])


def _table(lines: Sequence[Said], tongue: Tongue) -> Markup:
    if not lines:
        return tag("p", tongue.say("没有可读的记录。", "There is no record that can be read."))
    plain = [line for line in lines if line.state == "checked"]
    if len(plain) <= MOST_IN_TABLE:
        return tag("table", *(_row(line, tongue) for line in lines), cls="facts said")
    rest = [line for line in lines if line.state != "checked"]
    words = STATES["checked"]
    mark = tag("span", "[", tongue.label(*words), "]", cls="mark valid")
    items = [
        tag("li", tag("b", tongue.label(one.zh, one.en)), "：", _value(one, tongue))
        for one in plain
    ]
    table = tag("table", *(_row(line, tongue) for line in rest), cls="facts said")
    return joined([table if rest else "", tag("p", mark), tag("ul", *items, cls="columns")])


def _value(line: Said, tongue: Tongue) -> object:
    """Return what is said, in both languages on one line."""
    if line.said_zh == line.said_en:
        return line.said_zh
    return tongue.label(line.said_zh, line.said_en)


def _row(line: Said, tongue: Tongue) -> Markup:
    value = _value(line, tongue)
    mark: object = ""
    if line.state:
        words = STATES.get(line.state, STATES["not_checked"])
        state = {"checked": "valid", "differs": "invalid"}.get(line.state, "not_checked")
        mark = joined([tag("span", "[", tongue.label(*words), "]", cls=f"mark {state}"), " "])
    return tag("tr", tag("th", tongue.label(line.zh, line.en)), tag("td", mark, value))


def law_part(material: Material, told: Mapping[str, Sequence[Said]], tongue: Tongue) -> Markup:
    """Return part 七: what each article asks, and what in this report answers it."""
    heads = (("所问（本报告的概括）", "What it asks (our words)"), ("本报告的回答", "The answer"))
    day = material.verified.date()
    rows: list[Markup] = []
    group = None
    for point in points(day):
        law = point.instrument
        if (law.id, point.article) != group:
            group = (law.id, point.article)
            zh = f"《{law.zh}》第{point.article}条（{law.number}，{law.start} 起施行）"
            en = f"{law.en}, art. {point.article}"
            rows.append(tag("tr", tag("td", tongue.say(zh, en), colspan="2"), cls="group"))
        answer = _answer(material, point.claims, point.records, told, tongue)
        rows.append(tag("tr", tag("td", tongue.say(point.zh, point.en)), tag("td", answer)))
    zh = (
        "条文内容为本报告自拟的概括，非法条原文；引用时以公布的文本为准。是否采信由裁判者认定。"
        f"按 {day} 施行的文本列出。"
    )
    en = (
        "The subjects are our own short descriptions, not the law's wording; the published text "
        f"counts. Whether evidence is believed is the court's to say. As in force on {day}."
    )
    head = tag("thead", tag("tr", *(tag("th", tongue.label(*pair)) for pair in heads)))
    title = tongue.title(7, "与规则的对照", "Checks and articles")
    return joined(
        [title, tag("p", tongue.say(zh, en)), tag("table", head, tag("tbody", *rows), cls="law")]
    )


def _answer(
    material: Material,
    claims: Sequence[str],
    records: Sequence[str],
    told: Mapping[str, Sequence[Said]],
    tongue: Tongue,
) -> Markup:
    states = {c.id: c.status for c in reversed(material.verdict.claims)}
    failed = {c.id for c in material.verdict.claims if c.status is Status.INVALID}
    lines = []
    for status in (Status.INVALID, Status.NOT_CHECKED, Status.VALID):
        found = [CLAIM_NAMES[claim] for claim in claims if _status(claim, failed, states) is status]
        if found:
            mark = tag("span", "[", tongue.label(*MARKS[status]), "]", cls=f"mark {status.value}")
            lines.append(tag("div", mark, " ", _listed(found, tongue)))
    there = [NAMES[name] for name in records if told.get(name)]
    lacking = [NAMES[name] for name in records if not told.get(name)]
    if there:
        lines.append(tag("div", tongue.label("见乙：", "see B: "), _listed(there, tongue)))
    if lacking:
        lines.append(
            tag("div", tongue.label("没有记录：", "no record: "), _listed(lacking, tongue))
        )
    return joined(lines)


def _status(claim: str, failed: set[str], states: Mapping[str, Status]) -> Status:
    return Status.INVALID if claim in failed else states.get(claim, Status.NOT_CHECKED)


def _listed(pairs: Sequence[tuple[str, str]], tongue: Tongue) -> Markup:
    return tongue.label("、".join(zh for zh, _ in pairs), "; ".join(en for _, en in pairs))
