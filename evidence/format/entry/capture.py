"""Log entries of a capture: the attempt before it and its outcome after it.

No personal data stands in them: the case and the URL as a salted tag and a salted commitment.
The outcome is ``sealed``, ``failed`` or ``nothing_found`` (there was no page to capture).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import Digests, check_hex
from evidence.format.entry.fields import FORMATS, HEAD, code, dump, natural, read_head, text
from evidence.format.names import check_authority_name
from evidence.format.note import decode_base64
from evidence.format.times import format_time

_HEAD: dict[str, type] = HEAD | {"capture_id": str, "case_tag": str, "number": int}


@dataclass(frozen=True)
class FreshToken:
    """An RFC 3161 response, as it came from ``authority``; parsed and verified elsewhere."""

    authority: str
    response: bytes


@dataclass(frozen=True)
class Fresh:
    """What bounds an attempt from before: a random value and a token over it, or why none.

    ``value`` is 32 hex digits. Exactly one of ``token`` and ``no_token`` (a code) is given.
    """

    value: str
    token: FreshToken | None = None
    no_token: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields of the entry."""
        if self.token is None:
            return {"fresh": self.value, "no_token": self.no_token}
        stated = {"authority": self.token.authority, "response": text(self.token.response)}
        return {"fresh": self.value, "token": stated}

    @classmethod
    def read(cls, value: dict[str, Any], noun: str) -> Fresh:
        """Read the fields of an attempt, or raise FormatError."""
        fresh = check_hex(value["fresh"], f"{noun}: fresh", length=32)
        if "no_token" in value:
            return cls(fresh, no_token=code(value["no_token"], f"{noun}: no_token"))
        stated = jcs.take(value["token"], f"{noun}: token", {"authority": str, "response": str})
        response = decode_base64(stated["response"], f"{noun}: token: response")
        return cls(fresh, FreshToken(check_authority_name(stated["authority"]), response))


def fresh_data(capture_id: str, case_tag: str, fresh: str, url_commitment: str) -> bytes:
    """Return the bytes over whose digest an attempt's token is: canonical JSON of the four."""
    return jcs.dumps(
        {
            "capture_id": capture_id,
            "case_tag": case_tag,
            "fresh": fresh,
            "url_commitment": url_commitment,
        }
    )


@dataclass(frozen=True)
class Attempt:
    """Logged before a capture: try ``number`` (1, 2, 3 …) of the case with ``case_tag``.

    ``fresh`` is None exactly in an entry of the first format.
    """

    capture_id: str
    case_tag: str
    number: int
    prev: str
    time: datetime
    url_commitment: str
    fresh: Fresh | None = None

    @property
    def stamped(self) -> bytes:
        """The bytes over whose digest the token is; FormatError in the first format."""
        if self.fresh is None:
            raise FormatError("this attempt has no token", "该尝试没有时间戳")
        return fresh_data(self.capture_id, self.case_tag, self.fresh.value, self.url_commitment)

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        version = 1 if self.fresh is None else 2
        value = _head(self, "attempt", version) | {"url_commitment": self.url_commitment}
        value |= {} if self.fresh is None else self.fresh.to_json()
        Attempt.read(value, version, "log entry")
        return dump(value)

    @classmethod
    def read(cls, value: dict[str, Any], version: int, noun: str) -> Attempt:
        """Read the fields strictly, or raise FormatError; the token is not looked into."""
        wanted: dict[str, type] = _HEAD | {"url_commitment": str}
        if version > 1:
            wanted |= {"fresh": str}
            wanted |= {"no_token": str} if "no_token" in value else {"token": dict}
        fields = jcs.take(value, noun, wanted)
        return cls(
            **_read_head(fields, noun),
            url_commitment=check_hex(fields["url_commitment"], f"{noun}: url_commitment"),
            fresh=Fresh.read(fields, noun) if version > 1 else None,
        )


