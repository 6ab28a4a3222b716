"""Running a witness: its folder is held, its logs are learned, its address is told, it serves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from evidence.errors import FormatError, WitnessError
from evidence.format.note import NoteKey
from evidence.log.durable import Fault, no_fault
from evidence.witness.keeper import Witness
from evidence.witness.server import WitnessServer
from evidence.witness.state import WitnessHome


def parse_listen(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT`` or ``[IPV6]:PORT``; raises FormatError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise FormatError(
            f"{text!r} is not HOST:PORT, for example 127.0.0.1:8643.",
            f"{text!r} 不是“主机:端口”，例如 127.0.0.1:8643。",
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def read_log_key(text: str) -> NoteKey:
    """Return a log's public key given as a vkey or as a file that holds one."""
    try:
        return NoteKey.parse(text)
    except FormatError as wrong:
        try:
            return NoteKey.parse(Path(text).read_text("utf-8").strip())
        except (OSError, UnicodeDecodeError, FormatError):
            raise WitnessError(
                f"{text!r} is neither a log's vkey nor a file with one ({wrong.en}).",
                f"{text!r} 既不是日志的 vkey，也不是含 vkey 的文件（{wrong.zh}）。",
            ) from wrong


def run_witness(
    home: WitnessHome,
    *,
    name: str,
    listen: tuple[str, int],
    logs: Sequence[NoteKey],
    clock: Callable[[], datetime],
    ready: Callable[[Witness, str], None],
    stop: threading.Event,
    fault: Fault = no_fault,
) -> None:
    """Serve until ``stop`` is set; ``ready`` is told the witness and its address once it listens.

    Raises WitnessError when folder, key, records or address cannot be used.
    """
    with home.owned():
        key, private = home.prepare(name)
        home.learn(logs)
        known = home.logs()
        if any(log.key.public == key.public for log in known):
            raise WitnessError(
                "A witness does not use the key of a log; begin in another folder.",
                "见证人不得使用日志的密钥；请另用一个目录。",
            )
        for log in known:
            log.latest()
        witness = Witness(key, private, known, clock, fault)
        with WitnessServer(listen, witness) as server:
            serving = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
            serving.start()
            host, port = server.server_address[:2]
            place = f"[{host!s}]" if ":" in str(host) else str(host)
            ready(witness, f"http://{place}:{port}")
            stop.wait()
            server.shutdown()
            serving.join()
