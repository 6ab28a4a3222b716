"""存证凭证（非公证书）: one page that says which package was preserved, and how to check it.

It certifies the act of preserving and nothing that the page says. Everything on it comes from
its line (``evidence.papers.line``).
"""

from __future__ import annotations

from datetime import datetime
from html.parser import HTMLParser

from evidence.format.times import parse_time
from evidence.papers.code import qr_svg, qr_text
from evidence.papers.line import Line, print_line
from evidence.papers.markup import Markup, Tongue, document, escaped, grouped, joined, plain, tag
from evidence.papers.report import BEIJING, style

META = "markseal-certificate"
SHORT = 300
WAYS = "VERIFY.txt, the offline page or markseal verify"


def render_certificate(line: Line, *, lang: str = "both") -> str:
    """Return the certificate as one HTML page; a function of the line and the language alone."""
    tongue = Tongue(lang)
    title = "存证凭证（非公证书）" if lang != "en" else "Certificate of preservation"
    number = line["number"]
    below = tongue.say(f"编号 {number}", f"No. {number} · not a notarial certificate")
    body = joined(
        [
            tag("h1", title),
            tag("p", below),
            *_warnings(line, tongue),
            _table(line, tongue),
            _tokens(line, tongue),
            _foot(line, tongue),
            _notice(tongue),
        ],
        "\n",
    )
    data = print_line(line).decode()
    head = tag("meta", name=META, content=data).removesuffix("</meta>") + "\n"
    page = document(title, style("paper", "certificate"), body, lang=lang, head=head)
    return page.replace("<body>", '<body class="certificate">', 1)


def _warnings(line: Line, tongue: Tongue) -> list[Markup]:
    found = []
    if line["trial"]:
        zh, en = (
            "试用 · 时间戳仅来自试用机构，不具证明力",
            "TRIAL · trial timestamps only, no proof",
        )
        found.append(tag("p", tongue.say(zh, en), cls="trial"))
    if line["declared"]:
        told = [tag("li", tongue.label(one["zh"], one["en"])) for one in line["declared"]]
        zh, en = "须先说明（取证时的声明）：", "Declared at the capture, to be said first:"
        found.append(joined([tag("p", tag("strong", tongue.label(zh, en))), tag("ul", *told)]))
    return found


def _table(line: Line, tongue: Tongue) -> Markup:
    captured, package, log = line["captured"], line["package"], line["log"]
    began, ended = (_told(parse_time(captured[key])) for key in ("started", "finished"))
    what = "网页：网络交互记录、截图、PDF、DOM、文本与环境记录"
    what_en = "a web page: its network exchanges, picture, PDF, DOM, text, environment record"
    during = joined([_field("started", began), " — ", _field("finished", ended)])
    size = _field("package_size", f"{package['size']:,}")
    file = joined(
        [tag("code", f"{line['name']}.wacz"), "，", size, " ", tongue.label("字节", "bytes")]
    )
    entries = joined(
        [
            *(tongue.label("序号", "index"), " ", _field("index", str(line["index"])), "，"),
            *(tongue.label("条目数", "size"), " ", _field("size", str(log["size"]))),
        ]
    )
    root = tag("div", "root ", _field("root", grouped(log["root"])), cls="digest")
    rows: list[tuple[str, str, Markup]] = [
        ("保全内容", "What was preserved", tongue.say(what, what_en)),
        ("页面标题", "Title of the page", _field("title", plain(line["title"], SHORT) or "—")),
        ("网址", "Address", _field("url", plain(line["url"], SHORT))),
        ("取证时间", "Captured", during),
        ("封装文件", "Package", joined([file, _digests("package", package)])),
        ("清单", "Manifest", _digests("manifest", line["manifest"])),
        (
            "日志",
            "Log",
            joined([_field("origin", plain(log["origin"], SHORT)), "；", entries, root]),
        ),
    ]
    return tag(
        "table",
        *(tag("tr", tag("th", tongue.label(zh, en)), tag("td", value)) for zh, en, value in rows),
        cls="facts",
    )


def _field(name: str, value: str) -> Markup:
    return tag("span", escaped(value), data_field=name)


