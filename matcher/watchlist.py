"""The watchlist: marks compiled once, listings scanned one by one.

``scan`` is a pure function of listing, marks, authorised sellers and versions; the
order in which marks or listings come makes no difference.
NOT done: pictures (图形未监测), translations of marks, prices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter

from matcher.candidates import Index
from matcher.circumstances import Circumstances
from matcher.found import Finder
from matcher.listing import ListingLike
from matcher.mark import Mark
from matcher.match import Match
from matcher.normal import join
from matcher.scorecard import weigh
from matcher.sighting import Sighting, sightings
from matcher.sign import Holder, Sign, compile_holders, compile_signs, in_order, make

# What of a mark is judged: all but its number and what the file says besides.
judged_by = attrgetter(*(f.name for f in fields(Mark) if f.name not in ("mark_id", "extra")))


def normal_shops(
    authorised: Mapping[str, Collection[str]] | None,
) -> dict[str, frozenset[str]]:
    """Return the authorised shops of each mark as they are compared."""
    return {
        mark_id: frozenset(join(shop) for shop in shops) - {""}
        for mark_id, shops in (authorised or {}).items()
    }


class Watchlist:
    """Marks to be watched, with the shops authorised for each (by mark id)."""

    def __init__(
        self,
        marks: Iterable[Mark],
        authorised: Mapping[str, Collection[str]] | None = None,
        *,
        finder: Callable[[Sequence[Sign]], Finder] = Index,
    ) -> None:
        self.marks = tuple(sorted(marks, key=lambda mark: mark.mark_id))
        self.signs, self.holders = compile_signs(self.marks)
        self.finder = finder(self.signs)
        self.authorised = normal_shops(authorised)

    @classmethod
    def of(
        cls, signs: Sequence[Sign], holders: Sequence[Sequence[Holder]], finder: Finder
    ) -> Watchlist:
        """Return the watchlist of signs that ``finder`` finds; none without holders is found."""
        made = cls.__new__(cls)
        marks = {holder.mark.mark_id: holder.mark for some in holders for holder in some}
        made.marks = tuple(marks[mark_id] for mark_id in sorted(marks))
        made.signs, made.holders, made.finder = signs, holders, finder
        made.authorised = {}
        return made

    def changed(self, added: Iterable[Mark] = (), withdrawn: Collection[str] = ()) -> Watchlist:
        """Return the watchlist with marks added and withdrawn (by mark id), without a rebuild.

        An added mark takes the place of the one with its id. Finds what a watchlist made anew
        of the same marks finds.
        """
        more = {mark.mark_id: mark for mark in added}
        gone = more.keys() | set(withdrawn)
        touched = compile_holders(mark for mark in self.marks if mark.mark_id in gone)
        new = compile_holders(more.values())
        where = {s.text: n for n, s in enumerate(self.signs) if self.holders[n]}
        signs, holders = list(self.signs), list(self.holders)
        dropped: list[int] = []
        fresh: list[Sign] = []
        for text in sorted(touched.keys() | new.keys()):
            number = where.get(text)
            kept = [] if number is None else list(self.holders[number])
            kept = [holder for holder in kept if holder.mark.mark_id not in gone]
            kept = in_order([*kept, *new.get(text, ())])
            sign = make(text, kept) if kept else None
            if number is not None and sign == signs[number]:
                holders[number] = kept
                continue
            if number is not None:
                holders[number] = []
                dropped.append(number)
            if sign is not None:
                fresh.append(sign)
                holders.append(kept)
        made = Watchlist.of([*signs, *fresh], holders, self.finder.changed(fresh, dropped))
        made.authorised = self.authorised
        return made

    def brought_to(
        self, marks: Iterable[Mark], authorised: Mapping[str, Collection[str]] | None = None
    ) -> Watchlist:
        """Return the watchlist of just these marks and shops; only what differs is indexed."""
        known = {mark.mark_id: mark for mark in self.marks}
        wanted = {mark.mark_id: mark for mark in marks}
        added = [mark for mark_id, mark in wanted.items() if known.get(mark_id) != mark]
        gone = known.keys() - wanted.keys()
        if len(added) + len(gone) > len(wanted):
            return Watchlist(wanted.values(), authorised)
        made = self.changed(added, gone)
        made.authorised = normal_shops(authorised)
        return made

    def scan(self, listing: ListingLike) -> list[Match]:
        """Return every candidate above the floor, flagged ones first, by priority."""
        return self.scan_all([listing])[0]

    def scan_all(self, listings: Sequence[ListingLike]) -> list[list[Match]]:
        """Return for each listing what ``scan`` does; many at once are much faster."""
        seen = sightings(listings, self.finder, self.signs)
        return [
            self._matches(one, of) if of else [] for one, of in zip(listings, seen, strict=True)
        ]

    def _matches(self, listing: ListingLike, seen: Mapping[int, Sequence[Sighting]]) -> list[Match]:
        facts = Circumstances(listing)
        by_mark: dict[str, list[int]] = defaultdict(list)
        held: dict[str, Holder] = {}
        for number in sorted(seen, key=lambda number: self.signs[number].text):
            for holder in self.holders[number]:
                held[holder.mark.mark_id] = holder
                by_mark[holder.mark.mark_id].append(number)
        found: list[Match] = []
        done: dict[Hashable, Match | None] = {}
        for mark_id, numbers in by_mark.items():
            holder, shops = held[mark_id], self.authorised.get(mark_id, frozenset())
            alike: Hashable = mark_id
            if any(len(self.holders[number]) > 1 for number in numbers):
                alike = (judged_by(holder.mark), shops, *numbers)
            if alike not in done:
                ways = [(self.signs[number], one) for number in numbers for one in seen[number]]
                done[alike] = weigh(listing.id, holder.mark, ways, facts, shops)
            match = done[alike]
            if match is not None:
                found.append(match if match.mark_id == mark_id else replace(match, mark_id=mark_id))
        return sorted(found, key=lambda m: (-m.priority, -m.similarity, m.mark_id))
