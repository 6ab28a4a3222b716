"""Killed at any step of sealing: finished exactly once, nothing half there, the log clean."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.log import audit
from evidence.seal import Status
from evidence.verify import verify_file
from tests.evidence.seal.rig import ROOT, Recorded, run

pytestmark = pytest.mark.browser


def start(recorded: Recorded, folder: Path, capture_id: str, kill_at: int) -> list[str]:
    """Run the child; return the points it passed, empty when it was killed."""
    (folder / "out").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.evidence.seal.child", str(recorded.work.path)]
    out = folder / "out" / f"{capture_id[:6]}.wacz"
    result = subprocess.run(
        [*command, str(folder / "home"), str(out), capture_id, str(kill_at)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if kill_at and result.returncode == -signal.SIGKILL:
        return []
    assert result.returncode == 0, result.stderr
    return result.stdout.split("\n")[:-1]


def check_finished(recorded: Recorded, folder: Path, capture_id: str) -> None:
    """What is there after the kill is whole; one more run finishes it; the log is clean."""
    out = folder / "out" / f"{capture_id[:6]}.wacz"
    dossier = out.with_name(f"{out.stem}.dossier.zip")
    trust = folder / "home/trust"
    if dossier.exists():
        assert verify_file(dossier, trust=trust).exit_code == 0
    result = run(recorded, folder / "home", out, capture_id=capture_id)
    assert result.status is Status.SEALED
    for path in (dossier, out):
        found = verify_file(path, trust=trust)
        assert found.exit_code == 0, [claim.en for claim in found.claims]
    assert [p.name for p in out.parent.iterdir() if p.name.startswith(".")] == []
    report = audit(folder / "home/log")
    assert report.clean, report.to_json()
    assert report.open_attempts == []


@pytest.fixture(scope="module")
def points(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return start(recorded, tmp_path_factory.mktemp("points"), "0" * 32, 0)


def test_there_is_a_fault_point_at_every_durable_step(points: list[str]) -> None:
    wanted = ["order settled", "fresh token asked", "attempt logged", "capture begins"]
    wanted += ["captured", "capture noted", "package built", "token of trial came"]
    wanted += ["token of trial half kept", "tokens gathered", "outcome logged"]
    wanted += ["token of trial came", "token of trial half kept", "checkpoint stamped"]
    wanted += ["revocation data of trial came", "revocation data kept"]
    wanted += ["dossier built", "verified"]
    assert [point for point in points if point in wanted] == wanted
    assert len([point for point in points if point.startswith("log: ")]) >= 18
    assert len([point for point in points if point.startswith("publish: ")]) == 20


SAMPLE = ("attempt logged", "capture noted", "tokens gathered", "outcome logged")


@pytest.mark.parametrize("point", SAMPLE)
def test_killed_at_a_step(
    recorded: Recorded, points: list[str], tmp_path: Path, point: str
) -> None:
    assert start(recorded, tmp_path, "1" * 32, points.index(point) + 1) == []
    check_finished(recorded, tmp_path, "1" * 32)
    assert audit(tmp_path / "home/log").sealed == 1


def test_killed_while_files_are_put_in_place(
    recorded: Recorded, points: list[str], tmp_path: Path
) -> None:
    halfway = points.index("publish: after 111111.wacz".replace("111111", "000000")) + 1
    assert start(recorded, tmp_path, "1" * 32, halfway) == []
    assert (tmp_path / "out/111111.wacz").exists()
    assert not (tmp_path / "out/111111.dossier.zip").exists()
    check_finished(recorded, tmp_path, "1" * 32)
    assert audit(tmp_path / "home/log").sealed == 1


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", [0, 1, 2])
def test_killed_at_every_step_of_one_growing_log(
    recorded: Recorded, points: list[str], tmp_path: Path, part: int
) -> None:
    """Each point once, then the runs that would put it right killed too, some points earlier."""
    mine, kills = range(1 + part, len(points) + 1, 3), 0
    for kill_at in mine:
        capture_id = f"{kill_at:06x}" + "0" * 26
        for earlier in (0, 20, 10, 5, 30, 15, 25, 2):
            at = max(1, kill_at - earlier)
            kills += start(recorded, tmp_path, capture_id, at) == []
        check_finished(recorded, tmp_path, capture_id)
    assert audit(tmp_path / "home/log").sealed == len(mine)
    said = f"kill -9 while sealing {kills}, fault points {len(mine)} of {len(points)}"
    sys.stdout.write(f"soak: {said}\n")
    assert kills >= 100


def test_nothing_is_left_running_when_a_real_capture_is_killed(tmp_path: Path) -> None:
    """Kill the process in mid-capture: driver and browser end by themselves."""
    script = (
        "import sys, threading; from pathlib import Path\n"
        "from evidence.capture import *\n"
        "from tests.evidence.capture.site import site\n"
        "with site() as a:\n"
        "    order = CaptureOrder(a + '/half', find_browser(), None, None, sandbox=False)\n"
        "    capture(order, Path(sys.argv[1]), software='t')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT)
    wait_for(lambda: bool(descendants(child.pid, "--type=renderer")), 30)
    family = descendants(child.pid, "")
    assert len(family) > 3
    child.kill()
    child.wait()
    wait_for(lambda: not [pid for pid in family if alive(pid)], 15)


def wait_for(done: object, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def descendants(root: int, having: str) -> list[int]:
    """Return the processes below ``root`` whose command line contains ``having``."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            lines[int(folder.name)] = (folder / "cmdline").read_text(encoding="utf-8")
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
    found, edge = [], {root}
    while edge:
        edge = {pid for pid, parent in parents.items() if parent in edge}
        found += [pid for pid in edge if having in lines[pid]]
    return found
