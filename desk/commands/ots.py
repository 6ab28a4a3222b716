"""``markseal ots``: OpenTimestamps proofs of any file: asked for, brought up to date, verified."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.environment import resolvers, setting
from egress.process import guard
from evidence.errors import InputError
from evidence.format.opentimestamps import LIMIT, Proof, check_url
from evidence.format.times import format_time
from evidence.keeping.opentimestamps import Asked, Calendars, submit, upgrade
from evidence.log.durable import replace_file
from evidence.verify.opentimestamps import State, check_proof, read_headers

EXIT = {State.CONFIRMED: 0, State.INVALID: 1, State.PENDING: 3, State.NOT_CHECKED: 3}
SUFFIX = ".ots"


def add(commands: Any) -> None:
    """Register the parsers of this family."""
    parser = commands.add_parser(
        "ots",
        help="OpenTimestamps 时间证明 / OpenTimestamps proofs",
        description="任一文件的 OpenTimestamps 证明（比特币）：申请、补全、核验。仅作补充，"
        "不代替可信时间戳。 / OpenTimestamps proofs (Bitcoin) of any file: ask for one, complete "
        "it, verify it. In addition to timestamps of authorities, never in their place.",
        epilog="例 / example: markseal ots stamp A.dossier.zip --calendar https://a.example",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_stamp(actions)
    _add_upgrade(actions)
    _add_verify(actions)


def _add_stamp(actions: Any) -> None:
    one = actions.add_parser(
        "stamp",
        help="申请证明 / ask for a proof",
        description="把文件摘要的加盐散列交给各日历，写出 FILE.ots；此时尚不证明任何时间。 / Hand "
        "a salted hash of the file's digest to every calendar and write FILE.ots; it proves no "
        "time yet.",
        epilog="例 / example: markseal ots stamp A.dossier.zip --calendar https://a.example",
    )
    one.add_argument("file", type=Path, metavar="FILE", help="任一文件 / any file")
    one.add_argument(
        "--calendar",
        action="append",
        required=True,
        metavar="URL",
        help="日历地址，可重复 / a calendar's address; may be given several times",
    )
    one.set_defaults(run=_stamp)


def _add_upgrade(actions: Any) -> None:
    two = actions.add_parser(
        "upgrade",
        help="补全证明 / complete a proof",
        description="向日历取回已写入比特币区块的部分并写回文件。退出码：0 已指向区块（尚未核查），"
        "3 仍待写入。 / Fetch what leads to a Bitcoin block from the calendars and write it into "
        "the file. Exit: 0 it names a block (not checked yet), 3 it still waits.",
        epilog="例 / example: markseal ots upgrade A.dossier.zip.ots",
    )
    two.add_argument("proof", type=Path, metavar="FILE.ots", help="证明 / the proof")
    two.set_defaults(run=_upgrade)


def _add_verify(actions: Any) -> None:
    three = actions.add_parser(
        "verify",
        help="离线核验 / verify offline",
        description="用您提供的比特币区块头离线核验。退出码：0 已证实，1 不符，3 待写入或未核查，"
        "64 输入不可用。 / Verify offline with Bitcoin block headers that you give. Exit: 0 "
        "confirmed, 1 invalid, 3 pending or not checked, 64 input unusable.",
        epilog="例 / example: markseal ots verify A.zip.ots --headers headers.txt",
    )
    three.add_argument("proof", type=Path, metavar="FILE.ots", help="证明 / the proof")
    three.add_argument(
        "--file", type=Path, metavar="FILE", help="被证明的文件，默认去掉 .ots / the file proved"
    )
    three.add_argument(
        "--headers",
        type=Path,
        metavar="FILE",
        help="每行“高度 区块头”（160 位十六进制） / lines of a height and a header in hex, such as "
        "bitcoin-cli getblockheader gives",
    )
    three.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    three.set_defaults(run=_verify)


@contextmanager
def _calendars() -> Iterator[Calendars]:
    """Yield what asks calendars through the egress guard."""
    home = Path(setting("MARKSEAL_HOME"))
    journal = home / "evidence" / "egress" / f"ots-{datetime.now(UTC):%Y%m%dT%H%M%S}.jsonl"
    loopback = bool(setting("MARKSEAL_ALLOW_LOOPBACK"))
    with guard(journal, allow_loopback=loopback, resolvers=resolvers()) as running:
        yield Calendars(running.address)


def _stamp(arguments: argparse.Namespace) -> int:
    urls = [check_url(url.rstrip("/")) for url in arguments.calendar]
    target = arguments.file.with_name(arguments.file.name + SUFFIX)
    if target.exists():
        raise InputError(
            f"{target} exists already; run markseal ots upgrade, or move it away.",
            f"{target} 已存在；请运行 markseal ots upgrade，或将其移走。",
        )
    digest = _digest(arguments.file)
    with _calendars() as calendars:
        asked = submit(digest, urls, calendars)
    replace_file(target, asked.proof.to_bytes())
    _tell_failed(asked)
    print(
        f"已写出 {target}：{asked.gained} 个日历已收下，尚不证明任何时间。\n"
        f"Written {target}: {asked.gained} calendars took it; it proves no time yet."
    )
    return 0


def _upgrade(arguments: argparse.Namespace) -> int:
    proof = _read_proof(arguments.proof)
    with _calendars() as calendars:
        asked = upgrade(proof, calendars)
    if asked.proof != proof:
        replace_file(arguments.proof, asked.proof.to_bytes())
    _tell_failed(asked)
    told = check_proof(asked.proof, asked.proof.digest, {})
    print(f"{told.zh}\n{told.en}")
    return 0 if told.height is not None else EXIT[State.PENDING]


def _verify(arguments: argparse.Namespace) -> int:
    proof = _read_proof(arguments.proof)
    file = arguments.file or arguments.proof.with_name(arguments.proof.name.removesuffix(SUFFIX))
    headers = {}
    if arguments.headers is not None:
        headers = read_headers(_read(arguments.headers).decode("utf-8", "replace"), "--headers")
    told = check_proof(proof, _digest(file), headers)
    if arguments.json:
        time = None if told.time is None else format_time(told.time)
        value = {"format": "markseal-ots/1", "state": told.state.value, "height": told.height}
        print(json.dumps({**value, "time": time, "zh": told.zh, "en": told.en}, ensure_ascii=False))
    else:
        print(f"{told.zh}\n{told.en}")
    return EXIT[told.state]


def _tell_failed(asked: Asked) -> None:
    for error in asked.failed:
        print(f"{error.zh}\n{error.en}")


def _read_proof(path: Path) -> Proof:
    return Proof.parse(_read(path))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as source:
            return source.read(64 * LIMIT)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").digest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error
