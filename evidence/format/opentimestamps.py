"""OpenTimestamps proofs (``.ots``): operations that lead from a file's digest to attestations.

The serialisation is that of the public format, version 1, so that other people's clients read
what is written here. A proof is a tree: each step makes a new message of the one before; where
a path ends stands who attests to its message. Parsed strictly and printed as the exact inverse;
nothing is verified here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from evidence.errors import FormatError

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
VERSION, SHA256 = 1, 0x08
LIMIT = 1 << 20
MAX_MESSAGE, MAX_PAYLOAD, MAX_DEPTH, MAX_URL = 4096, 8192, 256, 1000
_FORK, _ATTESTATION = 0xFF, 0x00
_URL = re.compile(r"https?://[A-Za-z0-9./:_-]+\Z")
_PENDING = bytes.fromhex("83dfe30d2ef90c8e")
_BITCOIN = bytes.fromhex("0588960d73d71901")


def _wrong(en: str, zh: str) -> FormatError:
    return FormatError(f"the OpenTimestamps proof {en}", f"OpenTimestamps 证明{zh}")


def _reverse(message: bytes, argument: bytes) -> bytes:
    return message[::-1]


def _hash(name: str) -> Callable[[bytes, bytes], bytes]:
    return lambda message, argument: hashlib.new(name, message).digest()


_STEPS: dict[int, Callable[[bytes, bytes], bytes]] = {
    0xF0: lambda message, argument: message + argument,
    0xF1: lambda message, argument: argument + message,
    0xF2: _reverse,
    0xF3: lambda message, argument: message.hex().encode(),
    0x02: _hash("sha1"),
    SHA256: _hash("sha256"),
}
APPEND, PREPEND = 0xF0, 0xF1
_WITH_ARGUMENT = (APPEND, PREPEND)


@dataclass(frozen=True)
class Step:
    """One operation: its tag and, of append and prepend, what is put there."""

    tag: int
    argument: bytes = b""

    def apply(self, message: bytes) -> bytes:
        """Return the next message; FormatError when it would be too long."""
        made = _STEPS[self.tag](message, self.argument)
        if len(made) > MAX_MESSAGE:
            raise _wrong("makes a message that is too long", "产生的消息过长")
        return made

    def to_bytes(self) -> bytes:
        """Return the operation as it stands in a proof."""
        tail = _counted(self.argument) if self.tag in _WITH_ARGUMENT else b""
        return bytes([self.tag]) + tail


@dataclass(frozen=True)
class Pending:
    """A calendar at ``url`` has promised an attestation: it proves nothing yet."""

    tag: ClassVar[bytes] = _PENDING
    url: str

    @property
    def payload(self) -> bytes:
        """What stands in the proof."""
        return _counted(self.url.encode("ascii"))


@dataclass(frozen=True)
class Bitcoin:
    """The message is the Merkle root of the block of this height, as it stands in its header."""

    tag: ClassVar[bytes] = _BITCOIN
    height: int

    @property
    def payload(self) -> bytes:
        """What stands in the proof."""
        return _number(self.height)


@dataclass(frozen=True)
class Unknown:
    """An attestation of a kind that is not known here; kept, and never taken for a proof."""

    tag: bytes
    payload: bytes


Attestation = Pending | Bitcoin | Unknown


@dataclass(frozen=True)
class Fork:
    """What is said of one message: attestations of it, and steps that lead further, in order."""

    items: tuple[Attestation | tuple[Step, Fork], ...]

    def to_bytes(self) -> bytes:
        """Return the serialisation."""
        parts = []
        for at, item in enumerate(self.items):
            parts.append(b"" if at == len(self.items) - 1 else bytes([_FORK]))
            if isinstance(item, tuple):
                parts.append(item[0].to_bytes() + item[1].to_bytes())
            else:
                parts.append(bytes([_ATTESTATION]) + item.tag + _counted(item.payload))
        return b"".join(parts)

    def merged(self, other: Fork) -> Fork:
        """Return what both say of one message, each step and attestation once."""
        items = list(self.items)
        for item in other.items:
            at = next((n for n, held in enumerate(items) if _one(held) == _one(item)), None)
            if at is None:
                items.append(item)
                continue
            held = items[at]
            if isinstance(held, tuple) and isinstance(item, tuple):
                items[at] = (held[0], held[1].merged(item[1]))
        return Fork(tuple(items))

    @classmethod
    def parse(cls, data: bytes, message: bytes) -> Fork:
        """Read what leads on from ``message``, all of ``data``; or raise FormatError."""
        reader = _Reader(data)
        found = _fork(reader, message, 0)
        reader.end()
        return found

    def attested(self, message: bytes) -> Iterator[tuple[bytes, Attestation]]:
        """Yield every attestation with the message that it attests to."""
        for item in self.items:
            if isinstance(item, tuple):
                yield from item[1].attested(item[0].apply(message))
            else:
                yield message, item


def _one(item: Attestation | tuple[Step, Fork]) -> Attestation | Step:
    """Return what stands but once in a fork: an attestation, or a step."""
    return item[0] if isinstance(item, tuple) else item


@dataclass(frozen=True)
class Proof:
    """A detached proof: the SHA-256 of a file, and what leads from it to attestations."""

    digest: bytes
    fork: Fork

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """Read ``.ots`` bytes strictly, or raise FormatError."""
        if len(data) > LIMIT or not data.startswith(MAGIC):
            raise FormatError(
                "this is not an OpenTimestamps proof", "这不是 OpenTimestamps 证明文件"
            )
        reader = _Reader(data, len(MAGIC))
        if reader.number() != VERSION or reader.take(1)[0] != SHA256:
            raise _wrong("is not of version 1 over a SHA-256 digest", "不是针对 SHA-256 的第 1 版")
        digest = reader.take(32)
        fork = _fork(reader, digest, 0)
        reader.end()
        return cls(digest, fork)

    def to_bytes(self) -> bytes:
        """Return the file's bytes; ``parse`` reads them back."""
        return MAGIC + _number(VERSION) + bytes([SHA256]) + self.digest + self.fork.to_bytes()

    def attested(self) -> list[tuple[bytes, Attestation]]:
        """Return every attestation with the message that it attests to, in order."""
        return list(self.fork.attested(self.digest))


