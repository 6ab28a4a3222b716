"""Opening a successor log, as recovery keys have signed; each step repeated harmlessly.

1. The statement and the ledger are written. 2. The old log, as far as it is in hand, moves to
``logs/``. 3. The new log's key and folder take its place. 4. Its first entry names the statement
and the old log's last known checkpoint. 5. The signer's key changes, if it was lost or stolen.
6. The trust folder is written anew: it knows both logs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from evidence.errors import InputError
from evidence.format.digests import sha256_hex
from evidence.format.ledger import FormerSigner, Ledger, Revoked, SucceededLog
from evidence.format.note import NoteKey
from evidence.format.policy import POLICY, Policy
from evidence.format.statement import Gap, Statement
from evidence.home import EvidenceHome
from evidence.keyfile import load_key
from evidence.log.audit import VKEY, read_vkey
from evidence.log.durable import Fault, no_fault, replace_file, sync_folder
from evidence.succession.gap import NEXT_LOG, NEXT_VKEY
from evidence.succession.keys import NEXT, OVERLAP, put_key
from evidence.succession.recovery import keep_statement
from evidence.trustfolder import STATEMENTS
from evidence.verify.trust import Trust, load_trust, parse_public_key
from evidence.witness.asked import memory_folder


@dataclass(frozen=True)
class Opened:
    """The successor's origin, its first entry's index, where the old log went, changed files."""

    origin: str
    index: int
    former: Path | None
    trust: list[str]


def open_successor(
    home: EvidenceHome,
    statement: Statement,
    *,
    now: datetime,
    trust: Path | None = None,
    fault: Fault = no_fault,
) -> Opened:
    """Open the successor log that ``statement`` names; return what was done.

    ``trust`` is the old installation's trust folder, for a home that is new: its recovery keys,
    authorities and requirements are taken over. Raises ProofError without enough signatures,
    InputError for a statement that was made for another home.
    """
    gap = statement.content
    if not isinstance(gap, Gap):
        raise _other("opens no successor log", "不是启用后继日志的声明")
    with home.signing(exclusive=True):
        before = load_trust(trust) if trust is not None else None
        ledger = home.ledger()
        if not ledger.recovery and before is not None and trust is not None:
            ledger = inherited(before, trust)
        signatures = statement.proved(ledger.recovery, ledger.need)
        _refuse_other_home(home, gap)
        keep_statement(home, replace(statement, signatures=signatures))
        if before is not None and trust is not None:
            _take_over(home, before, trust)
        home.write_ledger(_with_gap(ledger, gap))
        fault("ledger written")
        former = _move_log(home, gap, fault)
        index = _first_entry(home, gap, statement, ledger, now)
        fault("succession logged")
        put_key(home.keys / NEXT, home.keys / "signer.pem")
        changed = home.update_trust(now=now, why="succession")
    return Opened(gap.new.name, index, former, changed)


def _other(en: str, zh: str) -> InputError:
    return InputError(
        f"This statement {en}; give the right file.", f"该声明{zh}；请给出正确的文件。"
    )


def _refuse_other_home(home: EvidenceHome, gap: Gap) -> None:
    """The keys that the statement names are those that were written down here."""
    coming = home.keys / NEXT_VKEY
    here = read_vkey(coming) if coming.exists() else _vkey(home)
    if here != gap.new:
        raise _other("was made for another data folder", "是为另一数据目录作出的")
    path = home.keys / NEXT
    signer = load_key(path) if path.exists() else home.signer()
    if signer.public_key().public_bytes_raw() != gap.signer_new:
        raise _other("names another signing key", "所写的签名密钥不符")


def _vkey(home: EvidenceHome) -> NoteKey | None:
    path = home.log / VKEY
    return read_vkey(path) if path.exists() else None


def _with_gap(ledger: Ledger, gap: Gap) -> Ledger:
    """Return the ledger with the log that ended, and the signer's key if it ended too."""
    if gap.digest not in {item.statement for item in ledger.logs}:
        ended = SucceededLog(gap.old, gap.size, gap.root, gap.digest)
        ledger = replace(ledger, logs=(*ledger.logs, ended))
    if gap.fate == "kept" or gap.signer_old in {item.public for item in ledger.signers}:
        return ledger
    start = ledger.signers[-1].end if ledger.signers else None
    end = gap.effective + OVERLAP if gap.fate == "lost" else None
    former = FormerSigner(gap.signer_old, start and start - 2 * OVERLAP, end)
    ledger = replace(ledger, signers=(*ledger.signers, former))
    if gap.fate == "stolen":
        gone = Revoked(gap.signer_old, gap.effective, gap.new.name, 0)
        ledger = replace(ledger, revoked=(*ledger.revoked, gone))
    return ledger


