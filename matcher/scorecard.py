"""The scorecard: named points for and against, one sum, one line for the flag.

Every rule is a named entry of ``data/rules.toml``; this module only says when it applies.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from matcher.circumstances import Circumstances
from matcher.context import has_accessory, no_brand
from matcher.goods import Relation, relate
from matcher.latin import ordinary
from matcher.lexicon import common_characters, words
from matcher.mark import Mark
from matcher.match import Match, Reason, reason
from matcher.normal import fold, join
from matcher.sighting import Sighting
from matcher.sign import Sign
from matcher.tables import rules, versions

FIELDS = {
    "brand": "in_brand",
    "title": "in_title",
    "shop": "in_shop",
    "attribute": "in_attribute",
    "description": "in_description",
}
RANK = {kind: rank for rank, kind in enumerate(FIELDS)}
joined = lru_cache(maxsize=4096)(join)


@dataclass
class Sheet:
    """The running sum of one mark in one listing, with reasons in order."""

    points: float
    reasons: list[Reason]
    against: list[Reason]

    def add(
        self,
        points: str | float,
        code: str,
        evidence: str = "",
        *,
        against: bool = False,
        mark: str = "",
        changes: str = "",
        classes: str = "",
    ) -> None:
        """Add named or given points with their reason."""
        self.points += rules().points[points] if isinstance(points, str) else points
        told = reason(code, evidence, against, mark, changes, classes)
        (self.against if against else self.reasons).append(told)


def weigh(
    listing_id: str,
    mark: Mark,
    seen: Sequence[tuple[Sign, Sighting]],
    facts: Circumstances,
    shops: Collection[str],
) -> Match | None:
    """Return the match of one mark, from the sighting that weighs most; None below the floor."""
    floor = rules().limits["floor"]
    ways = []
    for sign, one in seen:
        view = _view(mark, one)
        similarity = _similarity(view, one)
        if similarity >= floor:
            sheet = _sighted(mark, sign, one, facts, view, similarity)
            ways.append((sheet, sign, one, similarity))
    if not ways:
        return None
    sheet, sign, best, similarity = ways[0]
    if len(ways) > 1:
        sheet, sign, best, similarity = max(
            ways, key=lambda way: (way[0].points, -RANK[way[2].place.kind], -way[2].found.start)
        )
    supported = {one.place.name for _, _, one, _ in ways if not one.inside and not one.compatible}
    if "shop" in supported and best.place.kind != "shop":
        sheet.reasons.append(reason("in_shop", facts.listing.shop or ""))
    _goods(sheet, mark, sign, best, facts)
    _listing(sheet, mark, best, facts, shop_named="shop" in supported)
    _seller(sheet, mark, facts, shops)
    most = 1.0 if joined(mark.name) == sign.text else rules().similarity["part"]
    priority = round(1.0 / (1.0 + math.exp(-sheet.points / rules().limits["spread"])), 4)
    return Match(
        listing_id=listing_id,
        mark_id=mark.mark_id,
        similarity=round(min(similarity, most), 4),
        priority=priority,
        flag=round(sheet.points, 6) >= 0,
        field=best.place.name,
        span=best.span,
        reasons=tuple(sheet.reasons),
        against=tuple(sheet.against),
        versions=versions(),
    )


def _view(mark: Mark, sighting: Sighting) -> str:
    """Return the view of an exact sighting by how the raw text differs from the name."""
    view = sighting.found.likeness.view
    if view != "identical":
        return view
    raw = sighting.quoted
    if raw.casefold() == mark.name.casefold() or raw.casefold() in mark.name.casefold().split():
        return "identical"
    text = sighting.place.text
    gap = text.gap(sighting.found.start, sighting.found.end)
    if gap and fold(raw).split() != fold(mark.name).split():
        return "separated"
    return "identical_folded" if fold(raw) != raw.casefold() else "identical"


def _similarity(view: str, sighting: Sighting) -> float:
    if view == "identical_folded":
        return rules().similarity["folded"]
    if view == "separated":
        return rules().similarity["separated"]
    return sighting.found.likeness.similarity


def _sighted(
    mark: Mark, sign: Sign, one: Sighting, facts: Circumstances, view: str, similarity: float
) -> Sheet:
    """Return the points of one sighting alone: sign, place, words around it."""
    points, quoted = rules().points, one.quoted
    sheet = Sheet((similarity - points["middle"]) * points["slope"], [], [])
    named = mark.name if joined(mark.name) == sign.text else sign.text
    sheet.add(0.0, view, mark=named, changes=one.found.likeness.changes, evidence=quoted)
    exact = one.found.likeness.similarity >= rules().similarity["mixed_pinyin"]
    kind, place = one.place.kind, FIELDS[one.place.kind]
    if kind == "brand":
        sheet.add(points["brand"], place, evidence=one.place.text.raw[:200])
        sheet.points += 0 if exact else points["slot_near"] - points["slot"]
    elif kind == "title" and one.slot:
        sheet.add("slot" if exact else "slot_near", "in_slot", evidence=quoted)
    else:
        sheet.add(kind, place, evidence=quoted)
        if not exact and not one.slot and view in ("character_changed", "character_added"):
            sheet.add("outside_slot_near", "outside_slot", against=True, evidence=quoted)
    if joined(mark.name) != sign.text:
        sheet.add("mark_part", "mark_part", mark=mark.name, evidence=sign.text)
    _words(sheet, mark, sign, one, facts)
    return sheet


def _words(sheet: Sheet, mark: Mark, sign: Sign, one: Sighting, facts: Circumstances) -> None:
    quoted = one.quoted
    if one.inside:
        sheet.add("inside_word", "inside_word", against=True, evidence=_surroundings(one))
    if one.other:
        sheet.add("other_mark", "other_mark", against=True, evidence=one.other)
    if one.compatible and not facts.counterfeit[0]:
        sheet.add("compatible_use", "compatible_use", against=True, evidence=one.compatible)
    elif one.place.kind in ("title", "description"):
        noun = has_accessory(one.place.text)
        claimed = facts.listing.brand or ""
        other = join(claimed) not in no_brand() and sign.text not in join(claimed)
        if noun and facts.disclaimer:
            sheet.add("compatible_use", "accessory", against=True, evidence=facts.disclaimer)
        elif noun and claimed and other and not one.slot:
            sheet.add("accessory", "accessory", against=True, evidence=noun)
    if len(sign.text) == 1:
        sheet.add("single_character", "single_character", against=True, evidence=quoted)
    near = one.found.likeness.view not in ("identical", "mixed_pinyin", "affix", "pinyin")
    if one.found.likeness.view == "character_changed" and _weak(sign.text, join(quoted)):
        sheet.add("weak_character", "weak_character", against=True, evidence=quoted)
    if mark.common_word and not near and one.place.kind not in ("brand", "shop"):
        sheet.add("ordinary_word", "ordinary_word", against=True, evidence=mark.name)
    elif near:
        text = join(quoted)
        if text in words() or text in ordinary():
            points = "dictionary_word" if one.place.kind == "brand" else "ordinary_text"
            sheet.add(points, "ordinary_text", against=True, evidence=quoted)
    elif sign.text in words() or sign.text in ordinary() or sign.text.isdigit():
        sheet.add("dictionary_word", "dictionary_word", against=True, evidence=sign.text)


def _weak(sign: str, found: str) -> bool:
    """Return whether two names of two characters share only one that many names have."""
    if len(sign) != 2 or len(found) != 2:
        return False
    return any(c in common_characters() for c, d in zip(sign, found, strict=True) if c == d)


def _surroundings(one: Sighting) -> str:
    low, high = one.span
    return one.place.text.raw[max(0, low - 3) : high + 3]


def _goods(sheet: Sheet, mark: Mark, sign: Sign, best: Sighting, facts: Circumstances) -> None:
    if mark.kind == "gi" and not mark.classes:
        return
    own = mark.common_word and best.place.kind == "title"
    classes = facts.classes("" if own or best.place.kind != "title" else best.quoted)
    relation = relate(mark.classes, classes)
    listed = "；".join(map(str, sorted(classes)))
    if relation in (Relation.SAME, Relation.SIMILAR):
        sheet.add(f"goods_{relation}", f"goods_{relation}", classes=listed, evidence=listed)
        if mark.common_word and best.alone and best.found.likeness.view == "identical":
            sheet.points += rules().points["isolated_common"]
    elif relation is Relation.UNKNOWN:
        sheet.add(0.0, "goods_unknown", against=True)
    elif mark.well_known:
        sheet.add(0.0, "well_known", evidence=mark.name)
        code = "goods_other_well_known"
        sheet.add(code, "goods_other", against=True, classes=listed, evidence=listed)
    else:
        ordinary_name = mark.common_word or sign.text in words() or sign.text in ordinary()
        exact = best.found.likeness.view == "identical"
        coined = exact and sign.distinctive_length and not ordinary_name
        code = "goods_other_distinctive" if coined else "goods_other"
        sheet.add(code, "goods_other", against=True, classes=listed, evidence=listed)


def _listing(
    sheet: Sheet, mark: Mark, best: Sighting, facts: Circumstances, *, shop_named: bool
) -> None:
    strong, weak = facts.counterfeit
    if strong:
        sheet.add("counterfeit", "counterfeit_words", evidence=strong)
    elif weak:
        sheet.add("counterfeit_weak", "same_style_words", evidence=weak)
    if mark.unwatched_figure:
        sheet.add(0.0, "not_watched_by_picture", against=True)
    exact = best.found.likeness.similarity >= rules().similarity["mixed_pinyin"]
    if facts.second_hand and exact and not strong:
        sheet.add("second_hand", "second_hand", against=True, evidence=facts.second_hand)
    if shop_named and facts.official:
        sheet.add("fake_official", "fake_official_shop", evidence=facts.listing.shop or "")
    origin = facts.origin_of(mark)
    if origin:
        told, same = f"origin_{origin}", origin == "matches"
        sheet.add(told, told, facts.origin[:100], against=same)
    if len(facts.listing.title) > rules().limit("fuzzy_characters"):
        sheet.add(0.0, "cut_short", against=True, evidence=str(len(facts.listing.title)))


def _seller(sheet: Sheet, mark: Mark, facts: Circumstances, shops: Collection[str]) -> None:
    shop = facts.listing.shop or facts.listing.seller_name or ""
    if facts.authorised(shops):
        sheet.reasons = [r for r in sheet.reasons if r.code != "fake_official_shop"]
        sheet.add("authorised_seller", "authorised_seller", against=True, evidence=shop)
    elif facts.holds(mark):
        sheet.reasons = [r for r in sheet.reasons if r.code != "fake_official_shop"]
        sheet.add("holder_shop", "holder_shop", against=True, evidence=shop)
    elif not shops:
        sheet.add(0.0, "no_seller_list", against=True)
    elif shop:
        sheet.add(0.0, "not_authorised", evidence=shop)
