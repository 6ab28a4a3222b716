"""The papers as PDF, printed by Chromium; and the certificate's code as a camera would see it."""

from __future__ import annotations

import io
import re
import zlib
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import sync_playwright

from evidence.browser.finding import find_browser
from evidence.papers import (
    NotPrinted,
    certificate_html,
    certificate_pdf,
    check_certificate,
    print_page,
    read_material,
    report_pdf,
)
from evidence.papers.certificate import render_certificate
from evidence.papers.code import qr_text
from evidence.papers.line import line_of
from evidence.papers.pdfinfo import take_line
from tests.evidence.papers.conftest import TOOL, Case, hostile, now, packed

pytestmark = pytest.mark.browser


def pages(pdf: bytes) -> int:
    """Return how many pages a PDF has, objects in streams included."""
    parts = [pdf]
    for found in re.finditer(rb"stream\r?\n", pdf):
        try:
            parts.append(zlib.decompressobj().decompress(pdf[found.end() :]))
        except zlib.error:
            continue
    return sum(len(re.findall(rb"/Type\s*/Page\b", part)) for part in parts)


def test_a_certificate_is_one_sheet_and_belongs_to_its_package(case: Case, tmp_path: Path) -> None:
    trust = case.world.trust(tmp_path / "trust", trial=True)
    dossier = packed(hostile(case.world), tmp_path / "d")
    path = tmp_path / "c.pdf"
    path.write_bytes(certificate_pdf(dossier, trust=trust, browser=find_browser(), sandbox=False))
    assert pages(path.read_bytes()) == 1
    assert check_certificate(path, dossier, trust=trust).exit_code == 0
    assert check_certificate(path, case.dossier).exit_code == 1
    data = bytearray(path.read_bytes())
    data[data.index(b"stream") + 40] ^= 1
    path.write_bytes(bytes(data))
    assert take_line(bytes(data))[1] is False
    assert check_certificate(path, dossier).exit_code == 1


def test_a_crowded_certificate_is_still_one_sheet(case: Case) -> None:
    line = line_of(read_material(case.dossier, trust=case.trust), issued=now())
    told = {"zh": "须先说明的一句话，" * 6, "en": "something to be said before anything else " * 4}
    crowded = {**line, "declared": [told] * 9, "url": "https://shop.example/" + "x" * 900}
    crowded["tokens"] = [{**line["tokens"][0], "trial": True}] * 5
    pdf = print_page(
        render_certificate({**crowded, "trial": True}),
        browser=find_browser(), sandbox=False, single=True,
    )  # fmt: skip
    assert pages(pdf) == 1


def test_the_code_on_the_page_is_read_by_another_program(case: Case) -> None:
    page = certificate_html(case.dossier, trust=case.trust)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find_browser()), chromium_sandbox=False
        )
        opened = browser.new_page(viewport={"width": 800, "height": 1100})
        opened.set_content(page)
        picture = Image.open(io.BytesIO(opened.screenshot(full_page=True)))
        shown = opened.locator("[data-field=index]").inner_text()
        digest = opened.locator("[data-field=manifest_sha256]").inner_text()
        browser.close()
    found = zxingcpp.read_barcodes(picture)
    assert [one.text for one in found] == [qr_text(digest.replace(" ", ""), int(shown))]


def test_a_report_is_printed_with_its_number_on_every_page(case: Case) -> None:
    pdf = report_pdf(
        case.dossier, trust=case.trust, tool=TOOL, requester="公证处",
        browser=find_browser(), sandbox=False,
    )  # fmt: skip
    assert pdf.startswith(b"%PDF-")
    assert 4 < pages(pdf) <= 8


def test_a_browser_that_does_not_start_is_one_sentence(case: Case) -> None:
    with pytest.raises(NotPrinted, match=r"ends in \.html") as told:
        certificate_pdf(case.dossier, trust=case.trust, browser=Path("/bin/false"), sandbox=False)
    assert "未能生成 PDF" in told.value.zh
