"""The guard at work: both protocols, every refusal, the journal."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from egress.address import Address
from egress.errors import JournalFailed
from egress.gate import Gate, is_own, load_calls_home
from egress.journal import Journal
from egress.resolver import ScriptedResolver
from egress.server import Limits, Server
from tests.egress.forbidden import own_address
from tests.egress.sites import Running, run_guard, site, socks


def get(url: str, *more: str) -> bytes:
    return "\r\n".join([f"GET {url} HTTP/1.1", "Host: x", *more, "", ""]).encode()


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "loopback"),
        ("2130706433", "loopback"),
        ("0x7f.1", "loopback"),
        ("0177.0.0.1", "loopback"),
        ("[::1]", "loopback"),
        ("[::ffff:127.0.0.1]", "loopback"),
        ("[::ffff:7f00:1]", "loopback"),
        ("[64:ff9b::7f00:1]", "translated"),
        ("[2002:7f00:1::]", "tunnelled"),
        ("169.254.169.254", "metadata"),
        ("10.0.0.1", "private_address"),
        ("inner.example", "private_address"),
        ("accounts.google.com", "call_home"),
        ("x.gvt2.com", "call_home"),
        ("a..b", "bad_host"),
    ],
)
def test_refused_by_all_three_doors(tmp_path: Path, host: str, reason: str) -> None:
    told: list[bytes] = []

    async def scene(guard: Running) -> None:
        told.append(await guard.talk(get(f"http://{host}/")))
        told.append(await guard.talk(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode()))
        told.append(await guard.talk(socks(host.strip("[]"), 443)))

    resolver = ScriptedResolver({"inner.example": [["10.9.8.7"]]})
    guard = run_guard(tmp_path, scene, loopback=False, resolver=resolver)
    for answer in told[:2]:
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert f"X-Markseal-Refused: {reason}\r\n".encode() in answer
    assert told[2] == b"\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"
    rows = guard.decisions()
    assert [row["protocol"] for row in rows] == ["http", "connect", "socks5"]
    assert {(row["verdict"], row["reason"]) for row in rows} == {("refused", reason)}
    assert guard.rows()[-1]["refused"] == 3
    assert guard.rows()[-1]["calls_home"] == (3 if reason == "call_home" else 0)


def test_plain_http_passes_and_is_written_down(tmp_path: Path) -> None:
    async def scene(guard: Running) -> None:
        async with site() as shop:
            answer = await guard.talk(get(f"http://shop.example:{shop.port}/p?q=1", "A: b"))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\n\r\nhello")
        assert b"forged" not in answer
        assert b"Connection: close" in answer
        assert shop.seen[0].startswith(b"GET /p?q=1 HTTP/1.1\r\nHost: shop.example:")
        assert b"\r\nA: b\r\n" in shop.seen[0]

    resolver = ScriptedResolver({"shop.example": [["127.0.0.1"]]})
    guard = run_guard(tmp_path, scene, resolver=resolver)
    rows = guard.rows()
    assert rows[0]["event"] == "start"
    assert rows[0]["allow_loopback"] is True
    (row,) = guard.decisions()
    assert (row["verdict"], row["address"], row["answers"]) == (
        "connected",
        "127.0.0.1",
        ["127.0.0.1"],
    )
    assert row["local_port"]
    assert row["client_port"]
    assert all(line["loopback"] is True for line in rows)
    closed = next(line for line in rows if line["event"] == "close")
    assert closed["id"] == row["id"]
    assert closed["bytes_up"] > 10
    assert closed["bytes_down"] > 10


@pytest.mark.parametrize("door", ["connect", "socks5"])
def test_tunnels_pass_exact_bytes(tmp_path: Path, door: str) -> None:
    async def scene(guard: Running) -> None:
        async with site(b"raw \x00 bytes") as shop:
            opening = f"CONNECT 127.0.0.1:{shop.port} HTTP/1.1\r\n\r\n".encode()
            if door == "socks5":
                opening = socks("127.0.0.1", shop.port)
            answer = await guard.talk(opening + b"\x16\x03 hello")
        assert answer.endswith(b"raw \x00 bytes")
        assert shop.seen == [b"\x16\x03 hello"]

    guard = run_guard(tmp_path, scene)
    assert [row["protocol"] for row in guard.decisions()] == [door]
    assert guard.rows()[-2]["bytes_up"] == 8
    assert guard.rows()[-2]["bytes_down"] == 11


def test_a_redirect_to_a_private_address_is_stopped_like_any_other(tmp_path: Path) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://inner.example/\r\nContent-Length: 0\r\n\r\n"

    async def scene(guard: Running) -> None:
        async with site(moved) as shop:
            first = await guard.talk(get(f"http://127.0.0.1:{shop.port}/"))
        assert b"302" in first
        target = first.split(b"Location: ")[1].split(b"\r\n")[0].decode()
        assert b"X-Markseal-Refused: private_address" in await guard.talk(get(target))

    resolver = ScriptedResolver({"inner.example": [["192.168.0.10"]]})
    run_guard(tmp_path, scene, resolver=resolver)


def test_rebinding_resolves_once_and_connects_to_the_checked_address(tmp_path: Path) -> None:
    resolver = ScriptedResolver({"twice.example": [["127.0.0.1"], ["10.0.0.1"]]})

    async def scene(guard: Running) -> None:
        async with site() as shop:
            answer = await guard.talk(get(f"http://twice.example:{shop.port}/"))
            assert answer.endswith(b"hello")
            assert resolver.asked == ["twice.example"]
            again = await guard.talk(get(f"http://twice.example:{shop.port}/"))
        assert b"private_address" in again

    run_guard(tmp_path, scene, resolver=resolver)


def test_only_public_answers_of_a_mixed_name_are_used(tmp_path: Path) -> None:
    resolver = ScriptedResolver({"mixed.example": [["10.0.0.1", "127.0.0.1"]]})

    async def scene(guard: Running) -> None:
        async with site() as shop:
            assert (await guard.talk(get(f"http://mixed.example:{shop.port}/"))).endswith(b"hello")

    guard = run_guard(tmp_path, scene, resolver=resolver)
    assert guard.decisions()[0]["answers"] == ["10.0.0.1", "127.0.0.1"]
    assert guard.decisions()[0]["address"] == "127.0.0.1"


def test_a_second_request_on_the_connection_goes_nowhere(tmp_path: Path) -> None:
    async def scene(guard: Running) -> None:
        async with site() as shop:
            one = get(f"http://127.0.0.1:{shop.port}/one")
            await guard.talk(one + get("http://10.0.0.1/two"))
        assert b"/one" in shop.seen[0]
        assert b"two" not in shop.seen[0]

    guard = run_guard(tmp_path, scene)
    assert len(guard.decisions()) == 1


def test_bodies_are_passed_by_their_own_length(tmp_path: Path) -> None:
    async def scene(guard: Running) -> None:
        async with site() as shop:
            url = f"http://127.0.0.1:{shop.port}/"
            await guard.talk(
                f"POST {url} HTTP/1.1\r\nContent-Length: 4\r\n\r\nbodyGET /x HTTP/1.1".encode()
            )
            await guard.talk(
                f"POST {url} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n0\r\n\r\nGET /x".encode()
            )
        assert shop.seen[0].endswith(b"\r\n\r\nbody")
        assert shop.seen[1].endswith(b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n")

    run_guard(tmp_path, scene)


def test_errors_of_the_client_are_answered(tmp_path: Path) -> None:
    async def scene(guard: Running) -> None:
        assert b" 400 " in await guard.talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        big = b"GET http://a/ HTTP/1.1\r\nA: " + b"x" * 200_000 + b"\r\n\r\n"
        told = await guard.talk(big)
        assert told == b"" or b" 400 " in told
        assert await guard.talk(b"\x05\x01\x02") == b"\x05\xff"
        udp = b"\x05\x01\x00\x05\x03\x00\x01\x7f\x00\x00\x01\x00\x50"
        assert (await guard.talk(udp))[3] == 7
        assert b"X-Markseal-Failed: name_not_found" in await guard.talk(get("http://no.example/"))
        assert b"X-Markseal-Failed: connect_failed" in await guard.talk(get("http://127.0.0.1:1/"))
        itself = await guard.talk(get(f"http://127.0.0.1:{guard.port}/"))
        assert b"X-Markseal-Refused: guard_itself" in itself

    run_guard(tmp_path, scene)


def test_a_site_that_is_not_http(tmp_path: Path) -> None:
    async def scene(guard: Running) -> None:
        async with site(b"SSH-2.0-x\r\n\r\n") as shop:
            answer = await guard.talk(get(f"http://127.0.0.1:{shop.port}/"))
        assert b"X-Markseal-Failed: bad_answer" in answer

    run_guard(tmp_path, scene)


def test_silence_ends_a_connection(tmp_path: Path) -> None:
    async def scene(guard: Running) -> None:
        assert await guard.talk(b"") == b""
        assert await guard.talk(b"GET http://") == b""
        async with site(wait=8) as shop:
            opening = f"CONNECT 127.0.0.1:{shop.port} HTTP/1.1\r\n\r\nhello".encode()
            started = asyncio.get_running_loop().time()
            await guard.talk(opening)
            assert asyncio.get_running_loop().time() - started < 4

    run_guard(tmp_path, scene, limits=Limits(head_seconds=0.2, idle_seconds=0.4))


@pytest.mark.parametrize("door", ["http", "connect"])
def test_a_client_that_takes_nothing_is_let_go(tmp_path: Path, door: str) -> None:
    async def scene(guard: Running) -> None:
        async with site(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 30_000_000) as shop:
            opening = get(f"http://127.0.0.1:{shop.port}/")
            if door == "connect":
                opening = f"CONNECT 127.0.0.1:{shop.port} HTTP/1.1\r\n\r\nhello".encode()
            with socket.create_connection(("127.0.0.1", guard.port)) as client:
                client.sendall(opening)
                if door == "connect":
                    client.shutdown(socket.SHUT_WR)
                for _ in range(100):
                    await asyncio.sleep(0.05)
                    if any(row["event"] == "close" for row in guard.rows()):
                        return
        raise AssertionError("still open")

    run_guard(tmp_path, scene, limits=Limits(idle_seconds=0.4))


def test_too_many_connections_are_turned_away(tmp_path: Path) -> None:
    async def scene(guard: Running) -> None:
        _, first = await asyncio.open_connection("127.0.0.1", guard.port)
        await asyncio.sleep(0.1)
        assert await guard.talk(get("http://a.example/")) == b""
        first.transport.abort()

    guard = run_guard(tmp_path, scene, limits=Limits(connections=1))
    assert guard.rows()[-1]["too_many"] == 1
    assert guard.rows()[1]["reason"] == "too_many"


def test_a_decision_cut_off_by_the_end_is_written_down(tmp_path: Path) -> None:
    class Slow(ScriptedResolver):
        async def resolve(self, name: str) -> Sequence[Address]:
            await asyncio.sleep(60)
            return []

    async def scene(guard: Running) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", guard.port)
        writer.write(get("http://slow.example/"))
        await asyncio.sleep(0.3)
        writer.transport.abort()

    guard = run_guard(tmp_path, scene, resolver=Slow({}))
    (row,) = guard.decisions()
    assert (row["host"], row["verdict"], row["reason"]) == (
        "slow.example",
        "failed",
        "guard_stopped",
    )
    assert guard.rows()[-1]["failed"] == 1


def test_this_machine_s_own_addresses_are_refused_whatever_their_range() -> None:
    assert is_own(ipaddress.ip_address("127.0.0.1"))
    assert is_own(ipaddress.ip_address(own_address()))
    assert not is_own(ipaddress.ip_address("8.8.8.8"))
    public = ScriptedResolver({"desk.example": [["8.8.8.8", "8.8.4.4"]]})
    gate = Gate(allow_loopback=True, resolver=public, is_own=lambda one: str(one) == "8.8.8.8")
    target = asyncio.run(gate.look_up("desk.example", 443))
    assert [str(one) for one in target.checked] == ["8.8.4.4"]
    assert [(str(one), reason) for one, reason in target.withheld] == [("8.8.8.8", "own_address")]


def test_the_bytes_of_all_connections_are_summed_up(tmp_path: Path) -> None:
    async def scene(guard: Running) -> None:
        async with site() as shop:
            for _ in range(2):
                await guard.talk(get(f"http://127.0.0.1:{shop.port}/"))

    rows = run_guard(tmp_path, scene).rows()
    closed = [row for row in rows if row["event"] == "close"]
    assert rows[-1]["bytes_up"] == sum(row["bytes_up"] for row in closed) > 0
    assert rows[-1]["bytes_down"] == sum(row["bytes_down"] for row in closed) > 0


def test_without_a_journal_nothing_passes(tmp_path: Path) -> None:
    with pytest.raises(JournalFailed):
        Journal(Path("/dev/null/journal"), allow_loopback=True)

    async def play() -> None:
        gate = Gate(allow_loopback=True, resolver=ScriptedResolver({}))
        server = Server(gate, Journal(tmp_path / "j", allow_loopback=True))
        address = await server.start()
        full = Journal(Path("/dev/null"), allow_loopback=True)
        full._write = _broken  # type: ignore[method-assign]
        server.journal = full
        async with site() as shop:
            guard = Running(int(address.split(":")[1]), tmp_path / "j")
            assert await guard.talk(get(f"http://127.0.0.1:{shop.port}/")) == b""
            assert shop.seen in ([], [b""])
        with pytest.raises(JournalFailed):
            await server.failed
        server.journal = Journal(tmp_path / "j", allow_loopback=True)
        await server.stop()
        await asyncio.sleep(0.05)

    asyncio.run(play())


def _broken(row: dict[str, object]) -> None:
    raise JournalFailed("journal", "disk full")


def test_the_list_of_calls_home_is_data() -> None:
    assert "update.googleapis.com" in load_calls_home()
    assert not any(line.startswith("#") for line in load_calls_home())
