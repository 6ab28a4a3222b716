"""C2SP signed-note (c2sp.org/signed-note) with Ed25519 keys, and their text form (vkey).

A note's text means nothing until ``open_note`` has verified a signature by a given key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import FormatError, ProofError

LIMIT = 64 << 10
MAX_SIGNATURES = 64
ED25519 = 0x01
_DASH = "— "


def decode_base64(text: str, noun: str) -> bytes:
    """Return the bytes of standard, padded, canonical base64, or raise FormatError."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        data = None
    if data is None or base64.b64encode(data).decode() != text:
        raise FormatError(f"{noun} is not canonical base64", f"{noun} 不是规范的 base64")
    return data


def check_name(name: str) -> str:
    """Return ``name`` if it may name a key: not empty, no white space, no plus sign."""
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise FormatError(f"{name!r} cannot be a key name", f"{name!r} 不能作为密钥名")
    return name


@dataclass(frozen=True)
class NoteKey:
    """A public key that may sign notes: ``name`` and 32 bytes of Ed25519."""

    ALGORITHM: ClassVar[int] = ED25519

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name || 0x0A || algorithm || public)."""
        tail = b"\n" + bytes([self.ALGORITHM]) + self.public
        return hashlib.sha256(self.name.encode() + tail).digest()[:4]

    def text(self) -> str:
        """Return the vkey ``name+hex id+base64(algorithm || key)``, without a newline."""
        body = base64.b64encode(bytes([self.ALGORITHM]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{body}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a vkey, with or without one final newline, or raise FormatError."""
        parts = text.removesuffix("\n").split("+", 2)
        if len(parts) != 3:
            raise FormatError("a vkey is name+id+key", "vkey 应为 名称+标识+密钥")
        body = decode_base64(parts[2], "vkey")
        if len(body) != 33 or body[0] != cls.ALGORITHM:
            raise FormatError(
                f"the vkey is not an Ed25519 key of algorithm {cls.ALGORITHM}",
                f"vkey 不是算法字节为 {cls.ALGORITHM} 的 Ed25519 密钥",
            )
        key = cls(check_name(parts[0]), body[1:])
        if key.key_id.hex() != parts[1]:
            raise FormatError("the id in the vkey is not that of its key", "vkey 的标识与密钥不符")
        return key


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: parsed, not verified."""

    name: str
    key_id: bytes
    value: bytes

    def text(self) -> str:
        """Return the line, newline included."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True)
class SignedNote:
    """Text (ending in a newline) and signatures: parsed, not verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        """Return the note's bytes; the exact inverse of ``parse``."""
        return (self.text + "\n" + "".join(s.text() for s in self.signatures)).encode()

    @classmethod
    def parse(cls, data: bytes, noun: str = "note") -> SignedNote:
        """Read a note strictly, or raise FormatError; nothing is verified."""
        if len(data) > LIMIT:
            raise FormatError(f"{noun} is larger than {LIMIT} bytes", f"{noun} 超过 {LIMIT} 字节")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise FormatError(f"{noun} is not UTF-8", f"{noun} 不是 UTF-8") from None
        if any(c < " " and c != "\n" for c in text):
            raise FormatError(f"{noun} has control characters", f"{noun} 含控制字符")
        head, gap, tail = text.rpartition("\n\n")
        if not gap or not tail.endswith("\n"):
            raise FormatError(
                f"{noun} has no signature lines after an empty line",
                f"{noun} 的空行之后没有签名行",
            )
        lines = tail.removesuffix("\n").split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise FormatError(f"{noun} has too many signatures", f"{noun} 的签名过多")
        return cls(head + "\n", tuple(_signature(line, noun) for line in lines))


def _signature(line: str, noun: str) -> NoteSignature:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2:
        raise FormatError(f"{noun} has a malformed signature line", f"{noun} 有一行签名格式不对")
    body = decode_base64(parts[1], f"{noun}: signature")
    if len(body) < 5:
        raise FormatError(f"{noun} has a signature that is too short", f"{noun} 有一个签名过短")
    return NoteSignature(check_name(parts[0]), body[:4], body[4:])


def sign_note(text: str, name: str, private: Ed25519PrivateKey) -> SignedNote:
    """Return ``text`` (ending in a newline) signed under ``name``."""
    if not text.endswith("\n"):
        raise FormatError("a note's text ends in a newline", "签名文本必须以换行结尾")
    key = NoteKey(check_name(name), private.public_key().public_bytes_raw())
    return SignedNote(text, (NoteSignature(name, key.key_id, private.sign(text.encode())),))


def open_note(note: SignedNote, keys: Sequence[NoteKey], noun: str = "note") -> tuple[NoteKey, ...]:
    """Return the given keys that signed ``note``; at least one, or ProofError is raised.

    Signatures by keys that were not given are ignored; a wrong one by a given key is not.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: list[NoteKey] = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        try:
            public = Ed25519PublicKey.from_public_bytes(key.public)
            public.verify(signature.value, note.text.encode())
        except (InvalidSignature, ValueError):
            raise ProofError(
                f"the signature of {key.name} on the {noun} is wrong",
                f"{noun} 上 {key.name} 的签名不对",
            ) from None
        if key not in found:
            found.append(key)
    if not found:
        raise ProofError(f"the {noun} is not signed by a trusted key", f"{noun} 没有可信密钥的签名")
    return tuple(found)
