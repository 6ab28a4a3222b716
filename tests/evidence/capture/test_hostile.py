"""Pages that are no ordinary page, or that do not want to be kept."""

from __future__ import annotations

import email
import gzip
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from egress.process import Guard, guard
from evidence.capture import Limits, Reason, capture
from evidence.capture.telling import BARE
from tests.evidence.capture.pages import serving
from tests.evidence.capture.site import site
from tests.evidence.capture.test_capture import (
    failure,
    order,
    record_of,
    responses,
    warc_records,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with site() as found:
        yield found


@pytest.fixture(scope="module")
def way_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    journal = tmp_path_factory.mktemp("guard") / "journal.jsonl"
    with guard(journal, allow_loopback=True) as running:
        yield running


def test_a_picture_in_svg_is_captured_and_says_how(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    snapshot = capture(order(f"{address}/svg", way_out), tmp_path, software="t")
    picture = Image.open(BytesIO((tmp_path / "evidence/screenshot.png").read_bytes()))
    assert picture.convert("RGB").getpixel((150, 150)) == (255, 0, 0)
    assert "图中文字" in (tmp_path / "evidence/text.txt").read_text("utf-8")
    assert "screenshot by protocol" in {step["step"] for step in record_of(snapshot)["steps"]}


def test_a_page_cannot_forge_its_text_nor_stop_the_capture(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    snapshot = capture(order(f"{address}/hostile", way_out), tmp_path, software="t")
    text = (tmp_path / "evidence/text.txt").read_text("utf-8")
    assert "真实文字" in text
    assert "假的文字" not in text
    assert snapshot.title == "t" * 500
    json.dumps(record_of(snapshot)).encode("utf-8")
    (told,) = [one for one in record_of(snapshot)["steps"] if one["step"] == "no MHTML"]
    assert "its head (title, address) is longer" in told["note"]
    assert not (tmp_path / "evidence/page.mhtml").exists()


def test_a_document_that_never_ends_is_kept_as_far_as_it_came(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    limits = Limits(load_seconds=2, settle_seconds=0.5)
    snapshot = capture(order(f"{address}/endless", way_out, limits=limits), tmp_path, software="t")
    assert b"<p>begun" in responses(snapshot)["endless"]
    cut = [f for f, _ in warc_records(snapshot) if "WARC-Truncated" in f]
    assert len(cut) == 1
    assert "cut off" in {item["what"] for item in record_of(snapshot)["not_recorded"]}


def test_a_page_that_asks_for_a_password_is_told_as_such(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    found = failure(order(f"{address}/locked", way_out), tmp_path)
    assert found.reason is Reason.AUTHENTICATION
    assert "HTTP 401" in found.en


def test_a_page_that_reloads_for_ever_is_one_sentence(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    limits = Limits(load_seconds=2, settle_seconds=0.5)
    found = failure(order(f"{address}/reloads", way_out, limits=limits), tmp_path)
    assert "Page." not in found.en


LISTING = (
    "<!doctype html><meta charset=utf-8><title>龙井茶</title><h1>龙井茶 ¥99</h1>"
    "<p>明前龙井，二百五十克装，产地杭州，现货。"
)
MOVES = """<div style="height:9000px"></div><script>let first; addEventListener('scroll', () => {
if (scrollY === 0 && !first) first = setTimeout(() => location.href = '/other', 700)})</script>"""
PRINTED = """<style>@media print { h1 { display: none } }</style><script>onbeforeprint = () => {
document.body.textContent = 'x'; location.href = '/other' }</script>"""
PAGES: dict[str, str | bytes | int] = {
    "/moves": LISTING + MOVES,
    "/other": "<!doctype html><meta charset=utf-8><title>别的</title><h1>另一件商品 ¥1</h1>"
    "<p>文字足够长，便于判断页面的状态。",
    "/printed": LISTING + PRINTED,
    "/bare": -404,
    "/renamed": LISTING + "<script>history.pushState({}, '', '/item/genuine')</script>",
    "/empties": LISTING + "<script>setTimeout(() => location.href = '/none', 50)</script>",
    "/none": 204,
    "/shared": LISTING + "<script>let w = new SharedWorker('/worker.js'); w.port.onmessage = "
    "e => document.title = e.data;</script>",
    "/worker.js": "onconnect = e => fetch('/told').then(r => r.text())"
    ".then(t => e.ports[0].postMessage(t));",
    "/told": 201,
    "/lost": LISTING
    + "<script>setTimeout(() => location.href = 'http://127.0.0.1:1/', 50)</script>",
}


@pytest.fixture(scope="module")
def tricks() -> Iterator[str]:
    with serving(PAGES) as found:
        yield found


def test_records_are_never_of_two_pages(tricks: str, way_out: Guard, tmp_path: Path) -> None:
    snapshot = capture(order(f"{tricks}/moves", way_out), tmp_path, software="t")
    steps = [step["step"] for step in record_of(snapshot)["steps"]]
    one = snapshot.title == "别的"
    assert one == ("另一件" in (tmp_path / "evidence/text.txt").read_text("utf-8"))
    assert one == ("另一件".encode() in (tmp_path / "evidence/dom.html").read_bytes())
    assert one == snapshot.final_url.endswith("/other")
    assert one == ("page moved on by itself" in steps)


def test_a_page_is_printed_as_it_is_shown(tricks: str, way_out: Guard, tmp_path: Path) -> None:
    snapshot = capture(order(f"{tricks}/printed", way_out), tmp_path, software="t")
    assert snapshot.final_url.endswith("/printed")
    assert len((tmp_path / "evidence/page.pdf").read_bytes()) > 20_000  # with its fonts
    assert "¥99" in email.message_from_bytes(
        (tmp_path / "evidence/page.mhtml").read_bytes()
    ).get_payload(0).get_payload(decode=True).decode("utf-8")  # type: ignore[union-attr]


def test_a_shared_worker_does_not_keep_the_network_from_being_idle(
    tricks: str, way_out: Guard, tmp_path: Path
) -> None:
    snapshot = capture(order(f"{tricks}/shared", way_out), tmp_path, software="t")
    record = record_of(snapshot)
    assert snapshot.title == "none"  # what the worker fetched and told the page
    steps = [step["step"] for step in record["steps"]]
    assert "network idle" in steps
    assert "network not idle" not in steps
    kept = {exchange["url"] for exchange in record["exchanges"]}
    assert {f"{tricks}/worker.js", f"{tricks}/told"} <= kept


def test_an_address_that_a_script_set_is_told(tricks: str, way_out: Guard, tmp_path: Path) -> None:
    snapshot = capture(order(f"{tricks}/renamed", way_out), tmp_path, software="t")
    assert snapshot.final_url.endswith("/item/genuine")
    assert record_of(snapshot)["answered_url"] == f"{tricks}/renamed"
    assert any("set by the page's script" in en for _, en in snapshot.declared)


def test_an_error_without_content_is_kept_as_the_answer_that_it_is(
    tricks: str, way_out: Guard, tmp_path: Path
) -> None:
    snapshot = capture(order(f"{tricks}/bare", way_out), tmp_path, software="t")
    assert (snapshot.http_status, snapshot.page_note) == (404, "gone")
    assert snapshot.final_url == f"{tricks}/bare"
    assert BARE in snapshot.declared
    assert b"HTTP/1.1 404 " in gzip.decompress((tmp_path / "archive/data.warc.gz").read_bytes())
    assert (tmp_path / "evidence/screenshot.png").stat().st_size > 1000


def test_a_later_answer_without_content_is_not_the_pages(
    tricks: str, way_out: Guard, tmp_path: Path
) -> None:
    snapshot = capture(order(f"{tricks}/empties", way_out), tmp_path, software="t")
    assert (snapshot.http_status, snapshot.page_note) == (200, None)
    assert not any("set by the page's script" in en for _, en in snapshot.declared)


def test_the_browsers_own_error_page_is_not_captured(
    tricks: str, way_out: Guard, tmp_path: Path
) -> None:
    found = failure(order(f"{tricks}/lost", way_out), tmp_path)
    assert found.reason is Reason.UNREACHABLE
    assert "sent itself" in found.en
