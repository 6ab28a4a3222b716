"""``markseal report`` and ``markseal certificate``: papers made of a verification."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.environment import setting
from desk.commands.output import whole_file
from evidence.errors import InputError
from evidence.verify.report import plain

if TYPE_CHECKING:
    from evidence.papers import Tool

FORMS = (".html", ".pdf")


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    _add_report(commands)
    _add_certificate(commands)


def _add_report(commands: Any) -> None:
    parser = commands.add_parser(
        "report",
        help="核验报告 / write the report on a verification",
        description="核验证据包或证据移交包，写成核验报告（HTML 或 PDF）；核验不通过的同样写出。"
        "退出码同 verify：0 通过，1 不通过，3 未全部核查，64 输入不可用。 / Verify a package or "
        "dossier and write the report on it (HTML or PDF); one that fails gets its report too. "
        "Exit as verify: 0 valid, 1 not valid, 3 incomplete, 64 input unusable.",
        epilog="例 / example: markseal report exhibit.dossier.zip --trust trust/ "
        "--requester 宁波市某公证处 --out report.pdf",
    )
    _add_common(parser)
    parser.add_argument(
        "--requester", required=True, metavar="NAME", help="申请人 / who asked for it"
    )
    parser.add_argument(
        "--number",
        metavar="NO",
        help="报告编号（默认由日期与文件哈希值得出）/ number (default: from day and digest)",
    )
    parser.add_argument(
        "--verifier-only",
        action="store_true",
        help="不再用 openssl 与 VERIFY.txt 复核 / do not repeat it by openssl and VERIFY.txt",
    )
    parser.set_defaults(run=_report)


def _add_certificate(commands: Any) -> None:
    parser = commands.add_parser(
        "certificate",
        help="存证凭证（非公证书） / write or check the certificate of an exhibit",
        description="为核验通过的证据写出一页存证凭证（非公证书），或以 --check 查对是否同一件。"
        "退出码：0 已写出或相符，1 核验不通过或不相符，2 不是凭证，64 输入不可用。 / Write the "
        "one-page certificate of an exhibit that verifies, or by --check tell whether a "
        "certificate is of this package. Exit: 0 written or matches, 1 does not verify or match, 2 "
        "no certificate, 64 input unusable.",
        epilog="例 / examples: markseal certificate exhibit.dossier.zip --trust trust/ --out c.pdf"
        "; markseal certificate --check c.pdf exhibit.dossier.zip",
    )
    _add_common(parser, needed=False)
    parser.add_argument(
        "--check",
        type=Path,
        metavar="C.pdf|C.html",
        help="要查对的凭证 / the certificate to be checked",
    )
    parser.set_defaults(run=_certificate)


def _add_common(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="NAME.wacz 或 NAME.dossier.zip / package or dossier"
    )
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="DIR",
        help="信任文件夹，须另行取得 / the trust folder, received apart from the file",
    )
    parser.add_argument(
        "--out",
        required=needed,
        metavar="R.html|R.pdf",
        help="输出文件，按后缀为 HTML 或 PDF / the output, HTML or PDF by its ending",
    )
    parser.add_argument(
        "--lang", choices=["both", "zh", "en"], default="both", help="语言 / language"
    )


def _say_written(out: str) -> None:
    """Say on standard error where the paper lies now."""
    sys.stderr.write(f"已写出 {out}\nWritten: {out}\n")


def _form(out: str) -> str:
    """Return the form that an ending names; a paper that is already there is not overwritten."""
    if Path(out).is_file():
        raise InputError(
            f"There is already a file {out}; choose another name, nothing is overwritten.",
            f"已有文件 {out}；请另取名称，已有文件不会被覆盖。",
        )
    form = Path(out).suffix.lower()
    if form not in FORMS:
        raise InputError(
            f"--out {out} must end in .html or .pdf.", f"--out {out} 应以 .html 或 .pdf 结尾。"
        )
    return form


@contextmanager
def _clear(path: Path) -> Iterator[Path]:
    """Give a file as it is, or the clear copy of content encrypted at rest here, while it lasts."""
    from evidence.home import EvidenceHome
    from evidence.keeping.store import at_rest, in_the_clear

    resting = at_rest(path)
    if resting is None:
        yield path
        return
    with in_the_clear(EvidenceHome(Path(setting("MARKSEAL_HOME")).absolute()), resting) as clear:
        yield clear


def _tool() -> Tool:
    from importlib.metadata import PackageNotFoundError, version

    from evidence.environment.packages import code_digest
    from evidence.papers import Tool

    try:
        number = version("markseal")
    except PackageNotFoundError:
        number = "(?)"
    return Tool(f"markseal {number}", code_digest())


def _printed(page: str, **more: Any) -> bytes:
    from evidence.browser.finding import find_browser
    from evidence.papers import print_page

    browser = find_browser(setting("MARKSEAL_BROWSER"))
    return print_page(page, browser=browser, sandbox=not setting("MARKSEAL_NO_SANDBOX"), **more)


def _report(arguments: argparse.Namespace) -> int:
    from evidence.papers import read_material, render_report, report_number, report_title

    form = _form(arguments.out)
    with _clear(arguments.file) as file:
        material = read_material(file, trust=arguments.trust)
        number = arguments.number or report_number(material)
        page = render_report(
            material,
            tool=_tool(),
            requester=arguments.requester,
            number=number,
            lang=arguments.lang,
            independent=not arguments.verifier_only,
        )
    data = (
        page.encode()
        if form == ".html"
        else _printed(page, foot=report_title(number, arguments.lang))
    )
    with whole_file(arguments.out) as out:
        out.write(data)
    verdict = material.verdict
    print(plain(f"{number}：{verdict.headline_zh}"))
    print(plain(f"{number}: {verdict.headline_en}"))
    return verdict.exit_code


def _certificate(arguments: argparse.Namespace) -> int:
    if arguments.check is not None:
        return _check(arguments)
    if arguments.trust is None or arguments.out is None:
        raise InputError(
            "Give --trust and --out to write a certificate, or --check to check one.",
            "写出凭证须给出 --trust 与 --out；查对凭证请用 --check。",
        )
    from evidence.papers import certificate_html, certificate_pdf

    form = _form(arguments.out)
    told = {"trust": arguments.trust, "lang": arguments.lang}
    with _clear(arguments.file) as file:
        if form == ".html":
            data = certificate_html(file, **told).encode()
        else:
            from evidence.browser.finding import find_browser

            browser = find_browser(setting("MARKSEAL_BROWSER"))
            sandbox = not setting("MARKSEAL_NO_SANDBOX")
            data = certificate_pdf(file, browser=browser, sandbox=sandbox, **told)
    with whole_file(arguments.out) as out:
        out.write(data)
    _say_written(arguments.out)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from evidence.papers import check_certificate

    with _clear(arguments.file) as file:
        found = check_certificate(arguments.check, file, trust=arguments.trust)
    for zh, en in found.lines:
        print(f"{plain(zh)}\n{plain(en)}")
    return found.exit_code
