"""The key of an encrypted part: made for one exhibit, kept apart, gone when the attempt failed."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from evidence.browser.order import Http2, Login, Profile
from evidence.capture import CaptureOrder, PageNotCaptured, Reason, Snapshot
from evidence.errors import CaptureFailed, InputError
from evidence.format.names import PRIVATE
from evidence.seal import Preserved, PreserveOrder, preserve
from evidence.seal.private import key_path, make_key, read_key
from tests.evidence.seal.rig import CASE, ID, Recorded, home_at, order

TOKEN = "planted-7f3b"


@pytest.fixture
def login(tmp_path: Path) -> Login:
    path = tmp_path / "session-state.json"
    path.write_text(json.dumps({"cookies": [{"name": "sid", "value": TOKEN}], "origins": []}))
    return Login(path, ("ticket",))


class Take:
    """Stands in for the browser: what it was asked, and an encrypted part if it has a key."""

    def __init__(self, recorded: Recorded, *, fail: bool = False, part: bool = True) -> None:
        self.recorded, self.fail, self.part = recorded, fail, part
        self.asked: list[CaptureOrder] = []

    def __call__(self, order: CaptureOrder, folder: Path, *, software: str, clock: Any) -> Snapshot:
        self.asked.append(order)
        if self.fail:
            raise PageNotCaptured(Reason.REFUSED, "It was refused.", "已拒绝。")
        snapshot = self.recorded(order, folder, software=software, clock=clock)
        if self.part:
            (folder / PRIVATE).write_bytes(sha256(order.private_key or b"none").digest())
        return snapshot


def go(wanted: PreserveOrder, home: Path, take: Take) -> Preserved:
    return preserve(
        wanted,
        home=home_at(home),
        proxy=None,
        journal=None,
        browser=Path("/nonexistent"),
        take=take,
    )


@pytest.mark.browser
def test_the_key_is_the_exhibits_own_and_for_the_owner_alone(
    recorded: Recorded, tmp_path: Path, login: Login
) -> None:
    take = Take(recorded)
    go(replace(order(recorded, tmp_path / "A.wacz"), login=login), tmp_path / "home", take)
    home = home_at(tmp_path / "home")
    path = key_path(home, ID)
    assert take.asked[0].private_key == read_key(home, ID)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert read_key(home, ID).hex() not in repr(take.asked[0])


@pytest.mark.browser
def test_neither_session_nor_key_is_in_anything_that_is_kept(
    recorded: Recorded, tmp_path: Path, login: Login
) -> None:
    wanted = replace(order(recorded, tmp_path / "A.wacz"), login=login)
    go(wanted, tmp_path / "home", Take(recorded))
    key = read_key(home_at(tmp_path / "home"), ID)
    kept = [p for p in tmp_path.rglob("*") if p.is_file() and p != login.session]
    for path in kept:
        data = path.read_bytes()
        assert TOKEN.encode() not in data, path
        assert login.session.name.encode() not in data, path
        assert key not in data
        assert path.suffix == ".key" or key.hex().encode() not in data


class Killed(Exception):
    """Stands in for the end of the process."""


@pytest.mark.browser
@pytest.mark.parametrize("point", ["capture begins", "captured", "capture noted", "package built"])
def test_cut_short_anywhere_the_key_is_that_of_what_was_sealed(
    recorded: Recorded, tmp_path: Path, login: Login, point: str
) -> None:
    def die(at: str) -> None:
        if at == point:
            raise Killed

    wanted = replace(order(recorded, tmp_path / "A.wacz"), login=login)
    home, take = home_at(tmp_path / "home"), Take(recorded)
    common = {"proxy": None, "journal": None, "browser": Path("/nonexistent"), "take": take}
    with pytest.raises(Killed):
        preserve(wanted, home=home, fault=die, **common)  # type: ignore[arg-type]
    preserve(wanted, home=home, **common)  # type: ignore[arg-type]
    with zipfile.ZipFile(tmp_path / "A.wacz") as wacz:
        assert wacz.read(PRIVATE) == sha256(read_key(home, ID)).digest()


@pytest.mark.browser
def test_a_failed_attempt_leaves_no_key(recorded: Recorded, tmp_path: Path, login: Login) -> None:
    wanted = replace(order(recorded, tmp_path / "A.wacz"), login=login)
    with pytest.raises(CaptureFailed):
        go(wanted, tmp_path / "home", Take(recorded, fail=True))
    assert not key_path(home_at(tmp_path / "home"), ID).exists()


@pytest.mark.browser
def test_without_an_encrypted_part_no_key_is_kept(
    recorded: Recorded, tmp_path: Path, login: Login
) -> None:
    wanted = replace(order(recorded, tmp_path / "A.wacz"), login=login)
    go(wanted, tmp_path / "home", Take(recorded, part=False))
    assert not key_path(home_at(tmp_path / "home"), ID).exists()


@pytest.mark.browser
def test_without_a_login_there_is_no_key_and_no_such_part(
    recorded: Recorded, tmp_path: Path
) -> None:
    take = Take(recorded)
    with pytest.raises(CaptureFailed, match="without a key"):
        go(order(recorded, tmp_path / "A.wacz"), tmp_path / "home", take)
    assert take.asked[0].private_key is None


@pytest.mark.browser
def test_a_file_that_no_package_may_have_fails_the_attempt(
    recorded: Recorded, tmp_path: Path
) -> None:
    def take(order: CaptureOrder, folder: Path, *, software: str, clock: Any) -> Snapshot:
        snapshot = recorded(order, folder, software=software, clock=clock)
        (folder / "evidence" / "netlog.json").write_bytes(b"{}")
        return snapshot

    with pytest.raises(CaptureFailed, match=r"netlog\.json"):
        go(order(recorded, tmp_path / "A.wacz"), tmp_path / "home", take)  # type: ignore[arg-type]


@pytest.mark.browser
def test_what_is_asked_reaches_the_capture(recorded: Recorded, tmp_path: Path) -> None:
    take = Take(recorded, part=False)
    wanted = replace(
        order(recorded, tmp_path / "A.wacz"),
        profile=Profile.MOBILE,
        http2=Http2.DECODE,
        recording=True,
        licence="https://shop.example/执照",
        time_servers=("ntp.ntsc.ac.cn",),
        resolvers=("223.5.5.5",),
    )
    go(wanted, tmp_path / "home", take)
    asked = take.asked[0]
    assert (asked.profile, asked.http2, asked.recording) == ("mobile", "decode", True)
    assert asked.licence == "https://shop.example/%E6%89%A7%E7%85%A7"
    assert (asked.time_servers, asked.resolvers) == (("ntp.ntsc.ac.cn",), ("223.5.5.5",))


def test_a_key_made_again_is_another(tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    assert make_key(home, ID) != make_key(home, ID)


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"cookies": 1}', None])
def test_a_session_file_that_is_none_is_told_without_its_path(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "my-session.json"
    if content is not None:
        path.write_text(content)
    wanted = PreserveOrder("https://example.com/", CASE, tmp_path / "A.wacz", ID)
    with pytest.raises(InputError) as caught:
        replace(wanted, login=Login(path)).checked()
    assert "my-session" not in caught.value.en + caught.value.zh


@pytest.mark.parametrize(
    "change",
    [
        {"licence": "ftp://x/"},
        {"time_servers": ("a b",)},
        {"time_servers": ("x",) * 9},
        {"resolvers": ("223.5.5.5;rm",)},
        {"attended": True},
        {"requested_by": "甲", "second_person": "甲"},
        {"second_person": "\n"},
    ],
)
def test_orders_that_cannot_be_used(tmp_path: Path, change: dict[str, Any]) -> None:
    good = PreserveOrder("https://example.com/", CASE, tmp_path / "A.wacz", ID)
    with pytest.raises(InputError):
        replace(good, **change).checked()
