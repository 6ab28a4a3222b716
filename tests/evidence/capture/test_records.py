"""The records of one act, on pages that make them hard: tall, nested, lazy, framed."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from egress.process import Guard, guard
from evidence.browser.order import Profile
from evidence.capture import CaptureOrder, Limits, Snapshot, capture, check_url, find_browser
from tests.evidence.capture.pages import serving
from tests.evidence.capture.site import picture

pytestmark = pytest.mark.browser

TALL = """<!doctype html><meta charset="utf-8"><title>长页</title><body style="margin:0">
<div style="position:fixed;top:0;left:0;right:0;height:50px;background:#f00">顶栏</div>
<script>
for (let n = 0; n < 95; n++) document.write('<div style="height:100px;background:rgb('
  + [n * 2, 255 - n * 2, 128] + ')">第 ' + n + ' 行</div>');
let resized = 0; addEventListener('resize', () => resized++);
</script></body>"""
NESTED = """<!doctype html><meta charset="utf-8"><title>内部滚动</title>
<body style="margin:0;height:100vh;overflow:hidden">
<div style="height:800px;overflow-y:auto"><p>商品详情在内部滚动区域中，共有五张图片。</p>
<script>for (let n = 0; n < 5; n++) document.write('<div style="height:1500px">'
  + '<img loading="lazy" src="/lazy' + n + '.png" width="40" height="30"></div>');</script>
</div></body>"""
FRAMED = """<!doctype html><meta charset="utf-8"><title>框架</title><p>主页面的文字</p>
<iframe src="/inner"></iframe><iframe srcdoc="<p>内联框架的文字</p>"></iframe>
<iframe src="/unseen" style="display:none"></iframe>"""
BANNER = """<!doctype html><meta charset="utf-8"><title>提示条</title>
<p>商品说明：甬江春茶，二百五十克装，产地宁波。</p>
<div id="cookie" style="position:fixed;bottom:0;height:60px;width:100%;background:#00f">
本网站使用 Cookie <button onclick="fetch('/clicked')">全部接受</button></div>
<script>document.querySelector('button').click = () => fetch('/clicked')</script>"""
ENDLESS = """<!doctype html><meta charset="utf-8"><title>无尽</title><div id="a">开始</div><script>
const more = () => { const d = document.createElement('div'); d.style.height = '900px';
  d.textContent = '更多'; document.body.append(d); };
more(); more(); addEventListener('scroll', more);</script>"""
LICENCE = """<!doctype html><meta charset="utf-8"><title>营业执照信息</title>
<h1>营业执照</h1><p>名称：宁波某某茶业有限公司</p><p>统一社会信用代码：91330200MA0000000X</p>"""
ALERTS = """<!doctype html><meta charset="utf-8"><title>弹窗不止</title>
<p>商品：甬江春茶，二百五十克</p><script>for (;;) alert('再来')</script>"""
AGENT = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>手机</title><p>商品页面手机版，内容足够长，便于判断页面状态。</p>
<pre id="a" style="white-space:pre-wrap"></pre><script>
a.textContent = navigator.userAgent + '\\n' + [innerWidth, innerHeight, devicePixelRatio,
  'ontouchstart' in window, matchMedia('(pointer: coarse)').matches].join(' ');</script>"""
