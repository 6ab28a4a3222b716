"""C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint): origin, tree size and root of a log."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from evidence.errors import FormatError
from evidence.format.merkle import HASH_SIZE
from evidence.format.note import decode_base64

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,18})\Z")


def parse_decimal(text: str, noun: str) -> int:
    """Return an ASCII decimal without leading zeroes (at most 19 digits), or raise FormatError."""
    if not _DECIMAL.match(text):
        raise FormatError(f"{noun} is not a plain decimal number", f"{noun} 不是规范的十进制数")
    return int(text)


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: parsed from a note's text, proved only by the note's signature."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the note text: three lines; the exact inverse of ``parse``."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint without extension lines, or raise FormatError."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise FormatError(
                "a checkpoint is three lines: origin, size, root",
                "检查点应为三行：来源、大小、树根",
            )
        root = decode_base64(lines[2], "checkpoint root")
        if len(root) != HASH_SIZE:
            raise FormatError("the checkpoint's root is not 32 bytes", "检查点的树根不是 32 字节")
        return cls(lines[0], parse_decimal(lines[1], "checkpoint size"), root)
