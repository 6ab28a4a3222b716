"""A dossier with everything that VERIFY.txt speaks of: tokens, cosignature, the whole case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format import merkle, names
from evidence.format.attempt import AttemptRecord, case_tag, url_commitment
from evidence.format.caseexport import CaseExport, CaseRow
from evidence.format.checkpoint import Checkpoint
from evidence.format.cosignature import WitnessKey, cosign
from evidence.format.digests import ZERO, digest_bytes, sha256_hex, sm3_hex
from evidence.format.entry import Attempt, CaseClosed, Failed, Fresh, FreshToken, Sealed, entry_hash
from evidence.format.entry.capture import fresh_data
from evidence.format.entry.signing import sign_entry
from evidence.format.names import Sidecars
from evidence.format.note import SignedNote, sign_note
from evidence.format.stampednote import stamped_note
from evidence.format.tlogproof import TlogProof
from evidence.format.verifytext import render_verify_text
from tests.evidence.builder import CAPTURE_ID, NAME, ORIGIN, SALT, URL, Draft, World

CASE = "甬市监〔2026〕12号 [附]"
WITNESS = Ed25519PrivateKey.from_private_bytes(b"\x0b" * 32)
WITNESS_KEY = WitnessKey("notary.example/w", WITNESS.public_key().public_bytes_raw())


def awkward(world: World) -> World:
    """Return the world with a log key that has a ``+`` in base64, as vkeys have between fields."""
    keys = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(3, 99))
    made = (replace(world, log_key=key) for key in keys)
    return next(one for one in made if one.note_key.text().count("+") > 2)


TRUST = """format = "markseal-trust/2"
require = ["package", "manifest", "signature", "inclusion", "timestamp", "witness", "case"]
tokens = 1
cosignatures = 1

[log]
vkey = "log.vkey"

[signer]
key = "signer.pem"

[[authorities]]
name = "local"
roots = "authorities/local.pem"
trial = true

