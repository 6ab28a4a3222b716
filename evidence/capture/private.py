"""Seals the exact bytes of a capture with a login into ``evidence/private.bin``.

Its form is ``evidence.format.private``: a counter block, then a canonical ZIP under AES-256 in
counter mode. The digests of the plaintext parts stand in ``capture.json`` under ``private``, and
are thereby in the manifest; whoever opens the part can hold it against them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.errors import CaptureError
from evidence.format.digests import Digests, Meter
from evidence.format.private import KEY_SIZE, write_private
from evidence.format.zipform import ZipPart

_PIECE = 1 << 18


@dataclass(frozen=True)
class Part:
    """One plaintext file of the encrypted part."""

    name: str
    digests: Digests

    def to_json(self) -> dict[str, Any]:
        """Return what ``capture.json`` says of it."""
        found = self.digests
        return {"name": self.name, "size": found.size, "sha256": found.sha256, "sm3": found.sm3}


def seal_private(
    parts: Sequence[tuple[str, Path]], target: Path, key: bytes | None
) -> tuple[Part, ...]:
    """Write the encrypted part to ``target``; return the digests of the plaintext parts.

    The capture calls it once, after the exact WARC was written to its spool::

        parts = [(private.WARC, spool / "exact.warc.gz"), (private.NETLOG, running.log)]
        sealed = seal_private(parts, folder / PRIVATE, order.private_key)
        record["private"] = [part.to_json() for part in sealed]

    ``key`` are 32 bytes used for nothing else. Raises CaptureError without a key (fail closed:
    what cannot be sealed is not handed out) and when a file cannot be read or written. The ZIP
    lies in clear text for a moment in a nameless file beside the first part.
    """
    if key is None or len(key) != KEY_SIZE:
        raise CaptureError(
            "There is no key for the encrypted part of a capture with a login.",
            "带登录状态的取证缺少加密部分的密钥。",
        )
    try:
        kept = tuple(_digested(parts))
        aside = parts[0][1].parent if parts else target.parent
        with target.open("wb") as out, tempfile.TemporaryFile(dir=aside) as clear:
            write_private(out, clear, [ZipPart(name, path) for name, path in parts], key)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise CaptureError(
            f"The encrypted part could not be written: {error.strerror}.",
            f"无法写入加密部分：{error.strerror}。",
        ) from error
    return kept


def _digested(parts: Sequence[tuple[str, Path]]) -> Iterator[Part]:
    for name, path in parts:
        meter = Meter()
        with path.open("rb") as source:
            while piece := source.read(_PIECE):
                meter.update(piece)
        yield Part(name, meter.finish())
