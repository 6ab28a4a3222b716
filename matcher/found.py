"""What a search hands out, and what it is given: finds in texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from matcher.compare import Likeness
from matcher.normal import Text
from matcher.sign import Sign
from matcher.slot import Slots

IDENTICAL = Likeness(1.0, "identical")


@dataclass(frozen=True, slots=True)
class Found:
    """A sign (by index) at joined characters [start, end) of a text."""

    sign: int
    start: int
    end: int
    likeness: Likeness


class Searched(Protocol):
    """A text to be searched; ``near`` also for signs that are only similar.

    ``whole`` says that the text is nothing but a name (a brand field).
    """

    @property
    def raw(self) -> str: ...
    @property
    def near(self) -> bool: ...
    @property
    def whole(self) -> bool: ...
    @property
    def text(self) -> Text: ...
    @property
    def slots(self) -> Slots: ...


class Finder(Protocol):
    """Finds signs in texts; hands out for each text what was found in it, in any order.

    ``changed`` is a finder of further signs too, numbered behind, and not of some (by number).
    """

    def changed(self, added: Sequence[Sign], withdrawn: Collection[int]) -> Finder: ...
    def find_all(self, places: Sequence[Searched]) -> list[list[Found]]: ...
