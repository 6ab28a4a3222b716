"""Killed for real, many times: content is never lost before the log says that it was erased."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.exhibitkeys import CONTENT, key_path
from evidence.home import EvidenceHome
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore
from evidence.seal import open_home
from evidence.verify import verify_file
from tests.evidence.builder import CAPTURE_ID, NAME
from tests.evidence.keeping.homes import now, seal_into

ROOT = Path(__file__).resolve().parents[3]
POINTS = ("erasure begun", "erasure logged", "papers in place", "content key ended")
KILLS = 40

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one exhibit of some size in the clear."""
    folder = tmp_path_factory.mktemp("killed")
    home = open_home(folder / "home", clock=now)
    place = home.path / "exhibits" / CAPTURE_ID
    seal_into(home, place, folder)
    (place / f"{NAME}.dossier.zip").write_bytes(random.Random(1).randbytes(24 << 20))
    return home.path


def child(home: Path, action: str, *point: str, after: float | None = None) -> int:
    """Run the child, kill it ``after`` seconds of work if that is given; return its code."""
    command = [sys.executable, "-m", "tests.evidence.keeping.child", str(home), action, *point]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    if after is not None:
        time.sleep(after)
        process.kill()
    process.stdout.close()
    return process.wait()


def exhibit(home: Path) -> Kept:
    return Kept(home / "exhibits" / CAPTURE_ID, NAME)


def test_content_survives_every_kill_while_it_is_taken_in(sealed: Path, tmp_path: Path) -> None:
    chance, killed = random.Random(2), 0
    kept, wanted = exhibit(tmp_path / "home"), {}
    for name in (f"{NAME}.wacz", f"{NAME}.dossier.zip"):
        wanted[name] = exhibit(sealed).path(name).read_bytes()
    for _ in range(KILLS):
        shutil.rmtree(tmp_path / "home", ignore_errors=True)
        shutil.copytree(sealed, tmp_path / "home")
        store = FolderStore(EvidenceHome(tmp_path / "home"))
        killed += child(tmp_path / "home", "put", after=chance.random() * 0.12) == -9
        for name, data in wanted.items():
            with store.open(kept, name) as clear:
                assert clear.read() == data
        store.put(kept)
        for name, data in wanted.items():
            assert not kept.path(name).exists()
            with store.open(kept, name) as clear:
                assert clear.read() == data
        assert not list(kept.folder.glob("*.tmp"))
    print(f"soak: {KILLS} runs of taking content in, {killed} killed, nothing lost")
    assert killed >= KILLS // 2


def test_an_erasure_killed_anywhere_is_finished_and_logged_once(
    sealed: Path, tmp_path: Path
) -> None:
    chance, killed = random.Random(3), 0
    moments: list[tuple[str, float | None]] = [(point, None) for point in POINTS] * 3
    moments += [("", chance.random() * 0.08) for _ in range(KILLS)]
    for point, after in moments:
        shutil.rmtree(tmp_path / "home", ignore_errors=True)
        home = EvidenceHome(Path(shutil.copytree(sealed, tmp_path / "home")))
        kept = exhibit(home.path)
        FolderStore(home).put(kept)
        killed += child(home.path, "erase", point, after=after) == -9
        ended = not key_path(home, CAPTURE_ID, CONTENT).exists()
        logged = home.open_log().store.newest().size
        assert not ended or logged == 3, "no key ends that the log does not say so of"
        assert child(home.path, "erase") == 0
        assert home.open_log().store.newest().size == 3
        assert home.audit_log().clean
        found = verify_file(kept.path(f"{NAME}.wacz"), trust=home.trust)
        assert found.headline_zh.startswith("试用：内容已删除")
        assert not list(kept.folder.glob("*.atrest"))
    print(f"soak: {len(moments)} erasures, {killed} killed, each finished and logged once")
    assert killed >= len(moments) // 3
