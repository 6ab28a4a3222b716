"""An exhibit sealed into a real home: its log, its trial authority, without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from evidence.authority import LocalAuthority, stamp
from evidence.format.digests import digest_bytes, sha256_hex, sm3_hex
from evidence.format.entry import Attempt, Sealed, parse_entry
from evidence.home import EvidenceHome
from tests.evidence.builder import CAPTURE_ID, NAME, Draft, World, zipped
from tests.evidence.keeping.years import Stand


def now() -> datetime:
    return datetime.now(UTC)


class Trial(Stand):
    """The home's own trial authority where the builder has one of openssl's."""

    def __init__(self, home: EvidenceHome) -> None:
        self.home = home

    @property
    def root(self) -> bytes:
        return (self.home.authority / "root.pem").read_bytes()

    def stamp(self, data: bytes) -> tuple[bytes, bytes]:
        token = stamp(LocalAuthority(self.home.authority), data, clock=now)
        return token.request, token.response


class HomeDraft(Draft):
    """A draft whose entries go into the log of a home."""

    home: EvidenceHome

    def close(self, entries: list[bytes], attempt_index: int) -> None:
        """Log attempt and outcome in the home's log and take its proofs."""
        log = self.home.open_log()
        held = parse_entry(self.papers[f"{NAME}.attempt.json"])
        assert isinstance(held, Attempt)
        manifest = self.inner["evidence/manifest.json"]
        with log.writing() as session:
            index = session.append([replace(held, prev=session.previous()).to_bytes()])[0]
            outcome = Sealed(
                CAPTURE_ID, held.case_tag, held.number, session.previous(), now(), index,
                sha256_hex(manifest), sm3_hex(manifest), digest_bytes(self.wacz),
            )  # fmt: skip
            last = session.append([outcome.to_bytes()])[0]
        for kind, at in (("attempt", index), ("outcome", last)):
            entry, proof = log.proof(at)
            self.papers[f"{NAME}.{kind}.json"] = entry
            self.papers[f"{NAME}.{kind}.tlog-proof"] = proof


def seal_into(
    home: EvidenceHome,
    place: Path,
    aside: Path,
    *,
    tsa: Stand | None = None,
    further: Mapping[str, bytes] | None = None,
) -> None:
    """Seal an exhibit into ``home`` and put its files into ``place``, in the clear.

    ``further`` is what the dossier holds besides; the dossier is no whole one.
    """
    world = World(aside, home.signer(), home.signer(), tsa or Trial(home))
    draft = HomeDraft(world, filler=0)
    draft.home = home
    draft.seal()
    place.mkdir(parents=True, exist_ok=True)
    for name, data in draft.papers.items():
        (place / name.replace(".local.", ".trial.")).write_bytes(data)
    (place / f"{NAME}.wacz").write_bytes(draft.wacz)
    dossier = b"the dossier" if further is None else zipped(dict(further))
    (place / f"{NAME}.dossier.zip").write_bytes(dossier)
    (place / "egress-1.jsonl").write_text("{}\n")
