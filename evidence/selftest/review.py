"""The technical review record (技术核查记录): canonical JSON, signed, kept by date.

``review.json`` is RFC 8785 JSON; ``review.sig`` the 64 raw bytes of Ed25519 (RFC 8032) over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import sha256_hex
from evidence.format.policy import POLICY
from evidence.format.times import format_time, parse_time
from evidence.log.durable import replace_file

FORMAT = "markseal-review/1"
KEPT_HOURS = 48
DAY = timedelta(days=1)
PASSED, FAILED = "passed", "failed"
_FOLDER = Path("evidence/reviews")
_LIMIT = 1 << 20


@dataclass(frozen=True)
class Review:
    """A signed review: the bytes that are enclosed, and what they say."""

    record: bytes
    signature: bytes
    value: dict[str, Any]

    @property
    def finished(self) -> datetime:
        """When it ended."""
        return parse_time(self.value["finished"])

    @property
    def passed(self) -> bool:
        """Whether every check came out as expected."""
        return bool(self.value["result"] == PASSED)

    @property
    def browser_sha256(self) -> str | None:
        """The hash of the browser it was made with, None when it could not be read."""
        found = self.value["subject"].get("browser_sha256")
        return str(found) if found else None

    @property
    def code_sha256(self) -> str:
        """The digest of the code it was made with."""
        return str(self.value["subject"]["code_sha256"])

    @property
    def failures(self) -> tuple[dict[str, str], ...]:
        """The checks that did not come out as expected."""
        return tuple(c for c in self.value["checks"] if c["result"] != PASSED)

    def named(self) -> dict[str, str]:
        """Return what the environment record says of it."""
        return {
            "result": str(self.value["result"]),
            "finished": str(self.value["finished"]),
            "checks": str(len(self.value["checks"])),
            "sha256": sha256_hex(self.record),
            "browser_sha256": self.browser_sha256 or "",
            "code_sha256": self.code_sha256,
        }


def sign(value: dict[str, Any], key: Ed25519PrivateKey) -> Review:
    """Return the review of ``value``, signed."""
    record = jcs.dumps(value)
    return Review(record, key.sign(record), value)


def keep(home: Path, review: Review) -> Path:
    """Write a review durably below ``home`` and return the record's path; nothing is replaced."""
    stem = f"{format_time(review.finished).replace(':', '')}-{sha256_hex(review.record)[:8]}"
    path = home / _FOLDER / f"{stem}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path.with_suffix(".sig"), review.signature)
    replace_file(path, review.record)
    return path


def newest_review(home: Path) -> Review | None:
    """Return the newest review kept whose signature is this installation's, or None."""
    return next(_kept(home), None)


def latest_review(
    home: Path, *, now: datetime, browser_sha256: str | None, code_sha256: str
) -> Review | None:
    """Return the newest review of this very browser and code, passed or not, or None.

    One older than 48 hours does not count. Its signature is checked with ``trust/signer.pem``.
    """
    oldest = now - timedelta(hours=KEPT_HOURS)
    for review in _kept(home):
        if review.finished < oldest:
            return None
        same = (review.browser_sha256, review.code_sha256) == (browser_sha256, code_sha256)
        if same and browser_sha256 is not None and review.finished <= now:
            return review
    return None


def is_due(home: Path, *, now: datetime, code_sha256: str) -> bool:
    """Whether the daily review is due: the newest is a day old, or of other code than this.

    A home that is not yet a day old, or not yet prepared, is left alone: whoever sets it up
    runs the first review himself.
    """
    try:
        begun = datetime.fromtimestamp((home / "trust" / POLICY).stat().st_mtime, UTC)
    except OSError:
        return False
    newest = newest_review(home)
    if newest is not None and newest.code_sha256 == code_sha256:
        return now - newest.finished >= DAY
    return now - begun >= DAY


def _kept(home: Path) -> Iterator[Review]:
    """Yield the sound reviews, newest first; one that is not sound is no review."""
    try:
        key = load_pem_public_key((home / "trust/signer.pem").read_bytes())
        paths = sorted((home / _FOLDER).glob("*.json"), reverse=True)
    except (OSError, ValueError):
        return
    if not isinstance(key, Ed25519PublicKey):
        return
    for path in paths:
        try:
            yield read_review(path.read_bytes(), path.with_suffix(".sig").read_bytes(), key)
        except (OSError, FormatError, InvalidSignature):
            continue


def read_review(record: bytes, signature: bytes, key: Ed25519PublicKey) -> Review:
    """Return a review that ``key`` signed; raises FormatError, InvalidSignature."""
    key.verify(signature, record)
    fields = {
        "format": str, "result": str, "started": str, "finished": str, "subject": dict,
        "system": dict, "declared": dict, "checks": list, "exchanges": list,
    }  # fmt: skip
    value = jcs.take(jcs.loads(record, "review.json", limit=_LIMIT), "review.json", fields)
    if value["format"] != FORMAT or value["result"] not in (PASSED, FAILED):
        raise FormatError("review.json has another format", "review.json 的格式不符")
    review = Review(record, signature, value)
    parse_time(value["finished"])
    return review
