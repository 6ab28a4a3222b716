"""Audits a log from its entries alone: chain, numbers, outcomes, tiles, root, signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from evidence.errors import FormatError, LogError
from evidence.format.digests import ZERO, sha256_hex
from evidence.format.entry import Attempt, Outcome, Sealed, parse_entry
from evidence.format.merkle import leaf_hash, memory_reader, tree_root
from evidence.format.note import NoteKey
from evidence.format.tiles import WIDTH, tiles_of
from evidence.log.report import AuditReport
from evidence.log.store import SEEN, Head, Store, tiles_from_leaves, unreadable

VKEY = "vkey"


def audit(folder: Path, *, vkey: str | None = None, witness: Path | None = None) -> AuditReport:
    """Recompute the whole log in ``folder`` and return what was found.

    ``vkey`` is the log's public key from outside; without it the copy in the folder is used,
    which proves less. ``witness`` is a checkpoint kept outside the folder. Checked: the
    checkpoint's signature and root, every hash tile, the chain of previous entries, gap-free
    numbers per case, at most one outcome per attempt, at most one sealed outcome per capture,
    that the log is not shorter than it was seen. Not checked: witnesses, timestamps, packages.
    """
    report = AuditReport()
    store = Store(folder, _key(folder, vkey))
    head = _head(store, witness, report)
    if head is None:
        return report
    report.size, report.root = head.size, head.checkpoint.root.hex()
    leaves = _follow(store, head.size, report)
    if leaves is not None:
        _check_tiles(store, head, leaves, report)
    return report


def _key(folder: Path, vkey: str | None) -> NoteKey:
    return NoteKey.parse(vkey.strip()) if vkey is not None else read_vkey(folder / VKEY)


def read_vkey(path: Path) -> NoteKey:
    """Return the public key of a log from its file; raises LogError naming the file."""
    try:
        return NoteKey.parse(path.read_text(encoding="utf-8").strip())
    except FileNotFoundError as error:
        raise LogError(
            f"There is no log in {path.parent}; check MARKSEAL_HOME.",
            f"{path.parent} 中没有日志；请检查 MARKSEAL_HOME。",
        ) from error
    except PermissionError as error:
        raise unreadable(path, error) from error
    except (OSError, UnicodeDecodeError, FormatError) as error:
        raise LogError(
            f"{path} does not hold the log's public key; restore it.",
            f"{path} 中没有日志公钥；请恢复该文件。",
        ) from error


def _head(store: Store, witness: Path | None, report: AuditReport) -> Head | None:
    try:
        head = store.head()
    except LogError as error:
        report.add("checkpoint", None, error.zh, error.en)
        return None
    copies = [store.note(SEEN), store.kept(witness) if witness else None]
    if head is None:
        if any(copies) or (store.folder / "tile").exists() or not (store.folder / VKEY).exists():
            report.add("checkpoint", None, "检查点缺失。", "The checkpoint is missing.")
        return None
    for seen in filter(None, copies):
        _compare(head, seen, report)
    return head


def _compare(head: Head, seen: Head, report: AuditReport) -> None:
    """Compare the checkpoint with a copy that was kept: neither shorter nor another tree."""
    if seen.size > head.size:
        report.add(
            "rollback",
            head.size,
            f"日志曾有 {seen.size} 条，现只有 {head.size} 条：末尾条目被删除或日志被回退。",
            f"The log had {seen.size} entries and has {head.size}: its end was removed.",
        )
    if seen.size == head.size and seen.checkpoint != head.checkpoint:
        report.add(
            "fork",
            None,
            f"大小同为 {head.size} 的两个检查点树根不同：日志分叉。",
            f"Two checkpoints of size {head.size} have different roots: the log was forked.",
        )


@dataclass
class _Chain:
    """What following the entries in order has shown so far."""

    previous: str | None = ZERO
    numbers: dict[str, int] = field(default_factory=dict)
    attempts: dict[int, Attempt] = field(default_factory=dict)
    outcomes: dict[int, int] = field(default_factory=dict)
    sealed: dict[str, int] = field(default_factory=dict)


def _follow(store: Store, size: int, report: AuditReport) -> list[bytes] | None:
    """Follow every entry; return the leaf hashes, or None when a bundle cannot be read."""
    chain, leaves, whole = _Chain(), list[bytes](), True
    for number in range(-(-size // WIDTH)):
        first = number * WIDTH
        try:
            entries = store.bundle(number, size)
        except LogError as error:
            report.add("entries", first, error.zh, error.en)
            chain.previous, whole = None, False
            continue
        for index, data in enumerate(entries, first):
            leaves.append(leaf_hash(data))
            _entry(index, data, chain, report)
            chain.previous = sha256_hex(data)
    report.attempts = len(chain.attempts)
    report.open_attempts = sorted(set(chain.attempts) - set(chain.outcomes))
    return leaves if whole else None


def _entry(index: int, data: bytes, chain: _Chain, report: AuditReport) -> None:
    try:
        entry = parse_entry(data)
    except FormatError as error:
        report.add(
            "format", index, f"第 {index} 条无法读取：{error.zh}。", f"Entry {index}: {error.en}."
        )
        return
    if chain.previous is not None and entry.prev != chain.previous:
        report.add(
            "chain",
            index,
            f"第 {index} 条所记的前一条散列与前一条不符：此前有条目被改动、删除或调换。",
            f"Entry {index} names another entry before it: one was changed, removed or moved.",
        )
    if isinstance(entry, Attempt):
        _attempt(index, entry, chain, report)
    elif isinstance(entry, Outcome):
        _outcome(index, entry, chain, report)


def _attempt(index: int, entry: Attempt, chain: _Chain, report: AuditReport) -> None:
    expected = chain.numbers.get(entry.case_tag, 0) + 1
    if entry.number != expected:
        report.add(
            "number",
            index,
            f"第 {index} 条在其案件中的编号为 {entry.number}，应为 {expected}。",
            f"Entry {index} has the number {entry.number} in its case; {expected} was due.",
        )
    chain.numbers[entry.case_tag] = entry.number
    chain.attempts[index] = entry


def _outcome(index: int, entry: Outcome, chain: _Chain, report: AuditReport) -> None:
    if isinstance(entry, Sealed):
        report.sealed += 1
        _sealed_once(index, entry, chain, report)
    else:
        report.failed += 1
    attempt = chain.attempts.get(entry.attempt)
    fits = attempt is not None and (
        (attempt.capture_id, attempt.case_tag, attempt.number)
        == (entry.capture_id, entry.case_tag, entry.number)
    )
    if not fits:
        report.add(
            "outcome",
            index,
            f"第 {index} 条是结果，但与第 {entry.attempt} 条的尝试不对应。",
            f"Entry {index} is an outcome that does not belong to the attempt {entry.attempt}.",
        )
    if entry.attempt in chain.outcomes:
        report.add(
            "twice",
            index,
            f"第 {index} 条：第 {entry.attempt} 条的尝试已有结果（第 "
            f"{chain.outcomes[entry.attempt]} 条）。",
            f"Entry {index}: the attempt {entry.attempt} already has an outcome, entry "
            f"{chain.outcomes[entry.attempt]}.",
        )
    chain.outcomes.setdefault(entry.attempt, index)


def _sealed_once(index: int, entry: Sealed, chain: _Chain, report: AuditReport) -> None:
    if entry.capture_id in chain.sealed:
        report.add(
            "sealed twice",
            index,
            f"第 {index} 条：同一取证已在第 {chain.sealed[entry.capture_id]} 条封装。",
            f"Entry {index}: this capture was already sealed by entry "
            f"{chain.sealed[entry.capture_id]}.",
        )
    chain.sealed.setdefault(entry.capture_id, index)


def _check_tiles(store: Store, head: Head, leaves: list[bytes], report: AuditReport) -> None:
    """Compare every stored hash tile and the root with what the entries give."""
    expected = dict(tiles_from_leaves(iter(leaves)))
    for tile in tiles_of(head.size):
        try:
            stored = store.tile(tile)[: tile.width * 32]
        except LogError as error:
            report.add("tile", None, error.zh, error.en)
            continue
        if stored != expected[tile]:
            report.add(
                "tile",
                None,
                f"散列瓦片 {tile.path()} 与条目不符。",
                f"The hash tile {tile.path()} does not fit the entries.",
            )
            _name_leaves(tile.level, tile.n, stored, expected[tile], report)
    root = tree_root(head.size, memory_reader(leaves))
    if root != head.checkpoint.root:
        report.add(
            "root",
            None,
            "检查点的树根与条目不符：有条目被改动、增加或删除。",
            "The checkpoint's root does not fit the entries: entries were changed, added or "
            "removed.",
        )


def _name_leaves(
    level: int | None, number: int, stored: bytes, expected: bytes, report: AuditReport
) -> None:
    if level != 0:
        return
    for offset in range(len(expected) // 32):
        if stored[offset * 32 : offset * 32 + 32] != expected[offset * 32 : offset * 32 + 32]:
            index = number * WIDTH + offset
            report.add(
                "leaf",
                index,
                f"第 {index} 条与其叶散列不符：该条被改动。",
                f"Entry {index} does not have the hash the log committed to: it was changed.",
            )
