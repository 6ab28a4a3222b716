"""Pages that are no ordinary page, or that do not want to be kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from egress.process import Guard, guard
from evidence.capture import Limits, Reason, capture
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
