"""``NAME.case.json`` (format ``markseal-case/1``): every log entry of one case, with its proof.

All proofs are against one checkpoint (c2sp.org/tlog-checkpoint). The case's name and salt open
the tag that the entries share.
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

FORMAT = "markseal-case/1"
LIMIT = 64 << 20
MAX_HASHES = 63


@dataclass(frozen=True)
class CaseRow:
    """One entry of the case: its bytes, its index in the log, and its inclusion proof."""

    index: int
    entry: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class CaseExport:
    """The entries of a case in their order; nothing is verified."""

    case: str
    case_salt: str
    checkpoint: bytes
    rows: tuple[CaseRow, ...]

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse``."""
        return jcs.dumps(
            {
                "format": FORMAT,
                "case": self.case,
                "case_salt": self.case_salt,
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
        )

    @classmethod
    def parse(cls, data: bytes, noun: str) -> CaseExport:
        """Read the file strictly, or raise FormatError; the indices must ascend."""
        texts = ("format", "case", "case_salt", "checkpoint")
        wanted: dict[str, type] = dict.fromkeys(texts, str) | {"entries": list}
        fields = jcs.take(jcs.loads(data, noun, limit=LIMIT), noun, wanted)
        if fields["format"] != FORMAT:
            raise FormatError(f"{noun} is not of format {FORMAT}", f"{noun} 的格式不是 {FORMAT}")
        rows = tuple(_row(item, f"{noun}: entries") for item in fields["entries"])
        if not _ascending([row.index for row in rows]):
            raise FormatError(
                f"{noun}: the entries are not in the order of the log",
                f"{noun}：各条目未按日志顺序排列",
            )
        salt = check_hex(fields["case_salt"], f"{noun}: case_salt")
        return cls(fields["case"], salt, fields["checkpoint"].encode(), rows)


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
