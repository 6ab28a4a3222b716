"""The browser's raw log holds cookies: it is gone when the capture's process was killed, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.capture.site import site
from tests.evidence.worker.stage import stage
from tests.evidence.worker.test_kills import kill_at

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with site() as found:
        yield found


def test_no_raw_log_is_left_of_a_capture_that_was_killed(address: str, tmp_path: Path) -> None:
    with stage(tmp_path, f"{address}/gbk") as set_up:
        capture_id = set_up.new_id()
        killed, said = kill_at(set_up, "worker", "loaded", capture_id)
        assert killed
        assert set_up.require_failed_or_whole(capture_id, said) == "failed"
        assert [path for path in tmp_path.rglob("*") if "netlog" in path.name] == []
