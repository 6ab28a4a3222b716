"""``NAME.case.json`` (``markseal-case/1``, ``/2``): every log entry of one case, with its proof.

All proofs of one log are against one checkpoint (c2sp.org/tlog-checkpoint). The case's name and
salt open the tag that the entries share. The second format is that of a case which began in a log
that was succeeded: it has the entries of the former logs too.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import check_hex
from evidence.format.entry import natural
from evidence.format.note import decode_base64

FORMAT, SECOND = "markseal-case/1", "markseal-case/2"
LIMIT = 64 << 20
MAX_HASHES = 63


@dataclass(frozen=True)
class CaseRow:
    """One entry of the case: its bytes, its index in the log, and its inclusion proof."""

    index: int
    entry: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class CasePart:
    """The entries of a case in one log, all proved under one checkpoint of it."""

    checkpoint: bytes
    rows: tuple[CaseRow, ...]

    def to_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "checkpoint": self.checkpoint.decode(),
            "entries": [
                {
                    "index": row.index,
                    "entry": row.entry.decode(),
                    "hashes": [base64.b64encode(h).decode() for h in row.hashes],
                }
                for row in self.rows
            ],
        }

    @classmethod
    def read(cls, checkpoint: str, entries: Sequence[object], noun: str) -> CasePart:
        """Read it strictly, or raise FormatError; the indices must ascend."""
        rows = tuple(_row(item, f"{noun}: entries") for item in entries)
        if not _ascending([row.index for row in rows]):
            raise FormatError(
                f"{noun}: the entries are not in the order of the log",
                f"{noun}：各条目未按日志顺序排列",
            )
        return cls(checkpoint.encode(), rows)


@dataclass(frozen=True)
class CaseExport:
    """The entries of a case in their order, those of former logs first; nothing is verified."""

    case: str
    case_salt: str
    checkpoint: bytes
    rows: tuple[CaseRow, ...]
    former: tuple[CasePart, ...] = ()

    @property
    def parts(self) -> tuple[CasePart, ...]:
        """The parts of all logs, oldest first."""
        return (*self.former, CasePart(self.checkpoint, self.rows))

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse``."""
        former = {"former": [part.to_json() for part in self.former]} if self.former else {}
        head = {"format": SECOND if self.former else FORMAT, "case": self.case}
        last = CasePart(self.checkpoint, self.rows).to_json()
        return jcs.dumps(head | {"case_salt": self.case_salt} | last | former)

    @classmethod
    def parse(cls, data: bytes, noun: str) -> CaseExport:
        """Read the file strictly, or raise FormatError; the indices must ascend."""
        texts = ("format", "case", "case_salt", "checkpoint")
        wanted: dict[str, type] = dict.fromkeys(texts, str) | {"entries": list}
        value = jcs.loads(data, noun, limit=LIMIT)
        second = isinstance(value, dict) and value.get("format") == SECOND
        fields = jcs.take(value, noun, wanted | ({"former": list} if second else {}))
        if fields["format"] not in (FORMAT, SECOND) or (second and not fields["former"]):
            raise FormatError(f"{noun} is not of format {FORMAT}", f"{noun} 的格式不是 {FORMAT}")
        salt = check_hex(fields["case_salt"], f"{noun}: case_salt")
        part = CasePart.read(fields["checkpoint"], fields["entries"], noun)
        one = {"checkpoint": str, "entries": list}
        held = [jcs.take(item, f"{noun}: former", one) for item in fields.get("former", [])]
        former = tuple(CasePart.read(h["checkpoint"], h["entries"], noun) for h in held)
        return cls(fields["case"], salt, part.checkpoint, part.rows, former)


def _row(value: object, noun: str) -> CaseRow:
    fields = jcs.take(value, noun, {"index": int, "entry": str, "hashes": list})
    hashes = fields["hashes"]
    if len(hashes) > MAX_HASHES or any(not isinstance(item, str) for item in hashes):
        raise FormatError(f"{noun}: hashes are not a proof", f"{noun}：hashes 不是证明")
    return CaseRow(
        natural(fields["index"], f"{noun}: index"),
        fields["entry"].encode(),
        tuple(decode_base64(item, f"{noun}: hash") for item in hashes),
    )


def _ascending(found: Sequence[int]) -> bool:
    return all(one < other for one, other in pairwise(found))
