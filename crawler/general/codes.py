"""The codes by which a shop and the trade know an item: its own number (sku), GTIN, ISBN.

The number a shop prints under a name such as "Art. no." goes before the one it declares,
that before the one in the page's address, which counts only where the page uses it again as
the name of its item. GTIN check digits: GS1 General Specifications, 7.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from parsel import Selector

from crawler.general.seen import Seen, Sight
from crawler.page import Page
from crawler.paths import origin

_LABEL = re.compile(
    r"(?:^|[\s(|])(?P<name>sku(?: (?:no|id|code))?"
    r"|(?:product|item|article|catalogue|style|stock|model)"
    r" ?(?:code|no|number|nr|id|ref(?:erence)?|sku)|ref(?:erence|érence|erencia|erência)?"
    r"|art(?:ikel|\.)?[ -]*(?:nr|no|nummer|num)|bestell-?(?:nr|nummer)|best\.-nr"
    r"|anzeigen-?(?:nr|nummer|id)"
    r"|cod(?:ice|igo|\.)?(?: (?:prodotto|produs|articolo|art|do produto|de producto|produto))?"
    r"|c[óo]digo(?: (?:do produto|de producto|del producto|produto))?|cód\.?"
    r"|k[óo]d(?: (?:produktu|zbo[žz][íi]|tovaru|produkta|tuotteen))?"
    r"|[šs]ifra(?: (?:izdelka|artikla|proizvoda))?"
    r"|numer (?:katalogowy|produktu|ref)|indeks|tootekood|tuotenumero|cikksz[áa]m|varenr|artnr"
    r"|asin|артикул|код(?: товара)?|商品(?:编号|编码|編號|貨號|号|コード|番号|id)|货号|貨號|编号"
    r"|品番"
    r"|상품(?:번호|코드)|מק[\"״']?ט)\.?\s*[:：#]?\s*",
    re.I,
)
_TOKEN = re.compile(r"[:：#\s]*(?P<code>[A-Za-z0-9][A-Za-z0-9._/\-]{2,29})(?=$|[\s)|,;，。])")
_NAMED = re.compile(
    r"(?:product|item|article|style)[-_]?(?:reference|code|sku|number|no|ref)\b|(?:^|[\s_-])sku(?:$|\s)",
    re.I,
)
_KEY = (
    r"(?:sku|asin|mpn|product_?(?:id|code|no|number)|prod_?id|item_?(?:id|no|number)|ad_?id|adno"
    r"|article_?(?:id|no|number)|goods_?(?:id|no)|deal_?(?:id|no|srl)|offer_?id|ecomm_prodid|pid|pno"
    r"|productid|itemid|dynx_itemid|content_ids|listing_?id|main_?deal_?(?:no|srl)|id)"
)
_PARAMETERS = ("sku", "pid", "product_id", "productid", "item_id", "itemid", "goods_id", "id", "p")
_GTIN_LABEL = re.compile(r"(?:EAN|GTIN|UPC|ISBN)(?:[- ]?1[0-4])?\s*[:：#]?\s*(\d[\d -]{6,17}\d)")
STEPS = 9  # how far around the heading a printed number may stand


def read_gtin(declared: str | None, tree: Selector) -> str | None:
    """Return a GTIN or ISBN-13 whose check digit is right: the declared, else one printed."""
    digits = re.sub(r"\D", "", declared or "")
    if is_gtin(digits):
        return digits
    body = " ".join(tree.xpath("//body//text()[not(ancestor::script or ancestor::style)]").getall())
    found = {re.sub(r"\D", "", one[1]) for one in _GTIN_LABEL.finditer(body)}
    right = [digits for digits in found if is_gtin(digits)]
    return right[0] if len(right) == 1 else None


def is_gtin(digits: str) -> bool:
    """Return whether digits are a GTIN-8, -12, -13 or -14 by length and check digit."""
    if len(digits) not in (8, 12, 13, 14) or not digits.strip("0"):
        return False
    weighted = sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(reversed(digits)))
    return weighted % 10 == 0


def read_sku(declared: str | None, page: Page, sight: Sight) -> str | None:
    """Return the shop's own number of the item: printed, declared, or the address's."""
    printed = _printed(sight)
    if printed:
        return printed
    if declared and declared.strip():
        return declared
    return _addressed(page)


def _printed(sight: Sight) -> str | None:
    for block in sight.blocks(STEPS):
        found = list(dict.fromkeys(_codes_in(sight, block)))
        if found:
            return found[0] if len(found) <= 4 else None
    return None


def _codes_in(sight: Sight, block: Seen) -> Iterator[str]:
    for seen in sight.nodes[block.first : block.last]:
        if seen.end - seen.begin <= 6 and _NAMED.search(seen.name):
            code = _code(_LABEL.sub(" ", f" {sight.text(seen)}").strip())
            if code:
                yield code
    for at in range(block.begin, block.end):
        own = " ".join(sight.words[at][0].split())
        label = _LABEL.search(own) if 2 < len(own) <= 80 else None
        if label is None or label.start() >= 40:
            continue
        code = _code(own[label.end() :].strip() or _following(sight, at))
        if code:
            yield code


def _following(sight: Sight, at: int) -> str:
    """Return the words after a label: the next run that is more than a colon."""
    for text, _ in sight.words[at + 1 : at + 5]:
        plain = " ".join(text.split()).lstrip(":：# ")
        if plain:
            return plain
    return ""


def _code(text: str) -> str | None:
    found = _TOKEN.match(text)
    if found is None or not re.search(r"\d", found["code"]):
        return None
    if len(text) > found.end() + 40:
        return None
    return found["code"].rstrip("./-")


def _addressed(page: Page) -> str | None:
    canonical = page.tree.xpath('//link[@rel="canonical"]/@href').get() or ""
    best: tuple[int, int, str] | None = None
    for at, token in enumerate(dict.fromkeys([*_tokens(page.url), *_tokens(canonical)])):
        weight = _uses(token, page.text)
        if weight and (best is None or (weight, -at) > best[:2]):
            best = (weight, -at, token)
    return best[2] if best else None


def _tokens(url: str) -> Iterator[str]:
    """Yield what could be an item's number in an address, the likeliest first."""
    if not origin(url):
        return
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    segments = [unquote(part) for part in parts.path.split("/") if part]
    for segment in reversed(segments[-3:]):
        stem = re.sub(r"\.\w{2,5}$", "", segment)
        pieces = [stem, *reversed(re.split(r"[-_,.]", stem))]
        for piece in pieces:
            if re.fullmatch(r"(?=.*\d.*\d.*\d)[A-Za-z0-9]{4,20}", piece):
                yield piece
            inner = re.fullmatch(r"[A-Za-z]{1,2}(\d{5,})", piece)
            if inner:
                yield inner[1]
        yield from re.findall(r"\d{6,}", stem)
    for name in _PARAMETERS:
        if re.fullmatch(r"(?=.*\d)[\w-]{3,24}", given.get(name, "")):
            yield given[name]


def _uses(token: str, text: str) -> int:
    """Return how strongly a page uses a token as the name of its item; 0 for not at all."""
    quoted = re.escape(token)
    keyed = re.compile(rf"\b{_KEY}[\"'\]]{{0,2}}\s*[=:]\s*[\[]?[\"']?{quoted}\b", re.I)
    attribute = re.compile(
        rf"(?:data-[\w-]*(?:id|sku|asin|no|code)|name=[\"']?\w*(?:id|sku|asin|code)[\"']?[^<>]{{0,60}}value)"
        rf"=[\"']?{quoted}\b",
        re.I,
    )
    weight = 3 * bool(keyed.search(text)) + 2 * bool(attribute.search(text))
    weight += text.count(token) > 2
    return weight + (len(token) >= 6) if weight else 0