def check_url(url: str) -> str:
    """Return a calendar's address if it is one, else raise FormatError."""
    if len(url) > MAX_URL or not _URL.match(url):
        raise _wrong(f"names no calendar's address ({url!r})", f"中的日历地址不可用（{url!r}）")
    return url


def _fork(reader: _Reader, message: bytes, depth: int) -> Fork:
    if depth > MAX_DEPTH:
        raise _wrong("is nested too deeply", "嵌套过深")
    items: list[Attestation | tuple[Step, Fork]] = []
    more = True
    while more:
        tag = reader.take(1)[0]
        more = tag == _FORK
        if more:
            tag = reader.take(1)[0]
        if tag == _ATTESTATION:
            items.append(_attestation(reader))
            continue
        if tag not in _STEPS:
            raise _wrong(f"has an operation {tag:#04x} that is not known", f"含未知操作 {tag:#04x}")
        step = Step(tag, reader.counted(MAX_MESSAGE) if tag in _WITH_ARGUMENT else b"")
        if tag in _WITH_ARGUMENT and not step.argument:
            raise _wrong("puts nothing before or after a message", "含空的拼接操作")
        items.append((step, _fork(reader, step.apply(message), depth + 1)))
    if len({_one(item) for item in items}) < len(items):
        raise _wrong("says one thing twice", "有重复内容")
    return Fork(tuple(items))


def _attestation(reader: _Reader) -> Attestation:
    tag, payload = reader.take(8), reader.counted(MAX_PAYLOAD)
    inside = _Reader(payload)
    if tag == _PENDING:
        url = inside.counted(MAX_URL)
        inside.end()
        return Pending(check_url(url.decode("ascii", "replace")))
    if tag == _BITCOIN:
        height = inside.number()
        inside.end()
        return Bitcoin(height)
    return Unknown(tag, payload)


def _number(value: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _counted(data: bytes) -> bytes:
    return _number(len(data)) + data


class _Reader:
    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, size: int) -> bytes:
        found = self.data[self.at : self.at + size]
        if len(found) < size:
            raise _wrong("ends too early", "不完整")
        self.at += size
        return found

    def number(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift > 56:
                raise _wrong("has a number that is too large", "含过大的数")
        if byte == 0 and shift > 7:
            raise _wrong("has a number that is not in its shortest form", "含非最短形式的数")
        return value

    def counted(self, most: int) -> bytes:
        size = self.number()
        if size > most:
            raise _wrong("has a part that is too long", "含过长的部分")
        return self.take(size)

    def end(self) -> None:
        if self.at != len(self.data):
            raise _wrong("has further bytes behind its end", "末尾有多余字节")
