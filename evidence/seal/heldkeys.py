"""Which encrypted parts this installation can still open: the keys that it holds, and of what."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence.format.times import format_time
from evidence.home import EvidenceHome
from evidence.seal.private import key_path
from evidence.seal.workfolder import CAPTURED, DONE, FAILED, ORDER, how_far

_CAPTURE_ID = re.compile(r"[0-9a-f]{32}\Z")
STATES = {DONE: "sealed", FAILED: "failed", CAPTURED: "not sealed yet", ORDER: "begun", "": "?"}


@dataclass(frozen=True)
class HeldKey:
    """The key of one capture: what the capture was of, as its own order says; never the key.

    ``made`` is when the key was; texts are empty where the order is not there any more.
    """

    capture_id: str
    made: datetime
    state: str
    case: str = ""
    url: str = ""
    out: str = ""
    requested_by: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the documented JSON form."""
        return {
            "capture_id": self.capture_id,
            "made": format_time(self.made),
            "state": self.state,
            "case": self.case,
            "url": self.url,
            "out": self.out,
            "requested_by": self.requested_by,
        }


def is_capture_id(text: str) -> bool:
    """Return whether ``text`` has the form of a capture id."""
    return _CAPTURE_ID.match(text) is not None


def held_keys(home: EvidenceHome) -> list[HeldKey]:
    """Return the keys of encrypted parts that ``home`` holds, the oldest first; they stay shut.

    Raises OSError when the folder of the keys may not be read.
    """
    folder = key_path(home, "").parent
    names = [path for path in folder.iterdir() if path.suffix == ".key"] if folder.exists() else []
    found = [_held(home, path) for path in names if is_capture_id(path.stem)]
    return sorted(found, key=lambda item: (item.made, item.capture_id))


def _held(home: EvidenceHome, path: Path) -> HeldKey:
    order = _order(home.work / path.stem / ORDER)
    return HeldKey(
        capture_id=path.stem,
        made=datetime.fromtimestamp(int(path.stat().st_mtime), UTC),
        state=STATES[how_far(home, path.stem)],
        **{name: str(order.get(name) or "") for name in ("case", "url", "out", "requested_by")},
    )


def _order(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