def _digests(which: str, digests: Line) -> Markup:
    lines = [("sha256", "SHA-256"), ("sm3", "SM3")]
    return joined(
        tag("div", f"{label} ", _field(f"{which}_{key}", grouped(digests[key])), cls="digest")
        for key, label in lines
    )


def _told(moment: datetime) -> str:
    local = moment.astimezone(BEIJING)
    return f"{local:%Y-%m-%d %H:%M:%S} +08:00"


def _tokens(line: Line, tongue: Tongue) -> Markup:
    heads = (("时间戳机构", "Timestamp authority"), ("清单存在不晚于", "The manifest existed by"))
    rows = []
    for number, token in enumerate(line["tokens"]):
        name: list[object] = [_field(f"authority_{number}", token["authority"])]
        if token["trial"]:
            name.append(tag("b", " ", tongue.label("试用", "TRIAL"), cls="trial"))
        moment = _told(parse_time(token["time"]))
        rows.append(tag("tr", tag("td", *name), tag("td", _field(f"time_{number}", moment))))
    head = tag("thead", tag("tr", *(tag("th", tongue.label(*pair)) for pair in heads)))
    return tag("table", head, tag("tbody", *rows))


def _foot(line: Line, tongue: Tongue) -> Markup:
    text = qr_text(line["manifest"]["sha256"], line["index"])
    steps = (
        (
            "以 sha256sum 计算封装文件的哈希值，与上列逐组比对。",
            "Take the package's SHA-256 and compare it with the above, group by group.",
        ),
        (
            "用 VERIFY.txt、离线核验网页或 markseal verify 核验移交包；信任文件夹须另行取得。",
            f"Verify the dossier, with a trust folder that came apart from it: {WAYS}.",
        ),
        (
            "markseal certificate --check 本凭证 移交包：凭证与移交包是否为同一件。",
            "markseal certificate --check CERTIFICATE DOSSIER: whether both are of one exhibit.",
        ),
        (
            "二维码内为清单 SHA-256 与日志序号。",
            "The QR code holds the manifest's SHA-256 and the log index.",
        ),
    )
    listed = [tag("li", tongue.say(zh, en)) for zh, en in steps]
    how = joined([tag("strong", tongue.label("如何核对", "How to check it")), tag("ul", *listed)])
    qr = tag("div", qr_svg(text), tag("code", text, data_field="qr"))
    return tag("div", qr, tag("div", how), cls="foot")


def _notice(tongue: Tongue) -> Markup:
    zh = (
        "本凭证由程序依据上列封装生成，不是公证书，未经签名；证明力在封装、日志与时间戳，不在本页。"
        "它只说明何时对何网页作了固证，不证明网页内容真实、账号背后的身份、金额属实或构成侵权。"
    )
    en = (
        "A program made this of the package above. It is no notarial certificate and not signed: "
        "the package, the log and the timestamps prove, not this page. It says when which page was "
        "preserved; not that its content is true, who stands behind an account, that amounts are "
        "real, or that anything infringes."
    )
    return tag("div", tongue.say(zh, en), cls="notice")


class _Fields(HTMLParser):
    """Collects the line and the text of every element with ``data-field``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.fields: dict[str, str] = {}
        self.twice: set[str] = set()
        self._open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("name") == META:
            self.lines.append(given.get("content") or "")
        if (name := given.get("data-field")) is not None:
            self.twice |= {name} & set(self.fields)
            self.fields.setdefault(name, "")
            self._open = name

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.fields[self._open] += data


def read_page(page: str) -> tuple[list[str], dict[str, str], set[str]]:
    """Return the lines in a page (one, in a certificate), its fields, and those given twice."""
    reader = _Fields()
    reader.feed(page)
    reader.close()
    return reader.lines, reader.fields, reader.twice


def altered_fields(page: str, line: Line) -> list[str]:
    """Return the fields whose visible text is not what the line says, blanks aside."""
    _, shown, twice = read_page(page)
    _, due, _ = read_page(render_certificate(line))
    wrong = {name for name in {*shown, *due} if _bare(shown.get(name)) != _bare(due.get(name))}
    return sorted(wrong | twice)


def _bare(text: str | None) -> str | None:
    return None if text is None else "".join(text.split())