def _move_log(home: EvidenceHome, gap: Gap, fault: Fault) -> Path | None:
    """Move the old log away and put the new one's key and folder in place."""
    former = home.former(gap.old)
    if _vkey(home) == gap.old:
        former.parent.mkdir(parents=True, exist_ok=True)
        home.log.rename(former)
        sync_folder(home.path)
        fault("log moved")
    if (home.keys / NEXT_VKEY).exists():
        if former.is_dir():
            for path, name in ((home.witness, "outside"), (memory_folder(home.path), "witnesses")):
                if path.exists():
                    path.rename(former / name)
        put_key(home.keys / NEXT_LOG, home.keys / "log.pem")
        fault("log key replaced")
        replace_file(home.log / VKEY, (home.keys / NEXT_VKEY).read_bytes())
        (home.keys / NEXT_VKEY).unlink()
    return former if former.is_dir() else None


def _first_entry(
    home: EvidenceHome, gap: Gap, statement: Statement, ledger: Ledger, now: datetime
) -> int:
    signatures = statement.proved(ledger.recovery, ledger.need)
    with home.open_log().writing() as session:
        if session.size == 0:
            entry = gap.entry(signatures, prev=session.previous(), time=now)
            session.append([entry.to_bytes()])
    return 0


def inherited(trust: Trust, folder: Path) -> Ledger:
    """Return the ledger that an exported trust folder tells of."""
    policy = trust.policy

    def raw(name: str) -> bytes:
        return parse_public_key((folder / name).read_bytes(), name).public_bytes_raw()

    signers = tuple(FormerSigner(raw(s.key), s.start, s.end) for s in policy.signers)
    by_id = {sha256_hex(item.public): item.public for item in signers}
    revoked = tuple(
        Revoked(by_id[item.key_sha256], item.start, item.log, item.index)
        for item in policy.revoked
        if item.key_sha256 in by_id
    )
    logs = tuple(
        SucceededLog(
            read_vkey(folder / g.vkey), g.until_size, g.until_root, _cause(folder, g.until_root)
        )
        for g in policy.logs
    )
    return Ledger(signers, revoked, logs, policy.recovery, tuple(map(raw, policy.recovery_keys)))


def _cause(folder: Path, root: str) -> str:
    """Return the digest of the statement that ended the log with this root, zeros if unknown."""
    for path in sorted((folder / STATEMENTS).glob("*.json")):
        content = Statement.parse(path.read_bytes(), path.name).content
        if isinstance(content, Gap) and content.root == root:
            return content.digest
    return "0" * 64


def _take_over(home: EvidenceHome, before: Trust, folder: Path) -> None:
    """Let the new home's trust folder require and know what the old one did, but for witnesses."""
    names = {item.name: f"authorities/{item.name}.pem" for item in before.policy.authorities}
    for item in before.policy.authorities:
        replace_file(home.trust / names[item.name], (folder / item.roots).read_bytes())
    for path in sorted((folder / STATEMENTS).glob("*.json")):
        replace_file(home.path / "evidence" / STATEMENTS / path.name, path.read_bytes())
    listed = tuple(replace(item, roots=names[item.name]) for item in before.policy.authorities)
    required = tuple(claim for claim in before.policy.require if claim != "witness")
    policy = Policy(required, before.policy.tokens, "log.vkey", "signer.pem", listed)
    replace_file(home.trust / POLICY, policy.to_text().encode())
