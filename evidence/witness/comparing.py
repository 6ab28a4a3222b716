"""What the witnesses have seen of a log, held against the log as it is: part of an audit.

Whoever has every file and the log's key can rewrite the log so that it fits in itself. What the
witnesses cosigned before then still has the log's signature, and does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.errors import LogError, WitnessError
from evidence.format.cosignature import find_witnessed
from evidence.format.note import SignedNote
from evidence.format.times import format_time
from evidence.log.report import AuditReport
from evidence.log.store import Head, Store
from evidence.witness.asked import AskedWitness
from evidence.witness.client import fetch_newest

SECONDS = 10.0


def compare_with_witnesses(
    store: Store,
    witnesses: Sequence[AskedWitness],
    report: AuditReport,
    *,
    proxy: str | None,
    seconds: float = SECONDS,
) -> tuple[WitnessError, ...]:
    """Add to ``report`` what the witnesses show; return why some of them showed nothing.

    Each witness's newest checkpoint of the log is fetched; its own and the log's signature are
    verified. Raises LogError when the log's own files cannot be read.
    """
    head = store.head()
    silent: list[WitnessError] = []
    for witness in witnesses:
        try:
            seen = fetch_newest(witness, store.key, proxy=proxy, seconds=seconds)
        except WitnessError as error:
            silent.append(error)
            continue
        if seen is None:
            silent.append(_knows_nothing(witness))
        else:
            _compare(store, head, witness, seen, report)
    return tuple(silent)


def _compare(
    store: Store, head: Head | None, witness: AskedWitness, seen: Head, report: AuditReport
) -> None:
    have = head.size if head else 0
    moment = format_time(find_witnessed(SignedNote.parse(seen.note), [witness.key])[0].time)
    if seen.size > have:
        report.add(
            "rollback",
            have,
            f"见证人 {witness.name} 于 {moment} 见证过 {seen.size} 条，现只有 {have} 条："
            "末尾条目被删除或日志被回退。",
            f"The witness {witness.name} cosigned {seen.size} entries at {moment}, the log has "
            f"{have}: its end was removed, or it was put back from an older copy.",
        )
        return
    try:
        same = store.root(seen.size) == seen.checkpoint.root
    except LogError:
        same = False
    if not same:
        report.add(
            "fork",
            None,
            f"见证人 {witness.name} 于 {moment} 见证的前 {seen.size} 条与现有日志不同："
            "条目被改写、删除、调换，或是另一日志。",
            f"The first {seen.size} entries that the witness {witness.name} cosigned at {moment} "
            "are not those of this log: entries were rewritten, removed or moved, or it is "
            "another log.",
        )


def _knows_nothing(witness: AskedWitness) -> WitnessError:
    return WitnessError(
        f"The witness {witness.name} has no checkpoint of this log to show.",
        f"见证人 {witness.name} 没有可出示的本日志检查点。",
    )
