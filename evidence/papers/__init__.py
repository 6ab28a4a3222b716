"""Papers made of a verification: the report (核验报告) and the certificate (存证凭证).

Both are functions of what the verifier finds in a package and a trust folder. This room imports
the verifier and the format alone; a browser is started only to print a PDF.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from evidence.papers.certificate import render_certificate
from evidence.papers.check import Checked, check_certificate
from evidence.papers.line import Line, print_line, proved_line
from evidence.papers.material import Material, read_material
from evidence.papers.pdfinfo import put_line
from evidence.papers.printing import NotPrinted, print_page
from evidence.papers.report import Tool, render_report, report_number, report_title
from evidence.verify.steps import utc_now

__all__ = [
    "Checked",
    "Material",
    "NotPrinted",
    "Tool",
    "certificate_html",
    "certificate_pdf",
    "check_certificate",
    "print_page",
    "read_material",
    "render_report",
    "report_html",
    "report_number",
    "report_pdf",
    "report_title",
]


def report_html(
    path: Path,
    *,
    trust: Path | None,
    tool: Tool,
    requester: str,
    number: str | None = None,
    lang: str = "both",
    independent: bool = True,
    clock: Callable[[], datetime] = utc_now,
) -> str:
    """Verify a WACZ or dossier and return the report on it, one HTML page without any script.

    ``trust`` is the trust folder (None: nothing is trusted, and the report says so); ``lang`` is
    ``zh``, ``en`` or ``both``. ``independent`` also runs openssl and VERIFY.txt on this machine
    (seconds, and as much disk as the dossier is large) and quotes what they print. A file that
    does not verify gets its report too. Raises InputError or TrustError when a path cannot be
    used.
    """
    material = read_material(path, trust=trust, clock=clock)
    return render_report(
        material,
        tool=tool,
        requester=requester,
        number=number,
        lang=lang,
        independent=independent,
    )


def report_pdf(
    path: Path,
    *,
    trust: Path | None,
    tool: Tool,
    requester: str,
    browser: Path,
    sandbox: bool = True,
    number: str | None = None,
    lang: str = "both",
    independent: bool = True,
    clock: Callable[[], datetime] = utc_now,
) -> bytes:
    """Return the same report as an A4 PDF, its number and the page's on every page.

    ``browser`` is Chromium (``evidence.browser.finding.find_browser``), ``sandbox=False`` for
    machines where it runs as root; it takes a few seconds. Raises NotPrinted besides.
    """
    material = read_material(path, trust=trust, clock=clock)
    number = number or report_number(material)
    page = render_report(
        material,
        tool=tool,
        requester=requester,
        number=number,
        lang=lang,
        independent=independent,
    )
    return print_page(page, browser=browser, sandbox=sandbox, foot=report_title(number, lang))


def certificate_html(
    path: Path, *, trust: Path, lang: str = "both", clock: Callable[[], datetime] = utc_now
) -> str:
    """Verify a WACZ or dossier and return the certificate of its exhibit, one HTML page.

    Raises ProofError when it does not verify with this trust folder: there is then no
    certificate; InputError or TrustError when a path cannot be used.
    """
    return render_certificate(_line(path, trust, clock), lang=lang)


def certificate_pdf(
    path: Path,
    *,
    trust: Path,
    browser: Path,
    sandbox: bool = True,
    lang: str = "both",
    clock: Callable[[], datetime] = utc_now,
) -> bytes:
    """Return the same certificate as a PDF of one A4 page, its line in the document information.

    Raises NotPrinted besides.
    """
    line = _line(path, trust, clock)
    page = render_certificate(line, lang=lang)
    pdf = print_page(page, browser=browser, sandbox=sandbox, single=True)
    return put_line(pdf, print_line(line), title=f"存证凭证（非公证书） {line['number']}")


def _line(path: Path, trust: Path, clock: Callable[[], datetime]) -> Line:
    return proved_line(read_material(path, trust=trust, clock=clock), issued=clock())
