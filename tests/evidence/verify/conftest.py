"""One installation and one good dossier for all verifier tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.verify import Verdict, verify_file
from tests.evidence.builder import NAME, Draft, Tsa, World
from tests.evidence.rich import rich


@dataclass(frozen=True)
class Bench:
    """A world, its trust folder, sealed drafts (a plain one, one with every optional file)."""

    world: World
    foreign: Tsa
    trust: Path
    draft: Draft
    rich: Draft
    folder: Path

    def verify(self, data: bytes, *, trusted: bool = True) -> Verdict:
        """Return the verdict on a dossier of these bytes."""
        path = self.folder / f"{NAME}.dossier.zip"
        path.write_bytes(data)
        return verify_file(path, trust=self.trust if trusted else None)


def places(verdict: Verdict) -> set[str]:
    """Return every place that an invalid claim names."""
    return {c.where for c in verdict.claims if c.status.value == "invalid" and c.where}


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("verify")
    world = World.create(folder / "world")
    foreign = Tsa(folder / "foreign", subject="Test Root")
    trust = world.trust(folder / "trust")
    return Bench(world, foreign, trust, Draft(world).seal(), rich(world).seal(), folder)
