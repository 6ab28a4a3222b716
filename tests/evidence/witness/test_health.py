"""How witnesses fare: read from what they said, with no one asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from evidence.errors import InputError, RolledBack
from evidence.witness.health import ask_all, health
from tests.evidence.witness.fixtures import NOON, ORIGIN, THE_LOG, grow, make_log, noon, serving

DAY = timedelta(days=1)


def write(home: Path, url: str, vkey: str, *, above: str = "", below: str = "") -> None:
    rows = f'name = "公证处"\nurl = "{url}"\nvkey = "{vkey}"\nrelation = "notary"\n'
    text = f"{above}[[witnesses]]\n{rows}{below}"
    (home / "witnesses.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_log(tmp_path / "log", 3)
    (tmp_path / "log/vkey").write_text(f"{THE_LOG.text()}\n")
    return tmp_path


def test_without_witnesses_there_is_nothing_to_tell(home: Path) -> None:
    assert health(home, now=NOON) == ()
    assert ask_all(home, proxy=None, clock=noon) is None


def test_it_is_told_who_cosigned_when_and_what_came_since(home: Path) -> None:
    with serving(home / "witness") as witness:
        write(home, witness.address, witness.key.text())
        (before,) = health(home, now=NOON)
        assert (before.size, before.behind, before.cosigned, before.alarm) == (0, 3, None, False)
        found = ask_all(home, proxy=None, clock=noon)
        assert found is not None
        assert len(found.witnessed) == 1
        grow(make_log(home / "log"), "another")
        (after,) = health(home, now=NOON)
        assert (after.size, after.behind, after.cosigned) == (3, 1, NOON)
        assert (after.silence, after.ahead, after.alarm) == (None, None, False)
        later = ask_all(home, proxy=None, clock=noon)
        assert later is not None
        assert later.head.size == 4


def test_a_log_that_did_not_grow_is_shown_again(home: Path) -> None:
    moments = [NOON, NOON + DAY]
    with serving(home / "witness", clock=lambda: moments[0]) as witness:
        write(home, witness.address, witness.key.text())
        first = ask_all(home, proxy=None, clock=lambda: moments[0])
        moments.pop(0)
        again = ask_all(home, proxy=None, clock=lambda: moments[0])
        assert first is not None
        assert again is not None
        assert again.head.note == first.head.note, "the earlier cosignature stays"
        assert health(home, now=NOON + DAY)[0].cosigned == NOON + DAY


def test_silence_is_told_and_after_days_an_alarm(home: Path) -> None:
    with serving(home / "witness") as witness:
        write(home, witness.address, witness.key.text())
        ask_all(home, proxy=None, clock=noon)
    found = ask_all(home, proxy=None, clock=lambda: NOON + DAY)
    assert found is not None
    assert len(found.missing) == 1
    (told,) = health(home, now=NOON + DAY)
    assert told.silence is not None
    assert told.silence.time == NOON + DAY
    assert "could not be reached" in told.silence.en
    assert "无法访问" in told.silence.zh
    assert not told.alarm
    assert health(home, now=NOON + 4 * DAY)[0].alarm
    write(home, witness.address, witness.key.text(), above="alarm_days = 30\n")
    assert not health(home, now=NOON + 4 * DAY)[0].alarm


def test_one_that_never_answered_alarms_too(home: Path) -> None:
    with serving(home / "witness") as witness:
        pass
    write(home, witness.address, witness.key.text())
    ask_all(home, proxy=None, clock=noon)
    assert not health(home, now=NOON + DAY)[0].alarm
    assert health(home, now=NOON + 4 * DAY)[0].alarm


def test_a_witness_that_has_seen_more_is_an_alarm_at_once(home: Path) -> None:
    with serving(home / "witness") as witness:
        write(home, witness.address, witness.key.text())
        longer = make_log(home / "longer", 5)
        (home / "other").mkdir()
        write(home / "other", witness.address, witness.key.text())
        (home / "longer").rename(home / "other/log")
        (home / "other/log/vkey").write_text(f"{THE_LOG.text()}\n")
        ask_all(home / "other", proxy=None, clock=noon)
        with pytest.raises(RolledBack):
            ask_all(home, proxy=None, clock=noon)
    assert longer.origin == ORIGIN
    (told,) = health(home, now=NOON)
    assert (told.ahead, told.alarm) == (5, True)


@pytest.mark.parametrize("above", ["alarm_days = 0\n", 'alarm_days = "3"\n', "other = 1\n"])
def test_what_the_file_may_not_say_is_refused(home: Path, above: str) -> None:
    with serving(home / "witness") as witness:
        write(home, witness.address, witness.key.text(), above=above)
    with pytest.raises(InputError, match=r"witnesses\.toml"):
        health(home, now=NOON)
