"""Settings: defaults, flags, the database's address, the session key, the browser."""

from __future__ import annotations

import logging
import stat
import sys
from pathlib import Path

import pytest

from config.brief import Brief
from config.database import database
from config.environment import SETTINGS, SettingError, port, public_url, resolvers, setting
from config.secret import secret_key


def test_defaults_lie_below_the_users_data_folder() -> None:
    assert setting("MARKSEAL_HOME", environ={"XDG_DATA_HOME": "/data"}) == "/data/markseal"
    key = setting("MARKSEAL_SECRET_KEY_FILE", environ={"MARKSEAL_HOME": "/h"})
    assert key == "/h/secret.key"
    agent = setting("MARKSEAL_USER_AGENT", environ={"MARKSEAL_CONTACT": "a@example.cn"})
    assert agent == "markseal/0.1 (+a@example.cn)"


def test_every_setting_is_described_in_both_languages() -> None:
    for item in SETTINGS:
        assert item.zh
        assert item.en
        assert item.name.startswith("MARKSEAL_")


def test_flags_are_one_or_zero() -> None:
    name = "MARKSEAL_ALLOW_LOOPBACK"
    assert setting(name, environ={name: "1"}) == "1"
    assert setting(name, environ={name: "0"}) == setting(name, environ={}) == ""
    with pytest.raises(SettingError):
        setting(name, environ={name: "yes"})
    with pytest.raises(KeyError):
        setting("MARKSEAL_COLOUR")


@pytest.mark.parametrize("value", ["x", "-1", "65536", "８０００"])
def test_a_port_is_a_number(value: str) -> None:
    with pytest.raises(SettingError):
        port(environ={"MARKSEAL_PORT": value})


def test_sqlite_without_an_address() -> None:
    found = database("", Path("/h"))
    assert found["NAME"] == "/h/markseal.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_an_address_of_postgresql_is_taken_apart() -> None:
    found = database("postgres://u%40x:p%2Fw@db.example:5433/desk?sslmode=require", Path("/h"))
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "u@x",
        "p/w",
        "db.example",
        "5433",
        "desk",
    )
    assert found["OPTIONS"] == {"sslmode": "require"}
    assert database("postgresql://u@/d?host=/tmp/s", Path("/h"))["HOST"] == "/tmp/s"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u@h/d",
        "postgres://u@h",
        "postgres://u@h/",
        "postgres://u@h/a/b",
        "postgres://u@h:x/d",
        "postgres://u@h/d#x",
        "postgres://u@h/d?colour=red",
        "postgres://u@h/d?sslmode",
        "desk",
    ],
)
def test_a_wrong_address_is_one_sentence(url: str) -> None:
    with pytest.raises(SettingError) as caught:
        database(url, Path("/h"))
    assert "MARKSEAL_DATABASE_URL" in caught.value.zh
    assert "\n" not in caught.value.en


def test_further_resolvers_are_addresses() -> None:
    name = "MARKSEAL_RESOLVERS"
    assert resolvers(environ={}) == ()
    told = resolvers(environ={name: "223.5.5.5, 119.29.29.29:5353,[2400:3200::1]:53,"})
    assert told == ("223.5.5.5:53", "119.29.29.29:5353", "[2400:3200::1]:53")
    with pytest.raises(SettingError) as caught:
        resolvers(environ={name: "dns.example"})
    assert name in caught.value.zh


def test_the_session_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"
    key = secret_key(path)
    assert len(key) >= 50
    assert secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]
    path.write_text("short")
    with pytest.raises(SettingError):
        secret_key(path)
    with pytest.raises(SettingError):
        secret_key(tmp_path)


@pytest.mark.parametrize(
    "value",
    ["foo", "desk.example.cn", "ftp://a.cn", "https://", "https://[::1", "https://a.cn/desk"],
)
def test_a_public_address_is_whole(value: str) -> None:
    with pytest.raises(SettingError) as caught:
        public_url(environ={"MARKSEAL_PUBLIC_URL": value})
    assert value in caught.value.zh
    assert value in caught.value.en


def test_a_public_address_loses_its_last_slash() -> None:
    assert public_url(environ={}) == ""
    given = {"MARKSEAL_PUBLIC_URL": "https://desk.example.cn:8443/"}
    assert public_url(environ=given) == "https://desk.example.cn:8443"


@pytest.mark.parametrize(("level", "kept"), [(logging.WARNING, False), (logging.ERROR, True)])
def test_only_errors_are_written_with_their_traceback(level: int, kept: bool) -> None:
    try:
        raise PermissionError
    except PermissionError:
        why = sys.exc_info()
    record = logging.LogRecord("django.request", level, __file__, 1, "Forbidden", (), why)
    assert Brief().filter(record)
    assert ("Traceback" in logging.Formatter("{message}", style="{").format(record)) is kept
