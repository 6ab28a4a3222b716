"""Many listings on all cores: the same bytes in the same order with any number of processes.

Listings are read in parts of bounded size; each part is worked on by one process and
written in the order of reading, so that memory does not grow with the file. Listings
that differ by their id only are compared once by each process. With ``Progress`` a run
that was ended, however hard, goes on where its last kept part ended.
"""

from __future__ import annotations

import contextlib
import gc
import json
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, fields
from itertools import chain, islice
from operator import attrgetter
from typing import IO, Protocol

from matcher.errors import MatchError
from matcher.listing import Offer, read_offer
from matcher.stream import Tally, read_lines, write_line
from matcher.watchlist import Watchlist

LISTINGS = 2000
BYTES = 4_000_000
AHEAD = 3
REMEMBERED = 20_000
SHORT = 2_000
WATCH = 1.0
# Whatever the matcher comes to read of a listing is part of what must be alike.
_fields = attrgetter(*(f.name for f in fields(Offer) if f.name not in ("id", "attributes")))


Lines = list[tuple[bytes, bool]]


class Keeper(Protocol):
    """Keeps how far a run has come, and passes over what an earlier one has done."""

    @property
    def tally(self) -> Tally: ...
    def lines(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]: ...
    def kept(self, part: Part, tally: Tally) -> None: ...


@dataclass(frozen=True)
class Part:
    """Lines of listings that are worked on together, each with its number."""

    lines: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True)
class Done:
    """What came of a part: lead lines and counts, or the error that ends the run."""

    leads: bytes
    tally: Tally
    error: MatchError | None = None


@dataclass
class Desk:
    """One process at work: the watchlist, and what came of the latest listings."""

    watchlist: Watchlist
    least: float
    known: dict[object, Lines] = field(default_factory=dict)

    def work(self, part: Part) -> Done:
        """Return the leads of a part."""
        listings: list[Offer] = []
        for number, data in part.lines:
            try:
                listings.append(read_offer(data, number))
            except MatchError as error:
                return Done(b"", Tally(0, 0, 0), error)
        lines = [line for leads in self.leads(listings) for line in leads]
        flagged = sum(flag for _, flag in lines)
        return Done(b"".join(line for line, _ in lines), Tally(len(listings), len(lines), flagged))

    def leads(self, listings: Sequence[Offer]) -> Iterator[Lines]:
        """Yield the lead lines of each listing, and of each line whether it is flagged."""
        keys = [key_of(listing) for listing in listings]
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        fresh: dict[object, Offer] = {}
        for at, (key, listing) in enumerate(zip(keys, listings, strict=True)):
            if key is None or key not in self.known:
                fresh.setdefault(at if key is None else key, listing)
        for (key, listing), found in zip(
            fresh.items(), self.watchlist.scan_all(list(fresh.values())), strict=True
        ):
            kept = [match for match in found if match.priority >= self.least]
            begin = len(opening(listing.id)) if kept else 0
            self.known[key] = [(write_line(match)[begin:], match.flag) for match in kept]
        for at, (key, listing) in enumerate(zip(keys, listings, strict=True)):
            known = self.known.pop(at) if key is None else self.known[key]
            begun = opening(listing.id) if known else b""
            yield [(begun + rest, flag) for rest, flag in known]


def opening(listing_id: str) -> bytes:
    """Return the first field of a lead line, encoded as ``write_line`` does."""
    text = json.dumps(listing_id, ensure_ascii=False)
    return b'{"listing_id":' + text.encode("utf-8", "replace")


def key_of(listing: Offer) -> object:
    """Return all that is compared of a listing, None when it is too long to remember."""
    if len(listing.title) + len(listing.description or "") > SHORT:
        return None
    return _fields(listing), tuple(listing.attributes.items())


def parts(lines: Iterable[tuple[int, bytes]]) -> Iterator[Part]:
    """Yield the lines in parts of bounded number and size."""
    kept: list[tuple[int, bytes]] = []
    size = 0
    for number, data in lines:
        kept.append((number, data))
        size += len(data)
        if len(kept) >= LISTINGS or size >= BYTES:
            yield Part(tuple(kept))
            kept, size = [], 0
    if kept:
        yield Part(tuple(kept))


def match_all(
    watchlist: Watchlist,
    source: IO[bytes],
    out: IO[bytes],
    *,
    least: float = 0.0,
    processes: int = 1,
    keeper: Keeper | None = None,
    on_part: Callable[[int], object] = lambda _: None,
) -> Tally:
    """Write every lead of priority ``least`` or more, in order; return the counts.

    ``keeper`` knows what an earlier run of the same files has done already: that is
    passed over. Raises the error of the first bad line, in order.
    """
    lines, tally = read_lines(source), Tally(0, 0, 0)
    if keeper is not None:
        lines, tally = keeper.lines(lines), keeper.tally
    todo = parts(lines)
    desk = Desk(watchlist, least)
    with contextlib.closing(_results(desk, todo, processes)) as results:
        for part, done in results:
            if done.error is not None:
                raise done.error
            out.write(done.leads)
            tally = add(tally, done.tally)
            if keeper is not None:
                keeper.kept(part, tally)
            on_part(done.tally.listings)
    return tally


def add(one: Tally, other: Tally) -> Tally:
    """Return the counts of both."""
    return Tally(
        one.listings + other.listings, one.leads + other.leads, one.flagged + other.flagged
    )


def _results(
    desk: Desk, todo: Iterator[Part], processes: int
) -> Generator[tuple[Part, Done], None, None]:
    todo, few = few_first(todo)
    if few or processes <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        for part in todo:
            yield part, desk.work(part)
        return
    waiting: deque[tuple[Part, Future[Done]]] = deque()
    with _pool(desk, processes) as pool:
        try:
            for part in todo:
                waiting.append((part, pool.submit(_work, part)))
                if len(waiting) >= processes * AHEAD:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BrokenProcessPool as error:
            raise MatchError(
                "A process of the comparison was ended from outside; run the command again, "
                "with fewer --processes if memory is short.",
                "比对进程被外部终止；请重新运行，内存不足时减少 --processes。",
            ) from error
        finally:
            for _, future in waiting:
                future.cancel()


def few_first(todo: Iterator[Part]) -> tuple[Iterator[Part], bool]:
    """Return the parts, and whether there are so few that one process is enough."""
    first = list(islice(todo, 2))
    return chain(first, todo), len(first) < 2


_desk: list[Desk] = []


def _pool(desk: Desk, processes: int) -> ProcessPoolExecutor:
    """Return processes that share the parent's index (copied when written to)."""
    gc.collect()
    gc.freeze()
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(
        processes, mp_context=context, initializer=_begin, initargs=(desk, os.getpid())
    )


def _begin(desk: Desk, parent: int) -> None:
    _desk[:] = [desk]
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)


def _work(part: Part) -> Done:
    return _desk[0].work(part)