[[witnesses]]
name = "宁波市某公证处"
vkey = "witnesses/1.vkey"
relation = "notary"
"""


def trusting(world: World, folder: Path, extra: str = "") -> Path:
    """Write a trust folder that requires a witness and the whole case."""
    trust = world.trust(folder)
    (trust / "policy.toml").write_text(TRUST + extra, encoding="utf-8")
    (trust / "witnesses").mkdir()
    (trust / "witnesses/1.vkey").write_text(WITNESS_KEY.text() + "\n")
    listed = sorted(p for p in trust.rglob("*") if p.is_file())
    sums = [f"{sha256_hex(p.read_bytes())}  {p.relative_to(trust).as_posix()}\n" for p in listed]
    (trust / "SHA256SUMS").write_text("".join(sums))
    return trust


@dataclass
class Whole(Draft):
    """The second attempt of a case that is closed after it; the first failed.

    ``entries`` may be changed before ``seal``'s end by ``meddle``; ``gap`` puts an entry of
    another case between attempt and outcome.
    """

    gap: bool = False
    entries: list[bytes] = field(default_factory=list)
    mine: list[int] = field(default_factory=list)
    cosigned: datetime | None = None

    def log(self, entry: bytes, *, mine: bool = True) -> int:
        """Append an entry; return its index."""
        self.entries.append(entry)
        if mine:
            self.mine.append(len(self.entries) - 1)
        return len(self.entries) - 1

    @property
    def prev(self) -> str:
        """The digest that the next entry names."""
        return entry_hash(self.entries[-1]) if self.entries else ZERO

    def seal(self) -> Whole:
        """Log a failed attempt, this one and the closing of the case, with all tokens."""
        tag, before = case_tag(SALT, CASE), self.now - timedelta(seconds=9)
        commitment = url_commitment(SALT, URL)
        self.log(b'{"other":0}', mine=False)
        first = Attempt(
            "f" * 32, tag, 1, self.prev, before, commitment, Fresh("2" * 32, no_token="timeout")
        )
        index = self.log(first.to_bytes())
        failed = Failed("f" * 32, tag, 1, self.prev, before, index, "timeout")
        self.log(failed.to_bytes())
        stamped = fresh_data(CAPTURE_ID, tag, "3" * 32, commitment)
        fresh = Fresh("3" * 32, FreshToken("local", self.world.tsa.stamp(stamped)[1]))
        when = self.now - timedelta(seconds=5)
        attempt = Attempt(CAPTURE_ID, tag, 2, self.prev, when, commitment, fresh).to_bytes()
        index = self.log(attempt)
        record = AttemptRecord(
            CAPTURE_ID, CASE, SALT, 2, URL, SALT, index, entry_hash(attempt), "officer"
        )
        self.artefacts[names.ATTEMPT] = record.to_bytes()
        self.build_manifest(index, entry_hash(attempt))
        self.papers[Sidecars(NAME).attempt] = attempt
        self.stamp("local", self.inner[names.MANIFEST])
        if self.gap:
            self.log(b'{"other":1}', mine=False)
        self.finish(tag, index)
        return self

    def stamp(self, name: str, data: bytes, *, over: str = "") -> None:
        """Put request and response over ``data`` among the papers."""
        asked, answered = self.world.tsa.stamp(data)
        stem = f"{NAME}.{over}{name}"
        self.papers |= {f"{stem}.tsq": asked, f"{stem}.tsr": answered}

    def finish(self, tag: str, index: int) -> None:
        """Append the outcome, prove both under a cosigned checkpoint, close the case."""
        manifest = self.inner[names.MANIFEST]
        digests = (sha256_hex(manifest), sm3_hex(manifest), digest_bytes(self.wacz))
        then = self.now + timedelta(seconds=1)
        outcome = Sealed(CAPTURE_ID, tag, 2, self.prev, then, index, *digests).to_bytes()
        last = self.log(outcome)
        sidecars = Sidecars(NAME)
        self.papers[sidecars.outcome] = outcome
        note = self.head()
        self.stamp("local", stamped_note(note), over="checkpoint.")
        note = self.witnessed(note)
        for name, at in ((sidecars.attempt_proof, index), (sidecars.outcome_proof, last)):
            self.papers[name] = TlogProof(at, self.path(at), note).to_bytes()
        self.log(b'{"other":2}', mine=False)
        closing = CaseClosed(tag, self.prev, then, 2, 1, 1, 0, "0" * 64)
        self.log(sign_entry(closing, self.world.signer).to_bytes())
        self.papers[sidecars.case] = self.export(self.mine).to_bytes()

    def export(self, rows: list[int], entries: dict[int, bytes] | None = None) -> CaseExport:
        """Return the export of the case with these rows; ``entries`` replaces some."""
        held = {at: (entries or {}).get(at, self.entries[at]) for at in rows}
        listed = tuple(CaseRow(at, held[at], self.path(at)) for at in rows)
        return CaseExport(CASE, SALT, self.witnessed(self.head()), listed)

    def head(self) -> bytes:
        """Return the log's checkpoint as of now."""
        size = len(self.entries)
        read = merkle.memory_reader([merkle.leaf_hash(e) for e in self.entries])
        head = Checkpoint(ORIGIN, size, merkle.tree_root(size, read))
        return sign_note(head.text(), ORIGIN, self.world.log_key).to_bytes()

    def witnessed(self, note: bytes) -> bytes:
        """Return a checkpoint with the witness's cosignature."""
        given = SignedNote.parse(note)
        line = cosign(given.text, WITNESS_KEY.name, WITNESS, now=self.cosigned or self.now)
        return SignedNote(given.text, (*given.signatures, line)).to_bytes()

    def path(self, at: int) -> tuple[bytes, ...]:
        """Return the audit path of an entry as of now."""
        read = merkle.memory_reader([merkle.leaf_hash(e) for e in self.entries])
        return tuple(merkle.inclusion_proof(at, len(self.entries), read))

    def parts(self) -> dict[str, bytes]:
        """Return the files of the dossier in their order, the further ones too."""
        given = {
            Sidecars(NAME).wacz: self.wacz,
            names.certificate_name("local"): self.world.tsa.root,
            names.LOG_KEY: (self.world.note_key.text() + "\n").encode(),
            names.SIGNER_KEY: self.world.signer_pem,
            names.VERIFY_TEXT: render_verify_text(NAME, ["local"], self.artefacts),
        } | self.papers
        order = Sidecars(NAME).dossier_order(("local",), self.papers)
        return {n: given[n] for n in order if n in given}
