"""One place is one capture's; what was begun and interrupted is logged as failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import PlaceError, SealError
from evidence.format.names import Sidecars
from evidence.log import audit
from evidence.seal import PreserveOrder, preserve
from evidence.seal.claim import claimed, require_ours
from evidence.seal.workfolder import FAILED, ORDER, how_far
from tests.evidence.seal.rig import CASE, ID, ROOT, home_at

HOLD = """import sys, time
from pathlib import Path
from evidence.seal.claim import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
NAMES = Sidecars("A")


def test_a_place_that_another_process_writes_to_is_refused_until_that_is_dead(
    tmp_path: Path,
) -> None:
    out = tmp_path / "A.wacz"
    command = [sys.executable, "-c", HOLD, str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(PlaceError, match="right now"), claimed(out):
            pass
        with claimed(tmp_path / "B.wacz"):
            pass
        first.kill()
    with claimed(out), pytest.raises(PlaceError), claimed(out):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("there", "fits"),
    [
        ({}, True),
        ({NAMES.attempt: b"ours"}, True),
        ({NAMES.attempt: b"ours", NAMES.wacz: b"ours too"}, True),
        ({NAMES.attempt: b"another's"}, False),
        ({NAMES.wacz: b"?"}, False),
        ({NAMES.dossier: b"?"}, False),
    ],
)
def test_what_another_capture_put_there_is_not_overwritten(
    tmp_path: Path, there: dict[str, bytes], *, fits: bool
) -> None:
    for name, content in there.items():
        (tmp_path / name).write_bytes(content)
    files: dict[str, bytes | Path] = {NAMES.attempt: b"ours", NAMES.wacz: b"new"}
    if fits:
        require_ours(tmp_path, "A", files)
        return
    with pytest.raises(SealError, match="another capture"):
        require_ours(tmp_path, "A", files)


@pytest.mark.parametrize("point", ["order settled", "attempt logged", "capture begins", "browser"])
def test_ctrl_c_leaves_no_attempt_open(tmp_path: Path, point: str) -> None:
    def press(at: str) -> None:
        if at == point:
            raise KeyboardInterrupt

    def take(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    home = home_at(tmp_path / "home")
    wanted = PreserveOrder("https://example.com/", CASE, tmp_path / "A.wacz", ID)
    with pytest.raises(KeyboardInterrupt):
        preserve(
            wanted,
            home=home,
            proxy=None,
            journal=None,
            browser=Path(sys.executable),
            fault=press,
            take=take,
        )
    report = audit(home.log, witness=home.witness)
    begun = 0 if point == "order settled" else 1
    assert (report.attempts, report.failed, list(report.open_attempts)) == (begun, begun, [])
    assert how_far(home, ID) == (FAILED if begun else ORDER)
    assert not list(tmp_path.glob("*.wacz*"))
