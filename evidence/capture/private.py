"""The encrypted part of a capture: the exact bytes, for whoever is given its key.

``evidence/private.bin`` is a ZIP file (APPNOTE 6.3.9, ZIP64 where needed) under AES-256 in
counter mode (NIST SP 800-38A); key and counter block are used for this one file. It opens with::

    openssl enc -d -aes-256-ctr -K KEY -iv IV -in private.bin -out private.zip

KEY is 64 hex digits, handed over apart; IV stands in ``capture.json`` under ``private``, beside
the digests of the ZIP and of each part in it. Counter mode hides and does not protect against
change: that is done by the manifest's digests and signature.
"""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from evidence.errors import CaptureError
from evidence.format.digests import Digests, Meter

CIPHER = "aes-256-ctr"
KEY_SIZE = 32
_BLOCK = 16
_PIECE = 1 << 18
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Part:
    """One plaintext file of the encrypted part."""

    name: str
    digests: Digests


@dataclass(frozen=True)
class SealedPart:
    """What was sealed: the counter block (hex), the ZIP's digests and those of its parts."""

    iv: str
    whole: Digests
    parts: tuple[Part, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what stands in ``capture.json`` under ``private``."""
        return {
            "cipher": CIPHER,
            "iv": self.iv,
            "form": "zip",
            **_json(self.whole),
            "parts": [{"name": part.name, **_json(part.digests)} for part in self.parts],
        }


def seal_private(parts: Sequence[tuple[str, Path]], target: Path, key: bytes | None) -> SealedPart:
    """Write the encrypted part to ``target``; return the digests of the plaintext.

    The capture calls it once, after the exact WARC was written to its spool::

        sealed = seal_private(
            [("data.warc.gz", spool / "exact.warc.gz"), ("netlog.json", running.log)],
            folder / PRIVATE,
            order.private_key,
        )
        record["private"] = sealed.to_json()

    ``key`` are 32 bytes used for nothing else. Raises CaptureError without a key (fail closed:
    what cannot be sealed is not handed out) and when a file cannot be read or written.
    """
    if key is None or len(key) != KEY_SIZE:
        raise CaptureError(
            "There is no key for the encrypted part of a capture with a login.",
            "带登录状态的取证缺少加密部分的密钥。",
        )
    iv = secrets.token_bytes(_BLOCK)
    encryptor = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    try:
        with target.open("wb") as out:
            stream = _Encrypting(out, encryptor)
            kept = _zip(stream, parts)
            out.write(encryptor.finalize())
    except OSError as error:
        target.unlink(missing_ok=True)
        raise CaptureError(
            f"The encrypted part could not be written: {error.strerror}.",
            f"无法写入加密部分：{error.strerror}。",
        ) from error
    return SealedPart(iv.hex(), stream.meter.finish(), kept)


def _zip(stream: _Encrypting, parts: Sequence[tuple[str, Path]]) -> tuple[Part, ...]:
    kept = []
    with zipfile.ZipFile(stream, "w") as archive:
        for name, path in parts:
            info = zipfile.ZipInfo(name, _DATE)
            packed = path.suffix != ".gz"
            info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            info.external_attr = 0o600 << 16
            info.file_size = path.stat().st_size
            meter = Meter()
            with path.open("rb") as source, archive.open(info, "w") as member:
                while piece := source.read(_PIECE):
                    meter.update(piece)
                    member.write(piece)
            kept.append(Part(name, meter.finish()))
    return tuple(kept)


class _Encrypting(io.RawIOBase):
    """A file that only goes forward: what is written is digested, encrypted and passed on."""

    def __init__(self, out: BinaryIO, encryptor: CipherContext) -> None:
        self._out = out
        self._encryptor = encryptor
        self.meter = Meter()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int:
        """Encrypt and write bytes; return how many."""
        plain = bytes(data)
        self.meter.update(plain)
        self._out.write(self._encryptor.update(plain))
        return len(plain)


def _json(digests: Digests) -> dict[str, Any]:
    return {"size": digests.size, "sha256": digests.sha256, "sm3": digests.sm3}
