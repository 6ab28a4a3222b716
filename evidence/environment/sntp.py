"""SNTP, RFC 4330 and RFC 5905 section 14: one client packet out, one server packet in.

Pure: bytes and numbers. Times are seconds since 1970 as fractions of 2^-32 s, exact.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

from evidence.errors import FormatError

SIZE = 48
_LAYOUT = struct.Struct("!BBbbIIIQQQQ")
_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_ERA = 1 << 64
_CLIENT, _SERVER = 3, 4
_MOST_DISPERSION = 16


@dataclass(frozen=True)
class Answer:
    """What a server said: ``received`` and ``sent`` are its own times, in seconds since 1970."""

    stratum: int
    leap: int
    version: int
    root_delay: Fraction
    root_dispersion: Fraction
    reference: str
    received: Fraction
    sent: Fraction


@dataclass(frozen=True)
class Sample:
    """One exchange: the server's clock minus ours, and the time it took there and back (s)."""

    offset: Fraction
    delay: Fraction
    answer: Answer


class KissOfDeath(FormatError):
    """The server asks not to be asked again (stratum 0); ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the server refuses service ({code})", f"服务器拒绝服务（{code}）")
        self.code = code


def request(nonce: int) -> bytes:
    """Return a client packet of version 4 whose transmit time is ``nonce`` (64 bits).

    A random number stands there instead of our time: the server gives it back, and whoever
    did not see the packet cannot forge the answer.
    """
    return _LAYOUT.pack(4 << 3 | _CLIENT, 0, 0, 0, 0, 0, 0, 0, 0, 0, nonce)


def parse(packet: bytes, *, nonce: int, near: Fraction) -> Answer:
    """Return what an answer to the request with ``nonce`` says, or raise FormatError.

    ``near`` (seconds since 1970) decides the era of the 32-bit seconds. Refused: another mode,
    another originate time, an unsynchronised server, no transmit time, impossible values.
    """
    if len(packet) < SIZE:
        raise _wrong("the packet is too short", "数据包过短")
    head, stratum, _, _, delay, dispersion, reference, _, originate, received, sent = (
        _LAYOUT.unpack(packet[:SIZE])
    )
    leap, version, mode = head >> 6, head >> 3 & 7, head & 7
    if mode != _SERVER or version not in (3, 4):
        raise _wrong(f"mode {mode}, version {version}", f"模式 {mode}、版本 {version} 不符")
    if originate != nonce:
        raise _wrong("it answers another request", "应答与请求不符")
    if stratum == 0:
        raise KissOfDeath(_code(reference))
    if stratum > 15 or leap == 3:
        raise _wrong("the server is not synchronised", "服务器自身未同步")
    if sent == 0 or received == 0:
        raise _wrong("the server gives no time", "服务器未给出时间")
    answer = Answer(
        stratum=stratum,
        leap=leap,
        version=version,
        root_delay=_short(delay),
        root_dispersion=_short(dispersion),
        reference=_code(reference) if stratum == 1 else f"{reference:08x}",
        received=_unix(received, near),
        sent=_unix(sent, near),
    )
    if answer.root_dispersion > _MOST_DISPERSION or answer.sent < answer.received:
        raise _wrong("the server's values are impossible", "服务器给出的数值不合理")
    return answer


def measure(answer: Answer, *, sent: Fraction, arrived: Fraction) -> Sample:
    """Return offset and delay from our own times of sending and arrival (RFC 5905 section 8)."""
    there, back = answer.received - sent, answer.sent - arrived
    return Sample((there + back) / 2, (arrived - sent) - (answer.sent - answer.received), answer)


def _unix(stamp: int, near: Fraction) -> Fraction:
    """Return a 64-bit NTP time in the era that lies nearest to ``near``."""
    wanted = (near + _EPOCH) * (1 << 32)
    era = round((wanted - stamp) / _ERA)
    return Fraction(stamp + era * _ERA, 1 << 32) - _EPOCH


def _short(value: int) -> Fraction:
    return Fraction(value, 1 << 16)


def _code(reference: int) -> str:
    raw = reference.to_bytes(4, "big").rstrip(b"\0")
    return "".join(chr(b) if 0x20 < b < 0x7F else "?" for b in raw) or "?"


def _wrong(en: str, zh: str) -> FormatError:
    return FormatError(f"not a usable SNTP answer: {en}", f"SNTP 应答不可用：{zh}")
