"""A saved answer becomes listings: page state first, then the recipe, else the general reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from crawler.general import read_general
from crawler.listing import AVAILABILITY, Listing
from crawler.page import Page
from crawler.price import Price, read_currency, read_price
from crawler.reading import Scope
from crawler.recipe_parts import GENERAL, Recipe
from crawler.saved import unpack
from crawler.state import PageState, headline_state, signed_state, status_state, worded_state
from crawler.structured import absolute

_AVAILABILITY = {re.sub(r"[^a-z]", "", word.lower()): word for word in AVAILABILITY}
_AVAILABILITY |= {
    "instock": "InStock",
    "available": "InStock",
    "oos": "OutOfStock",
    "unavailable": "OutOfStock",
    "availablefororder": "InStock",
}


@dataclass(frozen=True)
class Extraction:
    """What one answer holds: its state, its listings, and where a crawl goes on from it.

    ``reported_total`` is the number of items the shop itself prints on the page.
    """

    state: PageState
    listings: tuple[Listing, ...] = ()
    items: tuple[str, ...] = ()
    next: str | None = None
    categories: tuple[str, ...] = ()
    reported_total: int | None = None
    turn: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return state and listings as a JSON object."""
        return {"state": str(self.state), "listings": [row.to_json() for row in self.listings]}


def extract(
    data: bytes,
    url: str,
    *,
    recipe: Recipe | None,
    status: int | None = None,
    content_type: str | None = None,
) -> Extraction:
    """Return the state and the listings of a saved page (MHTML too) or API answer.

    Without a recipe the general reader reads. Not checked: whether ``url`` is where the
    bytes came from.
    """
    used = recipe or GENERAL
    saved = unpack(data)
    kind = saved.content_type or content_type
    encoding = None if saved.content_type else used.encoding
    return read_page(Page(saved.data, url, status, kind, encoding), used)


def read_page(page: Page, recipe: Recipe) -> Extraction:
    """Return what a page holds by a recipe, its links included."""
    state = signed_state(page, recipe) or status_state(page)
    if state not in (None, PageState.EMPTY):
        return Extraction(state or PageState.OK)
    scope = Scope(page, recipe)
    is_item = recipe.items.url is None or recipe.items.url.search(page.url) is not None
    own = _item_listing(scope, recipe) if is_item and recipe.items.url is not None else None
    listings = [] if own else _row_listings(scope, recipe)
    rows = bool(listings)
    if not rows and is_item:
        own = own or _item_listing(scope, recipe)
        if own and not own.price and (wall := headline_state(page)):
            return Extraction(wall)
        listings = [own] if own else []
    links = _absolute(page, [] if listings and not rows else scope.all(recipe.lists.items))
    total = _number(scope.first(recipe.lists.reported_total))
    if not listings and not links:
        late = None if is_item else _item_listing(scope, recipe)
        if late is None or not late.price:
            return Extraction(state or _silent_state(page, recipe, total), reported_total=total)
        listings = [late]
    following = _absolute(page, scope.all(recipe.lists.next)[:1])
    return Extraction(
        state=PageState.OK,
        listings=tuple(listings),
        items=tuple(dict.fromkeys(links)),
        next=following[0] if following else None,
        categories=tuple(_absolute(page, scope.all(recipe.categories))),
        reported_total=total,
        turn=_turn(scope, recipe),
    )


def _turn(scope: Scope, recipe: Recipe) -> str | None:
    """Return the cursor of the page after this one, "+" for the next number, None for the end."""
    paging = recipe.lists.page
    if paging is None:
        return None
    if paging.more and scope.first(paging.more) in (None, "false", "False", "0"):
        return None
    return scope.first(paging.cursor) if paging.cursor else "+"


def _silent_state(page: Page, recipe: Recipe, total: int | None) -> PageState:
    if total == 0:
        return PageState.EMPTY
    return worded_state(page) or PageState.EMPTY


