"""The annexes of a report: what each program printed, as it came, in one language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from evidence.papers.markup import Markup, Tongue, escaped, tag
from evidence.papers.material import Material
from evidence.papers.repeated import Repeated, Shell

WHOLE = 1 << 24
"""Characters of a program's output that an annex quotes whole."""


def annexes(
    material: Material, tongue: Tongue, repeated: Sequence[Repeated], shell: Shell
) -> Markup:
    """Return the raw output of the verifier, of VERIFY.txt and of openssl."""
    parts = [*_by_verifier(material, tongue), *_by_shell(tongue, shell)]
    long = [one for one in repeated if one.long]
    if long:
        parts.append(_title(tongue, "附件三：openssl 所示的时间戳", "Annex 3: tokens, by openssl"))
    for one in long:
        parts.append(tag("pre", one.command, cls="command"))
        parts.append(tag("pre", escaped(one.output, WHOLE), cls="columns"))
    return tag("div", *parts, cls="annexes")


def _title(tongue: Tongue, zh: str, en: str) -> Markup:
    return tag("h2", tongue.label(zh, en), cls="annex")


def _by_verifier(material: Material, tongue: Tongue) -> list[Markup]:
    lang = "en" if tongue.lang == "en" else "zh"
    zh = "核验程序的输出；每句只留中文，排版从简，其余相同。"
    en = "What the verifier prints: the English sentences alone, set more tightly."
    command = f"python -m evidence verify {material.handed[0].name} --trust TRUST --json"
    return [
        _title(tongue, "附件一：核验程序的原始输出", "Annex 1: the verifier's raw output"),
        tag("p", en if lang == "en" else zh),
        tag("pre", command, cls="command"),
        tag("pre", escaped(print_json(material.verdict.to_json(), lang), WHOLE)),
    ]


def _by_shell(tongue: Tongue, shell: Shell) -> list[Markup]:
    parts = [_title(tongue, "附件二：VERIFY.txt 的原始输出", "Annex 2: output of VERIFY.txt")]
    if shell.code is None:
        parts.append(tag("p", tongue.say(f"未执行：{shell.why[0]}", f"Not run: {shell.why[1]}")))
        return parts
    zh, en = f"退出码 {shell.code}", f"exit code {shell.code}"
    return [
        *parts,
        tag("pre", "TRUST=TRUST sh verify.sh", cls="command"),
        tag("pre", escaped("\n".join(shell.lines), WHOLE), cls="columns"),
        tag("p", tongue.label(zh, en)),
    ]


def print_json(value: dict[str, Any], lang: str) -> str:
    """Return a verdict with one field, and of a list one item, on a line, in one language."""
    rows = []
    for key, item in one_language(value, lang).items():
        if isinstance(item, list) and item:
            listed = ",\n  ".join(_compact(one) for one in item)
            rows.append(f" {_compact(key)}: [\n  {listed}]")
        elif isinstance(item, dict) and key == "facts":
            listed = ",\n  ".join(f"{_compact(k)}: {_compact(v)}" for k, v in item.items())
            rows.append(f" {_compact(key)}: {{\n  {listed}}}")
        else:
            rows.append(f" {_compact(key)}: {_compact(item)}")
    return "{\n" + ",\n".join(rows) + "\n}"


def one_language(value: Any, lang: str) -> Any:
    """Return a JSON value without the sentences of the other language."""
    if isinstance(value, list):
        return [one_language(item, lang) for item in value]
    if not isinstance(value, dict):
        return value
    both = {"zh", "en"} <= set(value)
    return {
        key: one_language(item, lang)
        for key, item in value.items()
        if not both or key not in ("zh", "en") or key == lang
    }


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
