"""The watchlist: marks compiled once, listings scanned one by one.

``scan`` is a pure function of listing, marks, authorised sellers and versions; the
order in which marks or listings come makes no difference.
NOT done: pictures (图形未监测), translations of marks, prices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from matcher.candidates import Finder, Index
from matcher.circumstances import Circumstances
from matcher.listing import ListingLike
from matcher.mark import Mark
from matcher.match import Match
from matcher.normal import join
from matcher.scorecard import weigh
from matcher.sighting import Sighting, sightings
from matcher.sign import Holder, Sign, compile_signs


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
        seen = sightings(listing, self.finder, self.signs)
        if not seen:
            return []
        facts = Circumstances(listing)
        by_mark: dict[str, list[tuple[Sign, Sighting]]] = defaultdict(list)
        held: dict[str, Holder] = {}
        for number in sorted(seen):
            for holder in self.holders[number]:
                held[holder.mark.mark_id] = holder
                by_mark[holder.mark.mark_id] += [(self.signs[number], s) for s in seen[number]]
        found = []
        for mark_id, ways in by_mark.items():
            shops = self.authorised.get(mark_id, frozenset())
            match = weigh(listing.id, held[mark_id], ways, facts, shops)
            if match is not None:
                found.append(match)
        return sorted(found, key=lambda m: (-m.priority, -m.similarity, m.mark_id))
