"""One port, two protocols: the first byte says whether a client speaks SOCKS5 or HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from egress import http, socks
from egress.errors import BadRequest, EgressError, JournalFailed, Refused, Unreachable
from egress.gate import Gate, Opened
from egress.journal import Decision, Journal
from egress.relay import Counted, pass_body, pass_both_ways, pass_response


@dataclass(frozen=True)
class Limits:
    """Bounds of one connection, in seconds, and of all of them together."""

    head_seconds: float = 20.0
    idle_seconds: float = 300.0
    connections: int = 1024


@dataclass
class Server:
    """The guard: lets out what the gate allows and writes everything into the journal."""

    gate: Gate
    journal: Journal
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1 and return ``host:port``."""
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", port, limit=http.MAX_HEAD
        )
        host, bound = self._server.sockets[0].getsockname()[:2]
        self.gate.own_port = int(bound)
        return f"{host}:{bound}"

    async def stop(self) -> None:
        """Stop listening, end every connection, write the totals."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.journal.stop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            if len(self._tasks) <= self.limits.connections:
                await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # the client went away or dawdled; what was decided is in the journal
        except asyncio.CancelledError:
            pass  # the guard is stopping; the closing line has been written
        except JournalFailed as error:
            if not self.failed.done():
                self.failed.set_exception(error)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(self.limits.head_seconds):
            first = await reader.readexactly(1)
        if first[0] == socks.VERSION:
            await self._serve_socks(reader, writer)
        else:
            await self._serve_http(first, reader, writer)

    async def _serve_socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(self.limits.head_seconds):
                greeting = await socks.greet(reader)
                writer.write(greeting)
                if greeting[1] != 0:
                    return
                host, port = await socks.read_request(reader)
        except socks.SocksError as error:
            writer.write(socks.reply(error.code))
            await writer.drain()
            return
        try:
            opened, number = await self._let_out("socks5", host, port, writer)
        except Refused:
            writer.write(socks.reply(socks.NOT_ALLOWED))
            await writer.drain()
            return
        except Unreachable:
            writer.write(socks.reply(socks.UNREACHABLE))
            await writer.drain()
            return
        writer.write(socks.reply(socks.SUCCEEDED))
        await self._tunnel(reader, writer, opened, number)

    async def _serve_http(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        protocol = "http"
        try:
            async with asyncio.timeout(self.limits.head_seconds):
                head = first + await reader.readuntil(b"\r\n\r\n")
            request = http.read_request(head)
            protocol = "connect" if request.tunnel else "http"
            opened, number = await self._let_out(protocol, request.host, request.port, writer)
        except (Refused, Unreachable, BadRequest) as error:
            writer.write(_explain(error))
            await writer.drain()
            return
        except asyncio.LimitOverrunError:
            writer.write(_explain(BadRequest("header too large")))
            await writer.drain()
            return
        if request.tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._tunnel(reader, writer, opened, number)
        else:
            await self._exchange(request, reader, writer, opened, number)

    async def _let_out(
        self, protocol: str, host: str, port: int, client: asyncio.StreamWriter
    ) -> tuple[Opened, int]:
        client_port = int(client.get_extra_info("peername")[1])

        def decision(verdict: str, reason: str | None, opened: Opened | None) -> Decision:
            return Decision(
                protocol=protocol,
                host=host,
                port=port,
                answers=opened.answers if opened else answers,
                address=opened.address if opened else None,
                local_port=opened.local_port if opened else None,
                client_port=client_port,
                verdict=verdict,
                reason=reason,
            )

        answers: tuple[str, ...] = ()
        try:
            opened = await self.gate.open(host, port)
        except Refused as error:
            answers = error.answers
            self.journal.decided(decision("refused", error.reason, None))
            raise
        except Unreachable as error:
            answers = error.answers
            self.journal.decided(decision("failed", error.reason, None))
            raise
        try:
            return opened, self.journal.decided(decision("connected", None, opened))
        except JournalFailed:
            opened.writer.close()
            raise

    async def _tunnel(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        opened: Opened,
        number: int,
    ) -> None:
        counted = Counted()
        try:
            await pass_both_ways(
                (reader, writer), (opened.reader, opened.writer), counted, self.limits.idle_seconds
            )
        finally:
            opened.writer.close()
            self.journal.closed(number, up=counted.up, down=counted.down)

    async def _exchange(
        self,
        request: http.Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        opened: Opened,
        number: int,
    ) -> None:
        counted = Counted()
        sending = asyncio.ensure_future(
            pass_body(request, reader, opened.writer, counted, self.limits.idle_seconds)
        )
        try:
            await pass_response(
                opened.reader, writer, counted, self.limits.idle_seconds, gone=sending
            )
        except BadRequest:
            writer.write(_explain(Unreachable("bad_answer", request.host)))
            await writer.drain()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            opened.writer.close()
            self.journal.closed(number, up=counted.up, down=counted.down)


def _explain(error: EgressError) -> bytes:
    body = f"{error.zh}\n{error.en}\n"
    if isinstance(error, Refused):
        mark = ("X-Markseal-Refused", error.reason)
        return http.answer(403, f"Markseal-Refused {error.reason}", header=mark, body=body)
    if isinstance(error, Unreachable):
        mark = ("X-Markseal-Failed", error.reason)
        return http.answer(502, f"Markseal-Failed {error.reason}", header=mark, body=body)
    return http.answer(400, "Bad Request", header=None, body=body)
