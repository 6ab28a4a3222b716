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
from matcher.sign import Holder, Sign, compile_signs

# What of a mark is judged: all but its number and what the file says besides.
judged_by = attrgetter(*(f.name for f in fields(Mark) if f.name not in ("mark_id", "extra")))


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
        self.authorised = {
            mark_id: frozenset(join(shop) for shop in shops) - {""}
            for mark_id, shops in (authorised or {}).items()
        }

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
        for number in sorted(seen):
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
