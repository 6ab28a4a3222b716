"""Log entries that the manifest signer signs: a case closed or continued, content erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import check_hex
from evidence.format.entry.fields import (
    HEAD,
    SIGNATURE_SIZE,
    code,
    dump,
    head,
    natural,
    read_bytes,
    read_head,
    text,
)
from evidence.format.note import check_name

EMPTY = b"\0" * SIGNATURE_SIZE
"""What stands for the signature before it is made."""


@dataclass(frozen=True)
class CaseClosed:
    """A case is closed: how many attempts it had and what came of them; none may follow.

    ``signer`` is the SHA-256 (hex) of the public key, ``signature`` is over ``signed``.
    """

    kind: ClassVar[str] = "case"
    case_tag: str
    prev: str
    time: datetime
    attempts: int
    sealed: int
    failed: int
    nothing_found: int
    signer: str
    signature: bytes = EMPTY

    @property
    def signed(self) -> bytes:
        """The bytes to be signed: canonical JSON of the entry without ``signature``."""
        return jcs.dumps({k: v for k, v in self._value().items() if k != "signature"})

    def _value(self) -> dict[str, Any]:
        return head(self.kind, self.prev, self.time) | {
            "event": "closed",
            "case_tag": self.case_tag,
            "attempts": self.attempts,
            "sealed": self.sealed,
            "failed": self.failed,
            "nothing_found": self.nothing_found,
            "signer": self.signer,
            "signature": text(self.signature),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        CaseClosed.read(self._value(), "log entry")
        return dump(self._value())

    @classmethod
    def read(cls, value: dict[str, Any], noun: str) -> CaseClosed:
        """Read the fields strictly, or raise FormatError; the counts must add up."""
        counts = ("attempts", "sealed", "failed", "nothing_found")
        wanted: dict[str, type] = HEAD | dict.fromkeys(counts, int)
        wanted |= dict.fromkeys(("event", "case_tag", "signer", "signature"), str)
        fields = jcs.take(value, noun, wanted)
        numbers = {name: natural(fields[name], f"{noun}: {name}") for name in counts}
        if fields["event"] != "closed" or 2 * numbers["attempts"] != sum(numbers.values()):
            raise FormatError(
                f"{noun}: the event is not closed, or its counts do not add up",
                f"{noun}：event 不是 closed，或各项计数之和不符",
            )
        return cls(
            case_tag=check_hex(fields["case_tag"], f"{noun}: case_tag"),
            **read_head(fields, noun),
            attempts=numbers["attempts"],
            sealed=numbers["sealed"],
            failed=numbers["failed"],
            nothing_found=numbers["nothing_found"],
            signer=check_hex(fields["signer"], f"{noun}: signer"),
            signature=read_bytes(fields["signature"], f"{noun}: signature", SIGNATURE_SIZE),
        )


@dataclass(frozen=True)
class CaseContinued:
    """A case goes on in a log that succeeds another: where the sequence of its attempts stood.

    ``attempts`` is the highest number that is known from before; the next is one more. It stands
    before every other entry of the case in this log. ``old_origin`` is the log before this, of
    which ``old_size`` entries are in hand.
    """

    kind: ClassVar[str] = "case"
    case_tag: str
    prev: str
    time: datetime
    attempts: int
    old_origin: str
    old_size: int
    signer: str
    signature: bytes = EMPTY

    @property
    def signed(self) -> bytes:
        """The bytes to be signed: canonical JSON of the entry without ``signature``."""
        return jcs.dumps({k: v for k, v in self._value().items() if k != "signature"})

    def _value(self) -> dict[str, Any]:
        return head(self.kind, self.prev, self.time) | {
            "event": "continued",
            "case_tag": self.case_tag,
            "attempts": self.attempts,
            "old_origin": self.old_origin,
            "old_size": self.old_size,
            "signer": self.signer,
            "signature": text(self.signature),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        CaseContinued.read(self._value(), "log entry")
        return dump(self._value())

    @classmethod
    def read(cls, value: dict[str, Any], noun: str) -> CaseContinued:
        """Read the fields strictly, or raise FormatError."""
        words = ("event", "case_tag", "old_origin", "signer", "signature")
        wanted = {**HEAD, "attempts": int, "old_size": int} | dict.fromkeys(words, str)
        fields = jcs.take(value, noun, wanted)
        if fields["event"] != "continued":
            raise FormatError(f"{noun}: the event is unknown", f"{noun}：event 未知")
        return cls(
            case_tag=check_hex(fields["case_tag"], f"{noun}: case_tag"),
            **read_head(fields, noun),
            attempts=natural(fields["attempts"], f"{noun}: attempts", least=1),
            old_origin=check_name(fields["old_origin"]),
            old_size=natural(fields["old_size"], f"{noun}: old_size"),
            signer=check_hex(fields["signer"], f"{noun}: signer"),
            signature=read_bytes(fields["signature"], f"{noun}: signature", SIGNATURE_SIZE),
        )


def read_case(value: dict[str, Any], noun: str) -> CaseClosed | CaseContinued:
    """Read an entry of kind ``case``, or raise FormatError."""
    reader = CaseContinued if value.get("event") == "continued" else CaseClosed
    return reader.read(value, noun)


@dataclass(frozen=True)
class Erasure:
    """The content sealed by the outcome at index ``outcome`` was erased, on which basis.

    ``basis`` is a code, ``basis_sha256`` the digest of the signed request; ``approvers`` are two
    salted commitments (hex). ``signature`` is by the manifest signer over ``signed``. ``log`` is
    the name of the succeeded log in which the outcome stands, None for one of this log.
    """

    kind: ClassVar[str] = "erasure"
    prev: str
    time: datetime
    outcome: int
    package_sha256: str
    basis: str
    basis_sha256: str
    approvers: tuple[str, str]
    signer: str
    signature: bytes = EMPTY
    log: str | None = None

    @property
    def signed(self) -> bytes:
        """The bytes to be signed: canonical JSON of the entry without ``signature``."""
        return jcs.dumps({k: v for k, v in self._value().items() if k != "signature"})

    def _value(self) -> dict[str, Any]:
        named = {} if self.log is None else {"log": self.log}
        return (
            head(self.kind, self.prev, self.time)
            | named
            | {
                "outcome": self.outcome,
                "package_sha256": self.package_sha256,
                "basis": self.basis,
                "basis_sha256": self.basis_sha256,
                "approvers": list(self.approvers),
                "signer": self.signer,
                "signature": text(self.signature),
            }
        )

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse_entry``."""
        Erasure.read(self._value(), "log entry")
        return dump(self._value())

    @classmethod
    def read(cls, value: dict[str, Any], noun: str) -> Erasure:
        """Read the fields strictly, or raise FormatError."""
        words = ("package_sha256", "basis", "basis_sha256", "signer", "signature")
        wanted = {**HEAD, "outcome": int, "approvers": list} | dict.fromkeys(words, str)
        fields = jcs.take(value, noun, wanted | ({"log": str} if "log" in value else {}))
        approvers = [check_hex(item, f"{noun}: approvers") for item in fields["approvers"]]
        if len(set(approvers)) != 2 or len(approvers) != 2:
            raise FormatError(f"{noun}: approvers are two", f"{noun}：approvers 应为两个")
        return cls(
            **read_head(fields, noun),
            outcome=natural(fields["outcome"], f"{noun}: outcome"),
            package_sha256=check_hex(fields["package_sha256"], f"{noun}: package_sha256"),
            basis=code(fields["basis"], f"{noun}: basis"),
            basis_sha256=check_hex(fields["basis_sha256"], f"{noun}: basis_sha256"),
            approvers=(approvers[0], approvers[1]),
            log=check_name(fields["log"]) if "log" in fields else None,
            signer=check_hex(fields["signer"], f"{noun}: signer"),
            signature=read_bytes(fields["signature"], f"{noun}: signature", SIGNATURE_SIZE),
        )
