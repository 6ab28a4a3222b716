"""C2SP tlog-witness (c2sp.org/tlog-witness): what is sent to a witness, and what comes back."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from evidence.errors import FormatError
from evidence.format.checkpoint import parse_decimal
from evidence.format.merkle import HASH_SIZE
from evidence.format.note import LIMIT as NOTE_LIMIT
from evidence.format.note import NoteSignature, SignedNote, decode_base64

PATH = "/add-checkpoint"
MONITORING = "/checkpoint"
"""After the SHA-256 (hex) of the log's origin."""
SIZE_TYPE = "text/x.tlog.size"
MAX_HASHES = 63
LIMIT = NOTE_LIMIT + (4 << 10)
ANSWER_LIMIT = 16 << 10


@dataclass(frozen=True)
class AddCheckpoint:
    """The size that the log believes the witness to have, the proof from it, the new note."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def to_bytes(self) -> bytes:
        """Return the request's body; the exact inverse of ``parse``."""
        lines = [f"old {self.old}", *(base64.b64encode(h).decode() for h in self.proof)]
        return ("\n".join(lines) + "\n\n").encode() + self.note

    @classmethod
    def parse(cls, data: bytes) -> AddCheckpoint:
        """Read a request's body strictly, or raise FormatError; nothing is verified."""
        if len(data) > LIMIT:
            raise FormatError(f"the request is over {LIMIT} bytes", f"请求超过 {LIMIT} 字节")
        head, gap, note = data.partition(b"\n\n")
        try:
            first, *hashes = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise FormatError("the request is not ASCII text", "请求不是 ASCII 文本") from None
        if not gap or not first.startswith("old "):
            raise FormatError(
                "the request is an old size, a proof, an empty line and a checkpoint",
                "请求应为旧大小、证明、空行和检查点",
            )
        old = parse_decimal(first.removeprefix("old "), "old size")
        proof = tuple(decode_base64(line, "proof hash") for line in hashes)
        if len(proof) > MAX_HASHES or any(len(h) != HASH_SIZE for h in proof):
            raise FormatError("the proof has a malformed hash list", "证明的散列表格式不对")
        return cls(old, proof, note)


def print_cosignatures(lines: tuple[NoteSignature, ...]) -> bytes:
    """Return the body of the answer 200."""
    return "".join(line.text() for line in lines).encode()


def parse_cosignatures(body: bytes) -> tuple[NoteSignature, ...]:
    """Return the signature lines of the answer 200, or raise FormatError; nothing is verified."""
    if len(body) > ANSWER_LIMIT:
        raise FormatError("the answer is too long", "应答过长")
    return SignedNote.parse(b"-\n\n" + body, "answer").signatures


def print_size(size: int) -> bytes:
    """Return the body of the answer 409."""
    return f"{size}\n".encode()


def parse_size(body: bytes) -> int:
    """Return the size in the body of the answer 409, or raise FormatError."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError:
        text = ""
    if not text.endswith("\n"):
        raise FormatError("the answer is not a tree size", "应答不是树的大小")
    return parse_decimal(text[:-1], "size in the answer")
