"""``markseal log witness`` and ``log cosign``: both sides of witnessing, from the command line."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.environment import setting
from evidence.home import EvidenceHome
from evidence.log.audit import VKEY, read_vkey
from evidence.log.report import AuditReport
from evidence.log.store import Store
from evidence.witness.asked import AskedWitness, load_asked, memory_folder
from evidence.witness.comparing import compare_with_witnesses
from evidence.witness.gather import WAITING, Cosigned, Patience, gather_cosignatures
from evidence.witness.keeper import Witness
from evidence.witness.page import fingerprint
from evidence.witness.running import parse_listen, read_log_key, run_witness
from evidence.witness.state import WitnessHome

AWAITING = 4


def add(actions: Any) -> None:
    """Register ``witness`` and ``cosign`` among the actions of ``markseal log``."""
    one = actions.add_parser(
        "witness",
        help="运行日志见证人 / run a witness of logs",
        description="运行见证人：核对日志只增不减后签名见证，从不倒退；打开其网址可打印公钥页。 / "
        "Run a witness: it cosigns a checkpoint only if it extends the one before, and never goes "
        "backwards; its address shows a page with its key, to be printed.",
        epilog="例 / example: markseal log witness --home /srv/witness --listen 127.0.0.1:8643 "
        "--name witness.example/notary --log trust/log.vkey",
    )
    one.add_argument(
        "--home", required=True, type=Path, metavar="DIR", help="见证人目录 / the witness's folder"
    )
    one.add_argument(
        "--listen", required=True, metavar="HOST:PORT", help="监听地址 / address to listen on"
    )
    one.add_argument(
        "--log",
        action="append",
        default=[],
        metavar="VKEY",
        help="要见证的日志公钥或其文件，可多次给出，已登记的不必再给 / public key of a log, or a "
        "file with it; may be repeated; logs known already need not be given again",
    )
    one.add_argument(
        "--name",
        default="witness.local/markseal",
        metavar="NAME",
        help="见证人密钥名，首次运行时定下 / name of the witness's key, settled by the first run",
    )
    one.set_defaults(run=_witness)
    two = actions.add_parser(
        "cosign",
        help="向见证人索取签名 / ask the witnesses now",
        description="请 witnesses.toml 中的见证人签署最新检查点并打印；有人未签时退出码为 4。 / "
        "Ask the witnesses of witnesses.toml to cosign the newest checkpoint and print it; exit 4 "
        "when one did not.",
        epilog="例 / example: markseal log cosign",
    )
    two.add_argument(
        "--home", type=Path, metavar="DIR", help="数据目录 / data folder (MARKSEAL_HOME)"
    )
    two.set_defaults(run=_cosign)


def hear_witnesses(home: EvidenceHome, report: AuditReport) -> None:
    """Add to an audit what the witnesses of ``witnesses.toml`` have seen; who is silent is told."""
    asked = load_asked(home.path)
    if not asked:
        return
    store = Store(home.log, read_vkey(home.log / VKEY))
    with way_out(home) as proxy:
        silent = compare_with_witnesses(store, asked, report, proxy=proxy)
    for error in silent:
        print(f"{error.zh}\n{error.en}", file=sys.stderr)


def show_log(
    home: EvidenceHome, asked: Sequence[AskedWitness], patience: Patience = WAITING
) -> Cosigned:
    """Show the witnesses the newest checkpoint; return it as cosigned. Who is silent is told."""
    with way_out(home) as proxy:
        found = gather_cosignatures(
            home.open_log().store,
            asked,
            folder=memory_folder(home.path),
            proxy=proxy,
            clock=_now,
            patience=patience,
        )
    for error in found.missing:
        print(f"{error.zh}\n{error.en}", file=sys.stderr)
    return found


@contextmanager
def way_out(home: EvidenceHome) -> Iterator[str]:
    """Run the egress guard for a while; yield its ``host:port``."""
    from egress.process import guard

    journal = home.path / "evidence" / "egress" / f"witness-{secrets.token_hex(8)}.jsonl"
    with guard(journal, allow_loopback=bool(setting("MARKSEAL_ALLOW_LOOPBACK"))) as way:
        yield way.address


def _witness(arguments: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_witness(
        WitnessHome(arguments.home),
        name=arguments.name,
        listen=parse_listen(arguments.listen),
        logs=[read_log_key(text) for text in arguments.log],
        clock=_now,
        ready=_tell,
        stop=stop,
    )
    return 0


def _now() -> datetime:
    return datetime.now(UTC)


def _tell(witness: Witness, address: str) -> None:
    print(
        f"见证人正在运行：{address}\nThe witness is running: {address}\n"
        f"公钥 vkey: {witness.key.text()}\n"
        f"指纹 fingerprint (SHA-256): {fingerprint(witness.key.public)}",
        flush=True,
    )
    for log in witness.logs:
        latest = log.latest()
        print(f"日志 log: {log.key.name}，大小 size {latest.size if latest else 0}", flush=True)


def _cosign(arguments: argparse.Namespace) -> int:
    home = EvidenceHome(Path(arguments.home or setting("MARKSEAL_HOME")))
    asked = load_asked(home.path)
    if not asked:
        print(
            "witnesses.toml 中没有见证人。 / There are no witnesses in witnesses.toml.",
            file=sys.stderr,
        )
        return AWAITING
    found = show_log(home, asked)
    sys.stdout.buffer.write(found.head.note)
    return AWAITING if found.missing else 0
