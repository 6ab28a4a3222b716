"""Following a log's entries in order: chain, numbers, outcomes, closed cases, times, signatures.

The frequent kinds are read at a glance (``evidence.format.glance``), so that a million entries
take little longer than their hashes.
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from evidence.errors import FormatError
from evidence.format.digests import ZERO
from evidence.format.entry import (
    CaseClosed,
    CaseContinued,
    Erasure,
    KeyChange,
    RecoveryChange,
    Succession,
    parse_entry,
)
from evidence.format.glance import (
    ATTEMPT,
    FAILED,
    NOTHING_FOUND,
    SEALED,
    Glance,
    as_glance,
    glances,
)
from evidence.format.times import format_time, parse_time
from evidence.log.keysinforce import KeysInForce
from evidence.log.report import AuditReport, sealed_twice

BACKWARDS = timedelta(hours=2)
"""An entry may state a time this much before an entry before it: a clock was set right."""

Case = list[int]
"""Last number, sealed, failed, nothing found, index of the closing or -1, number it began after."""


@dataclass
class Following:
    """What following the entries in order has shown so far; findings go to ``report``.

    ``keys`` are those by which closings, erasures and statements are held.
    """

    report: AuditReport
    keys: KeysInForce
    previous: bytes | None = ZERO.encode()
    time: bytes = b""
    cases: dict[bytes, Case] = field(default_factory=dict)
    open: dict[int, tuple[bytes, bytes, int]] = field(default_factory=dict)
    outcomes: dict[int, int] = field(default_factory=dict)
    sealed: dict[bytes, int] = field(default_factory=dict)
    erased: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Of each erasure: the outcome whose content it ended, and the package that it names."""
    ended: dict[int, int] = field(default_factory=dict)
    """Of each outcome whose content was ended: the erasure, those of earlier looks too."""
    attempts: int = 0
    succeeds: tuple[str, int] | None = None

    def take(self, entries: Sequence[bytes], first: int, digests: bytes) -> None:
        """Follow ``entries``, the first of which has the index ``first``.

        ``digests`` are their SHA-256, one after the other.
        """
        hexed = hexlify(digests)
        seen = glances(entries)
        if None in seen or not self._chained(seen, hexed):
            for at, (data, one) in enumerate(zip(entries, seen, strict=True)):
                self._one(first + at, data, one)
                self.previous = hexed[at * 64 : at * 64 + 64]
        else:
            self._frequent(first, seen)
        self.previous = hexed[-64:]

    def take_sound(self, seen: Sequence[Glance], first: int, last: bytes) -> bool:
        """Follow a bundle in which each entry names the one before it; say whether it was followed.

        It is not where its first entry names another. ``last`` is the SHA-256 (hex) of its last.
        """
        if seen[0][4] != self.previous:
            return False
        self._frequent(first, seen)
        self.previous = last
        return True

    def _chained(self, seen: Sequence[Glance | None], hexed: bytes) -> bool:
        """Say whether every entry names the one before it."""
        named = b"".join([one[4] for one in seen if one is not None])
        return self.previous is not None and named == self.previous + hexed[:-64]

    def lost(self) -> None:
        """Entries could not be read: what the next one names as previous is not known."""
        self.previous = None

    def _one(self, index: int, data: bytes, seen: Glance | None) -> None:
        """Follow one entry of any kind."""
        try:
            seen = seen or as_glance(data)
            if seen is not None:
                self._chain(index, seen[4])
                return self._frequent(index, (seen,))
            entry = parse_entry(data)
        except FormatError as error:
            zh, en = f"第 {index} 条无法读取：{error.zh}。", f"Entry {index}: {error.en}."
            return self.report.add("format", index, zh, en)
        self._chain(index, entry.prev.encode())
        time = format_time(entry.time).encode()
        if time < self.time:
            self._earlier(index, time)
        else:
            self.time = time
        if isinstance(entry, CaseClosed):
            self._closed(index, entry)
        elif isinstance(entry, CaseContinued):
            self._continued(index, entry)
        elif isinstance(entry, Erasure):
            self._erased(index, entry)
            self.keys.signed(index, entry)
        elif isinstance(entry, KeyChange):
            self.keys.changed(index, entry)
        elif isinstance(entry, RecoveryChange):
            self.keys.renewed_by(index, entry)
        elif isinstance(entry, Succession):
            self._succession(index, entry)
        return None

    def _frequent(self, first: int, seen: Iterable[Glance | None]) -> None:
        """Follow attempts and outcomes; that they name the entry before them was looked at."""
        cases, opened, outcomes = self.cases, self.open, self.outcomes
        for index, one in enumerate(seen, first):
            if one is None:
                continue
            kind, capture, case, number, _, time, attempt = one
            if time < self.time:
                self._earlier(index, time)
            else:
                self.time = time
            counts = cases.get(case)
            if counts is None:
                counts = cases[case] = [0, 0, 0, 0, -1, 0]
            if counts[4] >= 0:
                self._after_closing(index, counts[4])
            if kind == ATTEMPT:
                if number != counts[0] + 1:
                    self._number(index, number, counts[0] + 1)
                counts[0] = number
                self.attempts += 1
                opened[index] = (capture, case, number)
                continue
            counts[kind] += 1
            if opened.pop(attempt, None) != (capture, case, number):
                self._outcome(index, attempt)
            else:
                outcomes[attempt] = index
            if kind == SEALED and self.sealed.setdefault(capture, index) != index:
                sealed_twice(index, self.sealed[capture], self.report)

    def _chain(self, index: int, prev: bytes) -> None:
        if self.previous is not None and prev != self.previous:
            self.report.add(
                "chain",
                index,
                f"第 {index} 条所记的前一条散列与前一条不符：此前有条目被改动、删除或调换。",
                f"Entry {index} names another entry before it: one was changed, removed or moved.",
            )

    def _earlier(self, index: int, time: bytes) -> None:
        """An entry states an earlier time than one before it: told once, then held against it.

        Within the bound the latest time stays the measure, so that many small steps are seen.
        """
        now, before = time.decode(), self.time.decode()
        if parse_time(before) - parse_time(now) > BACKWARDS:
            self.time = time
            self.report.add(
                "time",
                index,
                f"第 {index} 条所记时间 {now} 早于此前条目的 {before}：时间倒退。",
                f"Entry {index} states {now}, before the {before} of an entry before it: it was "
                "dated back, or a clock was wrong.",
            )

    def _number(self, index: int, number: int, due: int) -> None:
        doubled = number < due
        zh = f"编号重复：{number} 已用过，应为 {due}" if doubled else f"缺号：应为 {due}"
        en = f"{number} was used before" if doubled else f"{due} is missing"
        self.report.add(
            "number",
            index,
            f"第 {index} 条在其案件中的编号为 {number}；{zh}。",
            f"Entry {index} has the number {number} in its case; {due} was due: {en}.",
        )

    def _after_closing(self, index: int, closing: int) -> None:
        zh = f"第 {index} 条属于已在第 {closing} 条结案的案件。"
        en = f"Entry {index} is of a case that entry {closing} closed."
        self.report.add("closed", index, zh, en)

    def _outcome(self, index: int, attempt: int) -> None:
        earlier = self.outcomes.get(attempt)
        if earlier is not None:
            self.report.add(
                "twice",
                index,
                f"第 {index} 条：第 {attempt} 条的尝试已有结果（第 {earlier} 条）。",
                f"Entry {index}: the attempt {attempt} already has an outcome, entry {earlier}.",
            )
            return
        self.report.add(
            "outcome",
            index,
            f"第 {index} 条是结果，但与第 {attempt} 条的尝试不对应。",
            f"Entry {index} is an outcome that does not belong to the attempt {attempt}.",
        )

    def _closed(self, index: int, entry: CaseClosed) -> None:
        counts = self.cases.setdefault(entry.case_tag.encode(), [0, 0, 0, 0, -1, 0])
        stated = (entry.attempts, entry.sealed, entry.failed, entry.nothing_found)
        if counts[4] >= 0:
            self._after_closing(index, counts[4])
        elif stated != (here := (counts[0] - counts[5], *counts[1:4])):
            found = "/".join(map(str, here))
            told = "/".join(map(str, stated))
            self.report.add(
                "count",
                index,
                f"第 {index} 条结案所述数目（尝试/封装/失败/无页面）{told} 与日志 {found} 不符。",
                f"Entry {index} closes a case with {told} attempts/sealed/failed/nothing found; "
                f"the log has {found}.",
            )
        counts[4] = index
        self.keys.signed(index, entry)

    def _continued(self, index: int, entry: CaseContinued) -> None:
        tag, (origin, size) = entry.case_tag.encode(), self.succeeds or ("", 0)
        if origin != entry.old_origin or entry.old_size > size or tag in self.cases:
            self.report.add(
                "continued",
                index,
                f"第 {index} 条称案件自日志 {entry.old_origin} 延续，与本日志不符。",
                f"Entry {index} says that its case goes on from the log {entry.old_origin}, which "
                "does not fit this log.",
            )
        counts = self.cases.setdefault(tag, [0, 0, 0, 0, -1, 0])
        counts[0] = counts[5] = max(counts[0], entry.attempts)
        self.keys.signed(index, entry)

    def _erased(self, index: int, entry: Erasure) -> None:
        if entry.log is None:
            self._of_this_log(index, entry)
        elif self.succeeds is None:
            self.report.add(
                "erasure",
                index,
                f"第 {index} 条所删除的内容称在日志 {entry.log}，而本日志并非后继日志。",
                f"Entry {index} erases what the log {entry.log} sealed; this log succeeds none.",
            )

    def _of_this_log(self, index: int, entry: Erasure) -> None:
        """An erasure names an outcome before it, and each is erased once."""
        earlier = self.ended.get(entry.outcome)
        if entry.outcome >= index:
            self.report.add(
                "erasure",
                index,
                f"第 {index} 条删除记录所指的第 {entry.outcome} 条不在其之前。",
                f"Entry {index} erases what entry {entry.outcome} sealed, which is not before it.",
            )
        elif earlier is not None:
            self.report.add(
                "erasure",
                index,
                f"第 {index} 条删除的内容已由第 {earlier} 条删除。",
                f"Entry {index} erases what entry {earlier} erased already.",
            )
        else:
            self.erased[index] = entry.outcome, entry.package_sha256
            self.ended[entry.outcome] = index

    def _succession(self, index: int, entry: Succession) -> None:
        self.keys.statement(index, entry)
        if index == 0:
            self.succeeds = entry.old_origin, entry.old_size
        if index:
            self.report.add(
                "succession",
                index,
                f"第 {index} 条宣布承接旧日志，但只有第 0 条可以如此。",
                f"Entry {index} says that this log succeeds another; only entry 0 may.",
            )

    def finish(self) -> None:
        """Put the counts into the report."""
        counts = self.cases.values()
        self.report.attempts = self.attempts
        self.report.sealed = sum(case[SEALED] for case in counts)
        self.report.failed = sum(case[FAILED] for case in counts)
        self.report.nothing_found = sum(case[NOTHING_FOUND] for case in counts)
        self.report.closed = sum(case[4] >= 0 for case in counts)
        self.report.open_attempts = sorted(self.open)
