"""A film of VP8 frames: what any player reads, with every frame at its own time."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from evidence.browser.steps import Steps
from evidence.capture import find_browser
from evidence.capture.recording import FilmBounds, Recording, webp
from evidence.capture.webm import Film, key_frame
from evidence.errors import FormatError

BEGUN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
COLOURS = ["red", "lime", "blue", "white"]
PLAYED = """async data => {
  const video = document.createElement('video');
  video.muted = true;
  video.src = 'data:video/webm;base64,' + data;
  document.body.append(video);
  await new Promise((r, j) => { video.onloadeddata = r; video.onerror = () => j('not playable'); });
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const pen = canvas.getContext('2d'), seen = [];
  for (const time of [0.05, 1.05, 7.05, 65.05]) {
    video.currentTime = time;
    await new Promise(r => { video.onseeked = r; });
    await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
    pen.drawImage(video, 0, 0);
    seen.push(Array.from(pen.getImageData(30, 20, 1, 1).data).slice(0, 3));
  }
  return [video.videoWidth, video.videoHeight, video.duration, seen];
}"""


CORNERS = """async data => {
  const video = document.createElement('video');
  video.muted = true;
  video.src = 'data:video/webm;base64,' + data;
  await new Promise((r, j) => { video.onloadeddata = r; video.onerror = () => j('not playable'); });
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const pen = canvas.getContext('2d'), seen = [];
  for (let time = 0.01; time < video.duration; time += 0.1) {
    video.currentTime = time;
    await new Promise(r => { video.onseeked = r; });
    await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
    pen.drawImage(video, 0, 0);
    seen.push(pen.getImageData(video.videoWidth - 9, video.videoHeight - 9, 1, 1).data[0]);
  }
  return seen;
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        yield browser.new_page(viewport={"width": 320, "height": 240})
        browser.close()


def frame(colour: str) -> bytes:
    return key_frame(webp(Image.new("RGB", (64, 48), colour), 64, 48))


def film(times: list[int]) -> bytes:
    out = BytesIO()
    made = Film(out, 64, 48, BEGUN)
    for colour, time in zip(COLOURS, times, strict=True):
        made.add(frame(colour), time)
    made.close(times[-1] + 1000)
    return out.getvalue()


@pytest.mark.browser
def test_a_player_shows_each_frame_at_its_time(page: Page) -> None:
    data = base64.b64encode(film([0, 1000, 7000, 65_000])).decode()
    width, height, duration, seen = page.evaluate(PLAYED, data)
    assert (width, height, duration) == (64, 48, 66)
    pure = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]
    for shown, wanted in zip(seen, pure, strict=True):
        assert max(abs(a - b) for a, b in zip(shown, wanted, strict=True)) < 25


def test_the_time_of_the_first_frame_is_in_the_film() -> None:
    data = film([0, 1, 2, 3])
    place = data.index(bytes.fromhex("4461")) + 2 + 8
    since = struct.unpack(">q", data[place : place + 8])[0]
    assert since == int((BEGUN - datetime(2001, 1, 1, tzinfo=UTC)).total_seconds()) * 10**9


def test_frames_out_of_order_and_pictures_of_another_kind_are_refused() -> None:
    made = Film(BytesIO(), 64, 48, BEGUN)
    made.add(frame("red"), 5)
    with pytest.raises(FormatError):
        made.add(frame("red"), 5)
    lossless = BytesIO()
    Image.new("RGB", (4, 4)).save(lossless, "WEBP", lossless=True)
    for data in (lossless.getvalue(), b"", b"RIFF\x04\0\0\0WEBP"):
        with pytest.raises(FormatError):
            key_frame(data)


def test_a_picture_of_another_size_is_fitted_in_and_never_cut() -> None:
    shown = Image.open(BytesIO(webp(Image.new("RGB", (64, 480), "white"), 64, 48)))
    assert shown.size == (64, 48)
    bright = [x for x in range(64) if shown.convert("L").getpixel((x, 24)) > 128]  # type: ignore[operator]
    assert 0 < len(bright) < 12


@pytest.mark.browser
def test_a_pages_movement_is_filmed_within_the_bounds(page: Page, tmp_path: Path) -> None:
    page.set_content("<h1 id=n>0</h1><script>setInterval(() => n.textContent++, 20)</script>")
    steps = Steps()
    recording = Recording(tmp_path / "a.webm", steps, FilmBounds(per_second=4.0))
    recording.film(page)
    page.wait_for_timeout(2500)
    assert recording.stop()
    assert 2 <= recording.frames <= 13
    assert steps.items[-1]["step"] == "recording"
    small = Recording(tmp_path / "b.webm", steps, FilmBounds(bytes=1000))
    small.film(page)
    page.wait_for_timeout(1500)
    small.stop()
    assert small.limit


@pytest.mark.soak
@pytest.mark.browser
def test_the_sheet_of_a_full_page_picture_is_not_in_the_film(page: Page, tmp_path: Path) -> None:
    page.set_content("<body style='margin:0'><div style='height:4000px;background:#fff'></div>")
    recording = Recording(tmp_path / "a.webm", Steps(), FilmBounds(per_second=50), steady=True)
    recording.film(page)
    page.wait_for_timeout(500)
    for _ in range(3):
        page.screenshot(full_page=True)
        page.mouse.wheel(0, 100)
        page.wait_for_timeout(300)
    assert recording.stop()
    data = base64.b64encode((tmp_path / "a.webm").read_bytes()).decode()
    corners = page.evaluate(CORNERS, data)
    assert corners
    assert min(corners) > 200


def test_a_recording_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.webm", Steps())
    assert not recording.stop()
    assert not (tmp_path / "a.webm").exists()
