"""A person at a visible browser whose capture runs in a process of its own."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from egress.process import guard
from evidence.browser.order import Attended, CaptureOrder
from evidence.capture import check_url, find_browser
from evidence.worker.apart import capture_apart
from tests.evidence.capture.screen import Person, need_a_screen, screen
from tests.evidence.capture.site import site

pytestmark = pytest.mark.browser


def test_the_terminal_and_the_screen_reach_the_capture_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_a_screen()
    lines, typed = os.pipe()
    heard, words = os.pipe()
    with (
        site() as address,
        screen() as display,
        guard(tmp_path / "journal.jsonl", allow_loopback=True) as way_out,
    ):
        monkeypatch.setenv("DISPLAY", display)
        person = Person(display, heard, typed)

        def act() -> None:
            person.wait_for("浏览器已打开")
            person.says("m 首页")
            person.wait_for("已标记 001")
            person.says("e")

        order = CaptureOrder(
            url=check_url(f"{address}/gbk"),
            browser=find_browser(),
            proxy=way_out.address,
            journal=way_out.journal,
            sandbox=os.geteuid() != 0,
            headed=True,
            attended=Attended("张三", "李四", lines, words),
            private_key=b"k" * 32,
        )
        seated = threading.Thread(target=act)
        seated.start()
        snapshot = capture_apart(order, tmp_path / "snapshot", software="markseal test")
        seated.join()
    for handle in (lines, typed, heard, words):
        os.close(handle)
    assert (snapshot.folder / "evidence/moments/001.png").exists()
    record = json.loads((snapshot.folder / "evidence/environment.json").read_bytes())
    assert "DISPLAY" in record["isolation"]["environment_variables"]
