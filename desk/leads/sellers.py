"""Shops that seem to be of the same seller, by what the platforms themselves show.

Strong: the same seller number, or the same seller's name, on one platform. Weak: a shop of the
same name on another platform. Not proved: that the people behind them are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from desk.leads.models import Seller
from desk.leads.selectors import leads_for
from desk.register.models import User

MOST = 20


@dataclass(frozen=True)
class LinkedSeller:
    """A shop, the field by which it is linked, and on how many leads this person sees it."""

    seller: Seller
    by: str
    leads: int

    @property
    def strong(self) -> bool:
        """Whether the platform itself says so."""
        return self.by != "shop"


def linked_sellers(viewer: User, seller: Seller | None) -> list[LinkedSeller]:
    """Return the other shops linked to a seller on which this person sees leads, strong first."""
    if seller is None:
        return []
    same = Q(shop=seller.shop)
    for name in ("seller_id", "seller_name"):
        value = getattr(seller, name)
        if value:
            same |= Q(platform=seller.platform, **{name: value})
    found = dict(
        leads_for(viewer)
        .order_by()
        .filter(listing__seller__in=Seller.objects.filter(same).exclude(pk=seller.pk))
        .values_list("listing__seller")
        .annotate(number=Count("pk"))[:MOST]
    )
    rows = Seller.objects.filter(pk__in=found)
    linked = [LinkedSeller(row, _linked_by(row, seller), found[row.pk]) for row in rows]
    return sorted(linked, key=lambda one: (not one.strong, -one.leads, one.seller.pk))


def _linked_by(row: Seller, seller: Seller) -> str:
    if row.platform != seller.platform:
        return "shop"
    return "seller_id" if seller.seller_id and row.seller_id == seller.seller_id else "seller_name"
