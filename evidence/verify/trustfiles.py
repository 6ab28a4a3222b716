"""Reads the files of a trust folder, and holds the folder to its own ``SHA256SUMS``.

The SHA-256 of that file is the fingerprint that stands on the paper sheet: it speaks for the
folder only if every file is as it says.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from evidence.errors import TrustError
from evidence.format.policy import LIMIT, POLICY, SUMS, Policy

MOST = 5
"""Files that one sentence names."""
_LINE = re.compile(r"([0-9a-f]{64})  ([^/\n][^\n]*)")


def read_text(folder: Path, name: str) -> str:
    """Return the text of a plain file of at most 1 MiB, or raise TrustError naming it."""
    path = folder / name
    if not path.is_file():
        raise _unreadable(folder, name)
    try:
        with path.open("rb") as source:
            data = source.read(LIMIT + 1)
        if len(data) <= LIMIT:
            return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(folder, name) from error
    raise TrustError(f"{name} in {folder} is too large.", f"{folder} 中的 {name} 过大。")


def check_sums(folder: Path, policy: Policy) -> None:
    """Raise TrustError unless all that ``SHA256SUMS`` lists or the policy names is as listed.

    A folder without that file has no fingerprint of the whole and is taken as it is. Files that
    are neither listed nor named are not read, and do not matter.
    """
    if not (folder / SUMS).exists():
        return
    lines = read_text(folder, SUMS).removesuffix("\n").split("\n")
    read = [_LINE.fullmatch(line) for line in lines]
    listed = {found[2]: found[1] for found in read if found is not None}
    beside = (log.hashes for log in policy.logs if (folder / log.hashes).exists())
    wrong = {name for name in (*policy.files, *beside) if name not in listed}
    wrong |= {name for name, digest in listed.items() if _digest(folder, name) != digest}
    if len(listed) != len(lines):
        wrong.add(SUMS)
    if wrong:
        named = ", ".join(ascii(name)[1:-1] for name in sorted(wrong)[:MOST])
        named += " …" if len(wrong) > MOST else ""
        raise TrustError(
            f"The trust folder is not as its {SUMS} lists it ({named}): do not use it; "
            "ask for it again.",
            f"信任文件夹与其 {SUMS} 不符（{named}），不可使用；请重新索取。",
        )


def _digest(folder: Path, name: str) -> str | None:
    """Return the SHA-256 of a plain file inside the folder, None where there is none."""
    if ".." in name.split("/") or not (folder / name).is_file():
        return None
    try:
        with (folder / name).open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError:
        return None


def _unreadable(folder: Path, name: str) -> TrustError:
    inside = folder / "trust"
    if name == POLICY and (inside / POLICY).is_file():
        return TrustError(
            f"{folder} holds a trust folder and is none itself; give {inside}.",
            f"{folder} 之内有信任文件夹，其本身不是；请给出 {inside}。",
        )
    return TrustError(
        f"The trust folder {folder} has no readable {name}; ask for it again.",
        f"信任文件夹 {folder} 中没有可读的 {name}；请重新索取。",
    )
