"""Sightings: every place of a listing where a sign stands, with what is known of the place."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from matcher.admit import coined, inside_word, isolated
from matcher.context import attribute_role, compatible_use, no_brand
from matcher.found import Finder, Found
from matcher.listing import ListingLike
from matcher.normal import Text, join
from matcher.sign import Sign
from matcher.slot import Slots, find_slots
from matcher.sound import is_han
from matcher.tables import rules

ATTRIBUTES = 60
NOWHERE = Slots(frozenset(), frozenset())


@dataclass(frozen=True)
class Place:
    """One field of a listing that is read; ``near`` also for signs that are only similar."""

    name: str
    kind: str
    raw: str
    near: bool
    compatible: bool = False

    @property
    def whole(self) -> bool:
        """Whether the field is nothing but a name."""
        return self.kind == "brand"

    @cached_property
    def text(self) -> Text:
        """The text in its normal forms."""
        return Text(self.raw)

    @cached_property
    def uses(self) -> dict[tuple[int, int], tuple[bool, bool, str | None, tuple[int, int], str]]:
        """What is known of stretches of the text, whatever sign stands there."""
        return {}

    @cached_property
    def slots(self) -> Slots:
        """Where a brand may stand."""
        return find_slots(self.text, whole=self.whole) if self.near else NOWHERE


@dataclass(frozen=True)
class Sighting:
    """A sign found at a place, and how it stands there.

    ``span`` counts raw code points of the field, ``quoted`` is its raw text there.
    """

    found: Found
    place: Place
    slot: bool
    alone: bool
    inside: bool
    compatible: str | None
    span: tuple[int, int]
    quoted: str
    other: str | None = None


def places(listing: ListingLike) -> Iterator[Place]:
    """Yield the fields of a listing that are read, in order of weight."""
    brand = listing.brand or ""
    if brand and join(brand) not in no_brand():
        yield Place("brand", "brand", brand, near=True)
    yield Place("title", "title", listing.title, near=True)
    if listing.shop:
        yield Place("shop", "shop", listing.shop, near=True)
    for key, value in sorted((listing.attributes or {}).items())[:ATTRIBUTES]:
        role = attribute_role(key)
        if role == "claims" and join(value) not in no_brand():
            yield Place(f"attributes.{key}", "brand", value, near=True)
        elif role != "origin":
            clipped = value[: rules().limit("description")]
            yield Place(f"attributes.{key}", "attribute", clipped, False, role == "compatible")
    if listing.description:
        clipped = listing.description[: rules().limit("description")]
        yield Place("description", "description", clipped, near=False)


Seen = dict[int, list[Sighting]]


def sightings(listings: Sequence[ListingLike], finder: Finder, signs: Sequence[Sign]) -> list[Seen]:
    """Return for each listing the sightings of each sign (by index), other marks credited."""
    read = [(number, place) for number, one in enumerate(listings) for place in places(one)]
    seen: list[Seen] = [{} for _ in listings]
    all_found = finder.find_all([place for _, place in read])
    for (number, place), found in zip(read, all_found, strict=True):
        if found:
            sighted = sorted(_sighted(found, place), key=lambda s: signs[s.found.sign].text)
            for sighting in _credited(sighted, signs):
                seen[number].setdefault(sighting.found.sign, []).append(sighting)
    return seen


def _sighted(found: Iterable[Found], place: Place) -> list[Sighting]:
    most = rules().limit("hits_per_sign")
    count: Counter[int] = Counter()
    sighted = []
    for one in apart(found):
        count[one.sign] += 1
        if count[one.sign] <= most:
            sighted.append(_look_at(one, place))
    return sighted


def apart(found: Iterable[Found]) -> Iterator[Found]:
    """Yield of overlapping finds of one sign the most similar, then the longest, only."""
    by_sign: dict[int, list[Found]] = defaultdict(list)
    for one in found:
        by_sign[one.sign].append(one)
    for number in sorted(by_sign):
        ends: list[int] = []
        starts: list[int] = []
        kept: list[Found] = []
        for one in sorted(by_sign[number], key=_worth):
            at = bisect_right(starts, one.start)
            if (at and ends[at - 1] > one.start) or (at < len(starts) and starts[at] < one.end):
                continue
            starts.insert(at, one.start)
            ends.insert(at, one.end)
            kept.append(one)
        yield from kept


def _worth(one: Found) -> tuple[float, int, int, str]:
    return -one.likeness.similarity, one.start - one.end, one.start, one.likeness.view


def _look_at(found: Found, place: Place) -> Sighting:
    start, end = found.start, found.end
    known = place.uses.get((start, end))
    if known is None:
        known = place.uses[start, end] = _used(place, start, end)
    slot, alone, said, span, quoted = known
    check = place.kind != "brand" and found.likeness.view == "identical"
    return Sighting(
        found=found,
        place=place,
        slot=slot or _stands_alone(found, place),
        alone=alone,
        inside=check and inside_word(place.text, place.slots, start, end),
        compatible=said,
        span=span,
        quoted=quoted,
    )


def _used(
    place: Place, start: int, end: int
) -> tuple[bool, bool, str | None, tuple[int, int], str]:
    """Return of a stretch: in a slot, alone, said to be fitted, its raw span and text."""
    text = place.text
    said = "适用" if place.compatible else None
    if said is None and place.kind in ("title", "attribute", "description"):
        said = compatible_use(text, start, end)
    low, high = text.span(start, end)
    slot = place.kind == "brand" or place.slots.holds(start, end)
    return slot, isolated(text, start, end), said, (low, high), place.raw[low:high]


def _stands_alone(found: Found, place: Place) -> bool:
    """Return whether a near name of two characters is coined, which makes a slot of its place."""
    near = found.likeness.view not in ("identical", "mixed_pinyin", "pinyin", "affix")
    text, start, end = place.text, found.start, found.end
    if not near or end - start != 2 or not is_han(text.joined[start]):
        return False
    return coined(text, place.slots, start, end)


def _credited(found: list[Sighting], signs: Sequence[Sign]) -> Iterator[Sighting]:
    """Yield sightings, telling of each the longer or exact other sign that covers it."""
    exact = [
        s for s in found if s.found.likeness.view == "identical" and not s.inside
    ]  # marks that are really written here
    for sighting in found:
        this = sighting.found
        cover = None
        for other in exact:
            that = other.found
            if that.sign == this.sign or not (that.start <= this.start and that.end >= this.end):
                continue
            longer = that.end - that.start > this.end - this.start
            related = signs[this.sign].text in signs[that.sign].text
            if this.likeness.view != "identical" or (longer and not related) or longer:
                cover = signs[that.sign].text
                break
        yield sighting if cover is None else replace(sighting, other=cover)
