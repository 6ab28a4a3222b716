"""The log's single writer: entries in, a signed checkpoint out; one commit for many callers.

``Log.append`` and ``Log.grouped`` line entries up (``evidence.log.staged``) with the stage lock
held for the time of building them, then wait: whoever gets the commit lock commits all that lie
there, of all threads and processes. ``Log.writing`` keeps everybody else out and commits at
once. Either way an entry is acknowledged only when it is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from evidence.errors import EvidenceError, FormatError, LogError
from evidence.format.digests import ZERO, sha256_hex
from evidence.format.merkle import inclusion_proof, leaf_hash
from evidence.format.tiles import MAX_ENTRY
from evidence.format.tlogproof import TlogProof
from evidence.log import commit
from evidence.log.calls import Call, appended, not_logged
from evidence.log.commit import Check, Place
from evidence.log.index import CaseIndex, Row, row_of
from evidence.log.locks import COMMIT, STAGE, Shared, WriterLock, hold, hold_unless, shared
from evidence.log.recovery import recover
from evidence.log.staged import Frame, discard, read_staged
from evidence.log.store import CHECKPOINT, SEEN, Head, open_checkpoint, read

SETTLED_KEPT = 8192


@dataclass(frozen=True)
class Log(Place):
    """A log in ``folder`` whose checkpoints ``private`` signs under the name ``origin``.

    ``witness`` is where a copy of the newest checkpoint is kept outside the folder: a folder
    that was emptied or put back from an older copy is then refused, not begun anew. ``port``
    is a lock that writers on other machines respect too; without it the files' locks serve.
    ``locks`` is where the lock files lie, the folder itself if not given.
    """

    port: WriterLock | None = field(default=None, compare=False)
    locks: Path | None = field(default=None, compare=False)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Keep every other writer out; each append of the session is its own commit.

        What a killed writer left is put right first. Raises LogError when another process
        does not let go, when the log is damaged, or when it is shorter than it was.
        """
        common = self._shared()
        with self.hold(STAGE, common):
            with self.hold(COMMIT, common) as check:
                head = _commit_staged(self, common, check)
            common.tail.check(self.folder)
            yield Session(self, head, common)

    @contextmanager
    def grouped(self) -> Iterator[Session]:
        """Line up what the block appends; on leaving it, wait until that is durable.

        Entries are built with the stage lock held, so the block must be short. What it appended
        is logged only when the ``with`` statement ends without an error; an error inside the
        block appends nothing. Raises LogError as ``writing`` does.
        """
        common = self._shared()
        with self.hold(STAGE, common):
            session = _staging(self, common)
            yield session
            lined_up = session.lined_up
            if lined_up:
                for frame in lined_up:  # what once stood at its place says nothing of this entry
                    common.settled.pop(frame.at, None)
                common.tail.add(self.folder, lined_up, keep=session.head.size)
                self.fault("log: staged")
        if lined_up:
            _settle(self, common, lined_up)

    def append(self, make: Callable[[Session], bytes]) -> int:
        """Append the entry that ``make`` returns for the open session; return its index.

        Durable on return. Threads that call at the same time share one commit: ``make`` may run
        in another of them, one after the other; what it raises is raised here.
        """
        return appended(self._shared().turn, Call(make), self._append_all)

    def _append_all(self, calls: Sequence[Call[Session]]) -> None:
        """Append what every call makes, in one commit."""
        with self.grouped() as session:
            for call in calls:
                call.run(session)

    def proof(self, index: int) -> tuple[bytes, bytes]:
        """Return the entry's bytes and its tlog-proof against the newest checkpoint."""
        head = self.store.newest()
        entry = self.store.entry(index, head.size)
        hashes = tuple(inclusion_proof(index, head.size, self.store.hashes(head.size)))
        return entry, TlogProof(index, hashes, head.note).to_bytes()

    def rebuild_index(self) -> int:
        """Throw the case index away and build it from the entries; return how many they are."""
        common = self._shared()
        with self.hold(STAGE, common):
            return common.index.rebuild(self.store, self.store.newest().size)

    def _shared(self) -> Shared:
        return shared(self.folder)

    def hold(self, name: str, common: Shared) -> AbstractContextManager[Check]:
        """Hold one of the log's two locks."""
        return hold(name, self.locks or self.folder, common.mutexes[name], port=self.port)


