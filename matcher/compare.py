"""Similarity of two signs: one shape for all, ``(found, sign) -> Likeness | None``.

Chinese signs are compared character by character with a cost for each change
(sound, look, other); Latin signs by RapidFuzz over the written and the look-alike form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from matcher.latin import look_fold
from matcher.look import alike
from matcher.sound import hear
from matcher.tables import rules


@dataclass(frozen=True)
class Likeness:
    """How near a found text is to a sign: ``view`` names the reason, ``changes`` the letters."""

    similarity: float
    view: str
    changes: str = ""


def change_cost(found: str, wanted: str) -> tuple[float, str]:
    """Return cost and kind of one Chinese character standing for another."""
    costs = rules().change
    sound, look = hear(found) == hear(wanted), alike(found, wanted)
    if sound and look:
        return costs["both"], "sound"
    if sound:
        return costs["sound"], "sound"
    if look:
        return costs["look"], "look"
    return costs["other"], "other"


@lru_cache(maxsize=65536)
def compare_han(found: str, wanted: str) -> Likeness | None:
    """Return the likeness of two Chinese texts that differ, None when they are far."""
    if len(found) == len(wanted):
        if sorted(found) == sorted(wanted) and _swapped(found, wanted):
            return Likeness(rules().similarity["transposed"], "transposed", f"{wanted}→{found}")
        return _replaced(found, wanted)
    return _added(found, wanted)


def _swapped(found: str, wanted: str) -> bool:
    """Return whether two characters changed places, or the order is reversed."""
    different = sum(one != other for one, other in zip(found, wanted, strict=True))
    return different == 2 or len(found) == 3 or found == wanted[::-1]


def _replaced(found: str, wanted: str) -> Likeness | None:
    total, kinds, changes = 0.0, [], []
    for one, other in zip(found, wanted, strict=True):
        if one != other:
            price, kind = change_cost(one, other)
            total += price
            kinds.append(kind)
            changes.append(f"{other}→{one}")
    if kinds.count("other") > 1 or (kinds.count("other") and len(kinds) > 2):
        return None
    if kinds.count("other") and len(kinds) == len(wanted):
        return None
    numbers = rules().similarity
    likeness = 1.0 - numbers["changed"] * total / len(wanted)
    if found[0] != wanted[0]:
        likeness -= numbers["first"]
    view = {"other": "character_changed", "look": "lookalike_character"}
    worst = "other" if "other" in kinds else "look" if "look" in kinds else "sound"
    return Likeness(round(likeness, 4), view.get(worst, "same_sound"), "，".join(changes))


def _added(found: str, wanted: str) -> Likeness | None:
    longer, shorter = (found, wanted) if len(found) > len(wanted) else (wanted, found)
    if len(longer) - len(shorter) != 1 or len(shorter) < 2 or len(wanted) < 3:
        return None
    at = next((i for i, c in enumerate(shorter) if longer[i] != c), len(shorter))
    if longer[at + 1 :] != shorter[at:]:
        return None
    numbers = rules()
    likeness = 1.0 - numbers.similarity["changed"] * numbers.change["added"] / len(longer)
    if at == 0:
        likeness -= numbers.similarity["first"]
    sign = "+" if longer is found else "−"
    return Likeness(round(likeness, 4), "character_added", sign + longer[at])


def _same_letters(found: str, wanted: str) -> bool:
    """Return whether two letters changed places, or the two halves did (Cola-Coca)."""
    if len(found) == len(wanted) + 1 and found.endswith("s"):
        found = found[:-1]
    if len(found) != len(wanted) or len(wanted) < 4 or sorted(found) != sorted(wanted):
        return False
    if sum(one != other for one, other in zip(found, wanted, strict=True)) == 2:
        return True
    return len(wanted) >= 6 and found in wanted + wanted


@lru_cache(maxsize=65536)
def compare_latin(found: str, wanted: str) -> Likeness | None:
    """Return the likeness of two Latin texts that differ, None when they are far."""
    numbers = rules()
    least, shortest = numbers.latin["least"], numbers.limit_of_latin("shortest")
    if found.isdigit() or wanted.isdigit():
        return None
    one, other = look_fold(found), look_fold(wanted)
    if one == other and abs(len(found) - len(wanted)) <= 2 and len(wanted) >= 3:
        if len(wanted) < shortest and len(found) != len(wanted):
            return None
        return Likeness(numbers.similarity["lookalike_letters"], "lookalike_letters", found)
    if min(len(found), len(wanted)) < shortest:
        return None
    if _same_letters(found, wanted):
        return Likeness(numbers.similarity["transposed"], "transposed", f"{wanted}→{found}")
    if len(wanted) == shortest:
        if OSA.distance(found, wanted) != 1 or (len(found) != shortest and found[:-1] != wanted):
            return None
        return Likeness(numbers.latin["short"], "letters_changed", found)
    written = OSA.normalized_similarity(found, wanted, score_cutoff=least)
    folded = OSA.normalized_similarity(one, other, score_cutoff=least) - numbers.latin["fold"]
    best = max(written, folded)
    if found[0] != wanted[0] and one[0] != other[0]:
        best -= numbers.similarity["first"]
    if best < least:
        return None
    return Likeness(round(best, 4), "letters_changed", found)
