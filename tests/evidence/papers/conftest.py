"""One sealed dossier and its trust folder, for all papers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.format import jcs, names
from evidence.papers import Tool
from tests.evidence.builder import NAME, URL, Draft, World
from tests.evidence.rich import rich

TOOL = Tool("markseal 9.9", "ab" * 32)
HOSTILE = "<script>alert(1)</script>\u202e商品\"'&" + "长" * 400


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Case:
    """A dossier on disk, what it was made from, and whom to trust."""

    dossier: Path
    draft: Draft
    trust: Path
    world: World


def packed(draft: Draft, folder: Path) -> Path:
    """Write a draft as a dossier into a new folder and return its path."""
    folder.mkdir(parents=True)
    path = folder / f"{NAME}.dossier.zip"
    path.write_bytes(draft.pack())
    return path


def hostile(world: World) -> Draft:
    """Return a sealed exhibit of a page whose title and address try to be more than text."""
    draft = rich(world)
    record = jcs.loads(draft.artefacts[names.CAPTURE], "x", limit=1 << 20)
    assert isinstance(record, dict)
    draft.artefacts[names.CAPTURE] = jcs.dumps(
        record | {"title": HOSTILE, "url": URL, "final_url": f"{URL}/{HOSTILE}"}
    )
    return draft.seal()


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("papers")
    world = World.create(folder / "world")
    draft = Draft(world).seal()
    trust = world.trust(folder / "trust")
    return Case(packed(draft, folder / "dossier"), draft, trust, world)
