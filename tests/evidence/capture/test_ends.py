"""Captures that end early: a failed attempt with a reason and its course, never half a capture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.process import Guard, guard
from evidence.capture import Limits, PageNotCaptured, Reason, capture
from evidence.capture.telling import ENDLESS
from tests.evidence.browsers import kill_browser, kill_kind
from tests.evidence.capture.certificates import self_signed
from tests.evidence.capture.site import site
from tests.evidence.capture.test_capture import order, record_of, responses
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


def kill_network(folder: Path) -> None:
    """Kill the process that writes the log; the browser begins another one in its place."""
    kill_kind(folder, "utility")


def kill_renderers(folder: Path) -> None:
    kill_kind(folder, "renderer")


@pytest.mark.parametrize("step", ["browser started", "navigation", "scrolled", "context closed"])
def test_a_killed_browser_is_a_failed_attempt_that_says_how_far_it_came(
    address: str, way_out: Guard, tmp_path: Path, step: str
) -> None:
    partial = failed(address, way_out, tmp_path, step, kill_browser)
    assert partial["steps"][-1]["step"] in (step, "browser closed", "log read")
    if step == "scrolled":
        assert partial["log"]["answered"] >= 10


@pytest.mark.parametrize("step", ["loaded", "scrolled", "context closed"])
def test_a_killed_network_process_is_a_failed_attempt(
    address: str, way_out: Guard, tmp_path: Path, step: str
) -> None:
    failed(address, way_out, tmp_path, step, kill_network)


@pytest.mark.parametrize("step", ["scrolled", "document"])
def test_a_crashed_page_is_a_failed_attempt_at_once(
    address: str, way_out: Guard, tmp_path: Path, step: str
) -> None:
    partial = failed(address, way_out, tmp_path, step, kill_renderers)
    assert partial["en"] == "The page's own process crashed during the capture."


def failed(
    address: str, way_out: Guard, folder: Path, step: str, fault: Callable[[Path], None]
) -> dict[str, Any]:
    """Capture with a fault at a step; return what was written of the failed attempt."""

    def tell(reached: str) -> None:
        if reached == step:
            fault(folder)

    wanted = order(f"{address}/redirect", way_out)
    with pytest.raises(PageNotCaptured) as caught:
        capture(wanted, folder, software="t", tell=tell)
    assert caught.value.reason is Reason.BROWSER
    assert [path.name for path in folder.iterdir()] == ["partial.json"]
    partial: dict[str, Any] = json.loads((folder / "partial.json").read_bytes())
    assert partial["reason"] == "browser"
    return partial


FLOODS = {
    "/popups": "setInterval(() => open('/quiet?' + Math.random()), 20)",
    "/clears": "const own = setInterval(() => { const last = setTimeout(() => 0);"
    "for (let i = last - 300; i <= last; i++) if (i !== own) clearTimeout(i) }, 5)",
    "/endless": "for (;;) alert(1)",
    "/leaves": "onbeforeunload = e => { e.preventDefault(); return 1 }",
    "/spins": "document.body.style.height = '3000px'; onscroll = () => { for (;;); };"
    "const frame = document.createElement('iframe');"
    "frame.src = `http://localhost:${location.port}/for-ever`; document.body.append(frame);"
    "open(frame.src, '', 'noopener')",
    "/stream": "fetch('/without-end').then(r => r.text())",
}


def hostile(_: int) -> dict[str, Answer]:
    pages = {
        path: html(f"<title>x</title><p>真实文字<script>{script}</script>")
        for path, script in FLOODS.items()
    }
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9999999999\r\n\r\n"
    stream = Script((head, *(b"x" * (1 << 20) for _ in range(40))))
    spins = html("<script>for (;;);</script>")
    return {
        **pages,
        "/quiet": html("<p>quiet"),
        "/for-ever": spins,
        "/without-end": lambda _: stream,
    }


@pytest.mark.parametrize("path", sorted(FLOODS))
def test_a_hostile_page_ends_within_the_bounds(way_out: Guard, tmp_path: Path, path: str) -> None:
    bounds = {"seconds": 60, "load_seconds": 10, "settle_seconds": 1, "grace_seconds": 5}
    limits = Limits(**bounds, answer_seconds=3 if path == "/spins" else 60, bytes=5_000_000)
    with ground(hostile) as where:
        wanted = order(f"{where.address}{path}", way_out, limits=limits)
        snapshot = capture(wanted, tmp_path, software="t")
    record = record_of(snapshot)
    assert "真实文字" in (tmp_path / "evidence/text.txt").read_text("utf-8")
    assert record["log_faults"] == []
    assert (ENDLESS in snapshot.declared) is (path == "/spins")
    if path == "/stream":
        assert record["limits_hit"] == ["bytes"]
        assert "cut off" in {item["what"] for item in record["not_recorded"]}
    if path == "/popups":
        assert "closed at once: more than 8" in {i["reason"] for i in record["not_recorded"]}


def test_a_bad_certificate_of_another_host_is_declared(way_out: Guard, tmp_path: Path) -> None:
    with site(self_signed(tmp_path)) as secure:
        page = html(f"<title>x</title><p>真实文字真实文字真实文字<img src='{secure}/picture.png'>")
        with ground(lambda _: {"/": page}) as where:
            snapshot = capture(order(f"{where.address}/", way_out), tmp_path / "c", software="t")
    record = record_of(snapshot)
    place = secure.removeprefix("https://")
    assert record["bad_certificates"] == [f"{place} (ERR_CERT_AUTHORITY_INVALID)"]
    assert any(place in en for _, en in snapshot.declared)
    assert snapshot.certificate == "none (http)"
    assert "picture.png" not in responses(snapshot)