def _row_listings(scope: Scope, recipe: Recipe) -> list[Listing]:
    """Return the listings of the first rule whose rows hold any."""
    for rule in recipe.lists.rows:
        rows = scope.nodes((rule,))
        listings = [made for row in rows if (made := _row_listing(row, recipe))]
        if listings:
            return listings
    return []


def _row_listing(scope: Scope, recipe: Recipe) -> Listing | None:
    read = {name: scope.all(rules) for name, rules in recipe.lists.fields.items()}
    return _listing(_chosen(read), scope.page, recipe, {})


def _item_listing(scope: Scope, recipe: Recipe) -> Listing | None:
    items = recipe.items
    read = _chosen({name: scope.all(rules) for name, rules in items.fields.items()})
    if items.general:
        read = {**read_general(scope.page), **read}
    elif not recipe.crawls and not read.get("title"):
        read = {**_named(scope.page), **read}
    attributes = scope.attributes if items.rows else {}
    read.setdefault("url", scope.page.url)
    if items.url is not None and items.url.groups and (found := items.url.search(scope.page.url)):
        read.setdefault("item_id", found[1])
    return _listing(read, scope.page, recipe, attributes)


def _named(page: Page) -> dict[str, Any]:
    """Return what the general reader reads of a handed-over page of a layout not yet known.

    Never its price: on pages whose price is drawn by a script, the one seen is another item's.
    """
    unsure = ("price", "list_price", "currency", "availability")
    return {name: value for name, value in read_general(page).items() if name not in unsure}


def _chosen(read: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        name: values if name == "images" else values[0] for name, values in read.items() if values
    }


def _listing(
    read: Mapping[str, Any], page: Page, recipe: Recipe, attributes: Mapping[str, str]
) -> Listing | None:
    if any(not read.get(name) for name in recipe.required):
        return None
    url = (page.join(read["url"]) or None) if read.get("url") else None
    price = _price(read.get("price"), recipe)
    before = _price(read.get("list_price"), recipe)
    currency = read_currency(read.get("currency")) or (price.currency if price else None)
    host = urlsplit(page.url).hostname or "page"
    platform = recipe.platform.replace("{host}", host) or host
    item_id = read.get("item_id") or read.get("sku") or _address_id(url or page.url)
    words = {
        name: read.get(name)
        for name in (
            *("title", "description", "brand", "sku", "gtin", "shop", "seller_id", "seller_name"),
            *("ship_from", "sales", "category", "classes"),
        )
    }
    return Listing(
        id=f"{platform}:{item_id}",
        platform=platform,
        item_id=item_id,
        url=url,
        price=price.amount if price else None,
        list_price=before.amount if before else None,
        currency=currency or (recipe.currency if price else None),
        availability=read_availability(read.get("availability")),
        shop_url=(page.join(read["shop_url"]) or None) if read.get("shop_url") else None,
        images=tuple(absolute(page.url, list(read.get("images") or []))),
        attributes=dict(attributes),
        **{name: _clean(value) for name, value in words.items() if value},
    )


def read_availability(text: str | None) -> str | None:
    """Return schema.org's word for an availability, or None if it is not one of them."""
    if not text:
        return None
    return _AVAILABILITY.get(re.sub(r"[^a-z]", "", text.rsplit("/", 1)[-1].lower()))


def _price(text: str | None, recipe: Recipe) -> Price | None:
    return read_price(text, unit=recipe.price_unit)


def _clean(value: str) -> str:
    return " ".join(str(value).split())


def _address_id(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path.rstrip("/") or "/") + (f"?{parts.query}" if parts.query else "")


def _absolute(page: Page, addresses: list[str]) -> list[str]:
    return absolute(page.url, [page.join(address) for address in addresses])


def _number(text: str | None) -> int | None:
    digits = re.sub(r"[,，\s]", "", text or "")
    found = re.search(r"(\d+(?:\.\d+)?)(万?)", digits)
    return int(Decimal(found[1]) * (10_000 if found[2] else 1)) if found else None