@dataclass
class Session:
    """The log with its stage lock held; ``head`` is the newest checkpoint.

    ``lined_up`` is None where each append is committed at once (``Log.writing``).
    """

    log: Log
    head: Head
    common: Shared
    lined_up: list[Frame] | None = None
    base: list[Frame] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The number of entries, those that are lined up included."""
        return self.head.size + len(self.base) + len(self.lined_up or ())

    @property
    def index(self) -> CaseIndex:
        """Where the entries of a case and of a capture stand, those lined up included."""
        index, store = self.common.index, self.log.store
        try:
            index.catch_up(store, self.head.size)
        except LogError:  # an entry bundle is torn, or the index belongs to somebody else
            with self.log.hold(COMMIT, self.common) as check:
                recover(self.log, check=check)
            index.catch_up(store, self.head.size)
        index.waiting = self.rows
        return index

    def entry(self, index: int) -> bytes:
        """Return the bytes of entry ``index``."""
        if index < self.head.size or index >= self.size:
            return self.log.store.entry(index, self.head.size)
        waiting: list[Frame] = [*self.base, *(self.lined_up or ())]
        return waiting[index - self.head.size].entry

    def entries(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of the entries from ``start`` on."""
        yield from self.log.store.entries(self.head.size, start)
        for frame in (*self.base, *(self.lined_up or ())):
            if frame.at >= start:
                yield frame.at, frame.entry

    def previous(self) -> str:
        """Return the SHA-256 (hex) of the last entry's bytes, zeroes for an empty log."""
        last = (self.lined_up or self.base or self.common.tail.frames)[-1:]
        if last and last[0].at == self.size - 1 and self.lined_up is not None:
            return last[0].digest.hex()
        if self.head.size == 0:
            return ZERO
        return sha256_hex(self.log.store.entry(self.head.size - 1, self.head.size))

    def append(self, entries: Sequence[bytes]) -> list[int]:
        """Append ``entries`` in one commit; return their indices.

        Durable on return in ``Log.writing``, at the end of the block in ``Log.grouped``.
        """
        for entry in entries:
            if len(entry) > MAX_ENTRY:
                raise FormatError(
                    f"a log entry has at most {MAX_ENTRY} bytes",
                    f"日志条目不得超过 {MAX_ENTRY} 字节",
                )
        old = self.size
        if self.lined_up is None:
            if entries:
                self.head = _commit_now(self.log, self.common, self.head, entries)
        else:
            for at, entry in enumerate(entries, old):
                self.lined_up.append(Frame(at, bytes.fromhex(self.previous()), entry))
                self.rows += filter(None, [row_of(at, entry)])
        return list(range(old, self.size))


def _staging(log: Log, common: Shared) -> Session:
    """Return the session at the end of what is lined up; called with the stage lock held."""
    tail, known = common.tail, common.tail.generation
    tail.refresh(log.folder)
    head = _known_head(log, common, CHECKPOINT)
    if (
        head is None
        or tail.generation != known
        or not tail.frames
        or tail.frames[-1].at + 1 < head.size
    ):
        with log.hold(COMMIT, common) as check:
            head = _commit_staged(log, common, check)
        tail.refresh(log.folder)
    tail.drop_below(head.size)
    base = [frame for frame in tail.frames if frame.at >= head.size]
    rows = [row for row in tail.rows if row and row.at >= head.size]
    return Session(log, head, common, [], base, rows)


def _known_head(log: Log, common: Shared, name: str) -> Head | None:
    """Return the checkpoint in a file, its signature verified once; None if it is not whole."""
    note = read(log.folder / name)
    known = common.heads.get(name)
    if note is None or (known is not None and known.note == note):
        return known if note is not None else None
    with suppress(EvidenceError):
        common.heads[name] = open_checkpoint(note, log.key)
        return common.heads[name]
    return None


def _commit_now(log: Log, common: Shared, head: Head, entries: Sequence[bytes]) -> Head:
    with log.hold(COMMIT, common) as check:
        head = commit.append(log, head, entries, check=check)
    _note_settled(common, head.size - len(entries), entries)
    return head


def _commit_staged(log: Log, common: Shared, check: Check) -> Head:
    """Commit everything that is lined up; called with the commit lock held.

    Where the log refuses (damaged, rolled back, disk full), what waits is thrown away: its
    callers are told so.
    """
    try:
        head = recover(log, check=check)
        entries = _in_order(log, head, read_staged(log.folder))
        if not entries:
            return head
        head = commit.append(log, head, entries, check=check)
    except (EvidenceError, OSError):
        discard(log.folder)
        raise
    _note_settled(common, head.size - len(entries), entries)
    return head


def _in_order(log: Log, head: Head, staged: Sequence[Frame]) -> list[bytes]:
    """Return the entries that continue the log at ``head``; frames that do not are thrown away."""
    frames = [frame for frame in staged if frame.at >= head.size]
    if not frames:
        return []
    last = log.store.entry(head.size - 1, head.size) if head.size else None
    previous = bytes.fromhex(ZERO if last is None else sha256_hex(last))
    for at, frame in enumerate(frames, head.size):
        if (frame.at, frame.previous) != (at, previous):
            discard(log.folder)
            return []
        previous = frame.digest
    return [frame.entry for frame in frames]


def _note_settled(common: Shared, first: int, entries: Sequence[bytes]) -> None:
    for at, entry in enumerate(entries, first):
        common.settled[at] = leaf_hash(entry)
    while len(common.settled) > SETTLED_KEPT:
        with suppress(KeyError, StopIteration):
            common.settled.pop(next(iter(common.settled)))


def _settle(log: Log, common: Shared, ours: Sequence[Frame]) -> None:
    """Return when ``ours`` are durable: by our commit, another thread's or another process's."""
    last = ours[-1]
    leaf = leaf_hash(last.entry)

    def done() -> bool:
        if common.settled.get(last.at) == leaf:
            return True
        # ``checkpoint.seen`` is written when its checkpoint is durable.
        heads = [_known_head(log, common, name) for name in (SEEN, CHECKPOINT)]
        if not all(head is not None and head.size > last.at for head in heads):
            return False
        return heads[0] is not None and _has(log, heads[0], last.at, leaf)

    if common.settled.get(last.at) == leaf:
        return
    mutex = common.mutexes[COMMIT]
    with hold_unless(done, COMMIT, log.locks or log.folder, mutex, port=log.port) as check:
        if check is None:
            return
        head = _commit_staged(log, common, check)
        if head.size > last.at and _has(log, head, last.at, leaf):
            return
        discard(log.folder)  # ours are not in it any more: it was damaged under our hands
        entries = _in_order(log, head, ours)
        if not entries:
            raise not_logged()
        commit.append(log, head, entries, check=check)


def _has(log: Log, head: Head, index: int, leaf: bytes) -> bool:
    with suppress(LogError):
        return log.store.leaf(index, head.size) == leaf
    return False
