"""``openssl ts``: reads and verifies RFC 3161 responses that are not DER (some authorities' are).

What openssl reads in BER it writes in DER; its word on signature and chain is on the bytes as
they came. It is a program of its own: where it is missing such a token is not checked.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from evidence.errors import EvidenceError

SECONDS = 60


class Unavailable(EvidenceError):
    """A tool that this check needs is not there: nothing is found, good or bad."""


def to_der(response: bytes) -> bytes | None:
    """Return a response that is in BER (X.690) in DER, or None when it is none at all.

    Raises Unavailable without openssl.
    """
    if not _is_one_value(response):
        return None
    with tempfile.TemporaryDirectory(prefix="markseal-ts-") as name:
        given, made = Path(name) / "in", Path(name) / "out"
        given.write_bytes(response)
        code, _ = _run(["ts", "-reply", "-in", str(given), "-out", str(made)])
        return made.read_bytes() if code == 0 and made.exists() else None


def refusal(
    response: bytes, imprint: bytes, certificates: Sequence[x509.Certificate], at: datetime
) -> str | None:
    """Return why openssl does not verify the response with ``certificates``, None if it does."""
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    with tempfile.TemporaryDirectory(prefix="markseal-ts-") as name:
        given, roots = Path(name) / "in", Path(name) / "roots.pem"
        given.write_bytes(response)
        roots.write_bytes(pem)
        command = ["ts", "-verify", "-in", str(given), "-digest", imprint.hex()]
        command += ["-CAfile", str(roots), "-partial_chain", "-attime", str(int(at.timestamp()))]
        code, told = _run(command)
    if code == 0:
        return None
    lines = [line.rpartition(":")[2].strip() for line in told.splitlines() if ":error:" in line]
    return lines[-1] if lines else "no message"


def _run(arguments: list[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            ["openssl", *arguments], capture_output=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(
            "the timestamp is not in DER, and openssl, which could read it, cannot be run",
            "该时间戳不是 DER 编码，而能读取它的 openssl 无法运行",
        ) from error
    return done.returncode, done.stderr.decode("utf-8", "replace")


def _is_one_value(data: bytes) -> bool:
    """Say whether ``data`` is exactly one BER value, nothing after it."""
    try:
        return _end(data, 0, 0) == len(data)
    except (IndexError, ValueError):
        return False


def _end(data: bytes, at: int, depth: int) -> int:
    """Return where the value at ``at`` ends; ValueError or IndexError when it does not."""
    if depth > 50 or data[at] & 0x1F == 0x1F:
        raise ValueError
    size, start = data[at + 1], at + 2
    if size == 0x80:
        while data[start : start + 2] != b"\0\0":
            start = _end(data, start, depth + 1)
        return start + 2
    if size & 0x80:
        count = size & 0x7F
        size, start = int.from_bytes(data[start : start + count], "big"), start + count
    if start + size > len(data):
        raise ValueError
    return start + size
