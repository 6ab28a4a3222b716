"""``openssl ts``: a second opinion on a token, and the only reader of those that are not DER."""

from __future__ import annotations

import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from evidence.errors import AuthorityError

SECONDS = 30


def to_der(response: bytes, *, openssl: str = "openssl") -> bytes | None:
    """Return a response that came in BER in DER (X.690), or None if openssl cannot read it."""
    with tempfile.TemporaryDirectory(prefix="markseal-ts-") as name:
        folder = Path(name)
        (folder / "in").write_bytes(response)
        command = [openssl, "ts", "-reply", "-in", str(folder / "in"), "-out", str(folder / "out")]
        if run_openssl(command)[0] != 0 or not (folder / "out").exists():
            return None
        return (folder / "out").read_bytes()


def check_token(
    request: bytes, response: bytes, roots: bytes, at: datetime, *, openssl: str = "openssl"
) -> str | None:
    """Return None if ``roots`` (PEM) prove the response to the request at ``at``, else why not.

    Checked by openssl: status, signature, chain, purpose, validity, imprint, nonce, policy.
    """
    with tempfile.TemporaryDirectory(prefix="markseal-ts-") as name:
        folder = Path(name)
        for file, data in (("tsq", request), ("tsr", response), ("roots.pem", roots)):
            (folder / file).write_bytes(data)
        command = [openssl, "ts", "-verify", "-queryfile", str(folder / "tsq")]
        command += ["-in", str(folder / "tsr"), "-CAfile", str(folder / "roots.pem")]
        command += ["-partial_chain", "-attime", str(int(at.timestamp()))]
        code, told = run_openssl(command)
    if code == 0:
        return None
    lines = [line.rpartition(":")[2].strip() for line in told.splitlines() if ":error:" in line]
    return lines[-1] if lines else "no message"


def run_openssl(command: list[str]) -> tuple[int, str]:
    """Return the exit code and what openssl says; AuthorityError when it is missing or hangs."""
    try:
        result = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
    except OSError as error:
        raise AuthorityError(
            "The program openssl is missing; install it (Debian: apt install openssl).",
            "缺少 openssl 程序；请先安装（Debian：apt install openssl）。",
            reason="openssl",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise AuthorityError(
            f"openssl ts did not answer within {SECONDS} seconds; try again.",
            f"openssl ts 在 {SECONDS} 秒内没有应答；请重试。",
            reason="openssl",
            passing=True,
        ) from error
    return result.returncode, result.stderr.decode("utf-8", "replace")
