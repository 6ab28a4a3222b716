"""The signer's key: handed over in good order, or revoked by recovery keys; and what there is.

A change is made in this order, each step repeated harmlessly after a kill: the new key is written
down (``signer.next.pem``); the log says it; the ledger says it; the new key takes the place of the
old one, whose private half is then gone; the trust folder is written anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import InputError
from evidence.format.entry import KeyChange, KeySignature, Sealed, parse_entry
from evidence.format.entry.signing import countersign
from evidence.format.ledger import FormerSigner, Ledger, Revoked, key_id
from evidence.format.statement import Revocation, Statement
from evidence.home import EvidenceHome
from evidence.keyfile import ensure_key, load_key
from evidence.log import Session
from evidence.log.audit import VKEY, read_vkey
from evidence.log.durable import Fault, no_fault, sync_folder
from evidence.seal.workfolder import WorkFolder
from evidence.succession.recovery import keep_statement
from evidence.trustfolder import SIGNER_KEY
from evidence.verify.trust import parse_public_key

OVERLAP = timedelta(hours=2)
"""How long around a hand-over either key's seals count: two clocks may differ by an hour."""
NEXT = "signer.next.pem"


@dataclass(frozen=True)
class KeyRow:
    """One key of an installation: its role, SHA-256 of the 32 bytes, state, and since or until."""

    role: str
    sha256: str
    state: str
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Changed:
    """What a change did: old and new key, the log's entry, the files of the trust folder."""

    old: bytes
    new: bytes
    index: int
    trust: list[str]


def list_keys(home: EvidenceHome) -> list[KeyRow]:
    """Return every key of the installation, those in use first.

    One in use whose private half is gone is ``missing``. Raises InputError when others can read
    a private key.
    """
    ledger = home.ledger()
    log = read_vkey(home.log / VKEY)
    rows = [
        KeyRow("signer", key_id(_current(home)), _state(home, "signer.pem"), _start(ledger)),
        KeyRow("log", key_id(log.public), _state(home, "log.pem")),
    ]
    gone = {item.public: item.start for item in ledger.revoked}
    for item in ledger.signers:
        state = "revoked" if item.public in gone else "former"
        rows.append(
            KeyRow(
                "signer", key_id(item.public), state, item.start, gone.get(item.public, item.end)
            )
        )
    rows += [KeyRow("log", key_id(item.key.public), "former") for item in ledger.logs]
    return rows + [KeyRow("recovery", key_id(key), "current") for key in ledger.recovery]


def _state(home: EvidenceHome, name: str) -> str:
    path = home.keys / name
    if not path.exists():
        return "missing"
    load_key(path)
    return "current"


def _began(end: datetime | None) -> datetime | None:
    return None if end is None else end - OVERLAP


def rotate_signer(home: EvidenceHome, *, now: datetime, fault: Fault = no_fault) -> Changed:
    """Hand the signing of manifests over to a new key; return what was changed.

    Waits until no capture is being sealed. Raises InputError while a capture whose outcome is
    logged is not yet in place.
    """
    with home.signing(exclusive=True):
        old = home.signer()
        new = ensure_key(home.keys / NEXT)
        fault("next key")
        before, after = _raw(old), _raw(new)
        with home.open_log().writing() as session:
            found = _entry_of(session, before, after)
            if found is None:
                _refuse_unfinished(home, session)
                found = _append(session, _handover(old, new, session.previous(), now))
        fault("logged")
        index, entry = found
        end = entry.effective + OVERLAP
        _note(home, home.ledger(), FormerSigner(before, _start(home.ledger()), end))
        return _settle(home, before, after, index, now, "handover", fault)


def prepare_revocation(home: EvidenceHome, *, effective: datetime) -> Statement:
    """Return the statement, yet unsigned, that the signer's key counts for nothing from then on.

    The key that will follow it is written down now, so that the statement can name it. Works
    without the old key's private half: the trust folder knows its public one.
    """
    _refuse_without_recovery(home.ledger())
    new = ensure_key(home.keys / NEXT)
    return Statement(Revocation(_current(home), _raw(new), whole_second(effective)))


def whole_second(moment: datetime) -> datetime:
    """Return the beginning of the second: tokens state no more, and none of it may slip through."""
    return moment.replace(microsecond=0)


