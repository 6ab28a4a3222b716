"""How timestamp authorities fare, from what they answered while sealing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from evidence.authority import Authorities
from evidence.errors import AuthorityError
from evidence.seal import open_home
from evidence.seal.authorityhealth import authority_health, note_heard
from tests.evidence.succession.rig import now, seal

DAY = timedelta(days=1)
DOWN = AuthorityError("It is down.", "机构不可用。", reason="unreachable", passing=True)


def test_it_is_told_who_answered_and_who_is_silent(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home", clock=now)
    (before,) = authority_health(home.path, now=now())
    assert (before.name, before.trial, before.answered, before.alarm) == (
        "trial", True, None, False,
    )  # fmt: skip
    assert before.ends is not None
    seal(home, tmp_path / "out", 1)
    (told,) = authority_health(home.path, now=now())
    assert told.answered is not None
    assert abs(told.answered - now()) < DAY
    assert (told.silent, told.alarm) == (None, False)
    stamping: Authorities = home.stamping(proxy=None)
    moment = now()
    note_heard(home.path, stamping, {"trial": DOWN}, now=moment)
    note_heard(home.path, stamping, {"trial": DOWN}, now=moment + DAY / 2)
    (down,) = authority_health(home.path, now=moment + DAY / 2)
    assert (down.silent, down.zh, down.alarm) == (moment, "机构不可用。", False)
    assert down.answered == told.answered
    assert authority_health(home.path, now=moment + DAY)[0].alarm
    seal(home, tmp_path / "out", 2)
    assert authority_health(home.path, now=now())[0].silent is None


def test_a_term_that_ends_within_180_days_is_an_alarm(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home", clock=now)
    (told,) = authority_health(home.path, now=now())
    assert told.ends is not None
    assert not authority_health(home.path, now=told.ends - 181 * DAY)[0].alarm
    assert authority_health(home.path, now=told.ends - 180 * DAY)[0].alarm
