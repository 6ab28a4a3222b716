"""The two log entries of a capture: the attempt before it, the outcome after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evidence.errors import InputError, SealError
from evidence.format.attempt import case_tag, url_commitment
from evidence.format.digests import Digests, digest_bytes, sha256_hex
from evidence.format.entry import (
    Attempt,
    CaseEntry,
    Failed,
    Fresh,
    NothingFound,
    Sealed,
    parse_entry,
)
from evidence.log import Session
from evidence.seal.former import Standing

NOTHING = frozenset({"name_not_found"})
"""The reasons that mean: there was no page, the capture itself did not go wrong."""


@dataclass(frozen=True)
class Logged:
    """An entry as it stands in the log."""

    index: int
    data: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 (hex) of the entry's bytes."""
        return sha256_hex(self.data)

    @property
    def attempt(self) -> Attempt:
        """The entry read as an attempt; SealError when it is none."""
        entry = parse_entry(self.data)
        if not isinstance(entry, Attempt):
            raise SealError(
                f"Entry {self.index} is not an attempt.", f"第 {self.index} 条不是尝试记录。"
            )
        return entry


@dataclass(frozen=True)
class Story:
    """What the log says of one capture id, in its order."""

    attempts: tuple[Logged, ...]
    failed: tuple[Failed | NothingFound, ...]
    sealed: Logged | None
    sealed_entry: Sealed | None

    @property
    def open_attempt(self) -> Logged | None:
        """The last attempt if it has no outcome yet."""
        closed = {entry.attempt for entry in self.failed}
        if self.sealed_entry is not None:
            closed.add(self.sealed_entry.attempt)
        if self.attempts and self.attempts[-1].index not in closed:
            return self.attempts[-1]
        return None


def read_story(session: Session, capture_id: str) -> Story:
    """Return every entry of a capture."""
    attempts: list[Logged] = []
    failed: list[Failed | NothingFound] = []
    sealed: Logged | None = None
    sealed_entry: Sealed | None = None
    for index in session.index.of_capture(capture_id):
        data = session.entry(index)
        entry = parse_entry(data)
        if not isinstance(entry, CaseEntry) or entry.capture_id != capture_id:
            continue
        if isinstance(entry, Attempt):
            attempts.append(Logged(index, data))
        elif isinstance(entry, Failed | NothingFound):
            failed.append(entry)
        else:
            sealed, sealed_entry = Logged(index, data), entry
    return Story(tuple(attempts), tuple(failed), sealed, sealed_entry)


def append_attempt(
    session: Session, held: Mapping[str, str], fresh: Fresh, *, now: datetime
) -> Logged:
    """Log the next attempt of the case, numbered without a gap; return it.

    Raises InputError when the case was closed.
    """
    tag = case_tag(held["case_salt"], held["case"])
    require_open(session, tag)
    entry = Attempt(
        capture_id=held["capture_id"],
        case_tag=tag,
        number=session.index.last_number(tag) + 1,
        prev=session.previous(),
        time=now,
        url_commitment=url_commitment(held["url_salt"], held["url"]),
        fresh=fresh,
    )
    data = entry.to_bytes()
    return Logged(session.append([data])[0], data)


def require_open(session: Session, tag: str, before: Standing | None = None) -> None:
    """Raise InputError when the case of this tag was closed: no attempt may follow.

    ``before`` is where it stood in the logs before this.
    """
    index = session.index.closed_at(tag)
    if before is not None and before.closed is not None:
        raise InputError(
            f"This case was closed in the log {before.closed}; use another case.",
            f"该案件已在日志 {before.closed} 结案；请另用案号。",
        )
    if index is not None:
        raise InputError(
            f"This case was closed by log entry {index}; use another case.",
            f"该案件已由日志第 {index} 条结案；请另用案号。",
        )


def append_failed(session: Session, attempt: Logged, reason: str, *, now: datetime) -> Logged:
    """Log that an attempt failed, or that there was no page, with the reason's code."""
    begun = attempt.attempt
    kind = NothingFound if reason in NOTHING else Failed
    entry = kind(
        capture_id=begun.capture_id,
        case_tag=begun.case_tag,
        number=begun.number,
        prev=session.previous(),
        time=now,
        attempt=attempt.index,
        reason=reason,
    )
    data = entry.to_bytes()
    return Logged(session.append([data])[0], data)


def append_sealed(
    session: Session, attempt: Logged, manifest: bytes, package: Digests, *, now: datetime
) -> Logged:
    """Log that an attempt was sealed; an entry that says so already is returned as it is.

    Raises SealError when the log already has another package for this capture.
    """
    begun = attempt.attempt
    story = read_story(session, begun.capture_id)
    if story.sealed is not None and story.sealed_entry is not None:
        if (story.sealed_entry.attempt, story.sealed_entry.package) != (attempt.index, package):
            raise SealError(
                "The log already names another package for this capture; nothing was written.",
                "日志中该取证已对应另一个封装包；未写入任何内容。",
            )
        return story.sealed
    digests = digest_bytes(manifest)
    entry = Sealed(
        capture_id=begun.capture_id,
        case_tag=begun.case_tag,
        number=begun.number,
        prev=session.previous(),
        time=now,
        attempt=attempt.index,
        manifest_sha256=digests.sha256,
        manifest_sm3=digests.sm3,
        package=package,
    )
    data = entry.to_bytes()
    return Logged(session.append([data])[0], data)
