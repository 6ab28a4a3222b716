"""Whatever is killed during a capture, at whatever step: failed with a reason, or whole."""

from __future__ import annotations

import json
import os
import signal
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.capture.site import site
from tests.evidence.worker.stage import Stage, stage, wait_for

pytestmark = pytest.mark.browser

ACTORS = ("browser", "driver", "worker", "supervisor", "guard", "caller")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with site() as found:
        yield found


def kill_at(set_up: Stage, actor: str, step: str, capture_id: str) -> tuple[bool, dict[str, str]]:
    """Capture; kill ``actor`` at ``step``; return whether it was there, and what was said."""
    caller = set_up.start(capture_id)
    reached = wait_for(lambda: step in set_up.steps() or caller.poll() is not None, 90)
    assert reached, step
    victim = set_up.actor(actor, caller.pid)
    if victim is not None:
        os.kill(victim, signal.SIGKILL)
    return victim is not None, set_up.finish(caller)


def again(set_up: Stage, capture_id: str) -> None:
    """The next capture of the same exhibit works and verifies."""
    said = set_up.finish(set_up.start(capture_id))
    assert set_up.require_failed_or_whole(capture_id, said) == "sealed", said
    set_up.require_nothing_left()


@pytest.mark.parametrize(
    ("actor", "step"),
    [
        ("browser", "loaded"),
        ("worker", "navigation"),
        ("supervisor", "navigation"),
        ("caller", "loaded"),
    ],
)
def test_killed_in_the_middle(address: str, tmp_path: Path, actor: str, step: str) -> None:
    with stage(tmp_path, f"{address}/gbk") as set_up:
        capture_id = set_up.new_id()
        killed, said = kill_at(set_up, actor, step, capture_id)
        assert killed
        outcome = set_up.require_failed_or_whole(capture_id, said)
        assert outcome == ("cut short" if actor == "caller" else "failed"), said
        if actor == "caller":
            again(set_up, capture_id)
        set_up.require_nothing_left()


def test_killed_during_the_replay_check_the_capture_is_whole(address: str, tmp_path: Path) -> None:
    with stage(tmp_path, f"{address}/gbk") as set_up:
        capture_id = set_up.new_id()
        caller = set_up.start(capture_id)
        assert wait_for(set_up.answered, 90)
        victim = set_up.actor("worker", caller.pid)
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        said = set_up.finish(caller)
        assert set_up.require_failed_or_whole(capture_id, said) == "sealed"
        set_up.require_nothing_left()
        with zipfile.ZipFile(set_up.out(capture_id)) as package:
            report = json.loads(package.read("evidence/replay.json"))
        assert report["verdict"] == "not_checked"
        assert "cut short" in report["reason"]["en"]
        assert "SIGKILL" in report["reason"]["detail"]


@pytest.mark.soak
def test_the_way_out_is_lost_in_the_middle(address: str, tmp_path: Path) -> None:
    with stage(tmp_path, f"{address}/half") as set_up:
        capture_id = set_up.new_id()
        killed, said = kill_at(set_up, "guard", "navigation", capture_id)
        assert killed
        assert set_up.require_failed_or_whole(capture_id, said) in {"failed", "sealed"}
        set_up.require_nothing_left()


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("actor", ACTORS)
def test_killed_at_every_step(address: str, tmp_path: Path, actor: str) -> None:
    outcomes = {"failed": 0, "sealed": 0, "cut short": 0}
    kills = 0
    folder = tmp_path / "first"
    folder.mkdir()
    with stage(folder, f"{address}/redirect") as set_up:
        seen: list[str] = []
        caller = set_up.start(set_up.new_id())
        while caller.poll() is None:
            seen = max(seen, set_up.steps(), key=len)
        said = set_up.finish(caller)
        assert said.get("status") == "sealed", said
    for number, step in enumerate(dict.fromkeys(seen)):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        with stage(folder, f"{address}/redirect") as set_up:
            capture_id = set_up.new_id()
            killed, said = kill_at(set_up, actor, step, capture_id)
            kills += killed
            outcomes[set_up.require_failed_or_whole(capture_id, said)] += 1
            if actor != "caller":
                set_up.require_nothing_left()
            elif number % 4 == 0:
                again(set_up, capture_id)
    told = ", ".join(f"{count} {name}" for name, count in outcomes.items() if count)
    sys.stdout.write(f"soak: {actor} killed at {kills} steps of a capture: {told}\n")
    assert kills >= 8 or actor in {"browser", "driver"}