def revoke_signer(
    home: EvidenceHome, statement: Statement, *, now: datetime, fault: Fault = no_fault
) -> Changed:
    """Revoke the signer's key as recovery keys have signed; return what was changed.

    Raises ProofError without enough signatures, InputError for a statement of another key.
    """
    content = statement.content
    if not isinstance(content, Revocation):
        raise _other_statement()
    with home.signing(exclusive=True):
        ledger = home.ledger()
        _refuse_without_recovery(ledger)
        signatures = statement.proved(ledger.recovery, ledger.need)
        _refuse_other_keys(home, content)
        with home.open_log().writing() as session:
            found = _entry_of(session, content.old, content.new)
            if found is None:
                found = _append(session, _revoked(content, signatures, session.previous(), now))
        fault("logged")
        keep_statement(home, replace(statement, signatures=signatures))
        former = FormerSigner(content.old, _start(ledger), None)
        origin = read_vkey(home.log / VKEY).name
        gone = Revoked(content.old, content.effective, origin, found[0])
        if gone not in ledger.revoked:
            ledger = replace(ledger, revoked=(*ledger.revoked, gone))
        _note(home, ledger, former)
        return _settle(home, content.old, content.new, found[0], now, "revocation", fault)


def _other_statement() -> InputError:
    return InputError(
        "This statement does not revoke this installation's signing key; give the right file.",
        "该声明吊销的不是本安装的签名密钥；请给出正确的文件。",
    )


def _refuse_without_recovery(ledger: Ledger) -> None:
    if not ledger.recovery:
        raise InputError(
            "This installation has no recovery keys; make them first with markseal keys recovery.",
            "本安装没有恢复密钥；请先用 markseal keys recovery 生成。",
        )


def _refuse_other_keys(home: EvidenceHome, content: Revocation) -> None:
    """The statement names the key in use (or that of a change cut short), and the one to follow."""
    following = home.keys / NEXT
    if following.exists():
        if _raw(load_key(following)) != content.new or _current(home) != content.old:
            raise _other_statement()
    elif _raw(home.signer()) != content.new:
        raise _other_statement()


def _current(home: EvidenceHome) -> bytes:
    """Return the signer's public key in use, from the trust folder when the private one is lost."""
    if (home.keys / "signer.pem").exists():
        return _raw(home.signer())
    return parse_public_key((home.trust / SIGNER_KEY).read_bytes(), SIGNER_KEY).public_bytes_raw()


def _raw(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _start(ledger: Ledger) -> datetime | None:
    """Return from when the key in use counts: authorities' clocks may be behind ours."""
    began = _began(ledger.signers[-1].end) if ledger.signers else None
    return None if began is None else began - OVERLAP


def _entry_of(session: Session, old: bytes, new: bytes) -> tuple[int, KeyChange] | None:
    """Return the entry that hands over or revokes exactly so, if the log has it already."""
    for index, data in session.entries():
        if b'"kind":"key"' in data:
            entry = parse_entry(data)
            if isinstance(entry, KeyChange) and (entry.old, entry.new) == (old, new):
                return index, entry
    return None


def _append(session: Session, entry: KeyChange) -> tuple[int, KeyChange]:
    return session.append([entry.to_bytes()])[0], entry


def _handover(
    old: Ed25519PrivateKey, new: Ed25519PrivateKey, prev: str, now: datetime
) -> KeyChange:
    draft = KeyChange(
        event="handover", role="signer", prev=prev, time=now, old=_raw(old), new=_raw(new),
        effective=now,
    )  # fmt: skip
    both = [countersign(draft.signed, key) for key in (old, new)]
    return replace(draft, signatures=tuple(sorted(both, key=lambda item: item.key)))


def _revoked(
    content: Revocation, signatures: tuple[KeySignature, ...], prev: str, now: datetime
) -> KeyChange:
    return content.entry(signatures, prev=prev, time=now)


def _refuse_unfinished(home: EvidenceHome, session: Session) -> None:
    """A package that the log names must be put in place by the key that signed it."""
    begun = {
        p.parent.name for p in home.work.glob("*/captured.json") if WorkFolder(p.parent).is_open
    }
    if not begun:
        return
    for _, data in session.entries():
        if b'"outcome":"sealed"' not in data:
            continue
        entry = parse_entry(data)
        if isinstance(entry, Sealed) and entry.capture_id in begun:
            raise InputError(
                f"The capture {entry.capture_id} is logged as sealed and not yet in place; finish "
                "it first (run its command again).",
                f"取证 {entry.capture_id} 已记为封装但尚未就位；请先完成（重新运行其命令）。",
            )


def _note(home: EvidenceHome, ledger: Ledger, former: FormerSigner) -> None:
    if former.public not in {item.public for item in ledger.signers}:
        ledger = replace(ledger, signers=(*ledger.signers, former))
    home.write_ledger(ledger)


def _settle(
    home: EvidenceHome,
    old: bytes,
    new: bytes,
    index: int,
    now: datetime,
    why: str,
    fault: Fault,
) -> Changed:
    """Put the next key in place of the old one and write the trust folder anew."""
    fault("ledger written")
    put_key(home.keys / NEXT, home.keys / "signer.pem")
    fault("key replaced")
    return Changed(old, new, index, home.update_trust(now=now, why=why))


def put_key(source: Path, target: Path) -> None:
    """Rename a key into the place of another, durably; nothing when that was done before."""
    if source.exists():
        source.replace(target)
        sync_folder(target.parent)
