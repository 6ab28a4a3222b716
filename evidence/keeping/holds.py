"""Holds: while one stands, an exhibit's content is not erased, whatever the basis.

A hold is a file ``evidence/holds/<capture_id>.json`` (0600); releasing it leaves both events in
``evidence/holds/journal.jsonl``. They are the installation's own and hold names of people.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence.errors import InputError
from evidence.format import jcs
from evidence.format.times import format_time
from evidence.home import EvidenceHome
from evidence.keeping.exhibit import Kept
from evidence.log.durable import locked, replace_file, sync_folder

MOST = 500


@dataclass(frozen=True)
class Hold:
    """Why content may not be erased, who said so, and when (RFC 3339)."""

    capture_id: str
    name: str
    reason: str
    by: str
    time: str


def holds_folder(home: EvidenceHome) -> Path:
    """Return where the holds of an installation lie."""
    return home.path / "evidence" / "holds"


def held(home: EvidenceHome, capture_id: str) -> Hold | None:
    """Return the hold on an exhibit, or None."""
    path = holds_folder(home) / f"{capture_id}.json"
    if not path.is_file():
        return None
    return Hold(**json.loads(path.read_bytes()))


def all_held(home: EvidenceHome) -> list[Hold]:
    """Return every hold."""
    found = (held(home, path.stem) for path in sorted(holds_folder(home).glob("*.json")))
    return [one for one in found if one is not None]


def hold(home: EvidenceHome, kept: Kept, *, reason: str, by: str, now: datetime) -> Hold:
    """Put a hold on an exhibit; one that stands already is kept and returned."""
    made = Hold(
        kept.outcome.capture_id,
        kept.name,
        plain(reason, "--reason"),
        plain(by, "--by"),
        format_time(now),
    )
    with locked(holds_folder(home) / ".lock"):
        standing = held(home, made.capture_id)
        if standing is not None:
            return standing
        _journal(home, "held", made)
        replace_file(
            holds_folder(home) / f"{made.capture_id}.json", jcs.dumps(vars(made)), mode=0o600
        )
    return made


def release(home: EvidenceHome, kept: Kept, *, reason: str, by: str, now: datetime) -> Hold:
    """End the hold on an exhibit and return it; InputError when there is none."""
    capture_id = kept.outcome.capture_id
    with locked(holds_folder(home) / ".lock"):
        standing = held(home, capture_id)
        if standing is None:
            raise InputError(f"There is no hold on {kept.name}.", f"{kept.name} 未被保全。")
        ended = Hold(
            capture_id, kept.name, plain(reason, "--reason"), plain(by, "--by"), format_time(now)
        )
        _journal(home, "released", ended)
        (holds_folder(home) / f"{capture_id}.json").unlink()
        sync_folder(holds_folder(home))
    return standing


def plain(text: str, noun: str) -> str:
    """Return ``text`` stripped if it is 1 to 500 printable characters, else InputError."""
    stripped = text.strip()
    if not stripped or len(stripped) > MOST or not stripped.isprintable():
        raise InputError(
            f"{noun} is 1 to {MOST} printable characters.", f"{noun} 须为 1 至 {MOST} 个可见字符。"
        )
    return stripped


def _journal(home: EvidenceHome, event: str, one: Hold) -> None:
    path = holds_folder(home) / "journal.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, jcs.dumps({"event": event, **vars(one)}) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
