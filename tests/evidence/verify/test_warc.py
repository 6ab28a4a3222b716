"""Bytes that are not WARC are a sentence, never a crash or a flood."""

from __future__ import annotations

import io
import random
import zlib

import pytest

from evidence.errors import FormatError
from evidence.verify.warc import read_records
from evidence.verify.window import Window
from tests.evidence.builder import BODY, HTTP, response_headers, warc_record, warcinfo


def records(data: bytes) -> int:
    """Read all records and return how many there are."""
    return len(list(read_records(Window.whole(io.BytesIO(data)))))


def test_good_records_are_counted() -> None:
    assert records(warcinfo() + warc_record("response", response_headers(), HTTP + BODY)) == 2


def test_a_gzip_bomb_is_cut_short() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b"\0" * 30_000_000) + packer.flush()
    with pytest.raises(FormatError):
        records(bomb)


def test_a_length_that_lies_is_refused() -> None:
    raw = zlib.decompress(warcinfo(), 31)
    for lie in (b"Content-Length: 1\r\n", b"Content-Length: 999\r\n", b"Content-Length: -1\r\n"):
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        changed = raw.replace(b"Content-Length: 16\r\n", lie)
        assert changed != raw
        with pytest.raises(FormatError):
            records(packer.compress(changed) + packer.flush())


def test_mutated_files_never_crash() -> None:
    good = warcinfo() + warc_record("response", response_headers(), HTTP + BODY)
    chance = random.Random(11)
    passed = 0
    for _ in range(600):
        data = bytearray(good)
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
        try:
            records(bytes(data))
            passed += bytes(data) != good
        except FormatError as error:
            assert error.zh  # noqa: PT017
    assert passed < 60
