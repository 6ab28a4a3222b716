"""Only the user's own processes go out through the guard."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from egress.clients import Clients, Ends, Tables, our_clients
from egress.process import guard
from egress.sockdiag import SockDiag
from tests.egress.sites import Running, run_guard, site, socks
from tests.egress.test_server import get

checked = pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="no /proc/net/tcp")


@pytest.fixture(params=[Tables, SockDiag])
def ends(request: pytest.FixtureRequest) -> Ends:
    """Both ways of asking, where this system has them."""
    try:
        asked: Ends = request.param()
    except OSError as error:
        pytest.skip(str(error))
    return asked


@checked
def test_the_owner_of_the_other_end_is_found(ends: Ends) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            here, there = client.getsockname(), server.getsockname()
            assert ends.owner(here, there) == os.geteuid()
            assert ends.owner(here, ("127.0.0.1", 1)) is None
        assert ends.owner(here, there) is None  # nobody holds it any more
        with socket.socket(socket.AF_INET6) as mapped:
            try:
                mapped.connect(("::ffff:127.0.0.1", server.getsockname()[1]))
            except OSError:
                pytest.skip("no IPv6 here")
            end = ("127.0.0.1", mapped.getsockname()[1])
            assert ends.owner(end, there) == os.geteuid()


@checked
def test_connections_of_others_are_foreign_and_so_are_lost_ones() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            here, there = client.getsockname(), server.getsockname()
            assert not our_clients().foreign(here, there)
            assert Clients(frozenset({os.geteuid() + 1}), Tables()).foreign(here, there)
        assert our_clients().foreign(here, there)


def test_where_nothing_can_be_checked_it_says_so(tmp_path: Path) -> None:
    nobody = our_clients(folder=tmp_path)
    assert str(nobody) == "not checked"
    assert not nobody.foreign(("127.0.0.1", 1), ("127.0.0.1", 2))
    silent = Clients(frozenset({7, 3}), Tables(tmp_path))
    assert str(silent) == "uid 3, 7"
    assert silent.foreign(("127.0.0.1", 1), ("127.0.0.1", 2))


@checked
def test_somebody_else_is_turned_away_unread(tmp_path: Path) -> None:
    others = Clients(frozenset({os.geteuid() + 1}), our_clients().ends)

    async def scene(way: Running) -> None:
        async with site() as shop:
            assert await way.talk(get(f"http://127.0.0.1:{shop.port}/")) == b""
            assert await way.talk(socks("127.0.0.1", shop.port)) == b""
        assert shop.opened == 0

    running = run_guard(tmp_path, scene, clients=others)
    rows = running.rows()
    assert [row["event"] for row in rows] == ["start", "turned_away", "turned_away", "stop"]
    assert {row["reason"] for row in rows[1:3]} == {"foreign_client"}
    assert rows[1]["client_port"]
    assert (rows[3]["foreign_client"], rows[3]["connections"]) == (2, 0)


NOBODY = 65534
CLIENT = """
import encodings.idna, os, socket, sys
os.setgid(65534); os.setuid(65534)
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as client:
    try:
        client.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\\r\\n\\r\\n" % int(sys.argv[2]))
        print(client.recv(100))
    except ConnectionError:
        print(b"")
"""


@checked
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
@pytest.mark.parametrize("users", [(), (NOBODY,)])
def test_another_user_of_this_machine_needs_to_be_named(
    tmp_path: Path, users: tuple[int, ...]
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        guard(tmp_path / "j", allow_loopback=True, users=users) as way,
    ):
        ports = [way.address.split(":")[1], str(server.getsockname()[1])]
        said = subprocess.run(
            [sys.executable, "-c", CLIENT, *ports], capture_output=True, text=True, check=True
        ).stdout
        server.settimeout(0.2)
        if users:
            server.accept()[0].close()
        else:
            with pytest.raises(TimeoutError):
                server.accept()
    assert said.startswith("b'HTTP/1.1 200" if users else "b''")
    rows = [json.loads(line) for line in (tmp_path / "j").read_text().splitlines()]
    served = ", ".join(str(user) for user in sorted({os.geteuid(), *users}))
    assert rows[0]["clients"] == f"uid {served}"
    assert rows[1]["event"] == ("connection" if users else "turned_away")
