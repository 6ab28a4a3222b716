"""What a capture costs beside a plain browser: load only, with each part, and with all of it.

``python -m bench.capture [--rounds 12] [--pages /pictures] [--url ADDRESS]``. The ways take turns
on the same pages, each round in another order. A load is measured twice: from the start of the
navigation to the page's load event as the driver tells it (Playwright's ``goto``; the step log of a
capture), and as the page itself tells it (``loadEventEnd`` of its navigation timing), which is what
a person would wait; a page of another server (``--url``: a product in the demo shop) tells nothing.
Most rounds end with the load; a few make the whole capture, for the cost of each part from its step
log: the time up to the step. The machine is looked at once before, as a service does hourly. HTTP/2
is measured on a TLS server that speaks both, at three delays.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from bench._pages import PAGES, pages, told_by_page
from egress.process import Guard, guard
from evidence.browser.steps import wall_clock
from evidence.capture import CaptureOrder, capture, find_browser
from evidence.environment.standing import standing
from evidence.worker.apart import capture_apart

SANDBOX = os.geteuid() != 0
GUARDED = ["--proxy-bypass-list=<-loopback>"]
PARTS = (
    ("environment before", "environment before"),
    ("browser started", "browser start"),
    ("loaded", "load"),
    ("fonts and images", "settling, scrolling"),
    ("text", "document, text"),
    ("screenshot", "picture"),
    ("pdf", "PDF"),
    ("MHTML", "MHTML"),
    ("browser closed", "browser end"),
    ("log read", "log read"),
    ("environment recorded", "environment after"),
)


PLAIN, BAR = "plain Playwright", 1.3
REST_SECONDS = 1.0
LOAD_ROUNDS_SECONDS = 300.0


class Loaded(Exception):
    """The page has loaded and no more is wanted; carries the seconds by step and by page."""

    def __init__(self, seconds: float, own: float) -> None:
        super().__init__()
        self.seconds, self.own = seconds, own


@dataclass
class Measured:
    """Seconds of each round by way: of the load by the driver and by the page, of everything."""

    load: dict[str, list[float]] = field(default_factory=dict)
    own: dict[str, list[float]] = field(default_factory=dict)
    whole: dict[str, list[float]] = field(default_factory=dict)
    parts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, way: str, load: float, own: float) -> None:
        """Note one load."""
        self.load.setdefault(way, []).append(load)
        self.own.setdefault(way, []).append(own)


@contextmanager
def plain(flags: list[str], proxy: str | None) -> Iterator[Browser]:
    """Run a plain browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find_browser()),
            chromium_sandbox=SANDBOX,
            args=flags + (GUARDED if proxy else []),
            proxy={"server": f"socks5://{proxy}"} if proxy else None,
        )
        try:
            yield browser
        finally:
            browser.close()


def load_plainly(
    url: str, flags: list[str], proxy: str | None = None, *, rest: float = 0.0, told: bool = True
) -> tuple[float, float]:
    """Return the seconds of the load by the driver and, if it is ``told``, by the page.

    ``rest``: seconds that the browser, which has just started, is left alone before.
    """
    with plain(flags, proxy) as browser:
        page = browser.new_context(
            viewport={"width": 1366, "height": 900}, ignore_https_errors=True
        ).new_page()
        page.wait_for_timeout(rest * 1000)
        at = time.perf_counter()
        page.goto(url, wait_until="load")
        load = time.perf_counter() - at
        return load, by_page(url) if told else 0.0


def by_page(url: str) -> float:
    """Return the seconds of the last load as a page of ours told them, not a number of others."""
    own = urlsplit(url).path in PAGES
    return told_by_page("/".join(url.split("/")[:3])) if own else math.nan


