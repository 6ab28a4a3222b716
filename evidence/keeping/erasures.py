"""The record of what was erased here, and of the back-ups in which it may still lie."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.format import jcs
from evidence.format.erasure import ErasureRequest
from evidence.format.times import format_time
from evidence.home import EvidenceHome
from evidence.keeping.holds import plain
from evidence.log.durable import locked, replace_file


@dataclass(frozen=True)
class Erased:
    """What was erased, where the log names it, and since when back-ups may still hold the key."""

    capture_id: str
    name: str
    index: int
    basis: str
    time: str
    backups: str


def read_state(path: Path) -> dict[str, Any] | None:
    """Return what is known of one erasure, None where there is none."""
    if not path.is_file():
        return None
    state: dict[str, Any] = json.loads(path.read_bytes())
    return state


def told(state: dict[str, Any], capture_id: str) -> Erased:
    """Return an erasure that is done."""
    request = ErasureRequest.parse(state["request"].encode(), "erasure request")
    return Erased(
        capture_id,
        state["name"],
        state["index"],
        request.basis.code,
        state["done"],
        state["backups"],
    )


def erased_ids(home: EvidenceHome) -> frozenset[str]:
    """Return the capture ids whose content was erased: a restored back-up must drop their keys."""
    folder = home.path / "evidence" / "erasures"
    return frozenset(
        path.stem for path in folder.glob("*.json") if "done" in (read_state(path) or {})
    )


def open_backups(home: EvidenceHome) -> list[Erased]:
    """Return the erasures whose keys may still lie in a back-up."""
    folder = home.path / "evidence" / "erasures"
    found = [(path.stem, read_state(path) or {}) for path in sorted(folder.glob("*.json"))]
    return [told(state, name) for name, state in found if state.get("backups") == "open"]


def backups_ended(home: EvidenceHome, *, by: str, now: datetime) -> list[Erased]:
    """Note that every back-up made before the open erasures is destroyed or made anew."""
    who, closed = plain(by, "--by"), []
    for one in open_backups(home):
        path = home.path / "evidence" / "erasures" / f"{one.capture_id}.json"
        with locked(path.with_suffix(".lock")):
            state = read_state(path) or {}
            stated = {"by": who, "time": format_time(now)}
            replace_file(
                path, jcs.dumps({**state, "backups": "ended", "ended": stated}), mode=0o600
            )
        closed.append(one)
    return closed
