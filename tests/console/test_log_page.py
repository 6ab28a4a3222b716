"""The page of the log: growth, checkpoints, witnesses and authorities; no content."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from desk.cases.logbook import growth
from desk.console.curve import curve
from evidence.format.times import format_time
from evidence.seal import open_home
from tests.console.conftest import Sessions
from tests.console.world import World
from tests.evidence.keeping.homes import now
from tests.evidence.monitor.fixtures import Stand


def test_before_the_first_capture_the_page_says_so(session: Sessions, world: World) -> None:
    page = session("notary").get("/chain/").content.decode()
    for said in ("还没有日志", "没有见证人", "没有时间戳机构", "还没有检查点"):
        assert said in page


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.MARKSEAL_HOME = tmp_path / "home"
    open_home(settings.MARKSEAL_HOME, clock=now)
    return tmp_path / "home"


def test_witnesses_and_authorities_are_told_with_their_last_failure(
    home: Path, session: Sessions, world: World
) -> None:
    folder = home / "evidence" / "authorities"
    folder.mkdir(parents=True)
    since = format_time(timezone.now() - timedelta(days=2))
    (folder / "trial.json").write_text(
        json.dumps({"silent": since, "zh": "机构没有应答", "en": "it is silent"})
    )
    page = session("administrator").get("/chain/").content.decode()
    assert "机构没有应答" in page
    assert "须处理" in page
    assert "it is silent" in session("notary", language="en").get("/chain/").content.decode()
    (home / "witnesses.toml").write_text("nonsense")
    broken = session("officer").get("/chain/").content.decode()
    assert "witnesses.toml 无法使用" in broken
    assert "机构没有应答" in broken, "what can be read is shown all the same"


def test_the_curve_follows_the_log(tmp_path: Path, settings: Settings) -> None:
    settings.MARKSEAL_HOME = tmp_path
    stand = Stand.at(tmp_path)
    assert growth() == ()
    stand.grow(600)
    found = growth(points=5)
    assert [one.size for one in found] == [1, 151, 301, 450, 600]
    drawn = curve([(float(n), float(one.size)) for n, one in enumerate(found)])
    assert drawn is not None
    assert drawn.line.startswith("0.0,")
    assert drawn.line.endswith("640.0,8.0")
    assert curve([(0, 1)]) is None
