"""Content encrypted at rest: back as it was, in any order, and nothing changed unseen."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evidence.errors import FormatError
from evidence.format.atrest import HEADER, MAGIC, TAG, encrypt, open_encrypted

KEY = bytes(range(32))
SIZES = (0, 1, 15, 16, 17, 31, 32, 33, 160, 161)


def sealed(data: bytes, *, chunk: int = 16, key: bytes = KEY) -> bytes:
    out = io.BytesIO()
    encrypt(io.BytesIO(data), out, key, chunk=chunk)
    return out.getvalue()


def clear(data: bytes, *, key: bytes = KEY) -> bytes:
    return open_encrypted(io.BytesIO(data), key).read()


@pytest.mark.parametrize("size", SIZES)
def test_what_was_encrypted_comes_back(size: int) -> None:
    data = random.Random(size).randbytes(size)
    held = sealed(data)
    assert clear(held) == data
    chunks = max(1, -(-size // 16))
    assert len(held) == HEADER.size + size + chunks * TAG
    assert sealed(data) != held


def test_any_part_can_be_read_without_the_rest() -> None:
    chance = random.Random(4)
    data = chance.randbytes(1000)
    file = open_encrypted(io.BytesIO(sealed(data)), KEY)
    for _ in range(300):
        at, count = chance.randrange(1100), chance.randrange(60)
        assert file.seek(at) == at
        assert file.read(count) == data[at : at + count]
    assert file.seek(0, io.SEEK_END) == 1000
    assert io.BufferedReader(open_encrypted(io.BytesIO(sealed(data)), KEY)).read() == data


def test_every_altered_byte_and_every_cut_is_found() -> None:
    data = b"evidence of 59 bytes that must never be read when altered.."
    held = sealed(data)
    for at in range(len(held)):
        with pytest.raises(FormatError):
            clear(held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :])
    for size in range(len(held)):
        with pytest.raises(FormatError):
            clear(held[:size])
    with pytest.raises(FormatError):
        clear(held + b"\0")


def test_chunks_cannot_be_moved_dropped_or_taken_from_another_file() -> None:
    data = bytes(64)
    held, other = sealed(data), sealed(data)
    at, step = HEADER.size, 16 + TAG
    parts = [held[at + n * step : at + (n + 1) * step] for n in range(4)]
    head = held[:at]
    for order in ([1, 0, 2, 3], [0, 1, 2], [0, 1, 2, 2, 3], [0, 1, 2, 3, 3]):
        with pytest.raises(FormatError):
            clear(head + b"".join(parts[n] for n in order))
    with pytest.raises(FormatError):
        clear(head + other[at:])
    with pytest.raises(FormatError):
        clear(held, key=bytes(32))


def test_the_form_is_the_documented_one() -> None:
    held = sealed(b"a" * 20)
    magic, salt, size = HEADER.unpack(held[: HEADER.size])
    assert (magic, size) == (MAGIC, 16)
    cipher = AESGCM(HKDF(SHA256(), 32, salt, MAGIC).derive(KEY))
    first, last = held[HEADER.size : HEADER.size + 32], held[HEADER.size + 32 :]
    assert cipher.decrypt(bytes(12), first, held[: HEADER.size]) == b"a" * 16
    assert cipher.decrypt(bytes(10) + b"\1\1", last, held[: HEADER.size]) == b"a" * 4


def test_a_real_file_is_closed_with_it(tmp_path: Path) -> None:
    path = tmp_path / "x.atrest"
    path.write_bytes(sealed(b"x"))
    source = path.open("rb")
    with open_encrypted(source, KEY) as file:
        assert file.read() == b"x"
    assert source.closed
