"""Where a followed log is read: a folder or an HTTP address in C2SP tlog-tiles form.

An answer is bounded in size and time; redirects are not followed; nothing is cached.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from evidence.errors import FormatError, InputError, Unreachable
from evidence.format.merkle import HASH_SIZE
from evidence.format.note import LIMIT as NOTE_LIMIT
from evidence.format.tiles import MAX_ENTRY, WIDTH, Tile, unpack_entries
from evidence.log.store import CHECKPOINT

SECONDS = 30.0
TILE_LIMIT = WIDTH * HASH_SIZE
BUNDLE_LIMIT = WIDTH * (MAX_ENTRY + 2)
CHUNK = 1 << 16


class Missing(Unreachable):
    """The file is not there."""


class Source(Protocol):
    """A log's files by their path; raises Missing or Unreachable."""

    def read(self, path: str, limit: int) -> bytes:
        """Return the bytes of a file of at most ``limit`` bytes."""

    def close(self) -> None:
        """Let go of what is held open."""


def read_checkpoint(source: Source) -> bytes:
    """Return the bytes of the newest checkpoint; nothing of it is verified."""
    return source.read(CHECKPOINT, NOTE_LIMIT)


def read_hashes(source: Source, tile: Tile) -> bytes:
    """Return a hash tile's bytes at its width, or fewer where the file is cut short."""
    return _widest(source, tile, TILE_LIMIT)[: tile.width * HASH_SIZE]


def read_entries(source: Source, bundle: Tile) -> list[bytes]:
    """Return the entries of a bundle; raises FormatError when the file is damaged or short."""
    found = unpack_entries(_widest(source, bundle, BUNDLE_LIMIT))
    if len(found) < bundle.width:
        raise FormatError(
            f"{bundle.path()} has {len(found)} entries instead of {bundle.width}",
            f"{bundle.path()} 只有 {len(found)} 条，应有 {bundle.width} 条",
        )
    return found[: bundle.width]


def _widest(source: Source, tile: Tile, limit: int) -> bytes:
    """Return the partial tile, or the full one where the log has grown past it meanwhile."""
    try:
        return source.read(tile.path(), limit)
    except Missing:
        if tile.width == WIDTH:
            raise
    try:
        return source.read(Tile(tile.level, tile.n).path(), limit)
    except Missing:
        raise _missing(tile.path()) from None


def open_source(place: str, *, proxy: str | None = None, seconds: float = SECONDS) -> Source:
    """Return the source at a folder or at an ``http(s)://`` address; raises InputError."""
    if place.startswith(("http://", "https://")):
        return HttpSource(place.rstrip("/"), proxy, seconds)
    folder = Path(place)
    if not folder.is_dir():
        raise InputError(
            f"{place} is neither a folder nor an http(s) address of a log.",
            f"{place} 既不是文件夹，也不是日志的 http(s) 网址。",
        )
    return FolderSource(folder)


@dataclass(frozen=True)
class FolderSource:
    """A copy of a log's files."""

    folder: Path

    def read(self, path: str, limit: int) -> bytes:
        """Return the bytes of a file of at most ``limit`` bytes."""
        for candidate in self._candidates(path):
            try:
                with candidate.open("rb") as file:
                    data = file.read(limit + 1)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Unreachable(
                    f"{candidate} cannot be read ({error.strerror}).",
                    f"无法读取 {candidate}（{error.strerror}）。",
                ) from error
            if len(data) > limit:
                raise _too_large(str(candidate), limit)
            return data
        raise _missing(path)

    def close(self) -> None:
        """Nothing is held open."""

    def _candidates(self, path: str) -> Iterator[Path]:
        """Yield the file; of a partial tile also those that are wider."""
        exact = self.folder / path
        yield exact
        if exact.parent.name.endswith(".p") and exact.parent.is_dir():
            names = [item.name for item in exact.parent.iterdir() if item.name.isdigit()]
            wider = sorted(int(name) for name in names if int(name) > int(exact.name))
            yield from (exact.parent / str(width) for width in wider)


