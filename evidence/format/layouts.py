"""Log entries of one length and one form have their fields at the same places: read by these.

A layout is learnt from one entry that a pattern matched. Another of the same length whose bytes
outside the fields are equal has the same form; what its fields hold is then looked at for many
entries together. This is several times as fast as matching each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from struct import Struct
from typing import NamedTuple

HEX, DIGITS = b"0123456789abcdef", b"0123456789"
MOST_LENGTHS, MOST_OF_LENGTH = 4096, 4
_PUNCTUATION = b"--T::.Z"
_PLACES = ((4, b"-"), (7, b"-"), (10, b"T"), (13, b":"), (16, b":"), (19, b"."), (26, b"Z"))
_TIME = 27
_HOURS = frozenset((ord(a), ord(b)) for a in "012" for b in "0123456789" if a + b < "24")


class Layout(NamedTuple):
    """Where the fields of entries of one length stand, and what stands between them.

    ``check`` of an entry equals ``constants`` where nothing but fields differs; ``fields`` of it
    are then those wanted, in their order. ``signs`` is how many of its bytes are no hex digits
    where every field is hex digits, but for its one time, which has seven others.
    """

    check: Callable[[bytes], tuple[bytes, ...]]
    constants: tuple[bytes, ...]
    fields: Callable[[bytes], tuple[bytes, ...]]
    kind: int
    signs: int

    @classmethod
    def of(cls, kind: int, match: re.Match[bytes], wanted: Sequence[int]) -> Layout:
        """Return the layout of an entry that matched; ``wanted`` says which of its groups are."""
        check, fields, at = [], [], 0
        for number, is_wanted in enumerate(wanted, 1):
            begin, end = match.span(number)
            check += [f"{begin - at}s", f"{end - begin}x"]
            fields += [f"{begin - at}x", f"{end - begin}{'s' if is_wanted else 'x'}"]
            at = end
        rest = len(match.string) - at
        between = Struct("".join([*check, f"{rest}s"])).unpack
        constants = between(match.string)
        signs = len(b"".join(constants).translate(None, HEX)) + len(_PUNCTUATION)
        inside = Struct("".join([*fields, f"{rest}x"])).unpack
        return cls(between, constants, inside, kind, signs)


class Layouts:
    """The layouts that were learnt, by the length of the entry; bounded."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Layout, ...]] = {}

    def learn(self, layout: Layout, length: int) -> None:
        """Keep one more, in the place of an older one where there are many of that length."""
        if length not in self.known and len(self.known) >= MOST_LENGTHS:
            self.known.clear()
        held = self.known.get(length, ())
        self.known[length] = (layout, *held)[:MOST_OF_LENGTH]


def are_hex(entries: Sequence[bytes], signs: int) -> bool:
    """Say whether the entries have just so many bytes that are no lower-case hex digits."""
    return len(b"".join(entries).translate(None, HEX)) == signs


def are_times(times: Sequence[bytes]) -> bool:
    """Say whether each is ``2026-01-31T23:59:59.000000Z``; not whether there is such a day."""
    joined = b"".join(times)
    if joined.translate(None, DIGITS) != _PUNCTUATION * len(times):
        return False
    if any(joined[at::_TIME] != sign * len(times) for at, sign in _PLACES):
        return False
    hours: Iterable[tuple[int, int]] = zip(joined[11::_TIME], joined[12::_TIME], strict=True)
    below_60 = joined[14::_TIME] + joined[17::_TIME]
    return set(hours) <= _HOURS and not below_60.translate(None, b"012345")