PAGES: dict[str, str | bytes | int] = {
    "/tall": TALL,
    "/nested": NESTED,
    "/framed": FRAMED,
    "/inner": "<p>子框架的文字</p>",
    "/unseen": "<p>看不见的文字</p>",
    "/banner": BANNER,
    "/endless": ENDLESS,
    "/licence": LICENCE,
    "/alerts": ALERTS,
    "/agent": AGENT,
    "/broken": 500,
    **{f"/lazy{n}.png": picture("green") for n in range(5)},
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


def taken(url: str, way_out: Guard, folder: Path, **more: Any) -> tuple[Snapshot, dict[str, Any]]:
    wanted = CaptureOrder(
        url=check_url(url),
        browser=find_browser(),
        proxy=way_out.address,
        journal=way_out.journal,
        sandbox=False,
        **more,
    )
    snapshot = capture(wanted, folder, software="t")
    return snapshot, json.loads((folder / "evidence/capture.json").read_bytes())


def steps(record: dict[str, Any]) -> dict[str, str]:
    return {step["step"]: step.get("note", "") for step in record["steps"]}


def test_a_tall_page_is_taken_in_strips_that_are_kept(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    _, record = taken(f"{address}/tall", way_out, tmp_path, limits=Limits(strip_height=2500))
    strips = sorted((tmp_path / "evidence/strips").iterdir())
    assert [path.name for path in strips] == ["001.png", "002.png", "003.png", "004.png"]
    with Image.open(tmp_path / "evidence/screenshot.png") as whole:
        assert whole.size == (1366, 9500)
        pixels = [whole.getpixel((700, 75 + 100 * n)) for n in (0, 24, 25, 60, 94)]
        assert pixels == [(2 * n, 255 - 2 * n, 128) for n in (0, 24, 25, 60, 94)]
        assert whole.getpixel((700, 2510)) != (255, 0, 0)  # a fixed bar stands once, at the top
        below = 0
        for path in strips:
            with Image.open(path) as piece:
                part = whole.crop((0, below, 1366, below + piece.height))
                assert part.tobytes() == piece.convert(whole.mode).tobytes()
                below += piece.height
        assert below == whole.height
    assert record["limits_hit"] == []


def test_a_picture_that_takes_too_long_is_cut_and_says_so(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    limits = Limits(strip_height=1000, picture_seconds=0)
    _, record = taken(f"{address}/tall", way_out, tmp_path, limits=limits)
    assert record["limits_hit"] == ["picture seconds"]
    assert record["page_height"] == 9500
    with Image.open(tmp_path / "evidence/screenshot.png") as whole:
        assert whole.height == 1000


def test_a_page_of_one_strip_has_none(address: str, way_out: Guard, tmp_path: Path) -> None:
    snapshot, _ = taken(f"{address}/banner", way_out, tmp_path)
    assert not (snapshot.folder / "evidence/strips").exists()


def test_boxes_that_scroll_inside_the_page_are_scrolled(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    _, record = taken(f"{address}/nested", way_out, tmp_path)
    asked = {item["url"].rpartition("/")[2] for item in record["exchanges"]}
    assert {f"lazy{n}.png" for n in range(5)} <= asked
    assert steps(record)["scrolled inside the page"].startswith("1 box, ")


def test_a_page_without_end_is_scrolled_within_the_bound(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    _, record = taken(f"{address}/endless", way_out, tmp_path, limits=Limits(scrolls=6))
    assert record["limits_hit"] == ["scrolls"]
    assert steps(record)["scrolled"] == "6 times; end reached: no"


def test_the_text_of_frames_is_kept_under_their_addresses(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    taken(f"{address}/framed", way_out, tmp_path)
    text = (tmp_path / "evidence/text.txt").read_text("utf-8")
    assert text.startswith("主页面的文字")
    assert f"[frame {address}/inner]\n子框架的文字" in text
    assert "内联框架的文字" in text
    assert "看不见的文字" not in text


def test_a_cookie_banner_is_left_as_it_is(address: str, way_out: Guard, tmp_path: Path) -> None:
    _, record = taken(f"{address}/banner", way_out, tmp_path)
    assert not any("clicked" in item["url"] for item in record["exchanges"])
    assert "本网站使用 Cookie" in (tmp_path / "evidence/text.txt").read_text("utf-8")
    with Image.open(tmp_path / "evidence/screenshot.png") as whole:
        assert whole.getpixel((1000, whole.height - 30)) == (0, 0, 255)


def test_the_page_is_kept_as_mhtml_with_its_parts(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    taken(f"{address}/framed", way_out, tmp_path)
    data = (tmp_path / "evidence/page.mhtml").read_bytes()
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert message.get_content_type() == "multipart/related"
    assert message["Snapshot-Content-Location"] == f"{address}/framed"
    bodies = [part.get_payload(decode=True) for part in message.walk()]
    parts = [body.decode("utf-8", "replace") for body in bodies if isinstance(body, bytes)]
    assert any("主页面的文字" in part for part in parts)
    assert any("子框架的文字" in part for part in parts)


def test_the_sellers_licence_page_is_taken_beside_the_page(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    licence = f"{address}/licence"
    snapshot, record = taken(f"{address}/banner", way_out, tmp_path, licence=licence)
    assert (snapshot.final_url, snapshot.title) == (f"{address}/banner", "提示条")
    text = (tmp_path / "evidence/licence.txt").read_text("utf-8")
    assert "统一社会信用代码：91330200MA0000000X" in text
    with Image.open(tmp_path / "evidence/licence.png") as shown:
        assert shown.width == 1366
    assert licence in {item["url"] for item in record["exchanges"]}
    assert "营业执照" not in (tmp_path / "evidence/text.txt").read_text("utf-8")


@pytest.mark.parametrize(("path", "why"), [("/broken", "status 500"), (":1/", "ERR_")])
def test_a_licence_page_that_cannot_be_had_is_named(
    path: str, why: str, address: str, way_out: Guard, tmp_path: Path
) -> None:
    licence = f"{address}{path}" if path.startswith("/") else f"http://127.0.0.1{path}"
    snapshot, record = taken(f"{address}/banner", way_out, tmp_path, licence=licence)
    assert snapshot.http_status == 200
    assert not (tmp_path / "evidence/licence.png").exists()
    named = [item for item in record["not_recorded"] if item["what"] == "licence page"]
    assert len(named) == 1
    assert why in named[0]["reason"]


@pytest.mark.soak
def test_alerts_without_end_do_not_hold_the_capture(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    snapshot, record = taken(f"{address}/alerts", way_out, tmp_path)
    assert "甬江春茶" in (tmp_path / "evidence/text.txt").read_text("utf-8")
    assert snapshot.title == "弹窗不止"
    assert "dialogs" in record["limits_hit"]
    assert record["dialogs"][0] == {"type": "alert", "message": "再来"}


def test_the_mobile_profile_is_a_telephone_with_the_browsers_own_version(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    taken(f"{address}/agent", way_out, tmp_path, profile=Profile.MOBILE)
    text = (tmp_path / "evidence/text.txt").read_text("utf-8")
    environment = json.loads((tmp_path / "evidence/environment.json").read_bytes())
    major = environment["browser"]["version"].partition(".")[0]
    assert f"Chrome/{major}.0.0.0 Mobile Safari" in text
    assert "Headless" not in text
    assert "412 915 2 true true" in text
    assert environment["declared"]["profile"] == "mobile"
    assert environment["declared"]["viewport"] == "412x915"
    with Image.open(tmp_path / "evidence/screenshot.png") as whole:
        assert whole.width == 824


def test_the_screen_is_recorded_when_it_is_asked_for(
    address: str, way_out: Guard, tmp_path: Path
) -> None:
    _, record = taken(f"{address}/endless", way_out, tmp_path, recording=True)
    data = (tmp_path / "evidence/recording.webm").read_bytes()
    assert data[:4] == bytes.fromhex("1a45dfa3")
    assert int(steps(record)["recording"].split()[0]) >= 2
