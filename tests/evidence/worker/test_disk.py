"""A disk that fills up during a capture, at several sizes: failed with a reason, or whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evidence.seal import open_home
from tests.evidence.capture.site import site
from tests.evidence.seal.rig import now
from tests.evidence.worker.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.soak, pytest.mark.timeout(3600)]

SIZES = (64, 200, 600, 1500, 3500, 12000)


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """Mount a file system of this size on ``folder``; skip where that is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={kilobytes}k,mode=0711"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here ({done.stderr.decode().strip()})")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def make_room(folder: Path) -> None:
    """What a person does about a full disk."""
    subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True)


@pytest.mark.parametrize("where", ["evidence/work", "temporary"])
def test_the_disk_fills_up(tmp_path: Path, where: str) -> None:
    outcomes: list[str] = []
    with site() as address:
        for kilobytes in SIZES:
            folder = tmp_path / str(kilobytes)
            folder.mkdir()
            with stage(folder, f"{address}/redirect") as set_up:
                open_home(set_up.home, clock=now)
                full = set_up.temporary if where == "temporary" else set_up.home / where
                capture_id = set_up.new_id()
                with small_disk(full, kilobytes):
                    said = set_up.finish(set_up.start(capture_id))
                    assert said, "cut short"
                    outcomes.append("sealed" if said.get("status") == "sealed" else "failed")
                    set_up.require_only_whole(capture_id, said)
                    set_up.require_nothing_left()
                    make_room(full)
                    said = set_up.finish(set_up.start(capture_id))
                    assert set_up.require_failed_or_whole(capture_id, said) == "sealed", said
    told = f"{outcomes.count('failed')} failed with a reason, {outcomes.count('sealed')} sealed"
    sys.stdout.write(f"soak: disk full ({where}) at {len(SIZES)} sizes: {told}\n")
    assert "failed" in outcomes
