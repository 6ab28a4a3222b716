"""An installation over the years: exhibits sealed at a handed-in time by dated authorities."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.authority import stamp
from evidence.format.policy import CLAIMS, Policy, TrustedAuthority, WeakAlgorithm
from evidence.keeping.exhibit import Kept
from evidence.verify import Verdict, verify_file
from evidence.verify.trust import Trust, load_trust
from tests.evidence.builder import NAME, Draft, Tsa, World
from tests.evidence.keeping.authorities import Dated, years

SEALED = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Stand(Tsa):
    """Lets a dated authority stand where the builder has one of openssl's."""

    def __init__(self, dated: Dated) -> None:
        self.dated = dated

    @property
    def root(self) -> bytes:
        return self.dated.roots

    def stamp(self, data: bytes) -> tuple[bytes, bytes]:
        token = stamp(self.dated, data, clock=lambda: self.dated.now)
        return token.request, token.response


@dataclass
class Years:
    """One exhibit in ``folder``, authority ``local`` (ends after 3 years) and others."""

    folder: Path
    first: Dated
    others: list[Dated] = field(default_factory=list)
    weak: tuple[WeakAlgorithm, ...] = ()
    tokens: int = 1
    now: datetime = SEALED

    @property
    def exhibit(self) -> Kept:
        return Kept(self.folder / "exhibit", NAME)

    def seal(self, *, at: datetime = SEALED) -> Draft:
        """Seal the exhibit at that time, its files beside one another."""
        keys = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
        world = World(self.folder, keys[0], keys[1], Stand(self.first))
        draft = Draft(world, now=at - timedelta(seconds=2)).seal()
        place = self.exhibit.folder
        place.mkdir(parents=True)
        for name, data in draft.papers.items():
            (place / name).write_bytes(data)
        (place / f"{NAME}.wacz").write_bytes(draft.wacz)
        (place / f"{NAME}.dossier.zip").write_bytes(draft.pack())
        world.trust(self.folder / "trust")
        return draft

    def trusted(self) -> Path:
        """Write the trust folder as it is now and return its path."""
        folder = self.folder / "trust"
        named = []
        for one in (self.first, *self.others):
            (folder / "authorities" / f"{one.name}.pem").write_bytes(one.roots)
            named.append(TrustedAuthority(one.name, f"authorities/{one.name}.pem", one.trial))
        policy = Policy(CLAIMS, self.tokens, "log.vkey", "signer.pem", tuple(named), weak=self.weak)
        (folder / "policy.toml").write_text(policy.to_text(), encoding="utf-8")
        return folder

    @property
    def trust(self) -> Trust:
        return load_trust(self.trusted())

    def at(self, moment: datetime) -> datetime:
        """Let it be ``moment`` for everybody."""
        self.now = moment
        for one in (self.first, *self.others):
            one.now = moment
        return moment

    def add(self, name: str, count: float, *, signing: str = "sha512") -> Dated:
        """Add an authority whose certificates are valid for so many years from now."""
        start = self.now - timedelta(days=1)
        one = Dated(name, start, years(self.now, count), self.now, signing=signing)
        self.others.append(one)
        return one

    def verify(self, *, dossier: bool = True) -> Verdict:
        """Return the verdict of ``now`` on the dossier, or on the WACZ with its sidecars."""
        name = f"{NAME}.dossier.zip" if dossier else f"{NAME}.wacz"
        return verify_file(self.exhibit.path(name), trust=self.trusted(), clock=lambda: self.now)


def begin(folder: Path, *, signing: str = "sha512") -> Years:
    """Return an installation whose first authority ends three years after it sealed."""
    first = Dated("local", SEALED - timedelta(days=1), years(SEALED, 3), SEALED, signing=signing)
    made = Years(folder, first)
    made.seal()
    return made
