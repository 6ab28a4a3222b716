"""One real capture per session, which the other tests of this room seal again and again."""

from __future__ import annotations

import pytest

from egress.process import guard
from evidence.capture import CaptureOrder, capture, check_url, find_browser
from evidence.seal.snapshot import save_snapshot
from evidence.seal.workfolder import WorkFolder
from tests.evidence.capture.site import site
from tests.evidence.seal.rig import Recorded


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("recorded")
    work = WorkFolder(folder)
    work.snapshot.mkdir()
    with site() as address, guard(folder / "journal.jsonl", allow_loopback=True) as way_out:
        wanted = CaptureOrder(
            url=check_url(f"{address}/redirect"),
            browser=find_browser(),
            proxy=way_out.address,
            journal=way_out.journal,
            sandbox=False,
        )
        save_snapshot(work, capture(wanted, work.snapshot, software="markseal test"), 0)
    return Recorded(work)
