"""Content encrypted at rest (``markseal-atrest/1``): AES-256-GCM (NIST SP 800-38D) in chunks.

A file is a header of 54 bytes, then chunks. The header: ``markseal-atrest/1`` and a newline (18
bytes), a random salt (32 bytes), the size of a clear chunk (4 bytes, big-endian). The key of the
file is HKDF-SHA256 (RFC 5869) of the exhibit's key with that salt and the header's first 18 bytes
as info, so that one key serves several files. Chunk n (from 0) is encrypted under the nonce
``7 zero bytes || n (4 bytes, big-endian) || 1 for the last chunk, else 0`` with the header as
associated data, and is followed by its tag of 16 bytes. Every chunk but the last is full; the last
may be empty only if it is the only one. So no chunk can be altered, moved, dropped or added
without its showing, and any part can be read without the rest (STREAM, Hoang et al. 2015).
"""

from __future__ import annotations

import io
import os
import secrets
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evidence.errors import FormatError

MAGIC = b"markseal-atrest/1\n"
SUFFIX = ".atrest"
SALT, TAG, KEY_SIZE = 32, 16, 32
CHUNK = 1 << 18
MAX_CHUNK = 1 << 24
HEADER = struct.Struct(f">{len(MAGIC)}s{SALT}sI")


def encrypt(
    source: BinaryIO,
    target: BinaryIO,
    key: bytes,
    *,
    chunk: int = CHUNK,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> None:
    """Write all of ``source`` to ``target``, encrypted under the exhibit's ``key`` (32 bytes)."""
    header = HEADER.pack(MAGIC, random(SALT), chunk)
    cipher = _cipher(key, header)
    target.write(header)
    number, data = 0, source.read(chunk)
    while True:
        following = source.read(chunk) if len(data) == chunk else b""
        target.write(cipher.encrypt(_nonce(number, last=not following), data, header))
        if not following:
            return
        number, data = number + 1, following


def _cipher(key: bytes, header: bytes) -> AESGCM:
    _, salt, _ = HEADER.unpack(header)
    return AESGCM(HKDF(SHA256(), KEY_SIZE, salt, MAGIC).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])


def open_encrypted(source: BinaryIO, key: bytes) -> AtRest:
    """Return the clear content of ``source`` as a file that can be read anywhere.

    Raises FormatError when it is not such a file, was cut, or the key is another's. Each chunk is
    checked when it is read: a later fault raises FormatError then.
    """
    total = source.seek(0, os.SEEK_END)
    source.seek(0)
    header = source.read(HEADER.size)
    if len(header) != HEADER.size or not header.startswith(MAGIC):
        raise FormatError(
            "The file is not content encrypted at rest.", "该文件不是静态加密的证据内容。"
        )
    size = HEADER.unpack(header)[2]
    body = total - HEADER.size
    if not 1 <= size <= MAX_CHUNK or body < TAG:
        raise _damaged()
    last = (body - 1) // (size + TAG)
    if body - last * (size + TAG) < TAG or (last and body == last * (size + TAG) + TAG):
        raise _damaged()
    return AtRest(source, _cipher(key, header), header, size, last, body - (last + 1) * TAG)


class AtRest(io.RawIOBase):
    """The clear content of an encrypted file, read in place; closing it closes the file."""

    def __init__(
        self, source: BinaryIO, cipher: AESGCM, header: bytes, chunk: int, last: int, size: int
    ) -> None:
        super().__init__()
        self._source, self._cipher, self._header = source, cipher, header
        self._chunk, self._last, self._size = chunk, last, size
        self._at, self._held, self._clear = 0, -1, b""
        self._open(last)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to an offset in the clear content and return it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("negative seek position")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` from where the file stands; raises FormatError for a damaged chunk."""
        view, filled = memoryview(buffer).cast("B"), 0
        while filled < len(view) and self._at < self._size:
            number, offset = divmod(self._at, self._chunk)
            self._open(number)
            part = self._clear[offset : offset + len(view) - filled]
            view[filled : filled + len(part)] = part
            filled += len(part)
            self._at += len(part)
        return filled

    def close(self) -> None:
        """Close the file and forget the clear chunk."""
        if not self.closed:
            self._clear = b""
            self._source.close()
        super().close()

    def _open(self, number: int) -> None:
        if number == self._held:
            return
        self._source.seek(len(self._header) + number * (self._chunk + TAG))
        data = self._source.read(self._chunk + TAG)
        try:
            nonce = _nonce(number, last=number == self._last)
            self._clear = self._cipher.decrypt(nonce, data, self._header)
        except InvalidTag:
            raise _damaged() from None
        self._held = number


def _damaged() -> FormatError:
    return FormatError(
        "The encrypted content is damaged, was cut, or belongs to another key; restore it from "
        "the back-up.",
        "静态加密的证据内容已损坏、被截断或不属于该密钥；请从备份恢复。",
    )
