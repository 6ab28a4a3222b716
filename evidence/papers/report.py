"""核验报告: a verification told to whoever was not there, with what repeats each step of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from importlib.resources import files

from evidence.format.times import format_time
from evidence.papers.annexes import annexes
from evidence.papers.answers import answers, not_proved
from evidence.papers.before import sections
from evidence.papers.markup import Markup, Tongue, document, grouped, joined, tag
from evidence.papers.material import Handed, Material
from evidence.papers.parts import after_part, before_part, law_part
from evidence.papers.repeated import Shell, by_openssl, by_shell
from evidence.verify.verdict import Outcome

BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Tool:
    """The program that makes the paper: name and version, and the SHA-256 of its code."""

    version: str
    code_sha256: str


def style(*names: str) -> str:
    """Return our style sheets one after another."""
    folder = files("evidence.papers")
    return "".join(folder.joinpath(f"{name}.css").read_text(encoding="utf-8") for name in names)


def report_number(material: Material) -> str:
    """Return the number of a report: the day in Beijing and the first digits of the digest."""
    day = material.verified.astimezone(BEIJING)
    return f"HY-{day:%Y%m%d}-{material.handed[0].digests.sha256[:10].upper()}"


def both_times(moment: datetime) -> str:
    """Return a time in UTC and in Beijing."""
    local = moment.astimezone(BEIJING)
    return f"{format_time(moment)} ({local:%Y-%m-%d %H:%M:%S} +08:00)"


def render_report(
    material: Material,
    *,
    tool: Tool,
    requester: str,
    number: str | None = None,
    lang: str = "both",
    independent: bool = True,
) -> str:
    """Return the report on what was read, as one HTML page that needs nothing else.

    ``independent`` also runs openssl and ``VERIFY.txt`` on this machine and quotes them; without
    it the report says that they were not run. The verdict is the verifier's alone.
    """
    tongue = Tongue(lang)
    number = number or report_number(material)
    skipped = Shell(why=("按要求未执行。", "Left out as asked."))
    shell = by_shell(material) if independent else skipped
    told = sections(material)
    repeated = by_openssl(material) if independent else ()
    body = joined(
        [
            tag("h1", tongue.word("核验报告", "Verification report")),
            tag("p", tongue.say("电子数据离线核验", "Offline verification of electronic data")),
            _header(material, tongue, tool, requester, number),
            _result(material, tongue, shell),
            _handed(material, tongue),
            answers(material, tongue, repeated, shell),
            after_part(material, tongue),
            before_part(material, told, tongue),
            not_proved(material, tongue),
            _how(material, tongue),
            law_part(material, told, tongue),
            _signing(tongue),
            annexes(material, tongue, repeated, shell),
        ],
        "\n",
    )
    return document(report_title(number, lang), style("paper"), body, lang=lang)


def report_title(number: str, lang: str) -> str:
    """Return what a report is called on top of its window and at the foot of its pages."""
    return f"{'Verification report' if lang == 'en' else '核验报告'} {number}"


def _header(material: Material, tongue: Tongue, tool: Tool, requester: str, number: str) -> Markup:
    none = tongue.say("未给出：不信任任何密钥", "none given: nothing is trusted")
    trust: object = none
    if material.trust is not None:
        name, digest = material.trust
        trust = joined([f"{name}{', ' if tongue.lang == 'en' else '，'}SHA-256 ", _digest(digest)])
    rows = [
        ("报告编号", "Number", number),
        ("申请人", "Requester", requester),
        ("核验时间", "Time", both_times(material.verified)),
        (
            "核验范围",
            "Scope",
            tongue.say(
                "下列送验材料的完整性、签名、日志与时间；不含其内容是否真实",
                "integrity, signatures, log and times of what was handed in; not whether its "
                "content is true",
            ),
        ),
        ("工具与版本", "Tool and version", tool.version),
        ("工具代码 SHA-256", "Code of the tool", _digest(tool.code_sha256)),
        ("信任文件夹", "Trust folder", trust),
    ]  # fmt: skip
    return facts_table(tongue, rows)


def _digest(digest: str) -> Markup:
    return tag("span", grouped(digest), cls="digest")


def facts_table(tongue: Tongue, rows: list[tuple[str, str, object]]) -> Markup:
    """Return a table of label and value."""
    return tag(
        "table",
        *(tag("tr", tag("th", tongue.label(zh, en)), tag("td", value)) for zh, en, value in rows),
        cls="facts",
    )


def _result(material: Material, tongue: Tongue, shell: Shell) -> Markup:
    verdict = material.verdict
    lines = [
        tag("div", tag("strong", tongue.say(verdict.headline_zh, verdict.headline_en)),
            cls=f"result {verdict.outcome.word}"),
    ]  # fmt: skip
    if verdict.trial:
        zh = "试用：时间戳仅来自试用机构，不具证明力。"
        en = "TRIAL: the timestamps come from a trial authority alone and prove nothing to others."
        lines.append(tag("p", tongue.say(zh, en), cls="trial"))
    failed = [line for line in shell.lines if line.startswith("FAILED")]
    if failed and verdict.outcome is not Outcome.INVALID:
        count = len(failed)
        zh = f"注意：两种核验不一致，VERIFY.txt 有 {count} 项不成立（附件二）；查明之前不应采用。"
        en = (
            f"NOTE: the two ways disagree: {count} lines of VERIFY.txt fail (annex 2); not to be "
            "relied on before that is explained."
        )
        lines.append(tag("p", tag("strong", tongue.say(zh, en)), cls="invalid"))
    if verdict.declared:
        zh, en = "须先说明（取证时的声明）：", "Declared at the capture, to be said first:"
        lines.append(tag("p", tongue.say(zh, en)))
        lines.append(tag("ul", *(tag("li", tongue.say(zh, en)) for zh, en in verdict.declared)))
    return joined([tongue.title(1, "结论", "Result"), *lines])


def _handed(material: Material, tongue: Tongue) -> Markup:
    columns = (("文件", "File"), ("大小与哈希值", "Size and digests"))
    head = tag("thead", tag("tr", *(tag("th", tongue.label(*pair)) for pair in columns)))
    rows = [_handed_row(one, tongue) for one in material.handed]
    title = tongue.title(2, "送验材料", "What was handed in")
    return joined([title, tag("table", head, tag("tbody", *rows), cls="handed")])


def _handed_row(one: Handed, tongue: Tongue) -> Markup:
    digests = one.digests
    return tag(
        "tr",
        tag("td", one.name, cls="name"),
        tag(
            "td",
            f"{digests.size:,} ",
            tongue.label("字节", "bytes"),
            tag("div", "SHA-256 ", grouped(digests.sha256), cls="digest"),
            tag("div", "SM3 ", grouped(digests.sm3), cls="digest"),
        ),
    )


def _how(material: Material, tongue: Tongue) -> Markup:
    name = material.handed[0].name
    items = [
        (
            "用 unzip、sha256sum、openssl 与 sh：移交包中的 VERIFY.txt 逐行写明，附件二为其输出。",
            "With unzip, sha256sum, openssl and sh: VERIFY.txt in the dossier has the commands.",
        ),
        (
            "用一个离线网页：双击打开核验网页文件，放入移交包与信任文件夹。",
            "With one offline page: open the verifier's HTML file, drop dossier and trust folder.",
        ),
        (
            "用核验程序（不含取证与封装部分）：",
            "With the verifier alone, which holds nothing that captures or seals:",
        ),
    ]
    listed = [tag("li", tongue.say(zh, en)) for zh, en in items]
    command = f"python -m evidence verify {name} --trust TRUST"
    zh = "信任文件夹须另行取得，并与纸面上的指纹核对；三种方式互相独立，结论应当一致。"
    en = (
        "The trust folder comes by another way and is compared with the fingerprint on paper; the "
        "three ways are independent of one another and must agree."
    )
    title = tongue.title(6, "不依赖我们如何核验", "How to verify without us")
    return joined(
        [
            title,
            tag("ul", *listed),
            tag("pre", command, cls="command"),
            tag("p", tongue.say(zh, en)),
        ]
    )


def _signing(tongue: Tongue) -> Markup:
    people = (
        ("核验人", "verified by"),
        ("复核人", "reviewed by"),
        ("单位（盖章）", "office (seal)"),
        ("日期", "date"),
    )
    boxes = [
        tag("div", tongue.label(zh, en), **({"cls": "seal"} if "盖章" in zh else {}))
        for zh, en in people
    ]
    zh = "本报告由程序生成；未经签署，不构成任何人的意见。"
    en = "A program made this report; unsigned it is nobody's opinion."
    title = tongue.title(8, "签署", "Signatures")
    return tag(
        "section",
        title,
        tag("p", tongue.say(zh, en)),
        tag("div", *boxes, cls="signing"),
        cls="part",
    )
