"""Recovery keys: n Ed25519 keys on paper, of which k sign together when the worst has happened.

Only the public keys stay, in the ledger and in every trust folder exported from then on. The
secrets are in the sheets and nowhere else: print them, give each to another person, delete the
files.
"""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from string import Template

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import InputError
from evidence.format.ledger import MOST
from evidence.format.paperkey import print_key, read_key
from evidence.format.statement import Statement, fingerprint
from evidence.home import EvidenceHome
from evidence.log.durable import replace_file, write_synced
from evidence.succession.sheet import plain
from evidence.trustfolder import STATEMENTS


@dataclass(frozen=True)
class RecoverySheets:
    """The sheets as files, one for each key, and the files of the trust folder that changed."""

    sheets: tuple[Path, ...]
    trust: list[str]


def make_recovery_keys(
    home: EvidenceHome, out: Path, *, of: int, need: int, now: datetime
) -> RecoverySheets:
    """Make ``of`` keys, of which ``need`` sign together; keep the public ones.

    One sheet for each is written into the new folder ``out`` (0700), the only place of the secrets.

    Raises InputError for numbers that do not fit, a folder that is taken, or when there are
    recovery keys already: whoever holds the trust folder relies on those.
    """
    if not 1 <= need <= of <= MOST or (of > 1 and need == 1):
        raise InputError(
            f"--of is at most {MOST}, --need at most --of, and more than one of several keys.",
            f"--of 至多 {MOST}，--need 不大于 --of；有多把密钥时 --need 须大于 1。",
        )
    ledger = home.ledger()
    if ledger.recovery:
        raise InputError(
            "There are recovery keys already, and trust folders name them; nothing was made.",
            "已有恢复密钥，且信任文件夹已列出；未生成新的。",
        )
    try:
        out.mkdir(mode=0o700)
    except OSError as error:
        raise InputError(
            f"{out} cannot be made ({error.strerror}); give a new folder.",
            f"无法创建 {out}（{error.strerror}）；请给出新的文件夹。",
        ) from error
    origin = home.open_log().origin
    keys = [Ed25519PrivateKey.generate() for _ in range(of)]
    paths = []
    for number, key in enumerate(keys, 1):
        path = out / f"recovery-{number}-of-{of}.html"
        write_synced(path, _sheet(key, number, of, need, origin, now).encode(), mode=0o600)
        paths.append(path)
    held = tuple(key.public_key().public_bytes_raw() for key in keys)
    with home.signing(exclusive=True):
        home.write_ledger(replace(ledger, need=need, recovery=held))
        changed = home.update_trust(now=now, why="recovery")
    return RecoverySheets(tuple(paths), changed)


def _sheet(
    key: Ed25519PrivateKey, number: int, of: int, need: int, origin: str, now: datetime
) -> str:
    template = Template(
        files("evidence.succession").joinpath("recovery.html").read_text(encoding="utf-8")
    )
    groups = print_key(key.private_bytes_raw())
    cells = "".join(
        f"<li><span>{at}</span><b>{html.escape(group)}</b></li>"
        for at, group in enumerate(groups, 1)
    )
    return template.substitute(
        number=number,
        of=of,
        need=need,
        origin=html.escape(plain(origin)),
        date=now.strftime("%Y-%m-%d"),
        key=fingerprint(key.public_key().public_bytes_raw()),
        groups=cells,
    )


def sign_statement(
    path: Path, typed: str, *, allowed: tuple[bytes, ...] | None = None
) -> Statement:
    """Add the signature of a key typed from its sheet to the statement in ``path``; return it.

    Raises InputError for a wrong group, naming it, and for a key that is not in ``allowed``.
    """
    key = read_key(typed)
    if allowed is not None and key.public_key().public_bytes_raw() not in allowed:
        raise InputError(
            "This is the recovery key of another installation; take the right sheet.",
            "这是另一安装的恢复密钥；请使用正确的密钥单。",
        )
    signed = read_statement(path).signed_by(key)
    temporary = path.with_name(path.name + ".tmp")
    write_synced(temporary, signed.to_bytes())
    temporary.replace(path)
    return signed


def read_statement(path: Path) -> Statement:
    """Return the statement in a file; raises InputError when it cannot be read."""
    try:
        return Statement.parse(path.read_bytes(), path.name)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error


def write_statement(path: Path, statement: Statement) -> None:
    """Write a new statement; raises InputError when the file exists or cannot be written."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise InputError(
            f"{path} cannot be made ({error.strerror}); give a new file.",
            f"无法创建 {path}（{error.strerror}）；请给出新的文件名。",
        ) from error
    with os.fdopen(handle, "wb") as target:
        target.write(statement.to_bytes())
        target.flush()
        os.fsync(target.fileno())


def keep_statement(home: EvidenceHome, statement: Statement) -> None:
    """Keep a proved statement, so that it goes with every trust folder from now on."""
    path = home.path / "evidence" / STATEMENTS / f"{statement.content.digest[:16]}.json"
    if not path.exists():
        replace_file(path, statement.to_bytes())
