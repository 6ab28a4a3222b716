"""Trust folders that nobody may judge by: what is done to a good one that has its SHA256SUMS."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from evidence.format.digests import sha256_hex
from evidence.format.policy import POLICY, SUMS
from tests.evidence.tamper.good import THIEF, pem

Spoil = Callable[[Path], None]


def sum_up(folder: Path) -> Path:
    """Write the folder's SHA256SUMS as it is now, and return the folder."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != SUMS)
    rows = (f"{sha256_hex(p.read_bytes())}  {p.relative_to(folder).as_posix()}\n" for p in files)
    (folder / SUMS).write_text("".join(rows))
    return folder


def _policy(old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        text = (folder / POLICY).read_text("utf-8").replace("trust/1", "trust/2")
        assert old in text
        (folder / POLICY).write_text(text.replace(old, new, 1), "utf-8")
        sum_up(folder)

    return spoil


def _thief(folder: Path) -> None:
    (folder / "signer.pem").write_bytes(pem(THIEF))


def _remark(folder: Path) -> None:
    (folder / SUMS).write_text((folder / SUMS).read_text() + "# x\n")


def _unlisted(folder: Path) -> None:
    rows = (folder / SUMS).read_text().splitlines(keepends=True)
    (folder / SUMS).write_text("".join(row for row in rows if POLICY not in row))


def _gone(folder: Path) -> None:
    (folder / "note.txt").write_text("x")
    sum_up(folder)
    (folder / "note.txt").unlink()


def _pipe(folder: Path) -> None:
    (folder / SUMS).unlink()
    (folder / "log.vkey").unlink()
    os.mkfifo(folder / "log.vkey")


SPOILT: Mapping[str, tuple[Spoil, str]] = {
    "a thief's key under the old sums": (
        _thief, "(signer.pem)",
    ),
    "a policy that is not listed": (_unlisted, "(policy.toml)"),
    "a listed file that is gone": (_gone, "(note.txt)"),
    "a line that is none": (
        _remark, "(SHA256SUMS)",
    ),
    "tokens with a fraction": (_policy("tokens = 1", "tokens = 2.0"), "tokens"),
    "no clock bound at all": (
        _policy("tokens = 1", "tokens = 1\nclock_bound_seconds = 0"), "clock_bound_seconds",
    ),
    "a byte order mark": (_policy("format", "\ufeffformat"), "TOML"),
}  # fmt: skip
"""What is done, and what both full verifiers say of it in English or by name."""
NO_FILE: Mapping[str, tuple[Spoil, str]] = {"a pipe for a key": (_pipe, "log.vkey")}
"""What cannot be dropped on a page."""