def load_captured(order: CaptureOrder, folder: Path) -> tuple[float, float]:
    """Return the seconds of the load in a capture that ends with it: by its steps, by the page."""
    began = [0.0]

    def tell(step: str) -> None:
        if step == "navigation":
            began[0] = time.perf_counter()
        if step == "loaded":
            seconds = time.perf_counter() - began[0]
            raise Loaded(seconds, by_page(order.url))

    try:
        capture(order, folder, software="b", tell=tell)
    except Loaded as loaded:
        return loaded.seconds, loaded.own
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit("the page was not loaded")


def orders(url: str, way_out: Guard, known: str) -> tuple[CaptureOrder, CaptureOrder]:
    """Return a capture without and with the guard; ``known`` is the machine as last looked at."""
    unguarded = CaptureOrder(url, find_browser(), None, None, sandbox=SANDBOX, standing=known)
    return unguarded, replace(unguarded, proxy=way_out.address, journal=way_out.journal)


def load_ways(
    url: str, way_out: Guard, folder: Path, known: str
) -> dict[str, Callable[[], tuple[float, float]]]:
    """Return each way to load the page and nothing more."""
    log = [f"--log-net-log={folder / 'log.json'}", "--net-log-capture-mode=Everything"]
    unguarded, order = orders(url, way_out, known)
    return {
        PLAIN: lambda: load_plainly(url, []),
        "plain, browser at rest": lambda: load_plainly(url, [], rest=REST_SECONDS),
        "+ log": lambda: load_plainly(url, log),
        "+ guard": lambda: load_plainly(url, [], way_out.address),
        "+ guard + log": lambda: load_plainly(url, log, way_out.address),
        "capture, no guard, no process": lambda: load_captured(unguarded, folder / "c"),
        "capture, no process": lambda: load_captured(order, folder / "c"),
    }


def measure_whole(url: str, way_out: Guard, folder: Path, measured: Measured, known: str) -> None:
    """Load the page with a browser of its own, and capture it whole, once in every way."""
    began = time.perf_counter()
    load_plainly(url, [])
    measured.whole.setdefault(PLAIN, []).append(time.perf_counter() - began)
    unguarded, order = orders(url, way_out, known)
    ways: dict[str, Callable[[Path], object]] = {
        "capture, no guard, no process, no replay": lambda f: capture(unguarded, f, software="b"),
        "capture, no process, no replay": lambda f: capture(order, f, software="b"),
        "capture, no replay": lambda f: capture_apart(order, f, software="b", replay=False),
        "capture": lambda f: capture_apart(order, f, software="b"),
    }
    for number, (way, take) in enumerate(ways.items()):
        place = folder / str(number)
        began = time.perf_counter()
        take(place)
        measured.whole.setdefault(way, []).append(time.perf_counter() - began)
        steps = steps_of(place)
        measured.add(way, steps["loaded"] - steps["navigation"], by_page(url))
        if way == "capture":
            add_parts(steps, measured)
        shutil.rmtree(place)


def steps_of(folder: Path) -> dict[str, float]:
    """Return when each step was reached, in seconds since the start; the last of each name."""
    record = json.loads((folder / "evidence/capture.json").read_bytes())
    return {item["step"]: float(item["since_start"]) for item in record["steps"]}


def add_parts(steps: dict[str, float], measured: Measured) -> None:
    """Note how long each part of one capture took."""
    before = 0.0
    for step, name in PARTS:
        if step in steps:
            measured.parts.setdefault(name, []).append(steps[step] - before)
            before = steps[step]


def measure(
    url: str, way_out: Guard, folder: Path, known: str, *, rounds: int, whole: int
) -> Measured:
    """Return ``rounds`` loads of the page in every way, and ``whole`` captures.

    The rounds of loads end early when they have taken five minutes.
    """
    ways = load_ways(url, way_out, folder, known)
    measured = Measured({way: [] for way in ways}, {way: [] for way in ways})
    names, chance, end = list(ways), random.Random(1), time.monotonic() + LOAD_ROUNDS_SECONDS
    for _ in range(rounds):
        chance.shuffle(names)
        for way in names:
            measured.add(way, *ways[way]())
        if time.monotonic() > end:
            break
    for _ in range(whole):
        measure_whole(url, way_out, folder, measured, known)
    return measured


