"""Part 三 of a report: each claim with its sentence, what repeats it, and what that printed."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.papers.markup import Markup, Tongue, escaped, joined, tag
from evidence.papers.material import Material
from evidence.papers.repeated import Repeated, Shell
from evidence.verify.report import MARKS
from evidence.verify.verdict import CLAIM_NAMES, OPTIONAL, Claim

LONGEST = 600
"""Characters of one program's output in the text; the annexes have it whole."""
SECTION = {
    "package": "1",
    "manifest": "2",
    "timestamp": "3",
    "signature": "4",
    "review": "4",
    "inclusion": "5-7",
    "witness": "7",
    "order": "8",
    "case": "9",
}
"""Claim to the section of VERIFY.txt that repeats it; the others no shell can."""


def answers(
    material: Material, tongue: Tongue, repeated: Sequence[Repeated], shell: Shell
) -> Markup:
    """Return the section: one box for each claim that was told, in the verdict's order."""
    boxes = [
        _box(material, tongue, claim_id, told, repeated, shell)
        for claim_id in CLAIM_NAMES
        if (told := [c for c in material.verdict.claims if c.id == claim_id])
    ]
    title = tongue.title(3, "逐项核查", "Check by check")
    untold = [
        CLAIM_NAMES[claim]
        for claim in ("witness", "revocation")
        if not any(c.id == claim for c in material.verdict.claims)
    ]
    zh = "未要求且无材料，故未核查：" + "、".join(name for name, _ in untold)
    en = "Neither required nor there, so not checked: " + "; ".join(name for _, name in untold)
    note = [tag("p", tongue.say(zh, en))] if untold else []
    name = material.handed[0].name
    command = tag("pre", f"python -m evidence verify {name} --trust TRUST", cls="command")
    zh = "下列各项为上列命令的结论；框内为用其他程序复核的命令及其输出。全部原始输出见附件。"
    en = (
        "What this command found, check by check; in the boxes other programs that repeat a check, "
        "and what they print. The annexes have all raw output."
    )
    return joined([title, command, tag("p", tongue.say(zh, en)), *boxes, *note])


def _box(
    material: Material,
    tongue: Tongue,
    claim_id: str,
    told: Sequence[Claim],
    repeated: Sequence[Repeated],
    shell: Shell,
) -> Markup:
    zh, en = CLAIM_NAMES[claim_id]
    worst = min(told, key=lambda c: ("invalid", "not_checked", "valid").index(c.status.value))
    need = (
        tongue.label("要求项", "required")
        if told[0].required
        else tongue.label("非必需", "optional")
    )
    left, right = "()" if tongue.lang == "en" else "（）"
    head = tag(
        "h3",
        tag("span", "[", tongue.label(*MARKS[worst.status]), "]", cls=f"mark {worst.status.value}"),
        " ", tongue.label(zh, en), " ", tag("small", left, need, right),
    )  # fmt: skip
    found = []
    for claim in told:
        if claim.where:
            found.append(
                tag("p", tongue.label("位置", "Where"), "：", tag("code", claim.where), cls="where")
            )
        found.append(tag("p", tongue.say(claim.zh, claim.en)))
    return tag("section", head, *found, *_again(tongue, claim_id, repeated, shell), cls="check")


def _again(
    tongue: Tongue, claim_id: str, repeated: Sequence[Repeated], shell: Shell
) -> list[Markup]:
    """Return what repeated a check: each command with what it printed, VERIFY.txt in one line."""
    lines = []
    for one in repeated:
        if one.claim == claim_id and not one.long:
            lines.append(tag("span", one.command, cls="command"))
            lines.append(_cut(f"{one.output}{tongue.word(*_ending(one))}"))
    lines += [escaped(line) for line in _by_shell(tongue, claim_id, shell)]
    if not lines:
        return []
    return [tag("pre", joined(lines, "\n"))]


def _ending(one: Repeated) -> tuple[str, str]:
    if one.code is None:
        return "（未执行）", " (not run)"
    return f"（退出码 {one.code}）", f" (exit code {one.code})"


def _by_shell(tongue: Tongue, claim_id: str, shell: Shell) -> list[str]:
    """Return one line that counts what holds, and every line that does not in its own words."""
    if claim_id not in SECTION or shell.code is None:
        return []
    lines = shell.of(claim_id)
    if not lines and claim_id in OPTIONAL:
        return []
    good = sum(line.startswith("OK ") for line in lines)
    section = SECTION[claim_id]
    said = tongue.word(
        f"VERIFY.txt 第 {section} 节：{good} 项成立", f"VERIFY.txt, section {section}: {good} hold"
    )
    return [said, *(line for line in lines if not line.startswith("OK "))]


def _cut(text: str) -> Markup:
    return escaped(text, LONGEST)


def not_proved(material: Material, tongue: Tongue) -> Markup:
    """Return part 五: what nobody may take this verification to prove."""
    lines = [*material.verdict.not_proved]
    lines.append(
        (
            "封存之前的记录是否属实（乙部分只是取证一方的记载）",
            "that the records from before sealing are true (part B is the capturing side's word)",
        )
    )
    title = tongue.title(5, "未予证明", "What is not proved")
    return joined([title, tag("ul", *(tag("li", tongue.say(zh, en)) for zh, en in lines))])
