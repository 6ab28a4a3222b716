"""One look at a followed log: its newest checkpoint against all that was seen before.

1. the signature; 2. no rollback and no second tree of a size that was seen; 3. the new entries are
read and followed, the tree is computed from them and the edge kept from last time; 4. the root is
that of the checkpoint, which proves both that the old part is still the same and that the new part
is what was read; 5. the hash tiles served are those computed. What was found once stays found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from evidence.errors import EvidenceError, FormatError, ProofError, Unreachable
from evidence.format.merkle import inclusion_proof, leaf_hash, tree_root, verify_inclusion
from evidence.format.note import NoteKey
from evidence.format.tiles import WIDTH, Tile, hash_reader
from evidence.log.following import Following
from evidence.log.report import AuditReport, erases_a_seal
from evidence.log.store import Head, open_checkpoint
from evidence.monitor.cosigned import NOBODY, Cosigned, Required, check_cosigned
from evidence.monitor.findings import Findings
from evidence.monitor.frontier import Frontier, bundle_of
from evidence.monitor.source import Source, read_checkpoint, read_entries, read_hashes
from evidence.monitor.state import State, facts_of, follow_on

Keep = Callable[[State], None]


@dataclass(frozen=True)
class Asked:
    """What is known from outside: who signs closings and erasures, and further checkpoints.

    ``recovery`` is how many of which recovery keys sign revocations and successions;
    ``earlier`` those that they took the place of, oldest first. ``checkpoints`` are (name, note)
    from a dossier, a witness, another monitor; ``required`` the witnesses that should cosign.
    """

    signers: tuple[bytes, ...] = ()
    recovery: tuple[int, tuple[bytes, ...]] = (0, ())
    checkpoints: Sequence[tuple[str, bytes]] = ()
    earlier: Sequence[tuple[int, Sequence[bytes]]] = ()
    required: Required = NOBODY


NOTHING = Asked()


@dataclass(frozen=True)
class Look:
    """What one look gave: the report, sizes before and now, the state to go on from.

    ``cosigned`` has a row for each witness that was given, none when there is no checkpoint.
    """

    report: AuditReport
    before: int
    state: State
    cosigned: tuple[Cosigned, ...] = ()


def look(source: Source, state: State, *, keep: Keep, asked: Asked = NOTHING) -> Look:
    """Look at the log once and return what was found; ``keep`` is called with each new state.

    Raises Unreachable when the log cannot be read now: then nothing is found, and the state only
    knows of the newest checkpoint. Not checked: timestamps, packages, and (but in the part read
    now) that no capture is sealed twice.
    """
    one = _Looking(source, state, keep, asked)
    before = state.head.size if state.head else 0
    head = one.run()
    cosigned = check_cosigned(head.note, asked.required, one.report) if head else ()
    one.report.findings = list(dict.fromkeys((*one.state.findings, *one.report.findings)))
    return Look(one.report, before, one.state, cosigned)


@dataclass
class _Looking:
    source: Source
    state: State
    keep: Keep
    asked: Asked
    report: AuditReport = field(default_factory=AuditReport)

    @property
    def key(self) -> NoteKey:
        return self.state.key

    @property
    def say(self) -> Findings:
        return Findings(self.report)

    def run(self) -> Head | None:
        """Look, and return the newest checkpoint if it is one that the log signed."""
        head = self._head()
        if head is None:
            return None
        self.report.size, self.report.root = head.size, head.checkpoint.root.hex()
        if self._extends_what_was_seen(head):
            self._go_on(head)
        return head

    def _go_on(self, head: Head) -> None:
        if self.state.head is None or head.size > self.state.head.size:
            newest = self.state.newest
            if newest is None or head.size > newest.size:
                self.state = self.state.with_pending(head)
                self.keep(self.state)
            self._read_on(head)
        else:
            self._following().finish()
            self.state = replace(self.state, pending=())
            self.keep(self.state)
        self._against_given(head)

    def _head(self) -> Head | None:
        """Return the newest checkpoint, None after a finding; no note at all is no checkpoint."""
        note = read_checkpoint(self.source)
        try:
            return open_checkpoint(note, self.key)
        except FormatError as error:
            if note.lstrip()[:1] in (b"<", b"{", b""):
                raise Unreachable(
                    "What answered is a page and no log: its checkpoint is no signed note.",
                    "应答的是网页而非日志：其检查点不是签名文本。",
                ) from error
            self.say.checkpoint(error)
        except ProofError as error:
            self.say.checkpoint(error)
        return None

    def _extends_what_was_seen(self, head: Head) -> bool:
        seen = self.state.newest
        if seen is None:
            return True
        if head.size < seen.size:
            self.say.rollback(seen.size, head.size, self.state.looked)
            return False
        for known in filter(None, (self.state.head, *self.state.pending)):
            if known.size == head.size and known.checkpoint != head.checkpoint:
                self.say.two_roots(head.size)
                self._remember(head)
                return False
        return True

    def _remember(self, head: Head) -> None:
        """Keep the findings, with the checkpoint that proves them, for good."""
        self.state = self.state.with_findings(tuple(self.report.findings), (head.note,))
        self.keep(self.state)

    def _following(self, report: AuditReport | None = None) -> Following:
        return follow_on(
            self.state.facts,
            self.report if report is None else report,
            signers=self.asked.signers,
            recovery=self.asked.recovery,
            earlier=self.asked.earlier,
        )

    def _read_on(self, head: Head) -> None:
        """Read what is new, and go on from there if it makes the tree that was signed."""
        following, frontier = self._following(), self.state.frontier.copy()
        earlier = tuple(seen for seen in self.state.pending if seen.size < head.size)
        reading = _Reading(self.source, head, following, frontier, earlier)
        if not reading.run(self.say):
            return
        if reading.rewritten is not None or frontier.root() != head.checkpoint.root:
            self.report.findings.clear()  # entries that no root proves say nothing
            self._explain(head, reading)
            return
        if reading.broken is not None:
            self.say.rewritten(reading.broken.size, None)
            self._remember(head)
            return
        if not reading.tiles_fit(self.say):
            return
        self._check_erased(head, following)
        following.finish()
        self.state = replace(
            self.state, head=head, pending=(), frontier=frontier, facts=facts_of(following)
        ).with_findings(tuple(self.report.findings))
        self.keep(self.state)

    def _explain(self, head: Head, reading: _Reading) -> None:
        """Say why the root is another one: the old part changed, or the files do not fit."""
        changed = reading.changed_leaves()
        read = hash_reader(head.size, lambda tile: read_hashes(self.source, tile))
        try:
            sound = tree_root(head.size, read) == head.checkpoint.root
            old = self.state.head
            same = old is None or tree_root(old.size, read) == old.checkpoint.root
        except FormatError as error:
            self.say.tiles_short(error)
            return
        if sound and not same and old is not None:
            self.say.rewritten(old.size, self._where(read))
            self._remember(head)
        elif reading.rewritten is not None:
            self.say.changed(reading.rewritten)
        elif changed is not None:
            self.say.leaf(changed)
        else:
            self.say.root()

    def _where(self, read: Callable[[int, int], bytes]) -> tuple[int, int] | None:
        """Return the first range of entries whose hash differs from the one kept, as far as known.

        Of what lies left of the kept edge only the hash of whole tiles is known.
        """
        held = [(level, hashes) for level, hashes in enumerate(self.state.frontier.levels)]
        for level, hashes in reversed(held):
            width = WIDTH**level
            first = (self.state.frontier.size // width // WIDTH) * WIDTH
            for at, kept in enumerate(hashes, first):
                if read(8 * level, at) != kept:
                    return at * width, (at + 1) * width - 1
        return None

    def _check_erased(self, head: Head, following: Following) -> None:
        """Hold each new erasure against the entry that it names."""
        read = hash_reader(head.size, lambda tile: read_hashes(self.source, tile))
        for index, (outcome, package) in following.erased.items():
            try:
                entry = read_entries(self.source, bundle_of(outcome, head.size))[outcome % WIDTH]
                proof = inclusion_proof(outcome, head.size, read)
                root = head.checkpoint.root
                verify_inclusion(leaf_hash(entry), outcome, head.size, proof, root)
            except (FormatError, ProofError) as error:
                self.say.entries(outcome, error)
                continue
            erases_a_seal(entry, index, outcome, package, following.report)

    def _against_given(self, head: Head) -> None:
        """Hold the log against checkpoints from elsewhere, by the tiles that it serves."""
        read = hash_reader(head.size, lambda tile: read_hashes(self.source, tile))
        for name, note in self.asked.checkpoints:
            try:
                given = open_checkpoint(note, self.key)
            except EvidenceError as error:
                self.say.given(name, error)
                continue
            if given.size > head.size:
                self.say.shorter_than_given(name, given.size, head.size)
                continue
            try:
                same = tree_root(head.size, read) == head.checkpoint.root
                same = same and tree_root(given.size, read) == given.checkpoint.root
            except FormatError as error:
                self.say.tiles_short(error)
                return
            if not same:
                self.say.other_than_given(name, given.size)
                self.state = self.state.with_findings(tuple(self.report.findings), (given.note,))
                self.keep(self.state)


@dataclass
class _Reading:
    """The new entries on their way into the tree."""

    source: Source
    head: Head
    following: Following
    frontier: Frontier
    pending: tuple[Head, ...]
    broken: Head | None = None
    rewritten: int | None = None
    differing: list[tuple[Tile, bytes, bytes]] = field(default_factory=list)

    def run(self, say: Findings) -> bool:
        """Read as far as it leads; False after a finding that makes going on useless."""
        while self.frontier.size < self.head.size:
            first = self.frontier.size
            bundle = bundle_of(first, self.head.size)
            try:
                entries = read_entries(self.source, bundle)
            except FormatError as error:
                say.entries(bundle.n * WIDTH, error)
                return False
            kept = self.frontier.levels[0]
            for at, leaf in enumerate(kept):
                if leaf_hash(entries[at]) != leaf:
                    self.rewritten = bundle.n * WIDTH + at
                    return True
            self._take(entries[len(kept) :], first)
        for tile, data in self.frontier.unfinished():
            self._compare(tile, data)
        return True

    def _take(self, entries: list[bytes], first: int) -> None:
        digests = b"".join(sha256(data).digest() for data in entries)
        self.following.take(entries, first, digests)
        for data in entries:
            for tile, whole in self.frontier.push(leaf_hash(data)):
                self._compare(tile, whole)
            for seen in self.pending:
                if seen.size == self.frontier.size and seen.checkpoint.root != self.frontier.root():
                    self.broken = self.broken or seen

    def _compare(self, tile: Tile, computed: bytes) -> None:
        if len(self.differing) < 10:
            served = read_hashes(self.source, tile)
            if served != computed:
                self.differing.append((tile, computed, served))

    def changed_leaves(self) -> int | None:
        """Return the first entry whose leaf hash the log serves otherwise, or None."""
        for tile, computed, served in self.differing:
            if tile.level == 0 and len(served) == len(computed):
                at = next(i for i in range(len(computed)) if computed[i] != served[i])
                return tile.n * WIDTH + at // 32
        return None

    def tiles_fit(self, say: Findings) -> bool:
        """Say which hash tiles are not those of the entries; True when all are."""
        for tile, _, served in self.differing:
            say.tile(tile, short=len(served) < tile.width * 32)
        return not self.differing
