"""The guard's process: ``python -m egress --journal PATH`` and the options of ``--help``.

Prints one JSON line ``{"address": "127.0.0.1:PORT"}`` when it listens; ends when standard
input closes, when its parent is gone, or on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from egress.clients import our_clients
from egress.errors import EgressError
from egress.gate import Gate
from egress.journal import Journal
from egress.nameserver import Nameserver, read_nameserver, system_nameservers
from egress.opinions import Opinions
from egress.server import Server


async def _lifeline(stop: asyncio.Event, parent: int) -> None:
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if not os.read(0, 4096):
            stop.set()

    with contextlib.suppress(OSError):  # a file: then only the parent and SIGTERM count
        loop.add_reader(0, heard)
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    stop.set()


async def serve(
    journal: Path,
    *,
    allow_loopback: bool,
    port: int,
    resolvers: tuple[Nameserver, ...],
    users: tuple[int, ...],
) -> None:
    """Run the guard until its lifeline ends; raise JournalFailed if the journal breaks."""
    parent = os.getppid()  # noted before anybody can know that we listen
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    clients = our_clients(users)
    names = tuple(str(one) for one in resolvers)
    server = Server(
        Gate(allow_loopback=allow_loopback, opinions=Opinions(resolvers)),
        Journal(journal, allow_loopback=allow_loopback, clients=clients, resolvers=names),
        clients=clients,
    )
    address = await server.start(port)
    print(json.dumps({"address": address}), flush=True)
    lifeline = asyncio.ensure_future(_lifeline(stop, parent))
    stopping = asyncio.ensure_future(stop.wait())
    ends: set[asyncio.Future[Any]] = {stopping, server.failed}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    lifeline.cancel()
    if server.failed.done():
        server.failed.result()
    await server.stop()


def main() -> int:
    """Parse the command line, run the guard, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m egress", description=__doc__)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--allow-loopback", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--resolver", action="append", default=[], metavar="IP[:PORT]")
    parser.add_argument("--user", action="append", default=[], type=int, metavar="UID")
    arguments = parser.parse_args()
    try:
        named = tuple(read_nameserver(text) for text in arguments.resolver)
        asyncio.run(
            serve(
                arguments.journal,
                allow_loopback=arguments.allow_loopback,
                port=arguments.port,
                resolvers=named or system_nameservers(),
                users=tuple(arguments.user),
            )
        )
    except EgressError as error:
        print(f"{error.zh}\n{error.en}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads that still wait for a name server must not hold up the end
