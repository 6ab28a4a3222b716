"""A real browser behind the guard, with the flags of a capture, on pages that mean harm.

The page lies on the loopback, which this guard lets through; what it may not reach listens
on the machine's own address. All pages are played in one browser, which is then closed, so
that its own log (NetLog) is whole; each test reads one part of what was seen.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, Error, sync_playwright

from egress.clients import our_clients
from egress.gate import Gate
from egress.journal import Journal
from egress.opinions import Opinions
from egress.question import NameserverResolver
from egress.server import Server
from evidence.browser.finding import find_browser
from evidence.browser.launch import open_browser
from evidence.browser.order import CaptureOrder
from tests.egress.attacks import ATTACKS, HINTS, ICE, disguises
from tests.egress.forbidden import Forbidden, forbidden_servers, own_address
from tests.egress.names import Names, name_server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NEVER = {
    "metadata": "169.254.169.254",
    "metadata of another cloud": "100.100.100.200",
    "metadata over IPv6": "[fd00:ec2::254]",
    "private": "10.1.2.3",
    "link-local": "[fe80::1]",
    "nowhere, IPv6": "[::]",
}
DISGUISES = tuple(disguises("192.0.2.2"))
NAMES = ("cname", "rebinding", "mapped name", "translated name")
MORE = {"redirect": "/to?http://TARGET/", "redirect in two": "/to?/to?http://TARGET/"}
SERVICE_WORKER = "fetch('http://%s/')"


@dataclass
class Seen:
    """All that was seen: of the guard, of the forbidden servers, of the browser."""

    own: str
    shop: int = 0
    ports: dict[str, int] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    reached: list[int] = field(default_factory=list)
    datagrams: list[bytes] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    log: Path = Path()

    def of(self, name: str) -> list[dict[str, Any]]:
        """Return the journal's lines for the port of one attack."""
        return [row for row in self.rows if row.get("port") == self.ports[name]]


