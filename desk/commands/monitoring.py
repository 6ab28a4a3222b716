"""``markseal log audit --follow``: somebody's log from outside, held against what was seen last."""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from config.environment import setting
from evidence.errors import FormatError, InputError
from evidence.format.digests import sha256_hex
from evidence.format.note import NoteKey
from evidence.format.statement import Statement, earlier_recovery
from evidence.format.times import format_time
from evidence.log.kept import read_checkpoints
from evidence.log.report import AuditReport
from evidence.monitor import (
    Asked,
    Look,
    Required,
    StateFile,
    Witness,
    enough,
    look,
    open_source,
)
from evidence.trustfolder import STATEMENTS
from evidence.verify.trust import Trust, load_trust

FOLDER = "monitor"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of following to ``markseal log audit``."""
    parser.add_argument(
        "--follow",
        metavar="DIR_OR_URL",
        help="从外部跟踪一个日志：其文件夹副本，或 http(s) 网址 / follow a log from outside: a "
        "copy of its folder, or its http(s) address",
    )
    parser.add_argument(
        "--vkey",
        metavar="KEY",
        help="所跟踪日志的公钥或其文件，须另行取得 / public key of the followed log, or a file "
        "with it, received apart from the log",
    )
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="DIR",
        help="所跟踪日志的信任文件夹，代替 --vkey，并核对结案、删除与见证的签名 / trust folder "
        "of the followed log, in place of --vkey; signatures of closings, erasures and witnesses "
        "are checked too",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="记住上次所见的文件，默认在数据目录的 monitor 中 / file that remembers what was seen "
        "last; default: in monitor of the data folder",
    )


def follow(arguments: argparse.Namespace, *, home: Path) -> int:
    """Look once at the log that is followed; 0 nothing found, 1 findings, 3 something unchecked.

    Raises Unreachable.
    """
    key, asked = _known(arguments)
    name = f"{sha256_hex(key.text().encode())[:16]}.json"
    file = StateFile(arguments.state or home / FOLDER / name)
    with file.held():
        state = file.load(key)
        with (
            _way_out(arguments.follow, home) as proxy,
            closing(open_source(arguments.follow, proxy=proxy)) as source,
        ):
            found = look(
                source,
                state,
                keep=lambda new: file.keep(new, now=datetime.now(UTC)),
                asked=asked,
            )
    if arguments.json:
        told = _json(arguments, key, found, file, asked.required)
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _tell(key, found, file, asked.required)
    return found.report.exit_code


def require_no_following(arguments: argparse.Namespace) -> None:
    """Raise InputError for an option that goes with ``--follow`` alone."""
    for option in ("vkey", "trust", "state"):
        if getattr(arguments, option) is not None:
            raise InputError(
                f"--{option} goes with --follow only.", f"--{option} 只能与 --follow 一同使用。"
            )


def _known(arguments: argparse.Namespace) -> tuple[NoteKey, Asked]:
    """Return the log's key and what else is known of it from outside."""
    given = [k for path in arguments.checkpoint for k in read_checkpoints(path)]
    if (arguments.vkey is None) == (arguments.trust is None):
        raise InputError(
            "--follow needs the log's key, received apart from the log: give --vkey or --trust.",
            "--follow 需要另行取得的日志公钥：请给出 --vkey 或 --trust（二者之一）。",
        )
    if arguments.trust is None:
        return _key(arguments.vkey), Asked(checkpoints=given)
    trust = load_trust(arguments.trust)
    recovery = _recovery(trust)
    earlier = earlier_recovery(_statements(arguments.trust), recovery)
    return trust.log_key, Asked(_signers(trust), recovery, given, earlier, _required(trust))


def _statements(trust: Path) -> Iterator[Statement]:
    """Yield the statements of recovery keys in a trust folder."""
    for path in sorted((trust / STATEMENTS).glob("*.json")):
        yield Statement.parse(path.read_bytes(), path.name)


def _required(trust: Trust) -> Required:
    known = tuple(Witness(one.name, one.key, one.relation) for one in trust.witnesses)
    return Required(known, trust.policy.cosignatures if known else 0, trust.policy.independent)


