"""Audits a log from its entries alone: chain, numbers, outcomes, tiles, root, signature."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from evidence.errors import FormatError, LogError, ProofError
from evidence.format.merkle import tree_root
from evidence.format.note import NoteKey
from evidence.format.tiles import WIDTH, Tile, hash_reader, tile_hash, unpack_entries
from evidence.log.following import Following
from evidence.log.keysinforce import KeysInForce
from evidence.log.narrower import check_narrower
from evidence.log.reading import WORTH_IT, Bundles, Hashed, Sound
from evidence.log.report import AuditReport, erases_a_seal
from evidence.log.store import SEEN, Head, Store, open_checkpoint, unreadable

VKEY = "vkey"
Tiles = dict[tuple[int, int], bytes]


def audit(
    folder: Path,
    *,
    vkey: str | None = None,
    witness: Path | None = None,
    signers: Sequence[bytes] = (),
    recovery: tuple[int, Sequence[bytes]] = (0, ()),
    earlier: Sequence[tuple[int, Sequence[bytes]]] = (),
    checkpoints: Sequence[tuple[str, bytes]] = (),
    two_from: int = WORTH_IT,
) -> AuditReport:
    """Recompute the whole log in ``folder`` and return what was found.

    ``vkey`` is the log's public key from outside; without it the copy in the folder is used,
    which proves less. ``witness`` is a checkpoint kept outside the folder, ``checkpoints`` are
    further ones (name, note) from wherever: a dossier, a witness, a backup. ``signers`` are the
    Ed25519 keys that may sign closings and erasures; without any these signatures are not
    checked. ``recovery`` is how many of which recovery keys sign revocations and successions;
    without any, each of these is told as not checked. ``earlier`` are those that they took the
    place of, oldest first.
    From ``two_from`` entries on two processes read; what is found is the same.
    Checked: the checkpoint's signature and root, that the log continues every
    checkpoint given, every hash tile, the chain of previous entries, gap-free numbers and
    nothing after its closing per case, at most one outcome per attempt, at most one sealed
    outcome per capture, times that do not run backwards, erasures of what was sealed. Not
    checked: witnesses, timestamps, packages, and what lies beyond the checkpoint, which counts
    for nothing.
    """
    report = AuditReport()
    store = Store(folder, _key(folder, vkey))
    head = _head(store, witness, report)
    if head is None:
        return report
    report.size, report.root = head.size, head.checkpoint.root.hex()
    following = Following(report, KeysInForce.known(report, signers, recovery, earlier))
    tiles = _follow(Bundles(store, head.size, two_from), following)
    _check_last(store, head.size, report)
    if tiles is not None:
        _check_upper(store, head, tiles, report)
        _check_root(head, tiles, report)
        check_narrower(store, tiles, head.size, report)
    _check_kept(store, head, witness, checkpoints, tiles, report)
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
    if head is None:
        copies = [store.note(SEEN), store.kept(witness) if witness else None]
        if any(copies) or (store.folder / "tile").exists() or not (store.folder / VKEY).exists():
            report.add("checkpoint", None, "检查点缺失。", "The checkpoint is missing.")
    return head


def _check_kept(
    store: Store,
    head: Head,
    witness: Path | None,
    given: Sequence[tuple[str, bytes]],
    tiles: Tiles | None,
    report: AuditReport,
) -> None:
    """Compare the log with every checkpoint that was kept or given."""
    kept = [(SEEN, store.note(SEEN))]
    if witness is not None:
        kept.append((witness.name, store.kept(witness)))
    for name, note in given:
        try:
            kept.append((name, open_checkpoint(note, store.key)))
        except (FormatError, ProofError) as error:
            report.add(
                "given",
                None,
                f"给出的检查点 {name} 不能用：{error.zh}。",
                f"The checkpoint {name} that was given cannot be used: {error.en}.",
            )
    told: set[tuple[int, bytes]] = set()
    for name, seen in kept:
        if seen is not None and (seen.size, seen.checkpoint.root) not in told:
            told.add((seen.size, seen.checkpoint.root))
            _compare(name, head, seen, tiles, report)


def _compare(name: str, head: Head, seen: Head, tiles: Tiles | None, report: AuditReport) -> None:
    """Compare the log with one checkpoint: not shorter than it, and continuing its tree."""
    if seen.size > head.size:
        report.add(
            "rollback",
            head.size,
            f"日志曾有 {seen.size} 条（{name}），现只有 {head.size} 条：末尾条目被删除，"
            "或检查点被换回旧的。",
            f"The log had {seen.size} entries ({name}) and has {head.size}: its end was removed, "
            "or an old checkpoint was put back.",
        )
    elif seen.size == head.size and seen.checkpoint != head.checkpoint:
        report.add(
            "fork",
            None,
            f"大小同为 {head.size} 的两个检查点（{name}）树根不同：同一密钥签了两个日志。",
            f"Two checkpoints of size {head.size} ({name}) have different roots: one key signed "
            "two logs.",
        )
    elif seen.size < head.size and tiles is not None:
        root = tree_root(seen.size, hash_reader(head.size, lambda t: tiles[(t.level or 0, t.n)]))
        if root != seen.checkpoint.root:
            report.add(
                "fork",
                seen.size - 1,
                f"前 {seen.size} 条与检查点（{name}）不符：第 {seen.size - 1} 条或更早的条目"
                "被改写，或同一密钥签了两个日志。",
                f"The first {seen.size} entries are not those of the checkpoint ({name}): entry "
                f"{seen.size - 1} or one before it was rewritten, or one key signed two logs.",
            )


def _follow(reading: Bundles, following: Following) -> Tiles | None:
    """Follow every entry and compare the leaf tiles; return what all tiles should hold.

    Returns None when a bundle cannot be read: what lies above it is then not known.
    """
    store, size, report, whole = reading.store, reading.size, following.report, True
    tiles: Tiles = {}
    roots: list[bytes] = []
    with reading as bundles:
        for number in range(-(-size // WIDTH)):
            hashed = _take(bundles, number, following)
            if hashed is None:
                following.lost()
                whole = False
                continue
            tiles[(0, number)] = hashed.leaves
            roots.append(hashed.node)
            if whole:
                _check_tile(store, Tile(0, number, len(hashed.leaves) // 32), hashed.leaves, report)
    following.finish()
    for index, (outcome, package) in following.erased.items():
        with suppress(LogError):  # told where its bundle was read
            erases_a_seal(store.entry(outcome, size), index, outcome, package, report)
    return _upper(tiles, roots, size) if whole else None


def _take(bundles: Bundles, number: int, following: Following) -> Sound | Hashed | None:
    """Follow the entries of one bundle; return its hashes, None when it cannot be read."""
    sound = bundles.sound(number)
    if sound is not None and following.take_sound(sound.seen, number * WIDTH, sound.last):
        return sound
    entries = _bundle(bundles.store, number, bundles.size, following.report)
    if not entries:
        return None
    hashed = Hashed.of(entries)
    following.take(entries, number * WIDTH, hashed.digests)
    return hashed


def _bundle(store: Store, number: int, size: int, report: AuditReport) -> list[bytes]:
    try:
        return store.bundle(number, size)
    except LogError as error:
        report.add("entries", number * WIDTH, error.zh, error.en)
        return []


def _check_last(store: Store, size: int, report: AuditReport) -> None:
    """The unfinished bundle holds no more entries than its name says: others read it as it is."""
    tile = Tile(None, size // WIDTH, size % WIDTH or WIDTH)
    path = store.folder / tile.path()
    if size % WIDTH == 0 or not path.is_file():
        return
    with suppress(FormatError):
        held = len(unpack_entries(path.read_bytes()))
        if held > tile.width:
            report.add(
                "entries",
                size,
                f"日志文件 {tile.path()} 有 {held} 条，应有 {tile.width} 条。",
                f"The log's file {tile.path()} has {held} entries instead of {tile.width}.",
            )


def _upper(tiles: Tiles, roots: list[bytes], size: int) -> Tiles:
    """Add the tiles above the leaves to ``tiles``; ``roots`` are the nodes of the full ones."""
    level, count = 1, size // WIDTH
    while count:
        for at in range(0, count, WIDTH):
            tiles[(level, at // WIDTH)] = b"".join(roots[at : min(at + WIDTH, count)])
        roots = [tile_hash(tiles[(level, n)]) for n in range(count // WIDTH)]
        level, count = level + 1, count // WIDTH
    return tiles


def _check_upper(store: Store, head: Head, tiles: Tiles, report: AuditReport) -> None:
    for (level, number), data in tiles.items():
        if level:
            _check_tile(store, Tile(level, number, len(data) // 32), data, report)


def _check_root(head: Head, tiles: Tiles, report: AuditReport) -> None:
    root = tree_root(head.size, hash_reader(head.size, lambda t: tiles[(t.level or 0, t.n)]))
    if root != head.checkpoint.root:
        report.add(
            "root",
            None,
            "检查点的树根与条目不符：有条目被改动、增加或删除。",
            "The checkpoint's root does not fit the entries: entries were changed, added or "
            "removed.",
        )


def _check_tile(store: Store, tile: Tile, expected: bytes, report: AuditReport) -> None:
    """Compare a stored hash tile with what the entries give, naming the entries that differ."""
    try:
        stored = store.tile(tile)
    except LogError as error:
        report.add("tile", None, error.zh, error.en)
        return
    if len(stored) > len(expected) and (store.folder / tile.path()).is_file():
        report.add(
            "tile",
            None,
            f"散列瓦片 {tile.path()} 比其宽度长。",
            f"The hash tile {tile.path()} is longer than its width.",
        )
    stored = stored[: len(expected)]
    if stored == expected:
        return
    report.add(
        "tile",
        None,
        f"散列瓦片 {tile.path()} 与条目不符。",
        f"The hash tile {tile.path()} does not fit the entries.",
    )
    for at in range(0, len(expected) if tile.level == 0 else 0, 32):
        if stored[at : at + 32] != expected[at : at + 32]:
            index = tile.n * WIDTH + at // 32
            report.add(
                "leaf",
                index,
                f"第 {index} 条与其叶散列不符：该条被改动。",
                f"Entry {index} does not have the hash the log committed to: it was changed.",
            )
