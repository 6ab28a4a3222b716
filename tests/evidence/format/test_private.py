"""The encrypted part: our reader and openssl open it with its key, and nobody with another."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from evidence.errors import FormatError
from evidence.format.private import BLOCK, NETLOG, WARC, decrypt, write_private
from evidence.format.zipform import ZipPart, read_zip

KEY = bytes(range(32))
PARTS = [ZipPart(WARC, b"exact" * 1000), ZipPart(NETLOG, b"{}")]


def sealed(key: bytes = KEY) -> bytes:
    out = io.BytesIO()
    write_private(out, io.BytesIO(), PARTS, key)
    return out.getvalue()


def test_it_opens_with_its_key() -> None:
    data = b"".join(decrypt(io.BytesIO(sealed()), KEY))
    assert [(e.name, e.size) for e in read_zip(io.BytesIO(data))] == [(WARC, 5000), (NETLOG, 2)]


def test_openssl_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "body"
    whole = sealed()
    path.write_bytes(whole[BLOCK:])
    command = ["openssl", "enc", "-d", "-aes-256-ctr", "-K", KEY.hex(), "-in", str(path)]
    done = subprocess.run([*command, "-iv", whole[:BLOCK].hex()], capture_output=True)
    assert done.stdout == b"".join(decrypt(io.BytesIO(whole), KEY))


def test_each_is_encrypted_from_another_counter() -> None:
    assert sealed()[:BLOCK] != sealed()[:BLOCK]


@pytest.mark.parametrize("data", [b"", b"short", b"x" * BLOCK, sealed(b"\x01" * 32)])
def test_another_key_or_no_such_file_is_said(data: bytes) -> None:
    with pytest.raises(FormatError):
        list(decrypt(io.BytesIO(data), KEY))


def test_nothing_of_the_content_shows() -> None:
    assert b"exact" not in sealed()
    assert WARC.encode() not in sealed()
