"""Capturing the local site through the egress guard, in a real browser."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from egress.process import Guard, guard
from evidence.capture import (
    CaptureOrder,
    Limits,
    PageNotCaptured,
    Reason,
    Snapshot,
    capture,
    check_url,
    find_browser,
)
from evidence.capture.navigation import explain
from evidence.verify.warc import read_records
from evidence.verify.window import Window
from tests.evidence.capture.certificates import self_signed
from tests.evidence.capture.site import GBK, site
from tests.evidence.ground.answers import html
from tests.evidence.ground.server import Answer, Script, ground

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


def order(url: str, way_out: Guard, **more: Any) -> CaptureOrder:
    return CaptureOrder(
        url=check_url(url),
        browser=find_browser(),
        proxy=way_out.address,
        journal=way_out.journal,
        sandbox=False,
        **more,
    )


@pytest.fixture(scope="module")
def whole(address: str, way_out: Guard, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("whole")
    return capture(order(f"{address}/redirect", way_out), folder, software="markseal test")


def record_of(snapshot: Snapshot) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((snapshot.folder / "evidence/capture.json").read_bytes())
    return value


def warc_records(snapshot: Snapshot) -> list[tuple[dict[str, str], bytes]]:
    """Read the WARC with nothing of ours: fields and block of every record."""
    data = gzip.decompress((snapshot.folder / "archive/data.warc.gz").read_bytes())
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        size = int(fields["Content-Length"])
        found.append((fields, rest[:size]))
        assert rest[size : size + 4] == b"\r\n\r\n"
        data = rest[size + 4 :]
    return found


def responses(snapshot: Snapshot) -> dict[str, bytes]:
    return {
        fields["WARC-Target-URI"].split("/", 3)[3]: block
        for fields, block in warc_records(snapshot)
        if fields["WARC-Type"] == "response"
    }


def test_every_exchange_of_the_page_is_in_the_warc(whole: Snapshot) -> None:
    paths = set(responses(whole))
    assert paths >= {
        "redirect", "redirect2", "", "style.css", "picture.png", "late.png", "missing.png",
        "frame", "inside", "api?q=%E8%8C%B6", "post", "worker.js", "from-worker",
    }  # fmt: skip


def test_bodies_and_headers_are_what_the_server_sent(whole: Snapshot) -> None:
    found = responses(whole)
    assert found["redirect"].startswith(b"HTTP/1.1 302 Found\r\n")
    assert b"\r\nLocation: /redirect2\r\n" in found["redirect"]
    assert found["missing.png"].startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert found["missing.png"].endswith("找不到".encode())
    head, _, css = found["style.css"].partition(b"\r\n\r\n")
    assert gzip.decompress(css) == b"h1{color:#222}"
    assert b"\r\nContent-Encoding: gzip" in head
    assert b"X-Orig" not in head
    assert "甬江春茶 明前特级".encode() in found[""]


def test_the_posted_body_is_in_its_request_record(whole: Snapshot) -> None:
    posts = [b for f, b in warc_records(whole) if b.startswith(b"POST /post HTTP/1.1\r\n")]
    assert len(posts) == 1
    assert posts[0].endswith("名=值".encode())


def test_warcio_finds_every_digest_right(whole: Snapshot) -> None:
    path = whole.folder / "archive/data.warc.gz"
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("digest pass") == len(warc_records(whole))


def test_the_places_lead_to_whole_response_records(whole: Snapshot) -> None:
    data = (whole.folder / "archive/data.warc.gz").read_bytes()
    for place in whole.places:
        record = gzip.decompress(data[place.offset : place.offset + place.length])
        assert record.startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
        assert f"WARC-Target-URI: {place.url}\r\n".encode() in record
        assert b"WARC-IP-Address: 127.0.0.1\r\n" in record
        assert b"WARC-Protocol: http/1.1\r\n" in record


def test_our_verifier_accepts_the_warc(whole: Snapshot) -> None:
    path = whole.folder / "archive/data.warc.gz"
    with path.open("rb") as source:
        records = list(read_records(Window(source, 0, path.stat().st_size)))
    assert len(records) == len(warc_records(whole))


def test_the_records_of_one_act_corroborate_one_another(whole: Snapshot) -> None:
    evidence = whole.folder / "evidence"
    assert whole.title == "甬江春茶 旗舰店"
    assert (whole.http_status, whole.page_note) == (200, None)
    assert "甬江春茶 明前特级" in (evidence / "text.txt").read_text(encoding="utf-8")
    assert "甬江春茶" in (evidence / "dom.html").read_text(encoding="utf-8")
    assert (evidence / "page.pdf").read_bytes().startswith(b"%PDF-")
    with Image.open(BytesIO((evidence / "screenshot.png").read_bytes())) as image:
        assert image.width == 1366
        assert image.height > 3000


def test_the_capture_says_what_was_done_and_what_was_not(whole: Snapshot) -> None:
    record = record_of(whole)
    steps = [item["step"] for item in record["steps"]]
    assert steps.index("loaded") < steps.index("scrolled") < steps.index("screenshot")
    assert (record["fidelity"], whole.fidelity) == ("exact", "exact")
    assert record["limits_hit"] == []
    assert record["log_faults"] == []
    assert record["byte_counts"] == "equal"
    by_url = {item["url"].split("/", 3)[3]: item for item in record["exchanges"]}
    assert by_url[""]["type"] == "Document"
    assert by_url["inside"]["byte_counts"] == "equal"
    assert {item["literal"] for item in record["exchanges"]} == {True}
    assert not (whole.folder / ".spool").exists()


def test_the_environment_is_recorded_before_and_after(whole: Snapshot) -> None:
    record = json.loads((whole.folder / "evidence/environment.json").read_bytes())
    assert record["before"]["wall"] < record["after"]["wall"]
    assert len(record["browser"]["binary_sha256"]) == 64
    assert record["browser"]["sandbox"] == "off"
    assert "--disable-quic" in record["browser"]["flags"]
    assert record["egress"]["allow_loopback"] is True
    assert record["before"]["files"][0]["path"] == "/etc/hosts"
    assert {item["what"] for item in record["not_checked"]} >= {"time_servers", "revocation"}


def test_a_gbk_page_keeps_its_bytes(address: str, way_out: Guard, tmp_path: Path) -> None:
    snapshot = capture(order(f"{address}/gbk", way_out), tmp_path, software="t")
    assert responses(snapshot)["gbk"].endswith(b"\r\n\r\n" + GBK.encode("gbk"))


def test_repeated_headers_stay_apart(whole: Snapshot) -> None:
    assert b"\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n" in responses(whole)[""]


def test_a_login_page_is_noted(address: str, way_out: Guard, tmp_path: Path) -> None:
    assert capture(order(f"{address}/login", way_out), tmp_path, software="t").page_note == "login"


def test_dialogs_and_popups_are_named(address: str, way_out: Guard, tmp_path: Path) -> None:
    snapshot = capture(order(f"{address}/dialog", way_out), tmp_path, software="t")
    record = record_of(snapshot)
    assert record["dialogs"] == [{"type": "alert", "message": "你好"}]
    assert [item["what"] for item in record["not_recorded"]].count("popup") == 1
    assert responses(snapshot)["gbk"].endswith(b"\r\n\r\n" + GBK.encode("gbk"))


def test_a_tall_page_is_cut_and_says_so(address: str, way_out: Guard, tmp_path: Path) -> None:
    limits = Limits(picture_height=2000)
    snapshot = capture(order(f"{address}/tall", way_out, limits=limits), tmp_path, software="t")
    assert record_of(snapshot)["limits_hit"] == ["picture height"]
    with Image.open(tmp_path / "evidence/screenshot.png") as image:
        assert image.height == 2000


def test_the_bound_on_requests_is_recorded(address: str, way_out: Guard, tmp_path: Path) -> None:
    limits = Limits(requests=20, load_seconds=5)
    snapshot = capture(order(f"{address}/many", way_out, limits=limits), tmp_path, software="t")
    assert "requests" in record_of(snapshot)["limits_hit"]


def test_a_page_that_never_finishes_loading_is_kept(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    limits = Limits(load_seconds=2, settle_seconds=0.5)
    snapshot = capture(order(f"{address}/half", way_out, limits=limits), tmp_path, software="t")
    assert snapshot.title == "half"
    assert "load seconds" in record_of(snapshot)["limits_hit"]


def test_a_page_that_moves_on_by_script_is_followed(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    snapshot = capture(order(f"{address}/moves", way_out), tmp_path, software="t")
    assert snapshot.final_url == f"{address}/gbk"
    assert snapshot.title == "国标页面"
    assert {"moves", "gbk"} <= set(responses(snapshot))


def failure(wanted: CaptureOrder, folder: Path) -> PageNotCaptured:
    with pytest.raises(PageNotCaptured) as caught:
        capture(wanted, folder, software="t")
    return caught.value


def test_a_page_that_hangs_the_browser_ends_at_the_bound(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    limits = Limits(seconds=2, load_seconds=2, settle_seconds=1, grace_seconds=2)
    found = failure(order(f"{address}/loop", way_out, limits=limits), tmp_path)
    assert found.reason is Reason.TIMEOUT
    partial = json.loads((tmp_path / "partial.json").read_bytes())
    assert partial["reason"] == "timeout"
    assert partial["log"]["answered"] >= 1
    assert partial["steps"][-1]["step"]


def test_a_download_is_not_a_page(address: str, way_out: Guard, tmp_path: Path) -> None:
    assert failure(order(f"{address}/download", way_out), tmp_path).reason is Reason.DOWNLOAD


def test_an_unreachable_site_is_one_sentence(way_out: Guard, tmp_path: Path) -> None:
    with socket.socket() as held:  # bound, and nobody listens
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        found = failure(order(url, way_out), tmp_path)
    assert found.reason is Reason.UNREACHABLE
    assert "could not be reached" in found.en


def test_a_port_that_the_browser_refuses_is_said_to_be_refused() -> None:
    wanted = CaptureOrder("http://127.0.0.1:1/", Path("-"), proxy=None, journal=None)
    found = explain("net::ERR_UNSAFE_PORT at http://127.0.0.1:1/", wanted, 0)
    assert found.reason is Reason.UNREACHABLE
    assert "nothing was sent" in found.en


def test_a_redirect_to_a_private_address_is_refused(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    found = failure(order(f"{address}/out", way_out), tmp_path)
    assert found.reason is Reason.REFUSED
    assert "10.1.2.3" in found.zh


def test_this_machine_is_refused_without_the_setting(address: str, tmp_path: Path) -> None:
    with guard(tmp_path / "journal.jsonl", allow_loopback=False) as strict:
        found = failure(order(f"{address}/", strict), tmp_path / "c")
    assert found.reason is Reason.REFUSED
    assert "refused" in found.en


def test_a_bad_certificate_is_declared_or_with_strict_tls_fatal(
    way_out: Guard, tmp_path: Path
) -> None:
    with site(self_signed(tmp_path)) as secure:
        wanted = order(f"{secure}/gbk", way_out)
        snapshot = capture(wanted, tmp_path / "a", software="t")
        found = failure(replace(wanted, strict_tls=True), tmp_path / "b")
    record = record_of(snapshot)
    assert snapshot.certificate == "bad"
    assert record["headline"]["zh"].startswith("注意：网站证书未通过验证")
    assert snapshot.declared[0][0].startswith("网站证书未通过验证")
    assert "ERR_CERT_AUTHORITY_INVALID" in record["certificate"]["problem"]
    assert found.reason is Reason.CERTIFICATE
    certificates = json.loads((tmp_path / "a/evidence/certificates.json").read_bytes())
    assert record["certificate"]["chain_sha256"] == [*certificates["certificates"]]
    served = [one for one in certificates["connections"] if one["port"] != 443]
    assert {one["verdict"] for one in served} == {"ERR_CERT_AUTHORITY_INVALID"}
    assert {one["revocation"] for one in served} == {"not checked"}


def sends(kind: str, *lines: str, body: bytes = b"ok") -> Answer:
    head = ("HTTP/1.1 200 OK", f"Content-Type: {kind}", *lines, f"Content-Length: {len(body)}")
    return lambda _: Script(("\r\n".join(head).encode() + b"\r\n\r\n", body))


def test_what_a_cache_answers_is_named_and_a_download_is_recorded_whole(
    way_out: Guard, tmp_path: Path
) -> None:
    text = "真实文字" * 20
    script = "(async () => { for (let i = 0; i < 3; i++) await (await fetch('/c')).text() })()"
    page = f"<title>x</title><p>{text}<iframe src=/file></iframe><script>{script}</script>"
    file = bytes(range(256)) * 20_000
    answers = {
        "/": html(page),
        "/c": sends("text/plain", "Cache-Control: max-age=999"),
        "/file": sends("application/zip", "Content-Disposition: attachment", body=file),
    }
    with ground(lambda _: answers) as where:
        snapshot = capture(order(f"{where.address}/", way_out), tmp_path, software="t")
    named = {item["what"]: item for item in record_of(snapshot)["not_recorded"]}
    assert named["from cache"]["reason"].startswith("2 times")
    assert "is recorded" in named["download"]["reason"]
    assert responses(snapshot)["file"].endswith(b"\r\n\r\n" + file)
    assert record_of(snapshot)["byte_counts"] == "equal"
