"""``evidence/private.bin``: what a login state keeps from being handed out, encrypted.

The first 16 bytes are the initial counter block; the rest is AES-256-CTR (NIST SP 800-38A) of one
canonical ZIP (``evidence.format.zipform``). openssl opens it too::

    tail -c +17 private.bin | openssl enc -d -aes-256-ctr -K <64 hex digits> -iv <first 16 bytes>

Nothing here proves that the content is unaltered: the manifest's digests of the file do.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

from evidence.errors import FormatError
from evidence.format.digests import read_chunks
from evidence.format.zipform import LOCAL_SIGN, ZipPart, write_zip

BLOCK = 16
KEY_SIZE = 32
WARC, NETLOG = "data.warc.gz", "netlog.json"
"""What an encrypted part holds: the exact WARC, and the browser's log as it was written."""


def encrypt(
    source: Iterable[bytes], key: bytes, *, counter: bytes | None = None
) -> Iterator[bytes]:
    """Yield the bytes of the file for the bytes of a ZIP; ``counter`` is random unless given.

    A key encrypts one file only: the same key and counter twice would give both away.
    """
    start = secrets.token_bytes(BLOCK) if counter is None else counter
    encryptor = Cipher(AES256(key), CTR(start)).encryptor()
    yield start
    for chunk in source:
        yield encryptor.update(chunk)
    yield encryptor.finalize()


def write_private(target: BinaryIO, aside: BinaryIO, parts: Iterable[ZipPart], key: bytes) -> None:
    """Write the encrypted part to ``target``.

    ``aside`` is an empty seekable file for the ZIP in clear text: one that nobody else can open
    and that is gone afterwards (``tempfile.TemporaryFile``).
    """
    write_zip(aside, parts)
    aside.seek(0)
    for chunk in encrypt(read_chunks(aside), key):
        target.write(chunk)


def decrypt(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Yield the bytes of the ZIP in an encrypted part; another key raises FormatError."""
    counter = source.read(BLOCK)
    if len(counter) != BLOCK:
        raise FormatError("The encrypted part is too short.", "加密部分过短。")
    decryptor = Cipher(AES256(key), CTR(counter)).decryptor()
    first = True
    for chunk in read_chunks(source):
        data = decryptor.update(chunk)
        if first and not data.startswith(LOCAL_SIGN):
            raise FormatError("The key does not open the encrypted part.", "该密钥打不开加密部分。")
        first = False
        yield data
    if first:
        raise FormatError("The encrypted part is empty.", "加密部分为空。")
