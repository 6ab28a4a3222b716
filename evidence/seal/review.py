"""What is known before a capture begins: the machine as last looked at, and the newest review.

The review (技术核查记录) is chosen before the capture, named in its environment record, and
enclosed as the very same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Clock, wall_clock
from evidence.environment.packages import code_digest
from evidence.environment.standing import standing
from evidence.errors import FormatError
from evidence.format import jcs, names
from evidence.format.digests import sha256_hex
from evidence.home import EvidenceHome
from evidence.seal.software import software
from evidence.selftest.review import Review, keep, latest_review
from evidence.selftest.trial import Take, selftest

_CACHE = Path("evidence/standing.json")


@dataclass(frozen=True)
class Known:
    """``text`` goes with the order; ``review`` into the package, when there is one."""

    text: str
    review: Review | None

    def enclose(self, folder: Path) -> None:
        """Write the review and its signature beside the capture's other files.

        Not when the capture found that it is of another browser or code: its environment
        record then names none.
        """
        if self.review is not None and _named(folder) == sha256_hex(self.review.record):
            (folder / names.REVIEW).write_bytes(self.review.record)
            (folder / names.REVIEW_SIGNATURE).write_bytes(self.review.signature)


def _named(folder: Path) -> str | None:
    """Return the SHA-256 of the review that the capture's environment record names."""
    try:
        record = jcs.loads((folder / names.ENVIRONMENT).read_bytes(), names.ENVIRONMENT)
    except (OSError, FormatError):
        return None
    rows = record.get("rows", []) if isinstance(record, dict) else []
    found = next((r for r in rows if isinstance(r, dict) and r.get("id") == "review"), {})
    data = found.get("data")
    return data.get("sha256") if isinstance(data, dict) else None


def known(home: EvidenceHome, browser: Path, *, clock: Clock) -> Known:
    """Return what is known of this machine and ``browser``; looked at anew once an hour."""
    found = standing(browser, clock=clock, cache=home.path / _CACHE)
    review = latest_review(
        home.path,
        now=clock(),
        browser_sha256=found.browser_sha256,
        code_sha256=code_digest(),
    )
    return Known(found.reviewed(review.named() if review else {}).to_text(), review)


def review(
    home: EvidenceHome,
    *,
    proxy: str,
    journal: Path,
    browser: Path,
    sandbox: bool,
    take: Take,
    clock: Clock = wall_clock,
) -> Review:
    """Try this installation's capture on known exchanges; sign, keep and return the review.

    ``proxy`` is a guard that lets loopback through, for this review alone; ``take`` is the
    capture that is tried. A review that failed is kept like one that passed.
    """
    order = CaptureOrder(
        url="http://127.0.0.1/", browser=browser, proxy=proxy, journal=journal, sandbox=sandbox
    )
    made = selftest(
        order,
        take=take,
        key=home.signer(),
        software=software(),
        clock=clock,
    )
    keep(home.path, made)
    return made
