"""Whether an item can be had: the button that buys, the words beside it, what is declared."""

from __future__ import annotations

import re

from crawler.general.seen import Seen, Sight

_BUY = re.compile(
    r"add to (?:cart|basket|bag|trolley)|buy (?:it )?now|place bid|in den (?:waren|einkaufs)?korb"
    r"|in den einkaufswagen|jetzt kaufen|ajouter au panier|acheter|aggiungi al carrello|acquista"
    r"|a[ñn]adir (?:a la|al) (?:cesta|carrito)|agregar al carr|comprar|adicionar ao carrinho"
    r"|adaugă în coș|adauga in cos|do koš[íi]ka|do košíku|do koszyka|dodaj u košaricu|v košarico"
    r"|lisa ostukorvi|lisää ostoskoriin|kosárba|sepete ekle|в корзину|купить|в кошик|sotib olish"
    r"|加入购物车|加入購物車|放入購物車|立即购买|立即購買|马上抢|カートに入れる|장바구니|구매하기"
    r"|הוסף לסל|קנה|أضف (?:إلى|الى|للسلة)|im warenkorb",
    re.I,
)
_OUT = re.compile(
    r"\b(?:out of stock|sold out|(?:currently|temporarily) (?:unavailable|out of stock)"
    r"|not available|no longer available)\b"
    r"|(?:derzeit|momentan|zurzeit) nicht (?:verfügbar|lieferbar)"
    r"|ausverkauft|nicht vorrätig|actuellement indisponible|rupture de stock|épuisé|indisponible"
    r"|non disponibile|esaurito|agotado|sin stock|no disponible|esgotado|indisponível"
    r"|stoc epuizat|indisponibil|vypredané|vyprodáno|nie je skladom|niedostępny|rasprodano"
    r"|ni na zalogi|otsas|läbi müüdud|loppu(?:unut|nut)|нет в наличии|распродан"
    r"|缺货|缺貨|售罄|已售完|无货|無庫存|已下架|売り切れ|在庫切れ|품절|אזל|غير متوفر|نفد",
    re.I,
)
_PRE = re.compile(r"\bpre-?order\b|预售|預購|vorbestell|précommande|予約", re.I)
_IN = re.compile(
    r"\b(?:in stock|available now|auf lager|sofort lieferbar|en stock|disponibile|disponible"
    r"|skladom|skladem|na zalogi|în stoc|in stoc|laos|varastossa|em stock)\b"
    r"|现货|現貨|有货|有貨|в наличии|在庫あり|במלאי",
    re.I,
)
_CHOICE = re.compile(
    r"\bsizes?\b|size-|swatch|variant|variation|option|stores?\b|branch|pickup|filial|compare", re.I
)
_LETTER = re.compile(r"[^\W\d_]")
_OFF = re.compile(r"disabled|inactive|unavailable", re.I)
STEPS = 6  # how far around the heading the offer stands


def choose_stock(declared: str | None, sight: Sight, *, priced: bool) -> str | None:
    """Return the availability as declared, unless the page shows a buyer the contrary.

    An open button to buy outweighs a declared "out of stock"; the words of an item that is
    not to be had, with neither button nor price, outweigh a declared "in stock".
    """
    shown = shown_stock(sight)
    if shown is None or not declared:
        return shown or declared
    is_out = "out" in declared.lower() or "sold" in declared.lower()
    if shown == "OutOfStock" and not is_out and not priced:
        return shown
    return "InStock" if is_out and shown == "InStock" else declared


def shown_stock(sight: Sight) -> str | None:
    """Return what button and words near the heading say, or None."""
    said: str | None = None
    for block in sight.blocks(STEPS):
        bought, words = _block(sight, block)
        if bought:
            return "PreOrder" if words == "PreOrder" else "InStock"
        said = said or words
        if said == "OutOfStock":
            return said
    return said


def _block(sight: Sight, block: Seen) -> tuple[bool, str | None]:
    said: str | None = None
    for seen in sight.nodes[block.first : block.last]:
        if seen.node.tag in ("button", "a", "input") and _buys(sight, seen):
            return True, said
    for text, owner in sight.words[block.begin : block.end]:
        own = text.strip()
        if not own or len(own) > 90 or _LETTER.search(own) is None:
            continue
        if _OUT.search(own):
            said = said if _chosen(owner, block) else "OutOfStock"
        elif said is None and _PRE.search(own):
            said = "PreOrder"
        elif said is None and len(own) <= 50 and _IN.search(own):
            said = "InStock"
        if said == "OutOfStock":
            break
    return False, said


def _buys(sight: Sight, seen: Seen) -> bool:
    node = seen.node
    words = sight.text(seen) or node.get("value") or node.get("aria-label") or ""
    if len(words) > 60 or not _BUY.search(words):
        return False
    if node.get("disabled") is not None or node.get("aria-disabled") == "true":
        return False
    return not _OFF.search(node.get("class") or "")


def _chosen(start: Seen, block: Seen) -> bool:
    """Return whether words stand in a choice of sizes or shops: they say nothing of the item."""
    seen: Seen | None = start
    for _ in range(4):
        if seen is None or seen is block:
            return False
        if seen.node.tag in ("option", "label", "a") or _CHOICE.search(seen.name):
            return True
        seen = seen.parent
    return False
