"""``witnesses.toml`` of an installation: the witnesses that its log asks, and what they said.

Each ``[[witnesses]]`` has ``name`` (for people), ``vkey``, ``relation`` (as in the policy) and
``url`` (http or https, without ``/add-checkpoint``). ``Memory`` keeps what is worth keeping
between two runs; all of it may be lost without harm.
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
_FIELDS = ("name", "vkey", "url", "relation")


@dataclass(frozen=True)
class AskedWitness:
    """A witness to ask: its name for people, its key, its address, what it is to the parties."""

    name: str
    key: WitnessKey
    url: str
    relation: str = "none"


def load_asked(home: Path) -> tuple[AskedWitness, ...]:
    """Return the witnesses of ``witnesses.toml``; none when there is no such file.

    Raises InputError naming what is wrong with it.
    """
    path = home / FILE
    if not path.exists():
        return ()
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
        found = tuple(map(_asked, value["witnesses"]))
        if len({w.key.public for w in found}) != len(found) or set(value) != {"witnesses"}:
            raise ValueError("a key is there twice, or something else than [[witnesses]]")
    except (OSError, ValueError, KeyError, TypeError, EvidenceError) as error:
        raise InputError(
            f"{FILE} is not usable ({error}); each [[witnesses]] needs name, url, vkey and "
            "relation.",
            f"{FILE} 无法使用（{error}）；每个 [[witnesses]] 需要 name、url、vkey 和 relation。",
        ) from error
    return found


def memory_folder(home: Path) -> Path:
    """Return where an installation keeps what its witnesses said, outside the log's folder."""
    return home / "evidence" / "witnesses"


def _asked(row: Any) -> AskedWitness:
    name, vkey, url, relation = (str(row[key]) for key in _FIELDS)
    if not url.startswith(("http://", "https://")):
        raise KeyError("url")
    if relation not in RELATIONS or not name.isprintable() or len(row) != len(_FIELDS):
        raise KeyError("relation")
    return AskedWitness(name, WitnessKey.parse(vkey), url.rstrip("/"), relation)


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

    def keep_size(self, witness: AskedWitness, size: int) -> None:
        """Remember the size and that the witness answered."""
        self._put(self._path(witness, "size"), f"{size}\n".encode())
        with suppress(FileNotFoundError):
            self._path(witness, "silent").unlink()

    def rests(self, witness: AskedWitness, now: datetime) -> bool:
        """Whether the witness was silent within the last five minutes."""
        try:
            silent = parse_time(self._path(witness, "silent").read_text("ascii").strip())
        except (OSError, UnicodeDecodeError, FormatError):
            return False
        return timedelta() <= now - silent < REST

    def keep_silent(self, witness: AskedWitness, now: datetime) -> None:
        """Remember that the witness gave no usable answer at ``now``."""
        self._put(self._path(witness, "silent"), f"{format_time(now)}\n".encode())

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

    def _put(self, path: Path, data: bytes) -> None:
        with locked(path.with_name(path.name + ".lock")):
            replace_file(path, data)

    def _path(self, witness: AskedWitness, what: str) -> Path:
        name = sha256_hex(witness.key.public + self.origin.encode())
        return self.folder / f"{name[:16]}.{what}"
