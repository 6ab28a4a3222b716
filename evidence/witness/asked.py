"""``witnesses.toml`` of an installation: the witnesses that its log asks, and what they said.

Each ``[[witnesses]]`` has ``name`` (for people), ``vkey``, ``relation`` (as in the policy), ``url``
(http or https, without ``/add-checkpoint``) and may have ``tls_roots``, a PEM file of the roots of
its TLS certificate where these are not the system's. ``alarm_days`` above them says after how many
days without a cosignature people are told. ``Memory`` keeps what is worth keeping between two
runs; all of it may be lost without harm.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.errors import EvidenceError, FormatError, InputError
from evidence.format.checkpoint import parse_decimal
from evidence.format.cosignature import WitnessKey
from evidence.format.digests import sha256_hex
from evidence.format.note import NoteKey
from evidence.format.policy import RELATIONS
from evidence.format.times import format_time, parse_time
from evidence.log.durable import locked, replace_file
from evidence.log.store import Head, open_checkpoint

FILE = "witnesses.toml"
REST = timedelta(minutes=5)
ALARM_DAYS, MOST_DAYS = 3, 365
_FIELDS = ("name", "vkey", "url", "relation")
_ROOTS = "tls_roots"


@dataclass(frozen=True)
class AskedWitness:
    """A witness to ask: its name for people, its key, its address, what it is to the parties.

    ``tls_roots`` are the roots of its TLS certificate, where these are not the system's.
    """

    name: str
    key: WitnessKey
    url: str
    relation: str = "none"
    tls_roots: Path | None = None


@dataclass(frozen=True)
class Asked:
    """What ``witnesses.toml`` says: whom to ask, and how long nobody need be told of silence."""

    witnesses: tuple[AskedWitness, ...] = ()
    alarm: timedelta = timedelta(days=ALARM_DAYS)


def load_asked(home: Path) -> tuple[AskedWitness, ...]:
    """Return the witnesses of ``witnesses.toml``; none when there is no such file.

    Raises InputError naming what is wrong with it.
    """
    return read_asked(home).witnesses


def read_asked(home: Path) -> Asked:
    """Return all that ``witnesses.toml`` says; nobody to ask when there is no such file.

    Raises InputError naming what is wrong with it.
    """
    path = home / FILE
    if not path.exists():
        return Asked()
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
        found = tuple(_asked(row, home) for row in value["witnesses"])
        if len({w.key.public for w in found}) != len(found):
            raise ValueError("a key is there twice")
        if set(value) - {"witnesses", "alarm_days"}:
            raise ValueError("something else than alarm_days and [[witnesses]]")
        days = value.get("alarm_days", ALARM_DAYS)
        if type(days) is not int or not 1 <= days <= MOST_DAYS:
            raise ValueError(f"alarm_days is not from 1 to {MOST_DAYS}")
    except (OSError, ValueError, KeyError, TypeError, EvidenceError) as error:
        raise InputError(
            f"{FILE} is not usable ({error}); each [[witnesses]] needs name, url, vkey and "
            "relation.",
            f"{FILE} 无法使用（{error}）；每个 [[witnesses]] 需要 name、url、vkey 和 relation。",
        ) from error
    return Asked(found, timedelta(days=days))


def memory_folder(home: Path) -> Path:
    """Return where an installation keeps what its witnesses said, outside the log's folder."""
    return home / "evidence" / "witnesses"


def _asked(row: Any, home: Path) -> AskedWitness:
    name, vkey, url, relation = (str(row[key]) for key in _FIELDS)
    if not url.startswith(("http://", "https://")):
        raise KeyError("url")
    if relation not in RELATIONS or not name.isprintable() or set(row) - {*_FIELDS, _ROOTS}:
        raise KeyError("relation")
    roots = None
    if _ROOTS in row:
        roots = home / str(row[_ROOTS])
        with roots.open("rb"):
            pass
    return AskedWitness(name, WitnessKey.parse(vkey), url.rstrip("/"), relation, roots)


