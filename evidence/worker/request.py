"""What the capture's process is told, and what it answers: two messages, strict both ways."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path

from evidence.browser.order import CaptureOrder
from evidence.capture import Snapshot

RESULT = "result.json"
PROGRESS = "progress"
RESULT_LIMIT = 64_000_000
_TRIED = 40


@dataclass(frozen=True)
class Bounds:
    """The hard bounds of the whole process tree, above the capture's own limits.

    A little ``nice`` keeps pages of the service quick without starving a capture, whose own time
    is bounded too. ``seconds`` None: three times what the order allows, since loading again (bad
    certificate), the licence page and the replay check may each take their time.
    """

    seconds: float | None = None
    memory_bytes: int = 4 * 1024**3
    file_bytes: int = 8 * 1024**3
    nice: int = 2

    def seconds_for(self, order: CaptureOrder) -> float:
        """Return the bound in seconds for one order."""
        if self.seconds is not None:
            return self.seconds
        return 3 * (order.limits.seconds + order.limits.grace_seconds)


class Isolation(StrEnum):
    """What keeps the capture from keys: the environment record's ``key_isolation``."""

    LANDLOCK = "landlock"
    BUBBLEWRAP = "bubblewrap"
    NONE = "none"


@dataclass(frozen=True)
class Secret:
    """A place that the capture must not be able to open; ``label`` stands in the record.

    ``files`` are some of the files in it, so that each can be tried by name.
    """

    label: str
    path: Path
    files: tuple[Path, ...] = ()

    def looked_into(self, given: tuple[Path, ...]) -> Secret:
        """Return the same place with the first files found in it, but those it is ``given``."""
        inside = (path for path in self.path.rglob("*") if path.is_file())
        found = (path for path in inside if path.resolve() not in given)
        with suppress(OSError):
            return replace(self, files=tuple(islice(found, _TRIED)))
        return self


@dataclass(frozen=True)
class Request:
    """One capture; ``clock_shift`` is the caller's clock minus this machine's, in seconds."""

    order: CaptureOrder
    folder: Path
    inside: Path
    software: str
    clock_shift: float
    secrets: tuple[Secret, ...]
    readable: tuple[Path, ...]
    fonts: tuple[Path, ...]
    bounds: Bounds
    isolation: Isolation
    replay: bool = True


class Kind(StrEnum):
    """What came of a capture, by the error that ``evidence.capture.capture`` raised."""

    CAPTURED = "captured"
    NOT_CAPTURED = "not captured"
    UNSOUND = "unsound"
    CAPTURE_ERROR = "capture error"
    INPUT = "input"
    SYSTEM = "system"


@dataclass(frozen=True)
class Outcome:
    """The answer: a snapshot, or a reason in both languages (``number``: errno)."""

    kind: Kind
    snapshot: Snapshot | None = None
    reason: str = ""
    en: str = ""
    zh: str = ""
    number: int = 0
    file: str = ""
