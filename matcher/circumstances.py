"""What is true of a whole listing, whichever mark: goods, words, seller, origin."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from matcher.context import attribute_role, counterfeit, first_of, same_name, tidy
from matcher.goods import classes_in, stated
from matcher.listing import ListingLike
from matcher.mark import Mark
from matcher.normal import join
from matcher.sound import is_han
from matcher.tables import table


@dataclass(frozen=True)
class Circumstances:
    """Facts of one listing, worked out when first asked for."""

    listing: ListingLike

    @cached_property
    def title(self) -> str:
        """The title, tidy."""
        return tidy(self.listing.title)

    @cached_property
    def counterfeit(self) -> tuple[str | None, str | None]:
        """The first strong and weak word of counterfeits."""
        values = [v for _, v in sorted((self.listing.attributes or {}).items())[:60]]
        texts = [self.title, tidy(self.listing.description or ""), *map(tidy, values)]
        return counterfeit(texts)

    @cached_property
    def second_hand(self) -> str | None:
        """The first word that says second-hand."""
        return first_of("second_hand", "words", self.title)

    @cached_property
    def disclaimer(self) -> str | None:
        """The first words by which the seller says these are not the brand's own goods."""
        return first_of("disclaimer", "words", tidy(self.listing.description or ""))

    @cached_property
    def official(self) -> str | None:
        """The word by which the shop calls itself the brand's own."""
        return first_of("official", "shop", tidy(self.listing.shop or ""))

    @cached_property
    def stated_classes(self) -> frozenset[int]:
        """The Nice classes the listing states or its category points to."""
        return stated(self.listing.classes, self.listing.category)

    def classes(self, without: str) -> frozenset[int]:
        """Return the classes of the goods; from the title only when nothing is stated."""
        if self.stated_classes:
            return self.stated_classes
        if without not in self.known_classes:
            self.known_classes[without] = self._classes(without)
        return self.known_classes[without]

    @cached_property
    def known_classes(self) -> dict[str, frozenset[int]]:
        """The classes of the goods without each name that was asked for."""
        return {}

    def _classes(self, without: str) -> frozenset[int]:
        quoted = tidy(without)
        return classes_in(self.title.replace(quoted, " ") if quoted else self.title)

    @cached_property
    def origin(self) -> str:
        """What the listing says of its origin, joined; "" when nothing."""
        values = [
            value
            for key, value in sorted((self.listing.attributes or {}).items())
            if attribute_role(key) == "origin"
        ]
        return join(" ".join([self.listing.ship_from or "", *values]))

    def authorised(self, shops: Collection[str]) -> bool:
        """Return whether the shop's normalised name is on a mark's list (names joined)."""
        if not shops:
            return False
        names = {join(name) for name in (self.listing.shop, self.listing.seller_name) if name}
        return not names.isdisjoint(shops)

    def holds(self, mark: Mark) -> bool:
        """Return whether shop or seller carries exactly the holder's name."""
        names = (self.listing.shop or "", self.listing.seller_name or "")
        if not mark.holder or not any(names):
            return False
        return any(same_name(mark.holder, name) for name in names)

    def origin_of(self, mark: Mark) -> str | None:
        """Return ``matches`` or ``differs`` for a geographical indication, None if unknown."""
        if mark.kind != "gi" or not self.origin:
            return None
        place = "".join(c for c in join(mark.name) if is_han(c))[:2]
        known = table("context.toml")["places"].get(place)
        if known is None:
            return None
        if place in self.origin:
            return "matches"
        return None if any(name in self.origin for name in known) else "differs"
