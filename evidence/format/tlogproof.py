"""C2SP tlog-proof (c2sp.org/tlog-proof): an inclusion proof together with its checkpoint."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from evidence.errors import FormatError
from evidence.format.checkpoint import parse_decimal
from evidence.format.merkle import HASH_SIZE
from evidence.format.note import LIMIT as NOTE_LIMIT
from evidence.format.note import decode_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
LIMIT = NOTE_LIMIT + (16 << 10)


@dataclass(frozen=True)
class TlogProof:
    """Index, audit path (leaf's sibling first) and the checkpoint's bytes: parsed, not verified.

    ``extra`` is opaque and proves nothing; our proofs have none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        """Return the proof's bytes; the exact inverse of ``parse``."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append("extra " + base64.b64encode(self.extra).decode())
        lines.append(f"index {self.index}")
        lines.extend(base64.b64encode(h).decode() for h in self.hashes)
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes, noun: str = "proof") -> TlogProof:
        """Read a proof strictly, or raise FormatError; nothing is verified."""
        if len(data) > LIMIT:
            raise FormatError(f"{noun} is larger than {LIMIT} bytes", f"{noun} 超过 {LIMIT} 字节")
        head, gap, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise FormatError(f"{noun} is not ASCII text", f"{noun} 不是 ASCII 文本") from None
        if not gap or lines.pop(0) != HEADER:
            raise FormatError(f"{noun} does not begin with {HEADER}", f"{noun} 不以 {HEADER} 开头")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "), f"{noun}: extra")
        if not lines or not lines[0].startswith("index "):
            raise FormatError(f"{noun} has no index line", f"{noun} 没有序号行")
        index = parse_decimal(lines.pop(0).removeprefix("index "), f"{noun}: index")
        hashes = tuple(decode_base64(line, f"{noun}: hash") for line in lines)
        if len(hashes) > MAX_HASHES or any(len(h) != HASH_SIZE for h in hashes):
            raise FormatError(f"{noun} has a malformed hash list", f"{noun} 的散列表格式不对")
        return cls(index, hashes, checkpoint, extra)
