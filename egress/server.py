"""One port, two protocols: the first byte says whether a client speaks SOCKS5 or HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from egress import http, socks
from egress.clients import Clients
from egress.errors import BadRequest, EgressError, JournalFailed, Refused, Unreachable
from egress.gate import Gate, Opened, Target
from egress.journal import Decision, Journal
from egress.opinions import NOT_CHECKED, Comparison
from egress.relay import Counted, let_go, pass_body, pass_both_ways, pass_response


@dataclass(frozen=True)
class Limits:
    """Bounds of one connection, in seconds, and of all of them together."""

    head_seconds: float = 20.0
    idle_seconds: float = 300.0
    connections: int = 1024


@dataclass
class _Deciding:
    """What is known of one request to be let out, while it is being decided."""

    protocol: str
    target: Target
    client: asyncio.StreamWriter
    opened: Opened | None = None
    failure: Refused | Unreachable | None = None
    comparison: Comparison = field(default_factory=lambda: Comparison(NOT_CHECKED))

    def close(self) -> None:
        """Give up the connection, if there is one: nothing has passed over it."""
        if self.opened is not None:
            self.opened.writer.close()
            self.opened = None

    def decision(self) -> Decision:
        """Return the journal's line."""
        verdict = "connected" if self.opened else "failed"
        return Decision(
            protocol=self.protocol,
            host=self.target.host,
            port=self.target.port,
            answers=tuple(str(answer) for answer in self.target.answers),
            withheld=tuple((str(answer), reason) for answer, reason in self.target.withheld),
            address=str(self.opened.address) if self.opened else None,
            local_port=self.opened.local_port if self.opened else None,
            client_port=int(self.client.get_extra_info("peername")[1]),
            verdict="refused" if isinstance(self.failure, Refused) else verdict,
            reason=self.failure.reason if self.failure else None,
            comparison=self.comparison,
        )


@dataclass
class Server:
    """The guard: lets out what the gate allows and writes everything into the journal."""

    gate: Gate
    journal: Journal
    limits: Limits = field(default_factory=Limits)
    clients: Clients = field(default_factory=lambda: Clients(frozenset(), None))

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
        self.gate.opinions.stop()
        self.journal.stop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            if self._admit(writer):
                await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # the client went away or dawdled; what was decided is in the journal
        except asyncio.CancelledError:
            pass  # the guard is stopping; the closing line has been written
        except JournalFailed as error:
            if not self.failed.done():
                self.failed.set_exception(error)
        finally:
            let_go(writer, self.limits.idle_seconds)

    def _admit(self, writer: asyncio.StreamWriter) -> bool:
        client, guard = (writer.get_extra_info(name) for name in ("peername", "sockname"))
        reason = None
        if client is None or guard is None:
            return False
        if len(self._tasks) > self.limits.connections:
            reason = "too_many"
        elif self.clients.foreign(client[:2], guard[:2]):
            reason = "foreign_client"
        if reason is not None:
            self.journal.turned_away(reason, int(client[1]))
        return reason is None

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
        decided = _Deciding(protocol, Target(host, port), client)
        try:
            decided.target = await self.gate.look_up(host, port)
            try:
                decided.opened = await self.gate.connect(decided.target)
            except (Refused, Unreachable) as error:
                decided.failure = error
            decided.comparison = await self.gate.compare(decided.target, decided.opened)
        except asyncio.CancelledError:
            decided.close()
            decided.failure = Unreachable("guard_stopped", host)
            self.journal.decided(decided.decision())
            raise
        try:
            number = self.journal.decided(decided.decision())
        except JournalFailed:
            decided.close()
            raise
        if decided.opened is None:
            raise decided.failure or Unreachable("connect_failed", host)
        return decided.opened, number

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
            let_go(opened.writer, self.limits.idle_seconds)
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
            let_go(opened.writer, self.limits.idle_seconds)
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
