"""From the command to the exhibit: the review is kept, chosen, named and enclosed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.browser.steps import wall_clock
from evidence.capture import find_browser
from evidence.environment.packages import code_digest
from evidence.environment.standing import from_text, standing
from evidence.format import jcs
from evidence.format.times import format_time
from evidence.home import EvidenceHome, open_home
from evidence.seal.review import known
from evidence.selftest.review import Review, keep, latest_review, sign


def review(home: EvidenceHome, browser: Path, *, hours_ago: float, result: str) -> Review:
    moment = format_time(wall_clock() - timedelta(hours=hours_ago))
    value = {
        "format": "markseal-review/1",
        "result": result,
        "started": moment,
        "finished": moment,
        "subject": {
            "browser_sha256": standing(browser, clock=wall_clock).browser_sha256,
            "code_sha256": code_digest(),
        },
        "system": {},
        "declared": {},
        "checks": [],
        "exchanges": [],
    }
    return sign(value, home.signer())


@pytest.mark.parametrize("result", ["passed", "failed"])
def test_the_newest_review_goes_with_the_order_and_into_the_package(
    tmp_path: Path, result: str
) -> None:
    home = open_home(tmp_path / "home", clock=wall_clock)
    browser = tmp_path / "browser"
    browser.write_bytes(b"\x7fELF a browser of its own: " + result.encode())
    assert known(home, browser, clock=wall_clock).review is None
    made = review(home, browser, hours_ago=1, result=result)
    keep(home.path, made)
    found = known(home, browser, clock=wall_clock)
    assert from_text(found.text).review == made.named()
    (tmp_path / "evidence").mkdir()
    found.enclose(tmp_path)
    assert list((tmp_path / "evidence").iterdir()) == []
    row = {"id": "review", "data": made.named()}
    (tmp_path / "evidence/environment.json").write_bytes(jcs.dumps({"rows": [row]}))
    found.enclose(tmp_path)
    assert (tmp_path / "evidence/review.json").read_bytes() == made.record
    assert (tmp_path / "evidence/review.sig").read_bytes() == made.signature


def test_without_a_review_nothing_is_enclosed(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home", clock=wall_clock)
    found = known(home, tmp_path / "none", clock=wall_clock)
    assert from_text(found.text).review == {}
    found.enclose(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home"]


@pytest.mark.soak
@pytest.mark.browser
def test_the_command_reviews_keeps_and_says_so(tmp_path: Path) -> None:
    environment = {**os.environ, "MARKSEAL_HOME": str(tmp_path)}
    if os.geteuid() == 0:
        environment["MARKSEAL_NO_SANDBOX"] = "1"
    said = subprocess.run(
        [sys.executable, "-m", "desk.cli", "selftest", "--json"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert said.returncode == 0, said.stdout[-3000:] + said.stderr
    record = json.loads(said.stdout)
    assert record["result"] == "passed"
    subject = record["subject"]
    assert subject["browser_sha256"] == standing(find_browser(), clock=wall_clock).browser_sha256
    found = latest_review(
        tmp_path,
        now=wall_clock(),
        browser_sha256=subject["browser_sha256"],
        code_sha256=subject["code_sha256"],
    )
    assert found is not None
    assert found.value == record
    kept = [path.suffix for path in sorted((tmp_path / "evidence/reviews").iterdir())]
    assert kept == [".json", ".sig"]
    assert list((tmp_path / "evidence/egress").glob("selftest*")) == []
