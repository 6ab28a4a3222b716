"""What counts as found: boundaries, separators and the brand slot (shared by all finders)."""

from __future__ import annotations

import re

from matcher.compare import Likeness
from matcher.latin import Unit, background, ordinary
from matcher.lexicon import SLACK, UNKNOWN, common_characters, cost, crosses, named, ragged, stray
from matcher.normal import Text
from matcher.sign import Sign
from matcher.slot import Slots
from matcher.sound import is_han
from matcher.tables import rules

REACH = 5
SHORTEST = 3
COINED = 2 * UNKNOWN - 1.0 - SLACK
MODEL = re.compile("[0-9]{2}|^[0-9]+[a-z]{1,2}$")  # 50ml, H110: measures and models


def around(text: Text, start: int, end: int) -> tuple[str, str]:
    """Return the Chinese text directly before and after joined characters [start, end)."""
    joined = text.joined
    before, after = start, end
    while before > max(0, start - REACH) and is_han(joined[before - 1]):
        if text.gap(before - 1, before + 1):
            break
        before -= 1
    while after < min(len(joined), end + REACH) and is_han(joined[after]):
        if text.gap(after - 1, after + 1):
            break
        after += 1
    return joined[before:start], joined[end:after]


def isolated(text: Text, start: int, end: int) -> bool:
    """Return whether separators or the text's ends stand on both sides."""
    left = start == 0 or text.gap(start - 1, start + 1)
    return left and (end >= len(text.joined) or text.gap(end - 1, end + 1))


def inside_word(text: Text, slots: Slots, start: int, end: int) -> bool:
    """Return whether a Chinese sign is only a part of other words here."""
    joined = text.joined
    if not (is_han(joined[start]) and is_han(joined[end - 1])):
        return False
    before, after = around(text, start, end)
    if end - start == 1:
        return bool(before or after)
    gain = named(before, joined[start:end], after)
    if gain < 0:
        return crosses(before, joined[start:end], after)
    if start not in slots.starts and end - start == 2 and ragged(before, after):
        return True
    return gain == 0 and start not in slots.starts and crosses(before, joined[start:end], after)


def reads_as_words(text: Text, start: int, end: int) -> bool:
    """Return whether a Chinese window reads as ordinary words rather than as a name."""
    before, after = around(text, start, end)
    return named(before, text.joined[start:end], after) <= 0


def admit(
    text: Text,
    slots: Slots,
    start: int,
    end: int,
    likeness: Likeness,
    sign: Sign,
    unit: Unit | None = None,
) -> bool:
    """Return whether a sign counts as found at joined characters [start, end)."""
    if unit is not None:
        return _admit_latin(text, slots, unit, likeness, sign)
    if text.gap(start, end):
        return likeness.view == "identical" and _spaced(text, start, end)
    if likeness.view == "identical":
        return True
    if likeness.similarity < rules().limits["floor"]:
        return False
    if not all(map(is_han, text.joined[start:end])):
        return False
    changed = likeness.view in ("character_changed", "character_added", "transposed")
    if len(sign.text) == 2:
        if not slots.holds(start, end):
            return _rare(text.joined[start:end], sign.text) and coined(text, slots, start, end)
        return not changed or slots.whole or _stands_out(text, slots, start, end)
    if not changed or slots.whole:
        return True
    if likeness.similarity < rules().similarity["standing"]:
        return _stands_out(text, slots, start, end)
    return not reads_as_words(text, start, end)


def _rare(found: str, wanted: str) -> bool:
    """Return whether the character two names share is not one that many names have."""
    return not any(c in common_characters() for c in found if c in wanted) or found == wanted


def coined(text: Text, slots: Slots, start: int, end: int) -> bool:
    """Return whether two characters stand anywhere as a word no dictionary has.

    Both must belong to no word, and the words on both sides must stay whole.
    """
    before, after = around(text, start, end)
    after = "" if end in slots.ends else after
    if stray(after) or (before and cost(before) - cost(before[:-1]) >= UNKNOWN - SLACK):
        return False
    return named(before, text.joined[start:end], after) >= COINED


def _stands_out(text: Text, slots: Slots, start: int, end: int) -> bool:
    """Return whether two characters read as a name of their own, at a place for names."""
    if not (start in slots.heads or end in slots.ends or isolated(text, start, end)):
        return False
    before, after = around(text, start, end)
    after = "" if end in slots.ends else after
    return not stray(after) and named(before, text.joined[start:end], after) > 0


def _spaced(text: Text, start: int, end: int) -> bool:
    """Return whether a sign with gaps is still one sign: alone, or with no blank between."""
    if isolated(text, start, end):
        return True
    low, high = text.span(start, end)
    return not any(c.isspace() for c in text.raw[low:high])


def _admit_latin(text: Text, slots: Slots, unit: Unit, likeness: Likeness, sign: Sign) -> bool:
    if likeness.view == "identical":
        return True
    slot = slots.holds(unit.start, unit.end)
    known = background()
    head = slots.whole or unit.start in slots.heads
    if likeness.view != "affix" and min(len(sign.text), len(unit.text)) == SHORTEST and not head:
        return False
    if likeness.similarity < rules().latin["near"] and not head:
        return False
    if MODEL.search(unit.text) and not MODEL.search(sign.text) and likeness.view != "affix":
        return False
    if unit.words == 1 and not slots.whole:
        kin = slot and len(sign.text) >= rules().limit_of_latin("kin")
        usual = ordinary() if kin else known
        if unit.text in usual or (unit.text.endswith("s") and unit.text[:-1] in usual):
            return False
        if likeness.view == "affix":
            return True
    elif unit.words > 1 and sign.words == 1 and likeness.view == "letters_changed":
        if likeness.similarity < rules().latin["joined"]:
            return False
    elif not slot and all(word in ordinary() for word in _words(text, unit)):
        return False
    if likeness.view == "pinyin":
        return slot or len(unit.text) >= rules().limit_of_latin("pinyin")
    return slot or len(sign.text) >= rules().limit_of_latin("anywhere")


def _words(text: Text, unit: Unit) -> list[str]:
    return text.gap_text(unit.start, unit.end).split()