class Shop(BaseHTTPRequestHandler):
    """Gives what was put under a path; ``/to?URL`` leads on to a URL."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/to":
            self.send_response(302)
            self.send_header("Location", unquote(query))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        pages: dict[str, str] = self.server.pages  # type: ignore[attr-defined]
        body = pages.get(path, "<title>?</title>").encode()
        if path == "/sw.js":
            body = (SERVICE_WORKER % query).encode()
        self.send_response(200)
        script = path.endswith(".js")
        self.send_header("Content-Type", f"text/{'javascript' if script else 'html'};charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def shop_of(pages: dict[str, str]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads, server.block_on_close = True, False
    server.pages = pages  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def guard_with(names: Names, other: Names, journal: Path) -> Iterator[str]:
    """Run the guard in a thread; one name server decides, another is asked beside it."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    address: list[str] = []

    async def start() -> Server:
        gate = Gate(
            allow_loopback=True,
            resolver=NameserverResolver(names.server),
            opinions=Opinions((other.server,)),
        )
        server = Server(gate, Journal(journal, allow_loopback=True), clients=our_clients())
        address.append(await server.start())
        return server

    async def stop(server: Server) -> None:
        await server.stop()
        await asyncio.sleep(0.1)

    def run() -> None:
        server = loop.run_until_complete(start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(stop(server))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def read(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text("utf-8").splitlines()]


def wait_for(ports: Callable[[], Collection[int]], port: int, seconds: float = 8) -> None:
    """Wait until a port is among those seen, or the time is over."""
    until = time.monotonic() + seconds
    while port not in ports() and time.monotonic() < until:
        time.sleep(0.05)


def play(
    seen: Seen,
    pages: dict[str, str],
    context: BrowserContext,
    told: Callable[[], Collection[int]],
) -> None:
    """Play every page and wait for each until its port is among those that are told."""
    for number, (name, port) in enumerate(seen.ports.items()):
        target = f"{seen.hosts.get(name, seen.own)}:{port}"
        url = f"http://127.0.0.1:{seen.shop}/{number}"
        pages[f"/{number}"] = "<!doctype html><title>页</title>" + (ATTACKS | HINTS).get(
            name, "<script>fetch('http://TARGET/',{mode:'no-cors'})</script>"
        ).replace("TARGET", target)
        if name in MORE:
            url = f"http://127.0.0.1:{seen.shop}" + MORE[name].replace("TARGET", target)
        if name == "rebinding":
            url = f"http://rebinding.example:{seen.shop}/{number}"
        page = context.new_page()
        try:
            page.goto(url, wait_until="commit", timeout=8000)
            seen.titles[name] = page.title()
        except Error as error:
            seen.titles[name] = error.message.splitlines()[0]
        wait_for(told, port, 1 if name in HINTS else 8)
        page.close()


def play_ice(seen: Seen, pages: dict[str, str], context: BrowserContext, to: Forbidden) -> None:
    """Play the page that tries every way of WebRTC and WebTransport, and linger."""
    ports = {"UDP": to.open_udp(), "LOCAL": to.open_udp("127.0.0.1")}
    ports |= {"TCP": to.open(), "TLS": to.open()}
    seen.ports |= {"turn over tcp": ports["TCP"], "turn over tls": ports["TLS"]}
    text = ICE.replace("@OWN@", seen.own)
    for word, port in ports.items():
        text = text.replace(f"@{word}@", str(port))
    pages["/ice"] = text
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{seen.shop}/ice")
    page.wait_for_function("window.over", timeout=20_000)
    seen.candidates = page.evaluate("candidates")
    seen.titles["ice"] = str(page.evaluate("window.trouble || window.tried"))
    page.close()


def zone(own: str) -> dict[str, Any]:
    return {
        "shop.example": [["A 127.0.0.1"]],
        "rebinding.example": [["A 127.0.0.1"], [f"A {own}"]],
        "cname.example": [["CNAME router.lan."]],
        "router.lan": [[f"A {own}"]],
        "mixed.example": [[f"A {own}", "A 127.0.0.1"]],
        "mapped-name.example": [[f"AAAA ::ffff:{own}"]],
        "translated-name.example": [[f"AAAA 64:ff9b::{own}"]],
    }


def watch(folder: Path) -> Seen:
    """Play everything and return what was seen."""
    journal, found = folder / "journal.jsonl", Seen(own_address())
    pages: dict[str, str] = {}
    hosts = dict(disguises(found.own)) | NEVER
    found.hosts = hosts | {name: f"{name.replace(' ', '-')}.example" for name in NAMES}
    with (
        forbidden_servers() as to,
        name_server(zone(found.own)) as names,
        name_server(zone(found.own)) as other,
        shop_of(pages) as shop,
        guard_with(names, other, journal) as address,
    ):
        found.shop = shop
        found.ports = {name: to.open() for name in (*MORE, *ATTACKS, *HINTS, *found.hosts)}
        order = CaptureOrder(
            url="http://127.0.0.1/",
            browser=find_browser(),
            proxy=address,
            journal=journal,
            sandbox=False,
        )
        with open_browser(order, folder) as running:
            context = running.browser.new_context()
            play(found, pages, context, lambda: {row.get("port", 0) for row in read(journal)})
            play_ice(found, pages, context, to)
            pages["/hints"] = "<link rel=dns-prefetch href='//hint.example'>一"
            pages["/mixed"] = "<title>混合</title>"
            page = context.new_page()
            page.goto(f"http://shop.example:{shop}/hints")
            page.wait_for_timeout(1000)
            page.goto(f"http://mixed.example:{shop}/mixed")
            found.titles["mixed"] = page.title()
            context.close()
        time.sleep(0.3)
        found.reached, found.datagrams, found.asked = to.reached, to.datagrams, names.asked
        found.log = running.log
    found.rows = read(journal)
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return watch(tmp_path_factory.mktemp("browser"))


@pytest.mark.parametrize("name", [*MORE, *ATTACKS, *NAMES, "turn over tcp", "turn over tls"])
def test_stopped_and_written_down(seen: Seen, name: str) -> None:
    rows = seen.of(name)
    assert rows, f"no attempt in the journal: {seen.titles.get(name)}"
    assert {row["verdict"] for row in rows} == {"refused"}
    assert {row["protocol"] for row in rows} == {"socks5"}
    assert seen.ports[name] not in seen.reached


@pytest.mark.parametrize("name", [*DISGUISES, *NEVER])
def test_stopped_in_disguise_too(seen: Seen, name: str) -> None:
    assert seen.ports[name] not in seen.reached
    assert seen.of(name), f"no attempt in the journal: {seen.titles.get(name)}"
    assert {row["verdict"] for row in seen.of(name)} == {"refused"}


@pytest.mark.parametrize("name", HINTS)
def test_what_is_done_ahead_of_time_is_stopped_or_not_done(seen: Seen, name: str) -> None:
    assert seen.ports[name] not in seen.reached
    assert {row["verdict"] for row in seen.of(name)} <= {"refused"}


def test_nothing_at_all_reached_what_is_forbidden(seen: Seen) -> None:
    assert seen.reached == []
    assert seen.datagrams == []
    connected = [row for row in seen.rows if row.get("verdict") == "connected"]
    assert {row["address"] for row in connected} == {"127.0.0.1"}


def test_no_candidate_tells_an_address(seen: Seen) -> None:
    assert [line for line in seen.candidates if " udp " in line.lower()] == []


def test_a_chain_of_names_is_in_the_journal(seen: Seen) -> None:
    row = seen.of("cname")[0]
    assert row["host"] == "cname.example"
    assert row["answers"] == [seen.own]
    assert row["withheld"][0]["address"] == seen.own
    assert row["resolvers"][0]["cname"] == ["router.lan"]


def test_rebinding_is_resolved_once_for_each_connection(seen: Seen) -> None:
    rows = [row for row in seen.rows if row.get("host") == "rebinding.example"]
    assert (rows[0]["verdict"], rows[0]["address"]) == ("connected", "127.0.0.1")
    refused = [row for row in rows if row["verdict"] == "refused"]
    assert refused
    assert {tuple(row["answers"]) for row in refused} == {(seen.own,)}
    asked = [one for one in seen.asked if one[:2] == ("rebinding.example", "A")]
    assert len(asked) == len(rows)


def test_a_name_with_two_faces_is_reached_at_the_public_one(seen: Seen) -> None:
    (row,) = [row for row in seen.rows if row.get("host") == "mixed.example"][:1]
    assert seen.titles["mixed"] == "混合"
    assert (row["verdict"], row["address"]) == ("connected", "127.0.0.1")
    assert [one["address"] for one in row["withheld"]] == [seen.own]


def test_every_line_can_be_joined_with_the_browser_s_own_log(seen: Seen) -> None:
    text = seen.log.read_text("utf-8")
    for row in seen.rows:
        if row.get("verdict") == "connected":
            assert f"127.0.0.1:{row['client_port']}" in text


def events(log: Path, *names: str) -> list[dict[str, Any]]:
    """Return the events of some types of a NetLog that is whole."""
    told = json.loads(log.read_bytes())
    wanted = {told["constants"]["logEventTypes"][name] for name in names}
    return [event for event in told["events"] if event["type"] in wanted]


def test_the_browser_sent_no_datagram_and_resolved_no_name(seen: Seen) -> None:
    assert events(seen.log, "UDP_BYTES_SENT") == []
    assert events(seen.log, "HOST_RESOLVER_DNS_TASK", "HOST_RESOLVER_SYSTEM_TASK") == []
    assert "hint.example" not in {name for name, _, _ in seen.asked}


def test_the_browser_spoke_to_nobody_but_the_guard(seen: Seen) -> None:
    tried = [event.get("params", {}) for event in events(seen.log, "TCP_CONNECT_ATTEMPT")]
    addresses = {params["address"] for params in tried if "address" in params}
    assert len(addresses) == 1
    assert addresses.pop().startswith("127.0.0.1:")


@pytest.mark.soak
def test_without_guard_and_flags_all_of_this_arrives(tmp_path: Path) -> None:
    found, pages = Seen(own_address()), dict[str, str]()
    with (
        forbidden_servers() as to,
        shop_of(pages) as shop,
        sync_playwright() as playwright,
    ):
        found.shop = shop
        found.ports = {name: to.open() for name in (*MORE, *ATTACKS)}
        browser = playwright.chromium.launch(
            executable_path=str(find_browser()), chromium_sandbox=False
        )
        context = browser.new_context()
        play(found, pages, context, lambda: to.reached)
        ports = dict(found.ports)
        play_ice(found, pages, context, to)
        context.close()
        browser.close()
    assert {name for name, port in ports.items() if port not in to.reached} == set()
    assert to.datagrams
    assert found.ports["turn over tcp"] in to.reached
