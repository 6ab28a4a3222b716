"""``NAME.anchor.<name>.json`` (``markseal-anchor/1``): a receipt of anchoring at somebody else's.

A court's or a notary office's chain was handed a digest and answered. What it answered is kept as
it came; nobody here can say what it proves, so a verifier shows it as a fact and never as a proof.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import check_hex
from evidence.format.names import check_authority_name
from evidence.format.times import format_time, parse_time

FORMAT = "markseal-anchor/1"
ALGORITHMS = ("sha256", "sm3")
SUBJECTS = ("manifest", "checkpoint")
LIMIT = 1 << 20
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,200}\Z")


@dataclass(frozen=True)
class Digest:
    """What is anchored: the digest (hex) by ``algorithm`` of ``subject``.

    ``manifest`` is ``evidence/manifest.json``, ``checkpoint`` the log's checkpoint as signed.
    """

    subject: str
    algorithm: str
    digest: str

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return vars(self).copy()

    @classmethod
    def read(cls, value: Any, noun: str) -> Self:
        """Read it strictly, or raise FormatError."""
        row = jcs.take(value, noun, dict.fromkeys(("subject", "algorithm", "digest"), str))
        if row["subject"] not in SUBJECTS or row["algorithm"] not in ALGORITHMS:
            raise FormatError(
                f"{noun}: subject or algorithm is unknown", f"{noun}：subject 或 algorithm 未知"
            )
        return cls(row["subject"], row["algorithm"], check_hex(row["digest"], f"{noun}: digest"))


@dataclass(frozen=True)
class Receipt:
    """An answer to an anchoring: by whom, when it was received, and its bytes as they came.

    ``reference`` and ``stated_time`` are what the receiver stated, in its own words.
    """

    name: str
    anchored: Digest
    received: datetime
    media_type: str
    content: bytes
    reference: str | None = None
    stated_time: str | None = None

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse``."""
        data = jcs.dumps(
            {
                "format": FORMAT,
                "name": self.name,
                "anchored": self.anchored.to_json(),
                "received": format_time(self.received),
                "reference": self.reference,
                "stated_time": self.stated_time,
                "receipt": {
                    "media_type": self.media_type,
                    "content": base64.b64encode(self.content).decode(),
                },
            }
        )
        Receipt.parse(data, "receipt")
        return data

    @classmethod
    def parse(cls, data: bytes, noun: str) -> Self:
        """Read the file strictly, or raise FormatError; what the receipt says is not verified."""
        maybe = (str, type(None))
        wanted: dict[str, type | tuple[type, ...]] = {
            **dict.fromkeys(("format", "name", "received"), str),
            **dict.fromkeys(("anchored", "receipt"), dict),
            **dict.fromkeys(("reference", "stated_time"), maybe),
        }
        row = jcs.take(jcs.loads(data, noun, limit=LIMIT), noun, wanted)
        inner = jcs.take(row["receipt"], f"{noun}: receipt", {"media_type": str, "content": str})
        texts = (row["reference"], row["stated_time"], inner["media_type"])
        if row["format"] != FORMAT or any(t is not None and not _TEXT.match(t) for t in texts):
            raise FormatError(f"{noun} is not of format {FORMAT}", f"{noun} 的格式不是 {FORMAT}")
        return cls(
            check_authority_name(row["name"]),
            Digest.read(row["anchored"], f"{noun}: anchored"),
            parse_time(row["received"], f"{noun}: received"),
            inner["media_type"],
            _content(inner["content"], noun),
            row["reference"],
            row["stated_time"],
        )


def _content(text: str, noun: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise FormatError(f"{noun}: content is not base64", f"{noun}：content 不是规范的 base64")
    return data
