"""Bytes passed from one stream to another, counted, with a bound on silence."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from egress import http
from egress.errors import BadRequest

CHUNK = 1 << 18
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Reading = Coroutine[Any, Any, bytes]


@dataclass
class Counted:
    """Bytes that went up (to the site) and down (to the client)."""

    up: int = 0
    down: int = 0


async def pass_both_ways(client: Pair, site: Pair, counted: Counted, idle: float) -> None:
    """Pass bytes both ways until both sides have ended, or neither said anything for ``idle`` s.

    Raises TimeoutError after such a silence, and when a side takes nothing for as long.
    """

    async def up() -> None:
        while data := await client[0].read(CHUNK):
            watch.heard()
            site[1].write(data)
            counted.up += len(data)
            await _drain(site[1], idle)
        if site[1].can_write_eof():
            site[1].write_eof()

    async def down() -> None:
        while data := await site[0].read(CHUNK):
            watch.heard()
            client[1].write(data)
            counted.down += len(data)
            await _drain(client[1], idle)
        if client[1].can_write_eof():
            client[1].write_eof()

    tasks = (asyncio.ensure_future(up()), asyncio.ensure_future(down()))
    watch = _Silence(idle, tasks)
    try:
        await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        own = asyncio.current_task()
        if watch.over and not (own and own.cancelling()):
            raise TimeoutError from None
        raise
    finally:
        watch.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def pass_body(
    request: http.Request,
    client: asyncio.StreamReader,
    site: asyncio.StreamWriter,
    counted: Counted,
    idle: float,
) -> None:
    """Send the head and exactly the body it announces; then wait until the client leaves.

    Anything the client sends after its one request is read and thrown away.
    """
    site.write(request.head)
    counted.up += len(request.head)
    await _drain(site, idle)
    if request.chunked:
        await _pass_chunks(client, site, counted, idle)
    left = request.length
    while left:
        data = await asyncio.wait_for(client.read(min(left, CHUNK)), idle)
        if not data:
            return
        left -= len(data)
        counted.up += len(data)
        site.write(data)
        await _drain(site, idle)
    while await client.read(CHUNK):
        pass


async def pass_response(
    site: asyncio.StreamReader,
    client: asyncio.StreamWriter,
    counted: Counted,
    idle: float,
    *,
    gone: asyncio.Future[None],
) -> None:
    """Pass one response on, marked as the last of its connection.

    Ends when the site ends, when nothing came for ``idle`` seconds, or when the client is
    ``gone``. Raises BadRequest if what the site sends is not HTTP/1.
    """
    while True:
        try:
            head = await _unless(gone, site.readuntil(b"\r\n\r\n"), idle)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
            raise BadRequest("answer's header") from error
        if head is None:
            return
        counted.down += len(head)
        status = http.status_of(head)
        if status >= 200:
            break
        if status == 101:
            raise BadRequest("upgrade")
    client.write(http.close_response(head))
    while data := await _unless(gone, site.read(CHUNK), idle):
        counted.down += len(data)
        client.write(data)
        await _drain(client, idle)
    await _drain(client, idle)


def let_go(writer: asyncio.StreamWriter, seconds: float) -> None:
    """Close a connection; what the other side has not taken after ``seconds`` is dropped."""
    writer.close()
    if writer.transport.get_write_buffer_size():
        asyncio.get_running_loop().call_later(seconds, writer.transport.abort)


class _Silence:
    """Ends ``tasks`` when nobody has said anything for so long, over both directions.

    One timer for all of a connection: one for each piece read costs more than the reading.
    """

    def __init__(self, seconds: float, tasks: tuple[asyncio.Future[None], ...]) -> None:
        self.over = False
        self._seconds, self._tasks = seconds, tasks
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = self._loop.call_later(seconds, self._look)

    def heard(self) -> None:
        self._last = self._loop.time()

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        due = self._last + self._seconds
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._look)
            return
        self.over = True
        for task in self._tasks:
            task.cancel()


async def _drain(writer: asyncio.StreamWriter, idle: float) -> None:
    """Wait until a side takes what it was sent; raise TimeoutError if it takes nothing."""
    if not writer.transport.get_write_buffer_size() and not writer.transport.is_closing():
        return  # it has taken all
    async with asyncio.timeout(idle):
        await writer.drain()


async def _unless(gone: asyncio.Future[None], reading: Reading, idle: float) -> bytes | None:
    task = asyncio.ensure_future(reading)
    both: set[asyncio.Future[Any]] = {task, gone}
    await asyncio.wait(both, timeout=idle, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return None


async def _pass_chunks(
    client: asyncio.StreamReader, site: asyncio.StreamWriter, counted: Counted, idle: float
) -> None:
    while True:
        line = await asyncio.wait_for(client.readuntil(b"\r\n"), idle)
        size = _chunk_size(line)
        body = await asyncio.wait_for(client.readexactly(size + 2), idle) if size else b""
        if size and body[-2:] != b"\r\n":
            raise BadRequest("chunk")
        site.write(line + body)
        counted.up += len(line) + len(body)
        if not size:
            while line != b"\r\n":
                line = await asyncio.wait_for(client.readuntil(b"\r\n"), idle)
            site.write(b"\r\n")
            return
        await _drain(site, idle)


def _chunk_size(line: bytes) -> int:
    text = line.split(b";")[0].strip()
    if not text or len(text) > 7 or text.strip(b"0123456789abcdefABCDEF"):
        raise BadRequest("chunk size")
    return int(text, 16)