@dataclass(frozen=True)
class Sealed:
    """The outcome ``sealed`` of the attempt at index ``attempt``: manifest and WACZ digests."""

    outcome: ClassVar[str] = "sealed"
    capture_id: str
    case_tag: str
    number: int
    prev: str
    time: datetime
    attempt: int
    manifest_sha256: str
    manifest_sm3: str
    package: Digests
    version: int = 2

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        package = {
            "sha256": self.package.sha256,
            "size": self.package.size,
            "sm3": self.package.sm3,
        }
        value = _head(self, "outcome", self.version) | {
            "outcome": self.outcome,
            "attempt": self.attempt,
            "package": package,
            "manifest_sha256": self.manifest_sha256,
            "manifest_sm3": self.manifest_sm3,
        }
        Sealed.read(value, self.version, "log entry")
        return dump(value)

    @classmethod
    def read(cls, value: dict[str, Any], version: int, noun: str) -> Sealed:
        """Read the fields strictly, or raise FormatError."""
        more = {"outcome": str, "attempt": int, "package": dict}
        more |= {"manifest_sha256": str, "manifest_sm3": str}
        fields = jcs.take(value, noun, _HEAD | more)
        package = jcs.take(
            fields["package"], f"{noun}: package", {"sha256": str, "size": int, "sm3": str}
        )
        return cls(
            **_read_head(fields, noun),
            attempt=natural(fields["attempt"], f"{noun}: attempt"),
            manifest_sha256=check_hex(fields["manifest_sha256"], f"{noun}: manifest_sha256"),
            manifest_sm3=check_hex(fields["manifest_sm3"], f"{noun}: manifest_sm3"),
            package=Digests(
                natural(package["size"], f"{noun}: package size"),
                check_hex(package["sha256"], f"{noun}: package sha256"),
                check_hex(package["sm3"], f"{noun}: package sm3"),
            ),
            version=version,
        )


@dataclass(frozen=True)
class _Without:
    """An outcome without a package, of the attempt at index ``attempt``, with a reason code."""

    outcome: ClassVar[str]
    capture_id: str
    case_tag: str
    number: int
    prev: str
    time: datetime
    attempt: int
    reason: str
    version: int = 2

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        value = _head(self, "outcome", self.version)
        value |= {"outcome": self.outcome, "attempt": self.attempt, "reason": self.reason}
        self.read(value, self.version, "log entry")
        return dump(value)

    @classmethod
    def read(cls, value: dict[str, Any], version: int, noun: str) -> Self:
        """Read the fields strictly, or raise FormatError."""
        fields = jcs.take(value, noun, _HEAD | {"outcome": str, "attempt": int, "reason": str})
        return cls(
            **_read_head(fields, noun),
            attempt=natural(fields["attempt"], f"{noun}: attempt"),
            reason=code(fields["reason"], f"{noun}: reason"),
            version=version,
        )


@dataclass(frozen=True)
class Failed(_Without):
    """The outcome ``failed``: the page could not be captured or sealed."""

    outcome: ClassVar[str] = "failed"


@dataclass(frozen=True)
class NothingFound(_Without):
    """The outcome ``nothing_found``: there was no page (no such name, gone …). Second format."""

    outcome: ClassVar[str] = "nothing_found"


Outcome = Sealed | Failed | NothingFound


def _head(entry: Attempt | Sealed | _Without, kind: str, version: int) -> dict[str, Any]:
    return {
        "format": FORMATS[version - 1],
        "kind": kind,
        "capture_id": entry.capture_id,
        "case_tag": entry.case_tag,
        "number": entry.number,
        "prev": entry.prev,
        "time": format_time(entry.time),
    }


def _read_head(fields: dict[str, Any], noun: str) -> dict[str, Any]:
    return {
        "capture_id": check_hex(fields["capture_id"], f"{noun}: capture_id", length=32),
        "case_tag": check_hex(fields["case_tag"], f"{noun}: case_tag"),
        "number": natural(fields["number"], f"{noun}: number", least=1),
        **read_head(fields, noun),
    }
