"""What an OpenTimestamps proof proves: nothing while it is pending, nor without its block."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime

import pytest

from evidence.errors import InputError
from evidence.format.opentimestamps import (
    APPEND,
    SHA256,
    Bitcoin,
    Fork,
    Pending,
    Proof,
    Step,
    Unknown,
)
from evidence.verify.opentimestamps import Header, State, check_proof, read_headers

FILE = hashlib.sha256(b"an exhibit").digest()
ROOT = hashlib.sha256(FILE + b"others").digest()
WHEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
EASY = 0x207FFFFF


def mined(root: bytes, *, when: datetime = WHEN, bits: int = EASY) -> Header:
    """Return a header over ``root`` that was found at the least difficulty there is."""
    for nonce in range(1 << 16):
        stated = struct.pack("<III", int(when.timestamp()), bits, nonce)
        header = Header(b"\x01\0\0\0" + bytes(32) + root + stated)
        if header.difficulty > 0:
            return header
    raise AssertionError


def proof(*ends: Pending | Bitcoin | Unknown) -> Proof:
    path = Fork(((Step(APPEND, b"others"), Fork(((Step(SHA256), Fork(ends)),))),))
    return Proof(FILE, path)


PENDING = Pending("https://calendar.example")


def test_pending_is_not_confirmed() -> None:
    told = check_proof(proof(PENDING), FILE, {7: mined(ROOT)}, least=0)
    assert (told.state, told.time) == (State.PENDING, None)
    assert "https://calendar.example" in told.en
    assert "it proves no time" in told.en


def test_a_block_counts_only_with_its_header() -> None:
    both = proof(PENDING, Bitcoin(7))
    assert check_proof(both, FILE, {}).state is State.NOT_CHECKED
    assert check_proof(both, FILE, {8: mined(ROOT)}, least=0).state is State.NOT_CHECKED
    told = check_proof(both, FILE, {7: mined(ROOT)}, least=0)
    assert (told.state, told.time, told.height) == (State.CONFIRMED, WHEN, 7)
    assert check_proof(both, FILE, {7: mined(FILE)}, least=0).state is State.INVALID


def test_a_header_that_cost_nothing_is_no_proof() -> None:
    told = check_proof(proof(Bitcoin(7)), FILE, {7: mined(ROOT)})
    assert (told.state, told.time) == (State.NOT_CHECKED, None)
    assert "enough work" in told.en
    lying = Header(mined(ROOT).data[:72] + struct.pack("<I", 0x1700FFFF) + bytes(4))
    assert lying.difficulty == 0
    assert check_proof(proof(Bitcoin(7)), FILE, {7: lying}).state is State.NOT_CHECKED


def test_the_earliest_of_several_blocks_counts() -> None:
    later = mined(ROOT, when=WHEN.replace(year=2027))
    told = check_proof(proof(Bitcoin(9), Bitcoin(7)), FILE, {7: mined(ROOT), 9: later}, least=0)
    assert (told.height, told.time) == (7, WHEN)


def test_another_file_and_unknown_kinds() -> None:
    other = hashlib.sha256(b"other").digest()
    assert check_proof(proof(Bitcoin(7)), other, {7: mined(ROOT)}, least=0).state is State.INVALID
    assert check_proof(proof(Unknown(b"litecoin", b"")), FILE, {}).state is State.NOT_CHECKED


def test_the_first_block_of_all() -> None:
    """The difficulty of the easiest block that Bitcoin itself ever took is 1."""
    assert mined(ROOT).difficulty < 1e-8
    hard = Header(bytes(72) + struct.pack("<I", 0x1D00FFFF) + bytes(4))
    assert hard.difficulty == 0


def test_headers_are_read_strictly() -> None:
    line = f"7 {mined(ROOT).data.hex()}"
    assert read_headers(f"{line}\n{line}\n", "h") == {7: mined(ROOT)}
    for bad in (f"{line}0", "7", f"07 {line[2:]}", f"{line}\n7 {'0' * 160}", "x"):
        with pytest.raises(InputError):
            read_headers(bad, "h")