@dataclass
class HttpSource:
    """A log's files below an address; ``proxy`` is ``host:port`` of the egress guard, or None."""

    base: str
    proxy: str | None = None
    seconds: float = SECONDS
    _held: http.client.HTTPConnection | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base)
            usable = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
            usable = usable and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise InputError(
                f"{self.base!r} is no address of a log, such as https://log.example/log.",
                f"{self.base!r} 不是日志的网址，例如 https://log.example/log。",
            )

    def read(self, path: str, limit: int) -> bytes:
        """Return the bytes of a file of at most ``limit`` bytes."""
        url = f"{self.base}/{path}"
        for again in (True, False):
            reused, late = self._held is not None, threading.Event()
            try:
                return self._exchange(url, limit, late)
            except Unreachable:
                self.close()
                raise
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.close()
                gone = isinstance(error, http.client.RemoteDisconnected | ConnectionError)
                if again and reused and gone and not late.is_set():
                    continue
                raise self._failed(url, error, late) from error
        raise AssertionError

    def _failed(self, url: str, error: Exception, late: threading.Event) -> Unreachable:
        if late.is_set() or isinstance(error, TimeoutError):
            return Unreachable(
                f"{url} was not answered within {self.seconds:g} seconds.",
                f"{url} 未在 {self.seconds:g} 秒内应答完毕。",
            )
        return Unreachable(f"{url} could not be read ({error}).", f"无法读取 {url}（{error}）。")

    def _exchange(self, url: str, limit: int, late: threading.Event) -> bytes:
        connection = self._held or self._connection()
        self._held = connection
        clock = threading.Timer(self.seconds, _hang_up, (connection, late))
        clock.daemon = True
        clock.start()
        try:
            plain = urlsplit(url)
            target = url if self.proxy and plain.scheme == "http" else plain.path
            connection.request("GET", target, headers=_headers(plain.netloc))
            return _body(url, connection.getresponse(), limit)
        finally:
            clock.cancel()

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.base)
        host, port = parts.hostname or "", parts.port
        at, colon, number = (self.proxy or "").rpartition(":")
        if parts.scheme == "http":
            where = (at, int(number)) if colon else (host, port or 80)
            return http.client.HTTPConnection(*where, timeout=self.seconds)
        context = ssl.create_default_context()
        where = (at, int(number)) if colon else (host, port or 443)
        secure = http.client.HTTPSConnection(*where, timeout=self.seconds, context=context)
        if colon:
            secure.set_tunnel(host, port or 443)
        return secure

    def close(self) -> None:
        """Let the connection go."""
        held, self._held = self._held, None
        if held is not None:
            held.close()


def _headers(host: str) -> dict[str, str]:
    return {"Host": host, "Accept-Encoding": "identity", "User-Agent": "markseal-monitor"}


def _body(url: str, answer: http.client.HTTPResponse, limit: int) -> bytes:
    if answer.status in (404, 410):
        answer.read(CHUNK)
        raise _missing(url)
    if answer.status != 200:
        more = "; redirects are not followed" if 300 <= answer.status < 400 else ""
        more_zh = "；不跟随重定向" if more else ""
        raise Unreachable(
            f"{url} answered with status {answer.status}{more}.",
            f"{url} 应答状态 {answer.status}{more_zh}。",
        )
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unreachable(
            f"{url} answered in an encoding that was not asked for.",
            f"{url} 以未请求的编码应答。",
        )
    stated = answer.headers.get("Content-Length", "")
    if stated.isascii() and stated.isdigit() and int(stated) > limit:
        raise _too_large(url, limit)
    data = bytearray()
    while piece := answer.read(min(CHUNK, limit + 1 - len(data))):
        data += piece
        if len(data) > limit:
            raise _too_large(url, limit)
    if stated.isascii() and stated.isdigit() and int(stated) != len(data):
        raise http.client.IncompleteRead(bytes(data))
    return bytes(data)


def _hang_up(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    held = connection.sock
    if held is not None:
        try:
            held.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _missing(path: str) -> Missing:
    return Missing(f"{path} is not there.", f"{path} 不存在。")


def _too_large(path: str, limit: int) -> Unreachable:
    return Unreachable(
        f"{path} is larger than {limit} bytes and was not read.",
        f"{path} 超过 {limit} 字节，未读取。",
    )
