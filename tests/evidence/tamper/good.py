"""The good dossiers that every crime begins with: the same bytes every time, but for signatures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.format import names
from evidence.format.manifest import Manifest
from evidence.format.names import Sidecars, revocation_name
from evidence.format.policy import CLAIMS
from evidence.format.policytext import parse_policy
from evidence.format.stampednote import stamped_note
from evidence.format.tlogproof import TlogProof
from tests.evidence.builder import NAME, Draft, World, zipped
from tests.evidence.rich import rich
from tests.evidence.tamper.authority import NOW, Maker
from tests.evidence.verify.trusting import Notary, cosigned, text_of

WACZ = f"{NAME}.wacz"
DOSSIER = f"{NAME}.dossier.zip"
PAPERS = Sidecars(NAME)
SEEN = NOW + timedelta(seconds=10)
NOTARY = Notary(41, "宁波市某公证处", "notary")
BRAND = Notary(42, "品牌方", "party")
STRANGER = Notary(43, "路人", "none")
THIEF = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
Parts = dict[str, bytes]


def pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public half in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def flipped(data: bytes, at: int = -1, mask: int = 1) -> bytes:
    """Return ``data`` with one byte changed (the middle one by default)."""
    changed = bytearray(data)
    changed[len(data) // 2 if at < 0 else at] ^= mask
    return bytes(changed)


@dataclass(frozen=True)
class Good:
    """One installation: its keys, its authority, its good dossiers; ``folder`` is for files."""

    folder: Path

    @cached_property
    def authority(self) -> Maker:
        return Maker(1)

    @cached_property
    def foreign(self) -> Maker:
        """Another authority that bears the same names."""
        return Maker(2)

    @cached_property
    def world(self) -> World:
        keys = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
        return World(self.folder, keys[0], keys[1], self.authority)  # type: ignore[arg-type]

    @cached_property
    def draft(self) -> Draft:
        """The plain dossier."""
        return self.begin().seal()

    @cached_property
    def rich(self) -> Draft:
        """The dossier of a package with every optional file."""
        return self.begin_rich().seal()

    @cached_property
    def full(self) -> Parts:
        """The plain dossier with everything that may stand beside a package.

        Cosigned by two witnesses, with the authority's revocation list and its token over the
        checkpoint.
        """
        parts = cosigned(self.draft, *(n.line(text_of(self.draft), SEEN) for n in (NOTARY, BRAND)))
        return self.beside(parts)

    def beside(self, parts: Parts, revoked: datetime | None = None) -> Parts:
        """Return a dossier's parts with revocation data and a token over the checkpoint."""
        proof = TlogProof.parse(parts[PAPERS.outcome_proof])
        note = stamped_note(proof.checkpoint)
        asked, answered = self.authority.stamp(note, moment=NOW + timedelta(seconds=5))
        request, response = PAPERS.checkpoint("local")
        more = {
            request: asked,
            response: answered,
            revocation_name("local", 1, "crl"): self.authority.listing(revoked),
        }
        return ordered(parts | more)

    def begin(self, **how: object) -> Draft:
        """Return an unsealed plain dossier of the fixed time."""
        return Draft(self.world, **({"now": NOW} | how))  # type: ignore[arg-type]

    def begin_rich(self, **changed: bytes) -> Draft:
        """Return an unsealed dossier with every optional file, of the fixed time."""
        draft = rich(self.world, **changed)
        draft.now = NOW
        return draft

    @cached_property
    def trust(self) -> Path:
        """The trust folder: one authority's token, no witness."""
        return self.world.trust(self.folder / "trust")

    def trusting(self, name: str, files: Parts | None = None, **policy: object) -> Path:
        """Return a trust folder with another policy and other files."""
        folder = self.world.trust(self.folder / "trusts" / name)
        for inner, data in (files or {}).items():
            (folder / inner).write_bytes(data)
        before = parse_policy((folder / "policy.toml").read_text("utf-8"))
        text = replace(before, **policy).to_text()  # type: ignore[arg-type]
        (folder / "policy.toml").write_text(text, encoding="utf-8")
        return folder

    def witnessed(self, name: str, **policy: object) -> Path:
        """Return a trust folder that requires two witnesses and revocation data."""
        known = (NOTARY, BRAND)
        files = {n.listed().vkey: (n.key.text() + "\n").encode() for n in known}
        wanted = {
            "require": (*CLAIMS, "witness"),
            "witnesses": tuple(n.listed() for n in known),
            "cosignatures": 2,
            "independent": True,
            "revocation": True,
        }
        return self.trusting(name, files, **(wanted | policy))


def ordered(parts: Parts) -> Parts:
    """Return the parts of a dossier in the order in which they belong."""
    authorities = tuple(a for n in parts if (a := PAPERS.authority_of(n)))
    due = PAPERS.dossier_order(authorities, PAPERS.further(parts))
    return {n: parts[n] for n in (*due, *(n for n in parts if n not in due)) if n in parts}


def packed(good: Good, wacz: bytes | None = None, **papers: bytes) -> bytes:
    """Return the plain dossier with another WACZ or other papers, in canonical form."""
    parts = good.draft.parts()
    if wacz is not None:
        parts[WACZ] = wacz
    return zipped(ordered(parts | papers))


def inside(good: Good, changed: Parts, draft: Draft | None = None) -> bytes:
    """Return a dossier with files of its WACZ replaced, CRCs right, digests as they were."""
    base = draft or good.draft
    return zipped(base.parts() | {WACZ: zipped(base.inner | changed)})


def stolen(good: Good, draft: Draft, base: Draft | None = None) -> bytes:
    """Return what a thief without our keys makes of changed artefacts.

    He writes a manifest that fits, signs it with a key of his own, encloses that key, and has the
    true authority stamp it; the log's entries he must leave as they are.
    """
    was = base or good.draft
    draft.signer, papers = THIEF, was.papers
    attempt = TlogProof.parse(papers[PAPERS.attempt_proof]).index
    draft.artefacts.setdefault(names.ATTEMPT, was.artefacts[names.ATTEMPT])
    draft.build_manifest(attempt, Manifest.parse(was.inner[names.MANIFEST]).attempt_sha256)
    request, response = good.authority.stamp(draft.inner[names.MANIFEST])
    draft.papers |= papers | {
        PAPERS.request("local"): request,
        PAPERS.response("local"): response,
    }
    parts = draft.parts() | {names.SIGNER_KEY: pem(THIEF)}
    return zipped(ordered(parts))
