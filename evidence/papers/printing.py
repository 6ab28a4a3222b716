"""A page of ours as PDF, by Chromium's print: no script, no network, fonts of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from evidence.errors import EvidenceError

FOOT = (
    '<div style="width:100%;font-size:7pt;color:#666;text-align:center;'
    "font-family:'Noto Serif CJK SC',serif\">{}&emsp;"
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)
NOTHING = "<span></span>"
SCALES = (1.0, 0.85, 0.72, 0.6)
_PAGE = re.compile(rb"/Type\s*/Page\b")


class NotPrinted(EvidenceError):
    """The browser did not print; the HTML form needs none."""


def print_page(
    page: str, *, browser: Path, sandbox: bool = True, foot: str = "", single: bool = False
) -> bytes:
    """Return an HTML page of ours as an A4 PDF; ``foot`` (HTML) stands beside the page number.

    ``single`` prints it smaller, if need be, until it fits on one sheet.

    ``browser`` is Chromium; ``sandbox=False`` is for machines where it runs as root. The page
    may fetch nothing: it is loaded with scripts off and offline. Raises NotPrinted.
    """
    if sandbox and os.geteuid() == 0:
        raise NotPrinted(
            "Chromium's sandbox does not work as root, so no PDF can be made: run as an ordinary "
            "user, set MARKSEAL_NO_SANDBOX=1, or give --out a name that ends in .html.",
            "以 root 身份运行时 Chromium 沙箱不可用，无法生成 PDF；请改用普通用户，或设置 "
            "MARKSEAL_NO_SANDBOX=1，或将 --out 改为 .html。",
        )
    with _driver() as playwright:
        try:
            running = playwright.chromium.launch(
                executable_path=str(browser), chromium_sandbox=sandbox, timeout=30_000
            )
            try:
                return _print(running, page, foot=foot, single=single)
            finally:
                running.close()
        except Error as error:
            first = error.message.splitlines()[0][:200]
            raise NotPrinted(
                f"The PDF could not be made ({first}); check MARKSEAL_BROWSER, or give --out a "
                "name that ends in .html.",
                f"未能生成 PDF（{first}）；请检查 MARKSEAL_BROWSER，或将 --out 改为 .html。",
            ) from error


@contextmanager
def _driver() -> Iterator[Playwright]:
    """Run Playwright's driver; raises NotPrinted when that program cannot run."""
    try:
        playwright = sync_playwright().start()
    except Exception as error:  # Playwright has no narrower one for this
        raise NotPrinted(
            "The program that drives the browser cannot run, so no PDF can be made; see: python "
            "-m playwright --version, or give --out a name that ends in .html.",
            "驱动浏览器的程序无法运行，无法生成 PDF；请运行 python -m playwright --version 查看"
            "原因，或将 --out 改为 .html。",
        ) from error
    try:
        yield playwright
    finally:
        playwright.stop()


def _print(running: Browser, page: str, *, foot: str, single: bool) -> bytes:
    context = running.new_context(java_script_enabled=False, offline=True)
    opened = context.new_page()
    opened.set_content(page, wait_until="load", timeout=60_000)
    for scale in SCALES if single else SCALES[:1]:
        pdf = opened.pdf(
            format="A4",
            prefer_css_page_size=True,
            print_background=True,
            tagged=True,
            scale=scale,
            display_header_footer=bool(foot),
            header_template=NOTHING,
            footer_template=FOOT.format(foot) if foot else NOTHING,
        )
        if len(_PAGE.findall(pdf)) <= 1:
            break
    return pdf
