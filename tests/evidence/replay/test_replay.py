"""Captures played again offline: what agrees, what differs, and why."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from evidence.browser.order import Login, Profile
from evidence.capture import Snapshot, capture
from evidence.format import jcs
from evidence.replay import check, compare_pictures, compare_texts
from tests.evidence.capture.pages import serving
from tests.evidence.ground.authority import Authority
from tests.evidence.ground.holding import order
from tests.evidence.ground.server import Ground, ground
from tests.evidence.replay.site import site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    chain = Authority.new().chain(tmp_path_factory.mktemp("chain")).pem
    with ground(site, chain=chain) as running:
        yield running


def taken(where: Ground, path: str, folder: Path, **more: Any) -> Snapshot:
    return capture(order(where.address + path, None, **more), folder, software="replay test")


def replayed(where: Ground, snapshot: Snapshot, seconds: float = 60, **more: Any) -> dict[str, Any]:
    """Replay, and fail if the site was asked for anything meanwhile."""
    before = len(where.ledger.connections)
    check(snapshot, order(snapshot.url, None, **more), seconds=seconds)
    assert len(where.ledger.connections) == before
    data = (snapshot.folder / "evidence/replay.json").read_bytes()
    value: dict[str, Any] = jcs.loads(data, "replay.json")
    return value


@pytest.fixture(scope="module")
def still(where: Ground, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return taken(where, "/", tmp_path_factory.mktemp("still"))


def test_an_honest_capture_replays_equal(where: Ground, still: Snapshot) -> None:
    report = replayed(where, still)
    assert report["verdict"] == "equal", json.dumps(report, ensure_ascii=False, indent=1)
    assert report["picture"]["regions"] == []
    assert report["text"] == {"equal": True, "differences": []}
    assert report["requests"]["refused"] == []
    assert report["requests"]["answered"] >= 12
    text = (still.folder / "evidence/text.txt").read_text("utf-8")
    assert all(part in text for part in ("甲，乙", "接口应答 13", "工人的应答", "框架里的文字"))
    assert (still.folder / "evidence/replay.png").stat().st_size > 1000


def copy(still: Snapshot, folder: Path) -> Snapshot:
    shutil.copytree(still.folder, folder, ignore=shutil.ignore_patterns("replay.*"))
    return replace(still, folder=folder)


def test_a_price_changed_in_the_picture_shows(
    where: Ground, still: Snapshot, tmp_path: Path
) -> None:
    forged = copy(still, tmp_path / "forged")
    path = forged.folder / "evidence/screenshot.png"
    with Image.open(path) as picture:
        changed = picture.convert("RGB")
    box = price(changed)
    digit = changed.crop((box[0], box[1], box[0] + 22, box[3]))
    changed.paste(digit, (box[0] + 22, box[1]))
    changed.save(path, "PNG")
    report = replayed(where, forged)
    assert report["verdict"] == "differs"
    assert report["text"]["equal"]
    [region] = report["picture"]["regions"]
    assert region["cause"] == "unknown"
    assert box[0] <= region["x"] <= box[0] + 44
    assert box[1] <= region["y"] <= box[3]


def price(picture: Image.Image) -> tuple[int, int, int, int]:
    """Return where the digits of the price stand: the large line, past its first word."""
    line = picture.crop((90, 140, 330, 240)).convert("L").point(lambda v: 255 * (v < 128))
    left, top, right, bottom = line.getbbox() or (0, 0, 0, 0)
    return left + 90, top + 140, right + 90, bottom + 140


def test_a_text_that_was_changed_shows(where: Ground, still: Snapshot, tmp_path: Path) -> None:
    forged = copy(still, tmp_path / "forged")
    path = forged.folder / "evidence/text.txt"
    path.write_bytes(path.read_bytes().replace(b"128.00", b"98.00"))
    report = replayed(where, forged)
    assert report["verdict"] == "differs"
    [line] = report["text"]["differences"]
    assert line["sealed"] == ["价格 98.00 元"]
    assert line["replayed"] == ["价格 128.00 元"]
    assert report["picture"]["regions"] == []


def test_clock_animation_and_advertisement_are_causes(where: Ground, tmp_path: Path) -> None:
    report = replayed(where, taken(where, "/moving", tmp_path))
    assert report["verdict"] == "differs"
    causes = {region["cause"] for region in report["picture"]["regions"]}
    assert causes == {"clock", "animation", "advertisement"}, report["picture"]


def test_what_was_not_recorded_is_named(where: Ground, tmp_path: Path) -> None:
    report = replayed(where, taken(where, "/lost", tmp_path))
    assert report["verdict"] == "differs"
    assert {region["cause"] for region in report["picture"]["regions"]} == {"not recorded"}
    [refused] = report["requests"]["refused"]
    assert "/any.png?x" in refused


def test_numbers_against_caches_are_answered_and_told(where: Ground, tmp_path: Path) -> None:
    report = replayed(where, taken(where, "/busted", tmp_path))
    assert report["verdict"] == "equal", report
    requests = report["requests"]
    assert (requests["refused"], requests["answered_alike"]) == ([], 3)
    for pair in requests["alike"]:
        assert pair["asked"] != pair["recorded"]
        assert pair["asked"].partition("?")[0] == pair["recorded"].partition("?")[0]


def test_a_page_that_differs_on_a_second_visit_is_reported(where: Ground, tmp_path: Path) -> None:
    first = taken(where, "/differing", tmp_path / "first")
    second = taken(where, "/differing", tmp_path / "second")
    pictures, texts = [], []
    for snapshot in (first, second):
        assert replayed(where, snapshot)["verdict"] == "equal"
        pictures.append((snapshot.folder / "evidence/screenshot.png").read_bytes())
        texts.append((snapshot.folder / "evidence/text.txt").read_text("utf-8"))
    assert len(compare_pictures(*pictures).regions) >= 1
    [line] = compare_texts(*texts)
    assert (line.first, line.second) == (("价格 128.00 元",), ("该商品已下架",))


@pytest.mark.soak
def test_a_telephone_and_a_page_with_popups_replay_equal(where: Ground, tmp_path: Path) -> None:
    telephone: dict[str, Any] = {"profile": Profile.MOBILE}
    report = replayed(where, taken(where, "/still", tmp_path / "a", **telephone), **telephone)
    assert report["verdict"] == "equal", report
    report = replayed(where, taken(where, "/pops", tmp_path / "b"))
    assert report["verdict"] == "equal", report


def test_a_replay_that_hangs_is_ended(where: Ground, tmp_path: Path) -> None:
    report = replayed(where, taken(where, "/stuck", tmp_path), seconds=5)
    assert report["verdict"] == "not_checked"
    assert "longer than the 5 seconds" in report["reason"]["en"]
    assert "5 秒" in report["reason"]["zh"]


def test_a_login_is_not_declared_again(where: Ground, tmp_path: Path) -> None:
    token = "c0ffee-5e55-10n-70ken-d15c0"
    session = tmp_path / "session.json"
    cookie = {"name": "sid", "value": token, "domain": "127.0.0.1", "path": "/", "expires": -1,
              "httpOnly": True, "secure": False, "sameSite": "Lax"}  # fmt: skip
    session.write_text(json.dumps({"cookies": [cookie], "origins": []}))
    login: dict[str, Any] = {"login": Login(session), "private_key": bytes(32)}
    snapshot = taken(where, "/greeting", tmp_path / "capture", **login)
    asked = b"".join(item.request for item in where.ledger.settled())
    assert token.encode() in asked
    report = replayed(where, snapshot, **login)
    assert report["verdict"] != "not_checked", report
    for path in snapshot.folder.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path


def test_a_secret_put_together_again_in_the_replay_is_not_told(tmp_path: Path) -> None:
    token = "Qz7kTw9LmPx4Vb2NcR8d"
    pieces = ",".join(str(ord(character) ^ 1) for character in token)
    page = f"""<!doctype html><meta charset="utf-8"><title>分段</title>
    <p>商品编号 10001，产地宁波。</p><p id="whole"></p>
    <script>whole.textContent = [{pieces}].map(c => String.fromCharCode(c ^ 1)).join('');
    fetch('/any?' + whole.textContent + Math.random())</script>"""
    with serving({"/": page, "/any": "ok"}) as address:
        host = address.rpartition("://")[2].partition(":")[0]
        cookie = {"name": "sid", "value": token, "domain": host, "path": "/", "httpOnly": True}
        session = tmp_path / "session.json"
        session.write_text(json.dumps({"cookies": [cookie]}), "utf-8")
        wanted = order(f"{address}/", None, login=Login(session), private_key=bytes(32))
        snapshot = capture(wanted, tmp_path / "taken", software="replay test")
        check(snapshot, wanted)
    report = (snapshot.folder / "evidence/replay.json").read_text("utf-8")
    assert json.loads(report)["verdict"] == "differs"
    assert token not in report
    assert "*" * len(token) in report


def test_a_replay_that_cannot_be_made_says_why(still: Snapshot, tmp_path: Path) -> None:
    broken = copy(still, tmp_path / "broken")
    (broken.folder / "archive/data.warc.gz").write_bytes(b"nothing")
    check(broken, order(still.url, None))
    report = json.loads((broken.folder / "evidence/replay.json").read_bytes())
    assert report["verdict"] == "not_checked"
    assert "could not be read" in report["reason"]["en"]
    assert "damaged" in report["reason"]["detail"]
    assert not (broken.folder / "evidence/replay.png").exists()
    empty = copy(still, tmp_path / "empty")
    (empty.folder / "archive/data.warc.gz").write_bytes(b"")
    check(empty, order(still.url, None))
    report = json.loads((empty.folder / "evidence/replay.json").read_bytes())
    assert report["verdict"] == "not_checked"
    assert "did not load" in report["reason"]["en"]
