"""The technical review on this machine's own browser: passed when exact, failed by one byte."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from egress.process import Guard, guard
from evidence.browser.steps import Clock
from evidence.capture import CaptureOrder, Snapshot, capture, find_browser
from evidence.errors import CaptureError
from evidence.selftest.exchanges import Answer
from evidence.selftest.review import Review, read_review
from evidence.selftest.server import GroundTruth
from evidence.selftest.trial import Take, selftest

pytestmark = pytest.mark.browser
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="module")
def way_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    journal = tmp_path_factory.mktemp("guard") / "journal.jsonl"
    with guard(journal, allow_loopback=True) as running:
        yield running


def order(way_out: Guard) -> CaptureOrder:
    return CaptureOrder(
        url="http://127.0.0.1/",
        browser=find_browser(),
        proxy=way_out.address,
        journal=way_out.journal,
        sandbox=os.geteuid() != 0,
    )


def failed(review: Review) -> set[str]:
    return {check["id"] for check in review.failures}


def test_the_capture_tool_of_this_machine_passes(way_out: Guard) -> None:
    review = selftest(order(way_out), take=capture, key=KEY, software="markseal test")
    assert failed(review) == set()
    assert review.passed
    assert len(review.value["exchanges"]) == 14
    assert {row["first_difference"] for row in review.value["exchanges"]} == {"none"}
    assert read_review(review.record, review.signature, KEY.public_key()).value == review.value
    assert review.value["subject"]["browser"]
    assert review.browser_sha256


class Spoilt(GroundTruth):
    """Sends one byte other than it says in one answer: the ``6`` of ``456789`` becomes ``0``."""

    def send(self, link: socket.socket, name: str, answer: Answer) -> None:
        if name == "GET /part":
            head, body = answer.pieces
            answer = Answer((head, body.replace(b"6", b"0")))
        super().send(link, name, answer)


@pytest.mark.soak
def test_one_changed_byte_fails_the_review_and_is_located(way_out: Guard) -> None:
    review = selftest(
        order(way_out), take=capture, key=KEY, software="markseal test", server=Spoilt
    )
    assert not review.passed
    assert failed(review) == {"http.exchange GET /part response", "http.text 7"}
    row = next(r for r in review.value["exchanges"] if r["path"] == "/part")
    assert row["sent_sha256"] != row["response_sha256"]
    assert int(row["first_difference"]) == row["sent_bytes"] - 4


def broken(damage: str) -> Take:
    """Return a capture tool that does one thing wrong after a real capture."""

    def take(order: CaptureOrder, folder: Path, *, software: str, clock: Clock) -> Snapshot:
        if damage == "fails":
            raise CaptureError("The browser did not start.", "浏览器未能启动。")
        snapshot = capture(order, folder, software=software, clock=clock)
        evidence = folder / "evidence"
        if damage == "edits":
            (evidence / "screenshot.png").write_bytes(b"no picture")
            (evidence / "text.txt").write_text("别的文字")
            (evidence / "environment.json").write_text("[]")
            (folder / "archive/data.warc.gz").write_bytes(b"\x1f\x8b no archive")
        return snapshot

    return take


def test_a_tool_that_fails_or_edits_is_recorded_as_failed(way_out: Guard) -> None:
    nothing = selftest(order(way_out), take=broken("fails"), key=KEY, software="t")
    assert failed(nothing) == {"http.capture", "https.capture"}
    assert nothing.failures[0]["found"] == "The browser did not start."
    edited = failed(selftest(order(way_out), take=broken("edits"), key=KEY, software="t"))
    assert {
        "http.warc", "http.text 1", "http.picture 0", "http.environment rows", "https.warc",
    } <= edited  # fmt: skip
    assert "http.document" not in edited


def test_the_review_says_when_and_of_what(way_out: Guard) -> None:
    review = selftest(order(way_out), take=broken("fails"), key=KEY, software="markseal 9")
    value = review.value
    assert value["format"] == "markseal-review/1"
    assert value["started"] <= value["finished"]
    assert isinstance(review.finished, datetime)
    assert value["subject"]["software"] == "markseal 9"
    assert len(value["subject"]["code_sha256"]) == 64
    assert value["system"]["image"]["kernel"]
