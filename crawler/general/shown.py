"""The price a person sees near the heading, and the choice between it and declared ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from crawler.general.seen import Seen, Sight
from crawler.price import read_price

_PRICE_NAME = re.compile(r"price|prc|prix|preis|precio|prezzo|cena|amount|jiage|售价|价格", re.I)
_NOT_PRICE = re.compile(
    r"save|saving|discount|ship|deliver|per[-_]?unit|unit[-_]?price|install|monthly|finance|cart"
    r"|header|\bnav|filter|menu|total|coupon|voucher|points|cashback|bonus|wallet|gift",
    re.I,
)
_OLD = re.compile(
    r"old|was\b|before|regular|list[-_]?price|msrp|rrp|strike|cross|original|compare|normal"
    r"|retail|previous|prev\b|del\b|tax|notax|exvat|netto",
    re.I,
)
_SIGN = r"[$€£¥￥₩₹₽₺₪₴฿]|US\$|HK\$|NT\$?|CN¥|R\$|Rs\.?"
_CODE = r"(?:CNY|USD|EUR|GBP|RMB|AUD|CAD|INR|JPY|RON|CZK|PLN|HUF|HRK|SAR|AED|CHF|SEK|NOK|DKK|BYN)"
_AFTER = rf"万?元|€|£|円|원|zł|Kč|₽|₪|\$|Lei\b|lei\b|kn\b|Ft\b|kr\b|руб|б\.\s?р|грн|лв|{_CODE}\b"
_NUMBER = r"\d[\d.,'’ \u00a0\u202f]*"
_PRICE_TEXT = re.compile(
    rf"(?:{_SIGN}|(?:{_CODE})\b)\s*\d[\d.,'’ \u00a0\u202f]*(?:\s*万)?"
    rf"(?:\s*[-~–至]\s*(?:[$€£¥￥])?\s*\d[\d.,]*)?(?:\s*{_CODE}\b)?"
    rf"|{_NUMBER}(?:\s*[-~–至]\s*{_NUMBER})?\s*(?:{_AFTER})"
)
_LABEL = re.compile(
    r"(?:售价|售價|价格|價格|现价|現價|特价|特價|促销价|到手价|券后价?|直購價|販売価格|판매가"
    r"|\bprice|\bour price|\bpreis|\bprix|\bprecio|\bprezzo|\bcena|\bpreço|\bpris|цена)"
    r"(?!\s*(?:before|old|regular))\W{0,3}",
    re.I,
)
_OTHER = re.compile(
    r"运费|運費|免运|免運|宅配|满\s*\d|滿\s*\d|建議售價|建议零售价|市场价|市場價|原价|原價|定價|划线价"
    r"|\bshipping|\bdelivery|versand|livraison|\bsave\b|per month|/month|\bRRP|\bMSRP|\bwas\b",
    re.I,
)
_DIGIT = re.compile(r"\d")
MOST_NODES = 30  # what shows one price is not made of more elements than these
SMALL_PAGE = 2500  # characters; on a longer page the whole body is not "near the title"
NEAR = 150  # nodes after the heading, on a page where both share no smaller block
STEPS = 9  # how far from the heading a price may stand, in elements around it


@dataclass(frozen=True)
class Shown:
    """A price as shown, and how much speaks for its being the one to pay."""

    text: str
    weight: int
    place: int


def choose_price(declared: Sequence[str | None], sight: Sight) -> str | None:
    """Return the price of a page as written: declared and seen before seen or declared alone.

    A declared price of nothing is a placeholder and counts as none.
    """
    said = [text for text in declared if text and _amount(text)]
    shown = shown_prices(sight)
    amounts = [_amount(one.text) for one in shown if one.weight > -2]
    agreed = [text for text in said if _amount(text) in amounts]
    if agreed:
        return min(agreed, key=lambda text: amounts.index(_amount(text)))
    if said and not (shown and shown[0].weight >= 4 and not _elsewhere(said, sight)):
        return said[0]
    return shown[0].text if shown and shown[0].weight > -2 else None


def _elsewhere(said: Sequence[str], sight: Sight) -> bool:
    """Return whether a declared price is seen anywhere on the page at all."""
    every = re.sub(r"[^\d]", " ", " ".join(text for text, _ in sight.words))
    seen = " ".join(every.split())
    return any(re.sub(r"[^\d]", " ", text).strip().removesuffix(" 00") in seen for text in said)


def shown_prices(sight: Sight) -> list[Shown]:
    """Climb from the heading to the first block that shows prices; return them, best first."""
    heading = sight.heading
    if heading is None:
        return []
    found = _all_prices(sight)
    for block in sight.blocks(STEPS):
        within = [one for one in found if block.first <= one.place < block.last]
        named = [one for one in within if one.weight > 0]
        if named or (within and len({one.text for one in within}) <= 3):
            return sorted(within, key=lambda one: -one.weight)
    whole = sight.nodes[0]
    if len(sight.text(whole)) <= SMALL_PAGE and found:
        return sorted(found, key=lambda one: -one.weight)
    return _after(found, heading)


def _after(found: list[Shown], heading: Seen) -> list[Shown]:
    """Return the named prices that follow the heading of a large page closely."""
    near = [one for one in found if heading.last <= one.place < heading.last + NEAR]
    return sorted([one for one in near if one.weight >= 3], key=lambda one: -one.weight)


def _all_prices(sight: Sight) -> list[Shown]:
    found: list[Shown] = []
    for seen in sight.nodes:
        if seen.struck or seen.last - seen.first >= MOST_NODES or seen.end - seen.begin > 40:
            continue
        own = sight.text(seen, struck=False)
        if not own or len(own) > 60 or not _DIGIT.search(own):
            continue
        shown = _PRICE_TEXT.search(own)
        if shown is None or not _amount(shown[0]):
            continue
        before = own[: shown.start()]
        weight = None if _OTHER.search(before) else _weight(seen)
        if weight is not None and weight >= 0 and _LABEL.search(before):
            weight = max(weight, 3)
        if weight is not None:
            found.append(Shown(shown[0].strip(), weight, seen.first))
    return found


def _weight(start: Seen) -> int | None:
    weight = 0
    seen: Seen | None = start
    for step in range(3):
        if seen is None:
            break
        if _NOT_PRICE.search(seen.name):
            return None
        if _PRICE_NAME.search(seen.name):
            weight = max(weight, 4 - step)
        if _OLD.search(seen.name):
            return min(weight, 1) - 2
        if seen.node.tag == "a":
            return weight - 3
        seen = seen.parent
    return weight


def _amount(text: str) -> Decimal | None:
    price = read_price(text)
    amount = Decimal(price.amount) if price else Decimal(0)
    return amount or None
