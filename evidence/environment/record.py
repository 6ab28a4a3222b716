"""The environment record (清洁性检查): what was checked before and after, and what was not."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from evidence.browser.launch import Running
from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Clock
from evidence.environment import machine, network, program
from evidence.environment.answers import Answered
from evidence.environment.clocks import compared
from evidence.environment.journal import JournalView
from evidence.environment.packages import code_digest
from evidence.environment.rows import Row, Status
from evidence.environment.scene import Scene, rows_of
from evidence.environment.standing import Standing, from_text, standing
from evidence.environment.timeservers import Asking, ask
from evidence.errors import FormatError
from evidence.format.times import format_time

FORMAT = "markseal-environment/2"
_ROWS = ("processes", "routes", "addresses")
_PAUSE, _LATER = 0.4, 1.5
_PACKAGES = ("playwright", "cryptography", "rfc8785", "rfc3161-client")


def observe(clock: Clock) -> dict[str, Any]:
    """Return one look at this machine: clocks, name files, proxies, processes, ways out."""
    try:
        running = machine.processes()
    except OSError:
        running = {}
    return {
        "wall": format_time(clock()),
        "monotonic": f"{time.monotonic():.6f}",
        "files": [network.name_file(path) for path in network.NAME_FILES.values()],
        "proxy_variables": network.proxy_variables(),
        "processes": running,
        **network.ways_out(),
    }


@dataclass
class Surroundings:
    """This machine around one capture: looked at before, while the browser runs, and after.

    Making one begins: the first look is taken, time servers are asked in the background, and
    so is looked for what the order does not bring along. ``record`` gives the whole.
    """

    order: CaptureOrder
    clock: Clock
    before: dict[str, Any] = field(init=False)
    renderers: dict[int, program.Renderer] = field(default_factory=dict)
    _asking: Asking = field(init=False)
    _known: list[Standing] = field(default_factory=list)
    _looking: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._asking = ask(self.order.time_servers)
        try:
            self._known.append(from_text(self.order.standing))
        except FormatError:
            self._looking = threading.Thread(target=self._look, daemon=True)
            self._looking.start()
        self.before = observe(self.clock)

    def _look(self) -> None:
        self._known.append(standing(self.order.browser, clock=self.clock))

    @contextmanager
    def watching(self, running: Running) -> Iterator[None]:
        """Look again and again, while the browser runs, how its renderers are held."""
        end, seen = threading.Event(), set[int]()

        def watch() -> None:
            while not end.wait(_PAUSE if not self.renderers else _LATER):
                with suppress(OSError, ValueError):
                    for renderer in program.renderers(running.pid):
                        # one that has only just begun confines itself a moment later
                        if renderer.confined or renderer.pid in seen:
                            self.renderers[renderer.pid] = renderer
                        seen.add(renderer.pid)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    def record(
        self,
        running: Running,
        journal: JournalView,
        *,
        software: str,
        answered: Answered | None = None,
        isolation: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the whole record; call it when the browser has closed.

        ``isolation`` says what kept the capture's process from keys, as that process itself
        tried it (``evidence.worker``); None when it ran in its caller's process.
        """
        after = observe(self.clock)
        if self._looking is not None:
            self._looking.join()
        known = self._known[0]
        if running.binary is not None and not known.holds(running.binary, self.clock()):
            known = standing(running.binary, clock=self.clock).reviewed(known.review)
        if not _is_of(known.review, running, known):
            known = known.reviewed({})
        scene = Scene(
            order=self.order,
            running=running,
            journal=journal,
            before=self.before,
            after=after,
            standing=known,
            renderers=tuple(self.renderers.values()),
            answered=answered,
            isolation=dict(isolation or {"key_isolation": "none"}),
            software=software,
            time_servers=self._asking.row,
        )
        return _record(scene, rows_of(scene))


def _record(scene: Scene, rows: list[Row]) -> dict[str, Any]:
    order, running, journal = scene.order, scene.running, scene.journal
    counts = {s.value: sum(1 for row in rows if row.status is s) for s in Status}
    return {
        "format": FORMAT,
        "rows": [row.to_json() for row in rows],
        "counts": counts,
        "looked": scene.standing.looked_text,
        "before": _look(scene.before),
        "after": _look(scene.after),
        "clock": compared(dict(scene.before), dict(scene.after)),
        "browser": {
            "version": running.version,
            "binary_sha256": scene.standing.browser_sha256 if running.binary else None,
            "flags": list(running.flags),
            "sandbox": "on" if order.sandbox else "off",
            "profile": "fresh, empty; deleted afterwards",
            "session": "declared" if order.login else "none (no login state)",
            "service_workers": "blocked",
        },
        "declared": {
            "locale": order.locale,
            "timezone": order.timezone,
            "viewport": f"{order.window.width}x{order.window.height}",
            "device_scale": order.scale,
            "profile": order.profile.value,
            "http2": order.http2.value,
        },
        "egress": {
            "proxy": "egress guard (SOCKS5)" if order.proxy else "none",
            "allow_loopback": journal.allow_loopback,
            "calls_home_refused": journal.calls_home_refused,
            "refused": [
                {"host": c.host, "port": c.port, "reason": c.reason or ""}
                for c in journal.refused()
            ],
            "peers": _peers(journal),
        },
        "software": _software(scene.software),
        "isolation": dict(scene.isolation),
        "system": {
            "platform": platform.platform(),
            "machine": platform.machine(),
            "user": machine.user_name(),
            "user_id": os.geteuid(),
        },
        "not_checked": [
            {"what": row.id, "zh": row.zh, "en": row.en}
            for row in rows
            if row.status is Status.NOT_CHECKED
        ],
    }


def _look(look: Mapping[str, Any]) -> dict[str, Any]:
    """Return a look without the lists that have their rows."""
    return {name: value for name, value in look.items() if name not in _ROWS}


def _peers(journal: JournalView) -> list[dict[str, Any]]:
    rows = {
        (c.host, c.port, c.address or ""): list(c.answers)
        for c in journal.contacts
        if c.verdict == "connected"
    }
    return [
        {"host": host, "port": port, "address": address, "answers": rows[host, port, address]}
        for host, port, address in sorted(rows)
    ]


def _software(software: str) -> dict[str, Any]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "markseal": software,
        "code_sha256": _code_digest(),
        "python": sys.version.split()[0],
        "packages": versions,
    }


def _code_digest() -> str:
    try:
        return code_digest()
    except OSError:
        return "not checked"


def _is_of(review: Mapping[str, str], running: Running, known: Standing) -> bool:
    """Whether a review is of the very browser that ran and of the code that captured."""
    used = (known.browser_sha256 if running.binary else None, _code_digest())
    return (review.get("browser_sha256"), review.get("code_sha256")) == used