@dataclass(frozen=True)
class Silence:
    """When a witness gave no usable answer, and why (Chinese, English; empty if not kept)."""

    time: datetime
    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class Memory:
    """A folder of small files: each witness's last size, when it was silent, the newest note.

    What concerns a witness is kept for one log, named by its ``origin``.
    """

    folder: Path
    origin: str

    def size(self, witness: AskedWitness) -> int:
        """Return the size that the witness cosigned last, as far as we know; else 0."""
        try:
            text = self._path(witness, "size").read_text("ascii")
            return parse_decimal(text.strip(), "size")
        except (OSError, UnicodeDecodeError, FormatError):
            return 0

    def keep_size(self, witness: AskedWitness, size: int, now: datetime) -> None:
        """Remember the size, and that the witness cosigned it at ``now``."""
        self._put(self._path(witness, "size"), f"{size}\n".encode())
        self._put(self._path(witness, "time"), f"{format_time(now)}\n".encode())
        with suppress(FileNotFoundError):
            self._path(witness, "silent").unlink()

    def last(self, witness: AskedWitness) -> datetime | None:
        """Return when the witness cosigned last, by our clock, as far as we know."""
        return self._moment(witness, "time")

    def begin(self, witness: AskedWitness, now: datetime) -> None:
        """Remember when the witness was asked for the first time."""
        path = self._path(witness, "asked")
        if not path.exists():
            self._put(path, f"{format_time(now)}\n".encode())

    def begun(self, witness: AskedWitness) -> datetime | None:
        """Return when the witness was asked for the first time, None before."""
        return self._moment(witness, "asked")

    def rests(self, witness: AskedWitness, now: datetime) -> bool:
        """Whether the witness was silent within the last five minutes."""
        silence = self.silence(witness)
        return silence is not None and timedelta() <= now - silence.time < REST

    def silence(self, witness: AskedWitness) -> Silence | None:
        """Return since when the witness gives no usable answer and why, None if it answers."""
        try:
            lines = self._path(witness, "silent").read_text("utf-8").splitlines()
            zh, en = [*lines[1:], "", ""][:2]
            return Silence(parse_time(lines[0]), zh, en)
        except (OSError, UnicodeDecodeError, FormatError, IndexError):
            return None

    def keep_silent(
        self, witness: AskedWitness, now: datetime, why: EvidenceError | None = None
    ) -> None:
        """Remember that the witness gave no usable answer at ``now``."""
        said = [] if why is None else [" ".join(text.split()) for text in (why.zh, why.en)]
        lines = "\n".join([format_time(now), *said])
        self._put(self._path(witness, "silent"), f"{lines}\n".encode())

    def _moment(self, witness: AskedWitness, what: str) -> datetime | None:
        try:
            return parse_time(self._path(witness, what).read_text("ascii").strip())
        except (OSError, UnicodeDecodeError, FormatError):
            return None

    def cosigned(self, key: NoteKey) -> Head | None:
        """Return the newest checkpoint with the cosignatures that came; None if none is kept."""
        try:
            return open_checkpoint((self.folder / "cosigned").read_bytes(), key)
        except (OSError, EvidenceError):
            return None

    def keep_cosigned(self, note: bytes) -> None:
        """Keep the newest checkpoint with its cosignatures."""
        self._put(self.folder / "cosigned", note)

    def keep_ahead(self, witness: AskedWitness, note: bytes) -> None:
        """Keep a checkpoint that is ahead of our log: the proof that it was rolled back."""
        self._put(self._path(witness, "ahead"), note)

    def ahead(self, witness: AskedWitness, key: NoteKey) -> Head | None:
        """Return the kept checkpoint that was ahead of our log, None where there is none."""
        try:
            return open_checkpoint(self._path(witness, "ahead").read_bytes(), key)
        except (OSError, EvidenceError):
            return None

    def _put(self, path: Path, data: bytes) -> None:
        with locked(path.with_name(path.name + ".lock")):
            replace_file(path, data)

    def _path(self, witness: AskedWitness, what: str) -> Path:
        name = sha256_hex(witness.key.public + self.origin.encode())
        return self.folder / f"{name[:16]}.{what}"
