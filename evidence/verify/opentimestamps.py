"""OpenTimestamps: what a proof proves of a file, with Bitcoin block headers from outside.

A pending attestation proves nothing. A Bitcoin attestation counts only with the header of its
block, which comes from a file that the user had from a source of theirs: the message must be its
Merkle root, and the header must have cost work. Not checked: that the block is in the chain that
the world follows; who gives the headers answers for that. A block's time can be two hours off.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from evidence.errors import InputError
from evidence.format.opentimestamps import Bitcoin, Pending, Proof

HEADER = 80
LEAST_DIFFICULTY = 10**9
"""Blocks have been harder than this since 2014; a header that is easier was made by anybody."""
_ROW = re.compile(r"(0|[1-9][0-9]{0,8}) ([0-9a-f]{160})\Z")
_EASIEST = 0xFFFF << 208
Headers = Mapping[int, "Header"]


class State(Enum):
    """What a proof proves today; only ``CONFIRMED`` is a proof of time."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    NOT_CHECKED = "not checked"
    INVALID = "invalid"


@dataclass(frozen=True)
class Header:
    """The 80 bytes of a block's header."""

    data: bytes

    @property
    def merkle_root(self) -> bytes:
        """The Merkle root of its transactions, as the bytes stand."""
        return self.data[36:68]

    @property
    def time(self) -> datetime:
        """The time that its miner stated."""
        return datetime.fromtimestamp(int.from_bytes(self.data[68:72], "little"), UTC)

    @property
    def difficulty(self) -> float:
        """How much harder than the easiest block it was to find; 0 where it was not found at all.

        That is: its double SHA-256 is not below the target that it states itself.
        """
        bits = int.from_bytes(self.data[72:76], "little")
        size, digits = bits >> 24, bits & 0x7FFFFF
        target = digits << 8 * (size - 3) if size > 3 else digits >> 8 * (3 - size)
        inner = hashlib.sha256(self.data).digest()
        found = int.from_bytes(hashlib.sha256(inner).digest(), "little")
        return _EASIEST / target if target > 0 and found <= target else 0.0


@dataclass(frozen=True)
class Told:
    """What is told of one proof; ``time`` only where it is confirmed, by the earliest block."""

    state: State
    zh: str
    en: str
    time: datetime | None = None
    height: int | None = None


def read_headers(text: str, noun: str) -> dict[int, Header]:
    """Read lines ``HEIGHT HEADER`` (160 hex digits); raises InputError naming the line."""
    found: dict[int, Header] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _ROW.match(line.strip())
        header = Header(bytes.fromhex(match[2])) if match else None
        if match is None or header is None or found.get(int(match[1]), header) != header:
            raise InputError(
                f"{noun}, line {number}, is not a block's height and its header (160 hex digits), "
                "or the second header of one height.",
                f"{noun} 第 {number} 行不是区块高度和区块头（160 位十六进制），"
                "或同一高度有两个区块头。",
            )
        found[int(match[1])] = header
    return found


def check_proof(
    proof: Proof, digest: bytes, headers: Headers, *, least: float = LEAST_DIFFICULTY
) -> Told:
    """Return what ``proof`` proves of the file whose SHA-256 is ``digest``.

    ``headers`` are blocks by height; ``least`` is the difficulty below which none counts.
    """
    if proof.digest != digest:
        return Told(
            State.INVALID,
            "该证明针对的是另一个文件。",
            "The proof is over another file's digest.",
        )
    blocks = [(m, a.height) for m, a in proof.attested() if isinstance(a, Bitcoin)]
    told = [_block(message, height, headers, least) for message, height in blocks]
    confirmed = [one for one in told if one.time is not None]
    if confirmed:
        return min(confirmed, key=lambda one: one.time or datetime.max.replace(tzinfo=UTC))
    wrong = [one for one in told if one.state is State.INVALID]
    return (wrong or told or [_waiting(proof)])[0]


def _block(message: bytes, height: int, headers: Headers, least: float) -> Told:
    header = headers.get(height)
    if header is None:
        return Told(
            State.NOT_CHECKED,
            f"该证明指向比特币区块 {height}；未给出其区块头，未核查。",
            f"The proof leads to the Bitcoin block {height}; its header was not given.",
            height=height,
        )
    if header.merkle_root != message:
        return Told(
            State.INVALID,
            f"区块 {height} 的区块头与该证明不符。",
            f"The header of block {height} is not what the proof leads to.",
            height=height,
        )
    if header.difficulty < least:
        return Told(
            State.NOT_CHECKED,
            f"所给区块 {height} 的区块头没有足够的工作量，不作为证明。",
            f"The header given for block {height} has not cost enough work to count.",
            height=height,
        )
    when = f"{header.time:%Y-%m-%dT%H:%M:%SZ}"
    return Told(
        State.CONFIRMED,
        f"比特币区块 {height}（{when}，可有两小时误差）证明该文件当时已存在；区块头由您提供，"
        "是否属于公认主链未核查。",
        f"The Bitcoin block {height} ({when}, give or take two hours) proves that the file existed "
        "by then; you gave the header, that it is in the chain the world follows is not checked.",
        header.time,
        height,
    )


def _waiting(proof: Proof) -> Told:
    urls = sorted({a.url for _, a in proof.attested() if isinstance(a, Pending)})
    if not urls:
        return Told(
            State.NOT_CHECKED,
            "该证明只有本程序不认识的见证类型，未核查。",
            "The proof has only attestations of kinds that are not known here: not checked.",
        )
    listed = ", ".join(urls)
    return Told(
        State.PENDING,
        f"尚待写入比特币区块（{listed}）：目前不能证明任何时间；"
        "几小时后请运行 markseal ots upgrade。",
        f"Not in a Bitcoin block yet ({listed}): it proves no time so far; run markseal ots "
        "upgrade some hours later.",
    )
