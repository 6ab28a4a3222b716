"""One data folder with one sealed exhibit and recovery keys, copied for each test."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.home import EvidenceHome
from evidence.succession.export import export_trust
from evidence.succession.recovery import make_recovery_keys
from tests.evidence.succession.rig import home_at, now, seal


@dataclass(frozen=True)
class Office:
    """A data folder, its handed-out trust folder, and the recovery keys as typed from paper."""

    home: EvidenceHome
    handed_out: Path
    sheets: tuple[str, ...]

    @property
    def exhibits(self) -> Path:
        """Where its exhibits lie."""
        return self.home.path / "exhibits" / "first"


def typed(sheet: Path) -> str:
    """Return what a person types from a sheet."""
    return " ".join(re.findall("<b>([0-9A-Z]{5})</b>", sheet.read_text("utf-8")))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office")
    home = home_at(folder / "home")
    make_recovery_keys(home, folder / "sheets", of=3, need=2, now=now())
    export_trust(home, folder / "handed-out", now=now())
    seal(home, home.path / "exhibits/first", 1)
    return folder


@pytest.fixture
def office(prepared: Path, tmp_path: Path) -> Office:
    return open_office(prepared, tmp_path)


def open_office(prepared: Path, folder: Path) -> Office:
    """Return a copy of the prepared office in ``folder``."""
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    sheets = tuple(typed(path) for path in sorted((folder / "sheets").iterdir()))
    return Office(EvidenceHome(folder / "home"), folder / "handed-out/trust", sheets)
