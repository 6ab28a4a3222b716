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
from evidence.format.entry import RecoveryChange, parse_entry
from evidence.format.ledger import MOST
from evidence.format.paperkey import print_key, read_key
from evidence.format.statement import RecoverySet, Renewal, Statement, fingerprint
from evidence.home import EvidenceHome
from evidence.log import Session
from evidence.log.durable import replace_file, write_synced
from evidence.succession.sheet import plain
from evidence.trustfolder import STATEMENTS


@dataclass(frozen=True)
class RecoverySheets:
    """The sheets as files, one for each key, and the files of the trust folder that changed."""

    sheets: tuple[Path, ...]
    trust: list[str]


@dataclass(frozen=True)
class RecoveryReplaced:
    """The log's entry that renewed the recovery keys, and the files of the trust folder."""

    index: int
    trust: list[str]


def make_recovery_keys(
    home: EvidenceHome, out: Path, *, of: int, need: int, now: datetime
) -> RecoverySheets:
    """Make ``of`` keys, of which ``need`` sign together; keep the public ones.

    One sheet for each is written into the new folder ``out`` (0700), the only place of the secrets.

    Raises InputError for numbers that do not fit, a folder that is taken, or when there are
    recovery keys already: whoever holds the trust folder relies on those.
    """
    _check_numbers(of, need)
    ledger = home.ledger()
    if ledger.recovery:
        raise InputError(
            "There are recovery keys already; to renew them give --statement FILE; they sign it.",
            "已有恢复密钥；如需更换，请加 --statement FILE，并由原恢复密钥签署。",
        )
    paths, held = _make(home, out, of, need, now)
    with home.signing(exclusive=True):
        home.write_ledger(replace(ledger, need=need, recovery=held))
        changed = home.update_trust(now=now, why="recovery")
    return RecoverySheets(paths, changed)


def renew_recovery_keys(
    home: EvidenceHome, out: Path, *, of: int, need: int, now: datetime
) -> tuple[tuple[Path, ...], Statement]:
    """Make new recovery keys; return their sheets and the statement, which the old ones sign.

    Nothing changes here until ``replace_recovery_keys``. Raises InputError as
    ``make_recovery_keys``, or where there are no keys to renew.
    """
    _check_numbers(of, need)
    ledger = home.ledger()
    if not ledger.recovery:
        raise InputError(
            "There are no recovery keys yet; make them without --statement.",
            "尚无恢复密钥；请不加 --statement 直接生成。",
        )
    paths, held = _make(home, out, of, need, now)
    return paths, Statement(Renewal((ledger.need, ledger.recovery), (need, held)))


def replace_recovery_keys(
    home: EvidenceHome, statement: Statement, *, now: datetime
) -> RecoveryReplaced:
    """Let the new recovery keys take the place of the old as these have signed; log it.

    Done again it changes nothing. Raises ProofError without enough signatures, InputError for a
    statement that renews other keys.
    """
    content = statement.content
    if not isinstance(content, Renewal):
        raise _other_statement()
    with home.signing(exclusive=True):
        ledger = home.ledger()
        if (ledger.need, ledger.recovery) not in (content.old, content.new):
            raise _other_statement()
        signatures = statement.proved(content.old[1], content.old[0])
        keep_statement(home, replace(statement, signatures=signatures))
        with home.open_log().writing() as session:
            index = _logged(session, content.new)
            if index is None:
                entry = content.entry(signatures, prev=session.previous(), time=now)
                (index,) = session.append([entry.to_bytes()])
        need, keys = content.new
        home.write_ledger(replace(ledger, need=need, recovery=keys))
        return RecoveryReplaced(index, home.update_trust(now=now, why="recovery renewed"))


def _other_statement() -> InputError:
    return InputError(
        "This statement does not renew this installation's recovery keys; give the right file.",
        "该声明更换的不是本安装的恢复密钥；请给出正确的文件。",
    )


def _logged(session: Session, new: RecoverySet) -> int | None:
    for index, data in session.entries():
        if b'"kind":"recovery"' in data:
            entry = parse_entry(data)
            if isinstance(entry, RecoveryChange) and (entry.need, entry.keys) == new:
                return index
    return None


def _check_numbers(of: int, need: int) -> None:
    if not 1 <= need <= of <= MOST or (of > 1 and need == 1):
        raise InputError(
            f"--of is at most {MOST}, --need at most --of, and more than one of several keys.",
            f"--of 至多 {MOST}，--need 不大于 --of；有多把密钥时 --need 须大于 1。",
        )


def _make(
    home: EvidenceHome, out: Path, of: int, need: int, now: datetime
) -> tuple[tuple[Path, ...], tuple[bytes, ...]]:
    """Write the sheets of new keys into the new folder ``out``; return them and the public keys."""
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
    return tuple(paths), tuple(key.public_key().public_bytes_raw() for key in keys)


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
