"""C2SP tlog-cosignature (c2sp.org/tlog-cosignature), Ed25519: a witness's word on a checkpoint.

A cosignature says: as of its time, the largest consistent tree that the witness has seen of the
log named in the checkpoint has this size and root. It travels as a further signature line of
the checkpoint. The form with ML-DSA-44 (algorithm 0x06) is not read: such lines are of unknown
keys, and ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import FormatError, ProofError
from evidence.format.note import NoteKey, NoteSignature, SignedNote, check_name

COSIGNATURE = 0x04
HEADER = "cosignature/v1"
_LENGTH = 8 + 64
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True)
class WitnessKey(NoteKey):
    """The public key of a witness; its vkey has the algorithm byte 0x04."""

    ALGORITHM: ClassVar[int] = COSIGNATURE


@dataclass(frozen=True)
class Cosignature:
    """A witness's signature with its time (whole seconds): parsed, not verified."""

    name: str
    key_id: bytes
    time: datetime
    signature: bytes

    def line(self) -> NoteSignature:
        """Return it as a signature line of the note; the exact inverse of ``parse``."""
        stamp = _seconds(self.time).to_bytes(8, "big")
        return NoteSignature(self.name, self.key_id, stamp + self.signature)

    @classmethod
    def parse(cls, line: NoteSignature) -> Cosignature:
        """Read a signature line as a cosignature, or raise FormatError."""
        if len(line.value) != _LENGTH:
            raise FormatError(
                f"the cosignature of {line.name} has not the length of one",
                f"{line.name} 的见证签名长度不对",
            )
        seconds = int.from_bytes(line.value[:8], "big")
        if seconds > _LAST_SECOND:
            raise FormatError(
                f"the cosignature of {line.name} states no possible time",
                f"{line.name} 的见证签名所记时间不可能存在",
            )
        moment = datetime.fromtimestamp(seconds, UTC)
        return cls(line.name, line.key_id, moment, line.value[8:])


@dataclass(frozen=True)
class Witnessed:
    """A witness that cosigned, and when it says it did: verified."""

    key: WitnessKey
    time: datetime


def cosigned_message(text: str, seconds: int) -> bytes:
    """Return the bytes that a witness signs: two lines of its own, then the checkpoint's text."""
    return f"{HEADER}\ntime {seconds}\n{text}".encode()


def cosign(text: str, name: str, private: Ed25519PrivateKey, *, now: datetime) -> NoteSignature:
    """Return the cosignature line over a checkpoint's ``text``; the time is in whole seconds.

    Nothing is checked of the checkpoint: that is the witness's duty before it signs.
    """
    if not text.endswith("\n"):
        raise FormatError("a note's text ends in a newline", "签名文本必须以换行结尾")
    key = WitnessKey(check_name(name), private.public_key().public_bytes_raw())
    seconds = _seconds(now)
    signature = private.sign(cosigned_message(text, seconds))
    return Cosignature(name, key.key_id, datetime.fromtimestamp(seconds, UTC), signature).line()


def find_witnessed(
    note: SignedNote, keys: Sequence[WitnessKey], noun: str = "checkpoint"
) -> tuple[Witnessed, ...]:
    """Return which of ``keys`` cosigned ``note``, each once with its earliest time.

    None of them is no error. A line of a given key that does not verify raises ProofError
    (or FormatError); lines of other keys are ignored.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[WitnessKey, Witnessed] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        seen = _verified(note.text, key, Cosignature.parse(line), noun)
        if key not in found or seen.time < found[key].time:
            found[key] = seen
    return tuple(found.values())


def _verified(text: str, key: WitnessKey, cosignature: Cosignature, noun: str) -> Witnessed:
    message = cosigned_message(text, _seconds(cosignature.time))
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(cosignature.signature, message)
    except (InvalidSignature, ValueError):
        raise ProofError(
            f"the cosignature of {key.name} on the {noun} is wrong",
            f"{noun} 上 {key.name} 的见证签名不对",
        ) from None
    return Witnessed(key, cosignature.time)


def _seconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise FormatError("a time without a zone was given", "给出的时间没有时区")
    seconds = int(moment.timestamp())
    if not 0 <= seconds <= _LAST_SECOND:
        raise FormatError("a cosignature's time is after 1970", "见证签名的时间应在 1970 年之后")
    return seconds