def told(measured: Measured) -> None:
    """Print the table of loads, that of whole captures, and the cost of each part."""
    median = statistics.median
    base, own = median(measured.load[PLAIN]), median(measured.own[PLAIN])
    print("| way | rounds | load, driver | ÷ plain | load, page | ÷ plain |")
    print("|---|---|---|---|---|---|")
    for way, seconds in measured.load.items():
        load, page = median(seconds), median(measured.own[way])
        print(
            f"| {way} | {len(seconds)} | {load * 1000:.0f} ms | {load / base:.2f} | "
            f"{page * 1000:.0f} ms | {page / own:.2f} |"
        )
    found = [*measured.load["capture, no process"], *measured.load.get("capture", [])]
    pages_own = [*measured.own["capture, no process"], *measured.own.get("capture", [])]
    by_driver, by_page = median(found) / base, median(pages_own) / own
    print(f"\nLoad of a capture ÷ plain: driver {by_driver:.2f}, page {by_page:.2f} (≤ {BAR})\n")
    if not measured.whole:
        return
    print("| whole | seconds | ÷ plain |")
    print("|---|---|---|")
    for way, all_of_it in measured.whole.items():
        ratio = median(all_of_it) / median(measured.whole[PLAIN])
        print(f"| {way} | {median(all_of_it):.2f} s | {ratio:.2f} |")
    parts = ", ".join(f"{n} {median(s):.2f} s" for n, s in measured.parts.items())
    replay = median(measured.whole["capture"]) - median(measured.whole["capture, no replay"])
    print(f"\nOf which: {parts}; replay check {replay:.2f} s\n", flush=True)


def measure_http2(rounds: int, folder: Path) -> None:
    """Print what avoiding HTTP/2 costs a page with 60 pictures."""
    print("### HTTP/2 avoided or let be: 60 pictures, TLS, browser's log on\n")
    print("| delay of each answer | HTTP/1.1 | HTTP/2 | HTTP/1.1 ÷ HTTP/2 |")
    print("|---|---|---|---|")
    log = [f"--log-net-log={folder / 'log.json'}", "--net-log-capture-mode=Everything"]
    for delay in (0.0, 0.03, 0.1):
        with pages(tls=folder, delay=delay) as address:
            found: dict[str, list[float]] = {"1": [], "2": []}
            for _ in range(rounds):
                for name, flags in (("1", [*log, "--disable-http2"]), ("2", log)):
                    load, _ = load_plainly(f"{address}/pictures", flags, told=False)
                    found[name].append(load)
            one, two = statistics.median(found["1"]), statistics.median(found["2"])
            row = f"| {delay * 1000:.0f} ms | {one * 1000:.0f} ms | {two * 1000:.0f} ms"
            print(f"{row} | {one / two:.2f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="loads in every way")
    parser.add_argument("--whole", type=int, default=3, help="whole captures in every way")
    parser.add_argument("--pages", default=",".join(PAGES))
    parser.add_argument("--url", action="append", default=[], help="a page of another server")
    parser.add_argument("--http2-rounds", type=int, default=9)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="markseal-bench-"))
    known = standing(find_browser(), clock=wall_clock).to_text()
    try:
        with guard(folder / "journal.jsonl", allow_loopback=True) as way_out, pages() as address:
            own = [path for path in arguments.pages.split(",") if path]
            named = {p: f"{p} ({len(PAGES[p]) / 1000:.0f} kB of HTML)" for p in own}
            wanted = {f"{address}{path}": name for path, name in named.items()}
            for url, name in (wanted | {each: each for each in arguments.url}).items():
                print(f"### {name}\n")
                rounds, whole = arguments.rounds, arguments.whole
                told(measure(url, way_out, folder, known, rounds=rounds, whole=whole))
        if arguments.http2_rounds:
            measure_http2(arguments.http2_rounds, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
