"""Trust folders of the second format for a bench, and cosigned copies of its dossier."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.format.cosignature import WitnessKey, cosign
from evidence.format.names import Sidecars
from evidence.format.note import NoteSignature, SignedNote
from evidence.format.policy import TrustedWitness
from evidence.format.policytext import parse_policy
from evidence.format.tlogproof import TlogProof
from evidence.verify import Verdict, verify_file
from tests.evidence.builder import NAME, Draft
from tests.evidence.verify.conftest import Bench


def private(number: int) -> Ed25519PrivateKey:
    """Return a key that is always the same."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public half in PEM."""
    form = PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(Encoding.PEM, form)


class Notary:
    """A witness of the tests: it cosigns whatever it is given."""

    def __init__(self, number: int, name: str, relation: str) -> None:
        self.private = private(number)
        self.name, self.relation = name, relation
        key = self.private.public_key().public_bytes_raw()
        self.key = WitnessKey(f"witness.example/{number}", key)

    def line(self, text: str, now: datetime) -> NoteSignature:
        return cosign(text, self.key.name, self.private, now=now)

    def listed(self) -> TrustedWitness:
        return TrustedWitness(
            self.name, f"w{self.key.name[-2:]}.vkey".replace("/", ""), self.relation
        )


def trusting(
    bench: Bench,
    folder: Path,
    *notaries: Notary,
    files: dict[str, bytes] | None = None,
    **policy: Any,
) -> Path:
    """Write a trust folder like the bench's, with witnesses and other changes of its policy."""
    trust = bench.world.trust(folder)
    before = parse_policy((trust / "policy.toml").read_text("utf-8"))
    if notaries:
        policy = {"cosignatures": 1, "witnesses": tuple(n.listed() for n in notaries)} | policy
    for notary in notaries:
        (trust / notary.listed().vkey).write_text(notary.key.text() + "\n")
    for name, data in (files or {}).items():
        (trust / name).write_bytes(data)
    (trust / "policy.toml").write_text(replace(before, **policy).to_text(), encoding="utf-8")
    return trust


def cosigned(draft: Draft, *lines: NoteSignature) -> dict[str, bytes]:
    """Return the parts of a dossier whose checkpoint has further signature lines."""
    parts = draft.parts()
    for name in (Sidecars(NAME).attempt_proof, Sidecars(NAME).outcome_proof):
        proof = TlogProof.parse(parts[name])
        note = SignedNote.parse(proof.checkpoint)
        whole = SignedNote(note.text, (*note.signatures, *lines)).to_bytes()
        parts[name] = replace(proof, checkpoint=whole).to_bytes()
    return parts


def text_of(draft: Draft) -> str:
    """Return the text of the checkpoint that a draft's proofs are against."""
    proof = TlogProof.parse(draft.parts()[Sidecars(NAME).outcome_proof])
    return SignedNote.parse(proof.checkpoint).text


def verdict_on(data: bytes, trust: Path, folder: Path) -> Verdict:
    """Return the verdict on a dossier of these bytes."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{NAME}.dossier.zip"
    path.write_bytes(data)
    return verify_file(path, trust=trust)


def claims(verdict: Verdict, claim: str) -> list[tuple[str, str]]:
    """Return (status, English sentence) of what was found on one claim."""
    return [(c.status.value, c.en) for c in verdict.claims if c.id == claim]


def told(verdict: Verdict) -> str:
    """Return the verdict's JSON text."""
    return json.dumps(verdict.to_json(), ensure_ascii=False)
