"""What does not change from one capture to the next, looked at once an hour.

Hashing a browser and verifying packages takes seconds; the result is kept, with the time of
the look, for the very file that was looked at (device, inode, size and times).
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from evidence.browser.steps import Clock
from evidence.environment.machine import antivirus_row, image_row, virtualisation_row
from evidence.environment.packages import libraries_row, owner, package_row, packages_row
from evidence.environment.rows import Row, Status, attempt
from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.times import format_time, parse_time

KEEP = timedelta(hours=1)
_FIELDS = {"looked": str, "binary": dict, "rows": list, "review": dict}
_kept: dict[str, Standing] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Standing:
    """What was found ``looked`` ago of one browser's ``binary``, and the rows that follow.

    ``review`` is the newest technical review of this browser and code (``result``,
    ``finished``, ``sha256``), empty when there is none.
    """

    looked: datetime
    binary: Mapping[str, str]
    rows: tuple[Row, ...]
    review: Mapping[str, str] = field(default_factory=dict)

    @property
    def looked_text(self) -> str:
        """When the look was taken, as text."""
        return format_time(self.looked)

    @property
    def browser_sha256(self) -> str | None:
        """The hash of the browser's program, None when it could not be read."""
        return self.binary.get("sha256")

    def reviewed(self, review: Mapping[str, str]) -> Standing:
        """Return the same with the newest technical review named."""
        return replace(self, review=dict(review))

    def holds(self, binary: Path | None, now: datetime) -> bool:
        """Whether this speaks of the file ``binary`` as it is now, and is not too old."""
        fresh = timedelta(0) <= now - self.looked <= KEEP
        return fresh and binary is not None and identity(binary).items() <= self.binary.items()

    def to_text(self) -> str:
        """Return canonical JSON."""
        value = {
            "looked": format_time(self.looked),
            "binary": dict(self.binary),
            "rows": [row.to_json() for row in self.rows],
            "review": dict(self.review),
        }
        return jcs.dumps(value).decode()


def from_text(text: str) -> Standing:
    """Return what ``to_text`` printed; raises FormatError."""
    held = jcs.take(jcs.loads(text.encode(), "standing"), "standing", _FIELDS)
    try:
        rows = tuple(
            Row(r["id"], Status(r["status"]), r["zh"], r["en"], r["data"]) for r in held["rows"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"standing: {error}", f"standing：{error}") from error
    return Standing(parse_time(held["looked"]), held["binary"], rows, held["review"])


def standing(browser: Path, *, clock: Clock, cache: Path | None = None) -> Standing:
    """Return what is known of this machine and browser, looked at anew when over an hour old.

    ``cache`` is a file that outlives the process. It is as trustworthy as the account that
    captures; a look that failed is not kept.
    """
    binary = program_of(browser)
    with _lock:
        known = _kept.get(str(binary)) or _read(cache)
        if known is None or not known.holds(binary, clock()):
            known = _look(binary, clock())
            _write(cache, known)
        _kept[str(binary)] = known
        return known


def program_of(browser: Path) -> Path:
    """Return the program behind a distribution's start script, as far as it can be told."""
    path = browser.resolve()
    if _begins(path, b"#!"):
        return _behind(path) or path
    return path


def _behind(path: Path) -> Path | None:
    names = (path.name, "chrome", "chromium")
    folders = (path.parent, Path("/usr/lib") / path.name, Path("/usr/lib64") / path.name)
    candidates = (folder / name for folder in folders for name in names)
    return next((c for c in candidates if c != path and _begins(c, b"\x7fELF")), None)


def _begins(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as source:
            return source.read(len(magic)) == magic
    except OSError:
        return False


def identity(path: Path) -> dict[str, str]:
    """Return what tells that a file is the same as before without reading it."""
    try:
        status = path.stat()
    except OSError:
        return {"path": str(path)}
    return {
        "path": str(path),
        "file": f"{status.st_dev}:{status.st_ino}",
        "size": str(status.st_size),
        "changed": f"{status.st_mtime_ns}:{status.st_ctime_ns}",
    }


def _look(binary: Path, now: datetime) -> Standing:
    """Hash and verify at the same time: the two take about as long."""
    found = identity(binary)

    def hash_it() -> None:
        with suppress(OSError), binary.open("rb") as source:
            found["sha256"] = hashlib.file_digest(source, "sha256").hexdigest()

    hashing = threading.Thread(target=hash_it)
    hashing.start()
    name: list[str | None] = [None]

    def named() -> Row:
        name[0] = owner(binary)
        return package_row(binary, name[0])

    rows = (
        attempt("browser_package", named),
        attempt("packages", lambda: packages_row(name[0])),
        attempt("libraries", libraries_row),
        attempt("image", image_row),
        attempt("virtualisation", virtualisation_row),
        attempt("antivirus", antivirus_row),
    )
    hashing.join()
    return Standing(now, found, rows)


def _read(cache: Path | None) -> Standing | None:
    if cache is None:
        return None
    try:
        return from_text(cache.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, FormatError):
        return None  # looked at again


def _write(cache: Path | None, known: Standing) -> None:
    if cache is None:
        return
    new = cache.with_name(f".{cache.name}.{os.getpid()}")
    with suppress(OSError):  # it is looked at again next time
        cache.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target:
            target.write(known.to_text().encode())
        new.replace(cache)
