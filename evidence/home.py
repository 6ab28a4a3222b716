"""An installation's evidence: keys, log, trial authority, trust folder, unfinished work.

``EvidenceHome(path)`` names the places; ``open`` makes what is missing (keys 0600). Nothing
that exists is ever replaced.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.authority import (
    Authorities,
    LocalAuthority,
    NamedAuthority,
    create_local,
    read_authorities,
)
from evidence.authority.client import CLOCK_BOUND
from evidence.errors import InputError, LogError
from evidence.format import jcs
from evidence.format.digests import sha256_hex
from evidence.format.ledger import LEDGER, Ledger
from evidence.format.names import check_authority_name
from evidence.format.note import NoteKey
from evidence.format.policy import POLICY
from evidence.format.statement import Gap, Statement, earlier_recovery
from evidence.format.times import format_time
from evidence.keyfile import ensure_key, keys_held, load_key
from evidence.log.audit import VKEY, audit, read_vkey
from evidence.log.durable import Fault, locked, no_fault, replace_file
from evidence.log.locks import WriterLock
from evidence.log.report import AuditReport
from evidence.log.store import Store, leaf_hashes
from evidence.log.writer import Log
from evidence.trustfolder import (
    HASHES,
    SIGNER_KEY,
    STATEMENTS,
    Files,
    Roots,
    Witness,
    differing,
    former_name,
    read_policy,
    render,
    with_earlier,
    with_earlier_witnesses,
)
from evidence.witness.asked import load_asked

AUTHORITIES = "authorities.toml"
TRUST_CHANGES = "trust-changes.jsonl"


@dataclass(frozen=True)
class EvidenceHome:
    """The places below ``path`` (``MARKSEAL_HOME``); ``lock`` keeps other machines' writers out."""

    path: Path
    lock: WriterLock | None = field(default=None, compare=False)

    @property
    def keys(self) -> Path:
        """The folder of the private keys, readable by the owner alone."""
        return self.path / "evidence" / "keys"

    @property
    def log(self) -> Path:
        """The folder of the log."""
        return self.path / "log"

    @property
    def witness(self) -> Path:
        """The copy of the newest checkpoint that is kept outside the log's folder."""
        return self.path / "evidence" / "checkpoint"

    @property
    def authority(self) -> Path:
        """The folder of the trial authority and of ``authorities.toml``."""
        return self.path / "authority"

    @property
    def trust(self) -> Path:
        """The trust folder of this installation."""
        return self.path / "trust"

    @property
    def work(self) -> Path:
        """The folder of captures being made."""
        return self.path / "evidence" / "work"

    def former(self, key: NoteKey) -> Path:
        """The folder of a log that was succeeded, as far as it is in hand."""
        return self.path / "logs" / sha256_hex(key.text().encode())[:16]

    def prepare(self, *, now: datetime) -> None:
        """Make keys, log key, trial authority and trust folder where they are missing.

        Raises InputError when a key of a complete home is gone: another in its place would
        break everything that was made with it.
        """
        with self._usable():
            if (self.trust / POLICY).exists():
                self._require_keys()
                return
            with locked(self.path / ".prepare.lock"):
                self._prepare(now)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(
                f"The data folder {self.path} cannot be used ({error.strerror}); "
                "set MARKSEAL_HOME.",
                f"无法使用数据目录 {self.path}（{error.strerror}）；请设置 MARKSEAL_HOME。",
            ) from error

    def _require_keys(self) -> None:
        for name in ("log.pem", "signer.pem"):
            if not (self.keys / name).exists():
                raise InputError(
                    f"The key {name} is gone from {self.keys}; put it back from the back-up, or "
                    "let recovery keys replace it (see markseal keys and markseal succession). No "
                    "other is made in its place.",
                    f"{self.keys} 中的密钥 {name} 不见了；请从备份恢复，或用恢复密钥更换"
                    "（见 markseal keys、markseal succession）。系统不会另造密钥代替。",
                )

    def _prepare(self, now: datetime) -> None:
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.work.mkdir(parents=True, exist_ok=True, mode=0o700)
        log_key = ensure_key(self.keys / "log.pem")
        ensure_key(self.keys / "signer.pem")
        if not (self.log / VKEY).exists():
            origin = f"markseal/{secrets.token_hex(8)}"
            vkey = NoteKey(origin, log_key.public_key().public_bytes_raw()).text()
            replace_file(self.log / VKEY, f"{vkey}\n".encode())
        with self.open_log().writing():
            pass  # its first checkpoint, of no entries: from here on it is never missing
        if not (self.authority / AUTHORITIES).exists():
            create_local(self.authority, now=now)
        self.update_trust(now=now, why="prepared")

    def signing(self, *, exclusive: bool = False) -> AbstractContextManager[Callable[[], None]]:
        """Keep the keys as they are for a ``with`` block, in which exhibits are sealed."""
        return keys_held(self.keys, exclusive=exclusive)

    def ledger(self) -> Ledger:
        """Return the keys and logs that were, and the recovery keys; raises FormatError."""
        path = self.path / "evidence" / LEDGER
        return Ledger.parse(path.read_bytes()) if path.exists() else Ledger()

    def write_ledger(self, ledger: Ledger) -> None:
        """Replace the ledger, durably."""
        replace_file(self.path / "evidence" / LEDGER, ledger.to_bytes())

    def statements(self) -> Iterator[Statement]:
        """Yield what recovery keys have signed; raises FormatError."""
        for path in sorted((self.path / "evidence" / STATEMENTS).glob("*.json")):
            yield Statement.parse(path.read_bytes(), path.name)

    def due_trust(self, now: datetime | None = None) -> Files:
        """Return the files that the trust folder should hold at ``now``, ``policy.toml`` last."""
        folder = self.path / "evidence" / STATEMENTS
        statements = {p.name: p.read_bytes() for p in sorted(folder.glob("*.json"))}
        asked = self.stamping(proxy=None)
        roots = [
            Roots(check_authority_name(n.authority.name), n.roots, n.authority.trial)
            for n in asked.named
        ]
        return self._former_hashes(statements) | render(
            log_key=read_vkey(self.log / VKEY),
            signer=self.signer().public_key().public_bytes_raw(),
            authorities=with_earlier(roots, self.trust),
            witnesses=with_earlier_witnesses(self._witnesses(), self.trust),
            ledger=self.ledger(),
            statements=statements,
            before=read_policy(self.trust),
            tokens=asked.tokens,
            since=None if now is None or self._is_empty() else now + asked.clock_bound,
            clock_bound=None if asked.clock_bound == CLOCK_BOUND else asked.clock_bound,
        )

    def _former_hashes(self, statements: Mapping[str, bytes]) -> Files:
        """Return the leaf hashes of each former log that is in hand and was sound when it ended."""
        found: Files = {}
        for ended in self.ledger().logs:
            data = statements.get(f"{ended.statement[:16]}.json")
            content = None if data is None else Statement.parse(data).content
            if not isinstance(content, Gap) or not content.kept:
                continue
            with suppress(LogError):  # gone since: the trust folder then has none
                store = Store(self.former(ended.key), ended.key)
                found[former_name(ended.key, HASHES)] = leaf_hashes(store, content.kept)
        return found

    def _is_empty(self) -> bool:
        """Say whether nothing was logged yet."""
        head = self.open_log().store.head()
        return head is None or head.size == 0

    def _witnesses(self) -> list[Witness]:
        """Return the witnesses of ``witnesses.toml``."""
        return [Witness(w.name, w.key.text(), w.relation) for w in load_asked(self.path)]

    def stale_trust(self) -> list[str]:
        """Return the files of the trust folder that no longer fit keys and settings."""
        return differing(self.trust, self.due_trust())

    def update_trust(self, *, now: datetime, why: str) -> list[str]:
        """Write what differs into the trust folder and note it; return the names written.

        The signer's key is written last: until then everything sealed before still verifies.
        """
        due = self.due_trust(now)
        changed = differing(self.trust, due)
        for name in sorted(changed, key=lambda name: (name == SIGNER_KEY, name == POLICY)):
            replace_file(self.trust / name, due[name])
        if changed:
            digests = {name: sha256_hex(due[name]) for name in changed}
            line = jcs.dumps({"time": format_time(now), "why": why, "files": digests})
            notes = self.path / "evidence" / TRUST_CHANGES
            with notes.open("ab") as target:
                target.write(line + b"\n")
                target.flush()
                os.fsync(target.fileno())
        return changed

    def open_log(self, fault: Fault = no_fault) -> Log:
        """Return the log with its signing key, for writing and proving."""
        vkey = read_vkey(self.log / VKEY)
        private = load_key(self.keys / "log.pem")
        return Log(self.log, vkey.name, private, fault, self.witness, self.lock)

    def audit_log(self, checkpoints: Sequence[tuple[str, bytes]] = ()) -> AuditReport:
        """Audit the log against this home's trusted key, its signers and kept checkpoint.

        ``checkpoints`` are further ones by name, from wherever they were kept.
        """
        trusted = self.trust / "log.vkey"
        with self._usable():
            key = read_vkey(trusted if trusted.exists() else self.log / VKEY)
            ledger = self.ledger()
            signers = [f.public for f in ledger.signers if not _gone(f.public, ledger, key.name)]
            public = self.keys / "signer.pem"
            if public.exists():
                signers.append(self.signer().public_key().public_bytes_raw())
            return audit(
                self.log,
                vkey=key.text(),
                witness=self.witness,
                signers=signers,
                recovery=(ledger.need, ledger.recovery),
                earlier=earlier_recovery(self.statements(), (ledger.need, ledger.recovery)),
                checkpoints=checkpoints,
            )

    def signer(self) -> Ed25519PrivateKey:
        """Return the key that signs manifests."""
        return load_key(self.keys / "signer.pem")

    def authorities(self, *, proxy: str | None) -> tuple[NamedAuthority, ...]:
        """Return the authorities to ask: those of ``authorities.toml``, else the trial one."""
        return self.stamping(proxy=proxy).named

    def stamping(self, *, proxy: str | None) -> Authorities:
        """Return the authorities to ask and how many must answer; see ``read_authorities``.

        Where ``policy.toml`` requires more tokens, so many must answer: with fewer nothing that
        is sealed would be verified.
        """
        path = self.authority / AUTHORITIES
        if path.exists():
            found = read_authorities(path, proxy=proxy)
        else:
            local = LocalAuthority(self.authority)
            found = Authorities.all_of(NamedAuthority(local, local.roots))
        policy = read_policy(self.trust)
        return found if policy is None else replace(found, tokens=max(found.tokens, policy.tokens))


def _gone(key: bytes, ledger: Ledger, origin: str) -> bool:
    """Say whether a signer's key was revoked before the log of that name had its second entry."""
    found = (r for r in ledger.revoked if r.public == key and r.log is not None)
    return any(r.log != origin or r.index == 0 for r in found)


def open_home(path: Path, *, clock: Callable[[], datetime]) -> EvidenceHome:
    """Return the home at ``path`` with everything in it that is needed."""
    home = EvidenceHome(path)
    home.prepare(now=clock())
    return home
