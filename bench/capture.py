"""What a capture costs beside a plain browser: load only, with each part, and with all of it.

``python -m bench.capture [--rounds 5]``. The ways take turns on the same pages. Load is from the
start of the navigation to the page's load event, as Playwright's ``goto`` measures it and as the
step log of a capture has it. The cost of each part of a capture is read from its step log: the
time up to the step. The machine is looked at once before, as a service does hourly. HTTP/2 is
measured on a TLS server that speaks both, at two delays.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench._pages import PAGES, pages
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


@dataclass
class Measured:
    """Seconds of each round by way: of the load alone, and of everything."""

    load: dict[str, list[float]] = field(default_factory=dict)
    whole: dict[str, list[float]] = field(default_factory=dict)
    parts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, way: str, load: float, whole: float) -> None:
        """Note one round."""
        self.load.setdefault(way, []).append(load)
        self.whole.setdefault(way, []).append(whole)


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


def load_plainly(url: str, flags: list[str], proxy: str | None = None) -> tuple[float, float]:
    """Return the seconds of the load alone and of the whole with the browser's start and end."""
    began = time.perf_counter()
    with plain(flags, proxy) as browser:
        page = browser.new_context(
            viewport={"width": 1366, "height": 900}, ignore_https_errors=True
        ).new_page()
        at = time.perf_counter()
        page.goto(url, wait_until="load")
        load = time.perf_counter() - at
    return load, time.perf_counter() - began


def steps_of(folder: Path) -> dict[str, float]:
    """Return when each step was reached, in seconds since the start; the last of each name."""
    record = json.loads((folder / "evidence/capture.json").read_bytes())
    return {item["step"]: float(item["since_start"]) for item in record["steps"]}


def note(way: str, folder: Path, began: float, measured: Measured) -> dict[str, float]:
    """Note one capture; return its steps."""
    whole = time.perf_counter() - began
    steps = steps_of(folder)
    measured.add(way, steps["loaded"] - steps["navigation"], whole)
    return steps


def measure(url: str, way_out: Guard, folder: Path, measured: Measured, known: str) -> None:
    """Load and capture the page once in every way; ``known`` is the machine as last looked at."""
    log = f"--log-net-log={folder / 'log.json'}"
    logged = [log, "--net-log-capture-mode=Everything"]
    plain_ways: tuple[tuple[str, list[str], str | None], ...] = (
        ("plain Playwright", [], None),
        ("+ log", logged, None),
        ("+ guard", [], way_out.address),
        ("+ guard + log", logged, way_out.address),
    )
    for way, flags, proxy in plain_ways:
        measured.add(way, *load_plainly(url, flags, proxy))
    unguarded = CaptureOrder(url, find_browser(), None, None, sandbox=SANDBOX, standing=known)
    order = replace(unguarded, proxy=way_out.address, journal=way_out.journal)
    ways: tuple[tuple[str, Callable[[Path], object]], ...] = (
        ("capture, no guard, no process, no replay", lambda f: capture(unguarded, f, software="b")),
        ("capture, no process, no replay", lambda f: capture(order, f, software="b")),
        ("capture, no replay", lambda f: capture_apart(order, f, software="b", replay=False)),
        ("capture", lambda f: capture_apart(order, f, software="b")),
    )
    for number, (way, take) in enumerate(ways):
        place = folder / str(number)
        began = time.perf_counter()
        take(place)
        steps = note(way, place, began, measured)
        if way == "capture":
            before = 0.0
            for step, name in PARTS:
                if step in steps:
                    measured.parts.setdefault(name, []).append(steps[step] - before)
                    before = steps[step]
        shutil.rmtree(place)


def told(measured: Measured) -> None:
    """Print the table of one page and the cost of each part."""
    base = statistics.median(measured.load["plain Playwright"])
    whole = statistics.median(measured.whole["plain Playwright"])
    print("| way | load | load ÷ plain | whole | whole ÷ plain |")
    print("|---|---|---|---|---|")
    for way, seconds in measured.load.items():
        load, all_of_it = statistics.median(seconds), statistics.median(measured.whole[way])
        print(
            f"| {way} | {load * 1000:.0f} ms | {load / base:.2f} | {all_of_it:.2f} s | "
            f"{all_of_it / whole:.2f} |"
        )
    parts = ", ".join(f"{n} {statistics.median(s):.2f} s" for n, s in measured.parts.items())
    replay = statistics.median(measured.whole["capture"]) - statistics.median(
        measured.whole["capture, no replay"]
    )
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
                    found[name].append(load_plainly(f"{address}/pictures", flags)[0])
            one, two = statistics.median(found["1"]), statistics.median(found["2"])
            row = f"| {delay * 1000:.0f} ms | {one * 1000:.0f} ms | {two * 1000:.0f} ms"
            print(f"{row} | {one / two:.2f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", default=",".join(PAGES))
    parser.add_argument("--http2-rounds", type=int, default=9)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="markseal-bench-"))
    known = standing(find_browser(), clock=wall_clock).to_text()
    try:
        with guard(folder / "journal.jsonl", allow_loopback=True) as way_out, pages() as address:
            for path in arguments.pages.split(","):
                print(f"### {path} ({len(PAGES[path]) / 1000:.0f} kB of HTML)\n")
                measured = Measured()
                for _ in range(arguments.rounds):
                    measure(f"{address}{path}", way_out, folder, measured, known)
                told(measured)
        measure_http2(arguments.http2_rounds, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
