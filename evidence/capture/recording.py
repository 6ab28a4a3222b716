"""The screen recording of a capture: the browser's own picture of the page, frame by frame.

Chromium's screencast (CDP Page.startScreencast) gives a frame whenever the picture changes, with
its time. Frames closer together than the bound are thinned out, the last of a movement is kept.
"""

from __future__ import annotations

import base64
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError, features
from playwright.sync_api import CDPSession, Error, Page

from evidence.browser.steps import Steps
from evidence.capture.course import Course, NotRecorded
from evidence.capture.webm import Film, key_frame
from evidence.format.names import RECORDING

_QUALITY = 70
_BACKLOG = 24
_RESIZED_SECONDS = 4.0


@dataclass(frozen=True)
class FilmBounds:
    """At most ``per_second`` frames, ``bytes`` in all, and a picture of ``width`` x ``height``."""

    per_second: float = 5.0
    bytes: int = 400_000_000
    width: int = 1366
    height: int = 1100


def can_record() -> bool:
    """Return whether this machine's Pillow can encode VP8 frames (WebP)."""
    return bool(features.check("webp"))


@contextmanager
def filming(course: Course, page: Page, spool: Path) -> Iterator[Filmed]:
    """Film ``page`` for the length of a ``with`` block, if the order asks for it.

    Where nothing can be filmed the capture goes on and says so.
    """
    filmed = Filmed()
    if not course.order.recording:
        yield filmed
        return
    if not can_record():
        why = "Pillow on this machine cannot encode VP8 (WebP); install Pillow with WebP"
        course.extra.append(NotRecorded("screen recording", "", why))
        yield filmed
        return
    recording = Recording(spool / "recording.webm", course.steps, steady=not course.order.headed)
    filmed.recording = recording
    try:
        filmed.follow(page)
        yield filmed
    finally:
        whole = recording.stop()
        if recording.limit:
            course.reached("recording bytes")
        if whole:
            filmed.files[RECORDING] = recording.path
        else:
            course.extra.append(NotRecorded("screen recording", "", "the browser gave no frames"))


@dataclass
class Recording:
    """Films one page after another into one file; ``stop`` ends it.

    ``limit`` is set when the bound of bytes ended the film early, ``lost`` counts frames that
    came faster than they could be encoded. While ``steady`` the window keeps its size.
    """

    path: Path
    steps: Steps
    bounds: FilmBounds = field(default_factory=FilmBounds)
    limit: bool = False
    lost: int = 0
    frames: int = 0
    steady: bool = False
    _cast: CDPSession | None = None
    _shape: tuple[float, float] | None = None
    _other: tuple[float, float, float] | None = None
    _held: tuple[float, bytes] | None = None
    _kept: float = 0.0
    _queue: queue.Queue[tuple[float, bytes] | None] = field(
        default_factory=lambda: queue.Queue(_BACKLOG)
    )
    _worker: threading.Thread | None = None

    def film(self, page: Page) -> None:
        """Film ``page`` from now on, instead of the one before."""
        self.pause()
        self._shape = self._other = None
        if self._worker is None:
            self._worker = threading.Thread(target=self._encode, daemon=True)
            self._worker.start()
        session = page.context.new_cdp_session(page)
        session.on("Page.screencastFrame", self._taker(session))
        wanted = {
            "format": "jpeg",
            "quality": 80,
            "maxWidth": self.bounds.width,
            "maxHeight": self.bounds.height,
        }
        session.send("Page.startScreencast", wanted)
        self._cast = session

    def pause(self) -> None:
        """Stop filming; the film stays open."""
        if self._cast is not None:
            with suppress(Error):
                self._cast.send("Page.stopScreencast")
                self._cast.detach()
            self._cast = None

    def stop(self) -> bool:
        """End the film and close its file; return whether there is one."""
        self.pause()
        self._shape = self._other = None
        if self._worker is None:
            return False
        if self._held is not None:
            self._put(self._held)
            self._held = None
        self._queue.put(None)
        self._worker.join()
        self._worker = None
        note = f"{self.frames} frames" + (f", {self.lost} not kept" if self.lost else "")
        self.steps.add("recording", note + ("; ended by its bound of bytes" if self.limit else ""))
        return self.frames > 0

    def _taker(self, session: CDPSession) -> Callable[[dict[str, Any]], None]:
        def take(event: dict[str, Any]) -> None:
            with suppress(Error):
                session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})
            about = event["metadata"]
            when = float(about.get("timestamp", 0.0))
            if self._is_of_window(about["deviceWidth"], about["deviceHeight"], when):
                self._offer(when, base64.b64decode(event["data"]))

        return take

    def _is_of_window(self, width: float, height: float, when: float) -> bool:
        """Return whether a frame shows the window, not the sheet a full-page picture is taken of.

        Another shape that lasts is a window of another size.
        """
        if self._shape in (None, (width, height)):
            self._shape, self._other = (width, height), None
            return True
        if self.steady:
            self._other = None
            return False
        if self._other is None or self._other[:2] != (width, height):
            self._other = (width, height, when)
            return False
        if when - self._other[2] < _RESIZED_SECONDS:
            return False
        self._shape = (width, height)
        return True

    def _offer(self, when: float, jpeg: bytes) -> None:
        """Keep the frame before this one if it is far enough from the last that was kept."""
        held, self._held = self._held, (when, jpeg)
        if held is not None and held[0] - self._kept >= 1 / self.bounds.per_second:
            self._put(held)

    def _put(self, frame: tuple[float, bytes]) -> None:
        self._kept = frame[0]
        try:
            self._queue.put_nowait(frame)
        except queue.Full:
            self.lost += 1

    def _encode(self) -> None:
        """Encode and write in a thread of its own, so that filming does not hold the capture."""
        film: Film | None = None
        with self.path.open("wb") as target:
            while (item := self._queue.get()) is not None:
                when, jpeg = item
                if self.limit:
                    continue
                try:
                    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as opened:
                        picture = opened.convert("RGB")
                except (UnidentifiedImageError, OSError):
                    self.lost += 1
                    continue
                if film is None:
                    begun = datetime.fromtimestamp(when, UTC)
                    film = Film(target, picture.width, picture.height, begun)
                self._write(film, picture, when)
            if film is not None:
                film.close(film.last + 1000)

    def _write(self, film: Film, picture: Image.Image, when: float) -> None:
        place = round((when - film.begun.timestamp()) * 1000)
        if place <= film.last:
            return
        film.add(key_frame(webp(picture, film.width, film.height)), place)
        self.frames = film.frames
        self.limit = film.size > self.bounds.bytes


def webp(picture: Image.Image, width: int, height: int) -> bytes:
    """Return the picture as lossy WebP of that size; another size is fitted in, never cut."""
    if picture.size != (width, height):
        sheet = Image.new("RGB", (width, height), "black")
        picture.thumbnail((width, height))
        sheet.paste(picture, (0, 0))
        picture = sheet
    out = BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY, method=0)
    return out.getvalue()


@dataclass
class Filmed:
    """A film in the making; ``files``, once it has ended, the film by its name in the package."""

    recording: Recording | None = None
    files: dict[str, Path] = field(default_factory=dict)

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Leave out, for the length of a block, the sheets that full-page pictures are taken of."""
        if self.recording is None:
            yield
            return
        before, self.recording.steady = self.recording.steady, True
        try:
            yield
        finally:
            self.recording.steady = before

    def follow(self, page: Page) -> None:
        """Film this page from now on, if anything is filmed; one that is going is not."""
        if self.recording is not None:
            with suppress(Error):
                self.recording.film(page)