def _signers(trust: Trust) -> tuple[bytes, ...]:
    return tuple(signer.key.public_bytes_raw() for signer in trust.signers)


def _recovery(trust: Trust) -> tuple[int, tuple[bytes, ...]]:
    keys: Sequence[bytes] = [key.public_bytes_raw() for key in trust.recovery_keys]
    return trust.policy.recovery, tuple(keys)


def _key(text: str) -> NoteKey:
    try:
        return NoteKey.parse(text.strip())
    except FormatError as wrong:
        try:
            return NoteKey.parse(Path(text).read_text("utf-8").strip())
        except (OSError, ValueError, FormatError):
            raise InputError(
                f"{text!r} is neither a log's vkey nor a file with one ({wrong.en}).",
                f"{text!r} 既不是日志的 vkey，也不是含 vkey 的文件（{wrong.zh}）。",
            ) from wrong


@contextmanager
def _way_out(place: str, home: Path) -> Iterator[str | None]:
    """Yield the egress guard's ``host:port`` where the log is followed over HTTP, else None."""
    if not place.startswith(("http://", "https://")):
        yield None
        return
    from egress.process import guard

    folder = home / FOLDER / "egress"
    folder.mkdir(parents=True, exist_ok=True)
    journal = folder / f"{secrets.token_hex(8)}.jsonl"
    try:
        with guard(journal, allow_loopback=bool(setting("MARKSEAL_ALLOW_LOOPBACK"))) as way:
            yield way.address
    finally:
        journal.unlink(missing_ok=True)


def _json(
    arguments: argparse.Namespace, key: NoteKey, found: Look, file: StateFile, required: Required
) -> dict[str, object]:
    return {
        **found.report.to_json(),
        "followed": {
            "place": arguments.follow,
            "origin": key.name,
            "before": found.before,
            "state": str(file.path),
            "contradictions": [note.decode() for note in found.state.contradictions],
            "witnesses": {
                "wanted": required.cosignatures,
                "enough": enough(found.cosigned, required),
                "each": [one.to_json() for one in found.cosigned],
            },
        },
    }


def _tell(key: NoteKey, found: Look, file: StateFile, required: Required) -> None:
    report = found.report
    print(
        f"日志 {key.name}：上次 {found.before} 条，现 {report.size} 条；状态保存在 {file.path}。\n"
        f"The log {key.name}: {found.before} entries last time, {report.size} now; the state is "
        f"kept in {file.path}."
    )
    _tell_cosigned(found, required)
    for note in found.state.contradictions:
        print(f"留存的检查点 / kept checkpoint:\n{note.decode()}", end="")
    tell_report(report)


def tell_report(report: AuditReport) -> None:
    """Print what was found, what could not be checked, and the last line."""
    for finding in report.findings:
        print(f"发现 [{finding.code}] {finding.zh}\nfinding [{finding.code}] {finding.en}")
    for left in report.unchecked:
        print(f"未核查 [{left.code}] {left.zh}\nnot checked [{left.code}] {left.en}")
    if report.findings:
        print("有问题 / there are findings")
    elif report.unchecked:
        print("未发现问题，但有未核查项 / no findings, but not all was checked")
    else:
        print("未发现问题 / no findings")


def _tell_cosigned(found: Look, required: Required) -> None:
    for one in found.cosigned:
        name = f"{one.witness.name}（{one.witness.relation}）"
        if one.time is not None:
            time = format_time(one.time)
            print(f"见证人{name}已签：{time} / witness {one.witness.name} cosigned at {time}")
        elif not one.wrong:
            print(
                f"见证人{name}尚未签此检查点 / witness {one.witness.name} has not cosigned this "
                "checkpoint"
            )
    if not enough(found.cosigned, required):
        apart = (
            ("，其中须有独立者", ", one of them independent") if required.independent else ("", "")
        )
        print(
            f"见证签名不足：信任文件夹要求 {required.cosignatures} 名{apart[0]} / too few "
            f"cosignatures: the trust folder wants {required.cosignatures}{apart[1]}"
        )
