"""An attended capture on a virtual screen: a person really clicks, types, and marks moments."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from egress.process import Guard, guard
from evidence.browser.order import Attended
from evidence.capture import (
    CaptureOrder,
    Limits,
    PageNotCaptured,
    Reason,
    Snapshot,
    capture,
    check_url,
    find_browser,
)
from evidence.format.declared import SENTENCES
from tests.evidence.capture.pages import serving
from tests.evidence.capture.screen import Person, need_a_screen, screen

pytestmark = pytest.mark.browser

PASSWORD, DOTTED, SHADED = "kE7xQz4bTy", "DiscFieldW4k8Hs2", "ShadPwWn47Kd9z"
SIGN_IN = """<!doctype html><meta charset="utf-8"><title>登录</title><body style="margin:0">
<form method="post" action="/shop"><input name="word" type="password" placeholder="请输入密码"
style="position:absolute;left:0;top:0;width:90%;height:200px"><input name="mm"
style="-webkit-text-security:disc;position:absolute;left:0;top:205px;width:90%;height:40px">
<input name="sp" type="hidden"><div id="host"></div>
<button style="position:absolute;left:0;top:250px;width:90%;height:250px">登录</button></form>
<script>
document.forms[0].word.onkeydown = e => { e.target.type = 'text' }; // the eye, before the first key
const root = host.attachShadow({mode: 'closed'}); root.innerHTML = '<input type=password>';
root.firstChild.oninput = e => document.forms[0].sp.value = root.firstChild.value;</script>"""
SHOP = """<!doctype html><meta charset="utf-8"><title>甬江春茶旗舰店</title>
<body style="margin:0;height:4000px"><a href="/item" target="_blank"
style="position:absolute;left:0;top:0;width:90%;height:400px;background:#fc0">明前特级龙井</a>
<script>document.body.click();
seen = []; addEventListener('keydown', e => seen.push(e.code)); document.title +=
  [typeof markseal, Object.keys(window).includes('markseal')].join(' ');</script>"""
ITEM = """<!doctype html><meta charset="utf-8"><title>明前特级龙井 商品详情</title>
<body style="margin:0"><div style="height:1500px;background:#0c0">价格 128.00 元，现货供应</div>"""
FRAMED = """<!doctype html><meta charset="utf-8"><title>带框架的页面</title><body style="margin:0">
<script>document.write('<iframe style="border:0;width:90%;height:600px" src="http://localhost:'
  + location.port + '/inner"></iframe>');</script>"""
INNER = """<!doctype html><meta charset="utf-8"><body style="margin:0"><button
style="width:90%;height:300px">框架里的按钮</button><input style="width:90%;height:200px">"""
ASKS = """<!doctype html><meta charset="utf-8"><title>询问</title><body style="margin:0">
<button onclick="document.title = confirm('确定吗？') ? '已确定' : '已取消'"
style="width:90%;height:400px">询问</button>"""
RENAMED = """<!doctype html><meta charset="utf-8"><title>改写网址</title><body style="margin:0">
<button onclick="location.href = 'http://127.0.0.1:1/'" style="width:90%;height:400px">离开</button>
<p>价格 128.00 元<script>history.pushState({}, '', '/genuine')</script>"""
PAGES: dict[str, str | bytes | int] = {
    "/": SIGN_IN,
    "/shop": SHOP,
    "/item": ITEM,
    "/framed": FRAMED,
    "/inner": INNER,
    "/asks": ASKS,
    "/renamed": RENAMED,
    "/licence": "<!doctype html><meta charset=utf-8><h1>营业执照</h1><p>宁波某某茶业有限公司</p>",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(PAGES) as found:
        yield found


@pytest.fixture(scope="module")
def way_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    journal = tmp_path_factory.mktemp("guard") / "journal.jsonl"
    with guard(journal, allow_loopback=True) as running:
        yield running


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    need_a_screen()
    with screen() as found:
        yield found


Acting = Callable[[Person], None]


@pytest.fixture
def attended(
    address: str, way_out: Guard, display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Snapshot]]:
    """Run an attended capture with somebody at the screen; what they do is a function."""
    monkeypatch.setenv("DISPLAY", display)
    lines, typed = os.pipe()
    heard, words = os.pipe()
    person = Person(display, heard, typed)
    failed: list[BaseException] = []

    def sit_down(acting: Acting) -> None:
        try:
            acting(person)
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failed.append(error)
            person.says("e")

    def run(acting: Acting, *, path: str = "/", url: str = "", **more: Any) -> Snapshot:
        wanted = CaptureOrder(
            url=check_url(url or address + path),
            browser=find_browser(),
            proxy=way_out.address,
            journal=way_out.journal,
            sandbox=False,
            headed=True,
            attended=Attended("张某", "李某", lines, words),
            private_key=os.urandom(32),
            **more,
        )
        thread = threading.Thread(target=sit_down, args=(acting,))
        thread.start()
        try:
            return capture(wanted, tmp_path, software="t")
        finally:
            thread.join()
            assert not failed, failed[0]

    yield run
    person.hangs_up()
    for handle in (lines, heard, words):
        os.close(handle)


def told(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "evidence/attended.json").read_bytes())
    return value


def signs_in_and_marks(person: Person) -> None:
    person.wait_for("浏览器已打开")
    person.takes_the_window()
    person.clicks(300, 190)
    person.does("type", PASSWORD)
    person.does("key", "Tab")
    person.does("type", DOTTED)
    person.does("key", "Tab")
    person.does("type", SHADED)
    person.clicks(300, 450)
    person.does("mousemove", "300", "600", "click", "5", "click", "5")
    person.says("m 店铺首页")
    person.wait_for("已标记 001")
    person.does("mousemove", "300", "600", "click", "4", "click", "4", "click", "4")
    person.clicks(300, 300)
    person.does("sleep", "2")
    person.does("key", "ctrl+shift+m")
    person.wait_for("已标记 002")
    person.says("e")


def nothing_typed_is_kept(folder: Path) -> None:
    """Prove that the password is in no file, and that keys in its field were not even counted."""
    record = told(folder)
    keys = [doing for doing in record["doings"] if doing["kind"] == "keys"]
    assert keys[0]["password"] is True
    assert "count" not in keys[0]
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            assert PASSWORD.encode() not in data, path
            assert DOTTED.encode() not in data, path
            assert SHADED.encode() not in data, path
    exchanges = gzip.decompress((folder / "archive/data.warc.gz").read_bytes())
    sent = b"\r\n\r\nword=" + b"*" * len(PASSWORD) + b"&mm=" + b"*" * len(DOTTED)
    sent += b"&sp=" + b"*" * len(SHADED)
    assert sent in exchanges
    assert record["moments"][0]["title"] == "甬江春茶旗舰店undefined false"


def test_a_person_signs_in_visits_pages_and_marks_moments(
    attended: Callable[..., Snapshot], address: str, tmp_path: Path
) -> None:
    snapshot = attended(signs_in_and_marks, recording=True, licence=f"{address}/licence")
    record = told(tmp_path)
    assert (record["by"], record["second"], record["ended_by"]) == ("张某", "李某", "person")
    moments = record["moments"]
    assert [m["url"] for m in moments] == [f"{address}/shop", f"{address}/item"]
    assert [(m["note"], m["marked_by"]) for m in moments] == [("店铺首页", "terminal"), ("", "key")]
    assert "价格 128.00 元" in moments[1]["text"]
    with Image.open(tmp_path / "evidence/moments/002.png") as shown:
        assert shown.height == 1500
        assert shown.convert("RGB").getpixel((400, 1000)) == (0, 204, 0)
    kinds = [doing["kind"] for doing in record["doings"]]
    assert {"page opened", "navigation", "click", "keys", "submit", "scroll", "mark"} <= set(kinds)
    clicks = [doing["target"] for doing in record["doings"] if doing["kind"] == "click"]
    assert clicks[1:] == ["button submit “登录”", "a “明前特级龙井”"]  # no click of the page's own
    assert len(record["pages"]) == 2
    assert all(doing["wall"].endswith("Z") and doing["since_start"] for doing in record["doings"])
    moved = [(one["url"], one["by"]) for one in record["doings"] if one["kind"] == "navigation"]
    assert moved == [
        (f"{address}/", "capture"),
        (f"{address}/shop", "person"),
        (f"{address}/item", "person"),
    ]
    assert "page closed" not in kinds
    assert all(m["wall"] < m["taken"]["wall"] for m in moments)
    assert (snapshot.final_url, snapshot.http_status) == (f"{address}/item", 200)
    assert (tmp_path / "evidence/recording.webm").stat().st_size > 1000
    assert "营业执照" in (tmp_path / "evidence/licence.txt").read_text("utf-8")
    nothing_typed_is_kept(tmp_path)


def test_what_is_done_in_a_frame_of_another_site_is_recorded(
    attended: Callable[..., Snapshot], tmp_path: Path
) -> None:
    def acts(person: Person) -> None:
        person.wait_for("浏览器已打开")
        person.takes_the_window()
        person.clicks(300, 250)
        person.clicks(300, 480)
        person.does("type", "abcd")
        person.clicks(300, 250)
        person.says("e")

    attended(acts, path="/framed")
    doings = told(tmp_path)["doings"]
    clicks = [doing["target"] for doing in doings if doing["kind"] == "click"]
    assert clicks[0] == "button submit “框架里的按钮”"
    assert [doing["count"] for doing in doings if doing["kind"] == "keys"] == [4]
    assert "abcd" not in json.dumps(doings)


def test_a_question_of_the_page_is_left_to_the_person(
    attended: Callable[..., Snapshot], tmp_path: Path
) -> None:
    def answers(person: Person) -> None:
        person.wait_for("浏览器已打开")
        person.takes_the_window()
        person.clicks(300, 250)
        person.does("sleep", "1")
        person.does("key", "Return")
        person.does("sleep", "1")
        person.says("m")
        person.wait_for("已标记 001：已确定")
        person.says("e")

    attended(answers, path="/asks")
    record = json.loads((tmp_path / "evidence/capture.json").read_bytes())
    assert record["dialogs"] == [{"type": "confirm", "message": "确定吗？"}]
    assert "dialog" in {doing["kind"] for doing in told(tmp_path)["doings"]}


def test_a_closed_window_ends_the_capture_with_what_was_kept(
    attended: Callable[..., Snapshot], address: str, tmp_path: Path
) -> None:
    def closes(person: Person) -> None:
        person.wait_for("浏览器已打开")
        person.takes_the_window()
        person.does("key", "ctrl+w")

    snapshot = attended(closes, path="/item")
    record = told(tmp_path)
    assert (record["ended_by"], record["main_records"]) == ("window closed", "opening")
    assert snapshot.title == "明前特级龙井 商品详情"
    assert record["moments"] == []
    assert record["pages"][0]["closed"]


def test_the_end_of_input_ends_the_capture(
    attended: Callable[..., Snapshot], tmp_path: Path
) -> None:
    def hangs_up(person: Person) -> None:
        person.wait_for("浏览器已打开")
        person.says("?")
        person.wait_for("结束并封存")
        person.says("m 最后")  # and at once the end: it is marked all the same
        person.hangs_up()

    snapshot = attended(hangs_up, path="/item")
    record = json.loads((tmp_path / "evidence/capture.json").read_bytes())
    assert record["answered_url"] == snapshot.final_url
    assert (snapshot.fidelity, "private" in record) == ("exact", False)  # nobody signed in
    assert not (tmp_path / "evidence/private.bin").exists()
    assert SENTENCES["redacted"] not in snapshot.declared
    assert (told(tmp_path)["ended_by"], told(tmp_path)["main_records"]) == ("person", "end")
    assert [moment["note"] for moment in told(tmp_path)["moments"]] == ["最后"]


def test_an_address_that_a_script_set_is_told_and_an_error_page_is_not_kept(
    attended: Callable[..., Snapshot], address: str, tmp_path: Path
) -> None:
    def follows(person: Person) -> None:
        person.wait_for("浏览器已打开")
        person.takes_the_window()
        person.says("m")
        person.wait_for("已标记 001")
        person.clicks(300, 250)
        person.does("sleep", "1")
        person.says("m")
        person.wait_for("未能标记")
        person.says("e")

    snapshot = attended(follows, path="/renamed")
    assert (snapshot.final_url, snapshot.http_status) == (f"{address}/genuine", 200)
    record = json.loads((tmp_path / "evidence/capture.json").read_bytes())
    assert record["answered_url"] == f"{address}/renamed"
    [moment] = told(tmp_path)["moments"]
    assert (moment["url"], moment["answered_url"]) == (f"{address}/genuine", f"{address}/renamed")
    assert any("网址由网页脚本改写" in zh and "1" in zh for zh, _ in snapshot.declared)
    assert told(tmp_path)["main_records"] == "moment 1"
    moved = [one for one in told(tmp_path)["doings"] if one["kind"] == "navigation"]
    assert [(one["by"], one["cause"]) for one in moved] == [
        ("capture", None),
        ("script", "historyApi"),
        ("script after input", "scriptInitiated"),
    ]


def test_the_time_limit_ends_the_capture(attended: Callable[..., Snapshot], tmp_path: Path) -> None:
    def waits(person: Person) -> None:
        person.wait_for("已到时限")

    attended(waits, path="/item", limits=Limits(seconds=1))
    record = json.loads((tmp_path / "evidence/capture.json").read_bytes())
    assert told(tmp_path)["ended_by"] == "time limit"
    assert "seconds" in record["limits_hit"]


def test_an_address_that_cannot_be_opened_fails(attended: Callable[..., Snapshot]) -> None:
    with pytest.raises(PageNotCaptured) as caught:
        attended(lambda person: None, url="http://127.0.0.1:1/")
    assert caught.value.reason is Reason.UNREACHABLE
