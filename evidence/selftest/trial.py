"""The technical review: two captures of the ground-truth server, compared, recorded, signed.

Everything goes the way of an ordinary capture: the same code, browser and egress guard.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.browser.order import CaptureOrder, Limits
from evidence.browser.steps import Clock, wall_clock
from evidence.capture import Snapshot
from evidence.environment.packages import code_digest
from evidence.environment.standing import Standing, standing
from evidence.errors import EvidenceError
from evidence.format.times import format_time
from evidence.selftest import exchanges
from evidence.selftest.comparison import (
    Check,
    Findings,
    compare_capture,
    compare_certificate,
    compare_environment,
    compare_exchanges,
    compare_page,
)
from evidence.selftest.review import FAILED, FORMAT, PASSED, Review, sign
from evidence.selftest.server import GroundTruth, running, throw_away

LIMITS = Limits(seconds=60.0, load_seconds=20.0, settle_seconds=5.0)
Open = Callable[[Mapping[str, exchanges.Answer]], GroundTruth]


class Take(Protocol):
    """The capture to be tried: an order and a folder in, a finished capture out."""

    def __call__(
        self, order: CaptureOrder, folder: Path, *, software: str, clock: Clock
    ) -> Snapshot:
        """Capture the page into ``folder``, or raise an EvidenceError."""


@dataclass(frozen=True)
class _Trial:
    order: CaptureOrder
    take: Take
    software: str
    clock: Clock
    known: Standing
    folder: Path
    server: Open


def selftest(
    order: CaptureOrder,
    *,
    take: Take,
    key: Ed25519PrivateKey,
    software: str,
    clock: Clock = wall_clock,
    server: Open = GroundTruth,
) -> Review:
    """Try the capture on servers of our own and return the signed review, passed or failed.

    ``order`` names browser, guard (which must let loopback through) and sandbox; its address
    is not used. ``server`` makes the ground-truth server. A capture that fails is a finding of
    the review, not an error. Raises OSError when there is no room to work in.
    """
    started = clock()
    known = standing(order.browser, clock=clock)
    with tempfile.TemporaryDirectory(prefix="markseal-review-") as folder:
        trial = _Trial(order, take, software, clock, known, Path(folder), server)
        plain, secure = _plain(trial), _secure(trial)
        version = plain.json("evidence/environment.json").get("browser", {}).get("version", "")
    checks = [*plain.checks, *secure.checks]
    value = {
        "format": FORMAT,
        "result": PASSED if all(check.passed for check in checks) else FAILED,
        "started": format_time(started),
        "finished": format_time(clock()),
        "subject": {
            "software": software,
            "code_sha256": code_digest(),
            "browser": str(version),
            "browser_sha256": known.browser_sha256,
        },
        "system": _system(known),
        "declared": {
            "sandbox": "on" if order.sandbox else "off",
            "loopback": "let through for this review",
        },
        "checks": [check.to_json() for check in checks],
        "exchanges": [*plain.exchanges, *secure.exchanges],
    }
    return sign(value, key)


def _plain(trial: _Trial) -> Findings:
    """Redirects, codings, framings, a form, a frame, a refused address, over plain http."""
    findings = Findings("http", trial.folder / "http")
    answers = exchanges.answers()
    with running(trial.server(answers)) as server:
        if _capture(trial, findings, server.address + exchanges.START):
            served = list(server.served)
            compare_exchanges(findings, served, least=len(answers))
            colours = {0: exchanges.RED, 1: exchanges.GREEN, 2: exchanges.BLUE}
            compare_page(findings, exchanges.LINES, colours, "技术核查页")
            compare_capture(findings, verdict="none")
            refused = urlsplit(exchanges.REFUSED).hostname
            _compare_environment(trial, findings, refused=refused)
    return findings


def _secure(trial: _Trial) -> Findings:
    """A page behind a certificate that nobody trusts: recorded, and declared to be bad."""
    findings = Findings("https", trial.folder / "https")
    answers = exchanges.secure_answers()
    certificate, served = throw_away(trial.folder, trial.clock())
    with running(trial.server(answers), certificate) as server:
        if _capture(trial, findings, server.address + exchanges.SECURE):
            compare_exchanges(findings, list(server.served), least=len(answers))
            compare_page(findings, exchanges.SECURE_LINES, {0: exchanges.GOLD}, "加密核查页")
            compare_capture(findings, verdict="bad")
            compare_certificate(findings, served)
            _compare_environment(trial, findings, refused=None)
    return findings


def _capture(trial: _Trial, findings: Findings, url: str) -> bool:
    order = replace(
        trial.order, url=url, strict_tls=False, limits=LIMITS, standing=trial.known.to_text()
    )
    findings.folder.mkdir()
    try:
        trial.take(order, findings.folder, software=trial.software, clock=trial.clock)
    except EvidenceError as error:
        findings.checks.append(
            Check(f"{findings.name}.capture", "取证完成", "the capture", "made", error.en)
        )
        return False
    return True


def _compare_environment(trial: _Trial, findings: Findings, *, refused: str | None) -> None:
    compare_environment(
        findings,
        binary_sha256=trial.known.browser_sha256,
        code_sha256=code_digest(),
        refused=refused,
    )


def _system(known: Standing) -> dict[str, Any]:
    """Return the operating system and the browser's package, from the environment's rows."""
    kept = {row.id: row for row in known.rows}
    return {
        topic: dict(kept[topic].data) for topic in ("image", "browser_package") if topic in kept
    }
