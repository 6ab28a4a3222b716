"""The backup file: opens with the right secret only, whole or not at all, in any size."""

from __future__ import annotations

import io
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from evidence.errors import FormatError, ProofError
from evidence.format.backupfile import (
    PIECE,
    TAG,
    BackupWriter,
    Unwrap,
    Wrap,
    by_passphrase,
    by_public_key,
    read_backup,
    with_passphrase,
    with_private_key,
)

KEY = X25519PrivateKey.from_private_bytes(b"\x05" * 32)
FAST = by_passphrase("很长的口令 one", log_n=14)


def written(content: bytes, wrap: Wrap = FAST, cut: int = 100_000) -> bytes:
    target = io.BytesIO()
    writer = BackupWriter(target, wrap)
    for at in range(0, len(content), cut):
        writer.write(content[at : at + cut])
    assert writer.tell() == len(content)
    writer.finish()
    return target.getvalue()


def opened(data: bytes, unwrap: Unwrap) -> bytes:
    return b"".join(read_backup(io.BytesIO(data), unwrap))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
def test_any_size_comes_back(size: int) -> None:
    content = random.Random(size).randbytes(size)
    data = written(content, by_public_key(KEY.public_key()))
    assert opened(data, with_private_key(KEY)) == content


def test_a_passphrase_opens_and_another_does_not() -> None:
    data = written(b"secret")
    assert opened(data, with_passphrase("很长的口令 one")) == b"secret"
    with pytest.raises(ProofError, match="does not open"):
        opened(data, with_passphrase("很长的口令 two"))
    with pytest.raises(ProofError, match="under a passphrase"):
        opened(data, with_private_key(KEY))


def test_another_key_does_not_open() -> None:
    data = written(b"secret", by_public_key(KEY.public_key()))
    with pytest.raises(ProofError, match="does not open"):
        opened(data, with_private_key(X25519PrivateKey.generate()))
    with pytest.raises(ProofError, match="for a key"):
        opened(data, with_passphrase("x"))


def test_every_changed_byte_is_found() -> None:
    data = written(b"x" * 200, by_public_key(KEY.public_key()))
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises((ProofError, FormatError)):
            opened(bytes(changed), with_private_key(KEY))


def test_a_cut_doubled_or_moved_piece_is_found() -> None:
    data = written(bytes(3 * PIECE), by_public_key(KEY.public_key()))
    head = len(data) - 3 * (PIECE + TAG)
    lines, pieces = data[:head], [data[head + n * (PIECE + TAG) :][: PIECE + TAG] for n in range(3)]
    first, second, third = pieces
    for wrong in (
        [first, second],
        [first],
        [],
        [second, first, third],
        [first, second, second, third],
        [first, third],
        [first, second, third, third],
    ):
        with pytest.raises(ProofError):
            opened(lines + b"".join(wrong), with_private_key(KEY))
    with pytest.raises(ProofError):
        opened(data[:-1], with_private_key(KEY))


def test_an_unfinished_file_does_not_open() -> None:
    target = io.BytesIO()
    BackupWriter(target, by_public_key(KEY.public_key())).write(bytes(PIECE + 1))
    with pytest.raises(ProofError, match="end is missing"):
        opened(target.getvalue(), with_private_key(KEY))


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"markseal-backup/1\n{}\n"])
def test_another_file_is_none(data: bytes) -> None:
    with pytest.raises(FormatError):
        opened(data, with_passphrase("x"))
