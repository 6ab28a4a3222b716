"""``evidence/attempt.json`` (format ``markseal-attempt/1``): opens the log's commitments.

The log holds only a tag of the case and a commitment to the URL; this file, inside the
package, holds the salts with which a verifier recomputes both.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, dataclass

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import check_hex
from evidence.format.entry import natural

FORMAT = "markseal-attempt/1"
NOUN = "evidence/attempt.json"


def case_tag(case_salt: str, case: str) -> str:
    """Return HMAC-SHA256(key = the salt's 32 bytes, message = the case in UTF-8) as hex."""
    return hmac.new(bytes.fromhex(case_salt), case.encode(), hashlib.sha256).hexdigest()


def url_commitment(url_salt: str, url: str) -> str:
    """Return SHA-256(the salt's 32 bytes || the URL in UTF-8) as hex."""
    return hashlib.sha256(bytes.fromhex(url_salt) + url.encode()).hexdigest()


@dataclass(frozen=True)
class AttemptRecord:
    """What was attempted, and the salts that open its log entry at ``index``."""

    capture_id: str
    case: str
    case_salt: str
    number: int
    url: str
    url_salt: str
    index: int
    entry_sha256: str
    requested_by: str | None

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse``."""
        data = jcs.dumps({"format": FORMAT, **asdict(self)})
        AttemptRecord.parse(data)
        return data

    @classmethod
    def parse(cls, data: bytes) -> AttemptRecord:
        """Read the file strictly, or raise FormatError; nothing is compared with the log."""
        text = ("capture_id", "case", "case_salt", "url", "url_salt", "entry_sha256", "format")
        types: dict[str, type | tuple[type, ...]] = dict.fromkeys(text, str)
        types |= {"number": int, "index": int, "requested_by": (str, type(None))}
        fields = jcs.take(jcs.loads(data, NOUN), NOUN, types)
        if fields.pop("format") != FORMAT:
            raise FormatError(f"{NOUN} is not of format {FORMAT}", f"{NOUN} 的格式不是 {FORMAT}")
        check_hex(fields["capture_id"], f"{NOUN}: capture_id", length=32)
        for name in ("case_salt", "url_salt", "entry_sha256"):
            check_hex(fields[name], f"{NOUN}: {name}")
        natural(fields["number"], f"{NOUN}: number", least=1)
        natural(fields["index"], f"{NOUN}: index")
        return cls(**fields)
