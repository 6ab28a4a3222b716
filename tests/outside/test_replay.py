"""A package opens in ReplayWeb.page as its makers publish it, and asks nobody else for anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, sync_playwright

from egress.gate import load_calls_home
from evidence.browser.finding import find_browser
from tests.outside.conftest import SHOP, SHOP_TLS, Captured
from tests.outside.viewer import VERSION, Sink, fetch_viewer, shown, sink

pytestmark = [
    pytest.mark.soak,
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm"),
]
TEXTS = ["甬江春茶 明前特级", "商品编号 10001", "价格一百二十八元"]
FRAME_TEXT = "框架内容"
SCROLL = """async () => { for (let y = 0; y < document.body.scrollHeight; y += 500) {
  scrollTo(0, y); await new Promise(done => setTimeout(done, 60)) } scrollTo(0, 0) }"""
PICTURES = "[...document.images].map(one => [one.currentSrc || one.src, one.naturalWidth])"


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return fetch_viewer(tmp_path_factory.mktemp("viewer"))


@contextmanager
def window(own: str, elsewhere: Sink) -> Iterator[BrowserContext]:
    """Open a browser for which everything but ``own`` lies behind a proxy that leads nowhere."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find_browser()),
            chromium_sandbox=os.geteuid() != 0,
            args=[
                f"--proxy-server=http://127.0.0.1:{elsewhere.port}",
                f"--proxy-bypass-list=<-loopback>;{own}",
            ],
        )
        yield browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 900})
        browser.close()


def replayed(page: Page, url: str) -> Frame:
    """Wait for the frame in which the viewer replays an address, and return it.

    A machine under load can keep the viewer's service worker from starting; the page is then
    loaded once more, as a reader would.
    """
    for turn in range(2):
        if turn:
            page.reload()
        for _ in range(600):
            for frame in page.frames:
                if frame.url.endswith(f"mp_/{url}"):
                    frame.wait_for_load_state()
                    return frame
            page.wait_for_timeout(100)
    raise AssertionError(f"the viewer replays nothing: {[frame.url for frame in page.frames]}")


def pictures_of(frame: Frame) -> dict[str, int]:
    frame.evaluate(SCROLL)
    frame.wait_for_timeout(500)
    told: list[list[Any]] = frame.evaluate(PICTURES)
    return {str(source): int(width) for source, width in told}


def outside(asked: list[str]) -> list[str]:
    """Return what was asked of the proxy beside the browser's own calls home."""
    home = load_calls_home()
    hosts = [urlsplit(f"//{line.split(' ')[1].partition('://')[2] or line.split(' ')[1]}")
             for line in asked if " " in line]  # fmt: skip
    return [host.netloc for host in hosts if host.hostname not in home]


@pytest.mark.parametrize("name", [SHOP, SHOP_TLS])
def test_an_unmodified_viewer_shows_the_page(
    captured: Captured, viewer: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    taken = captured(name)
    final = next(
        line["url"]
        for line in taken.index
        if urlsplit(line["url"]).path == "/" and line["status"] == "200"
    )
    seen: list[str] = []
    with (
        sink() as elsewhere,
        shown(viewer, taken.wacz, taken.page["url"], embed="replayonly") as own,
        window(own, elsewhere) as context,
    ):
        context.on("request", lambda request: seen.append(request.url))
        page = context.new_page()
        page.goto(f"http://{own}/")
        frame = replayed(page, final)
        text = frame.evaluate("document.body.innerText")
        frames = "".join(child.evaluate("document.body.innerText") for child in frame.child_frames)
        pictures = pictures_of(frame)
        page.screenshot(path=tmp_path / "replayed.png")
    assert [part for part in TEXTS if part not in text] == []
    assert (FRAME_TEXT in frames) is (name == SHOP)  # over TLS the browser stops a plain frame
    kept = {line["url"] for line in taken.index if line["status"] == "200"}
    blank = {source for source, width in pictures.items() if source in kept and not width}
    assert blank == set()
    assert [width for width in pictures.values() if width], pictures
    strangers = {url for url in seen if not url.startswith((f"http://{own}/", "data:", "blob:"))}
    assert strangers == set()
    assert outside(elsewhere.asked) == []
    drawn = sum(map(bool, pictures.values()))
    print(
        f"soak: {name}: ReplayWeb.page {VERSION} shows the text, {drawn} pictures and "
        f"{len(frame.child_frames)} frames with {len(seen)} requests, none of them outside"
    )
