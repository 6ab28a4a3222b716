"""Latin words and the keys by which near ones are found: of a batch, and of the signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matcher.hashing import Codes, Flags, Hashes, Ints, Sums, Table, codes_of
from matcher.letters import (
    Letters,
    ends,
    head_vowels,
    letters_in,
    look_stream,
    multisets,
    rows_of,
    sound_stream,
    texts_of,
)

FRAME = 3


class Words:
    """Latin words at stretches [start, end) of codes, and the keys by which near ones are found."""

    def __init__(self, codes: Codes, latin: Flags, begins: Flags, start: Ints, end: Ints) -> None:
        self.start, self.end = start, end
        self.letters: Letters = np.where(latin, codes, 0).astype(np.uint8)
        self.looks = look_stream(self.letters, begins)
        self.sounds = sound_stream(self.letters, begins)
        self.multisets = multisets(self.letters, start, end)

    def keys(self, sums: Sums) -> dict[str, tuple[Ints, Hashes]]:
        """Return under each name rows and keys."""
        start, end = self.start, self.end
        none = np.zeros(len(start), np.uint8)
        heads = head_vowels(self.letters, start)
        return {
            "delete": self.looks.deleted(start, end, none, 1),
            "letters": (np.arange(len(start)), self.multisets),
            "ends": ends(sums, start, end),
            "frame": self.sounds.deleted(start, end, heads, FRAME),
        }

    def written(self, rows: Ints) -> Letters:
        """Return some words, one a row."""
        return rows_of(self.letters, self.start[rows], self.end[rows])

    def folded(self, rows: Ints) -> Letters:
        """Return the look-alike folds of some words, one a row."""
        return rows_of(self.looks.letters, *self.looks.stretch(self.start[rows], self.end[rows]))


@dataclass(frozen=True)
class Written:
    """The Latin signs that are compared with words near them, one a row."""

    row: Ints
    written: Letters
    folded: Letters
    multisets: Hashes
    delete: Table
    letters: Table
    ends: Table
    frame: Table

    @classmethod
    def of(cls, texts: Sequence[str], numbers: Ints) -> Written:
        """Index texts under their numbers."""
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        end = np.cumsum(sizes)
        codes = codes_of("".join(texts))
        begins = np.zeros(len(codes), np.bool_)
        begins[end - sizes] = True
        words = Words(codes, np.ones(len(codes), np.bool_), begins, end - sizes, end)
        keys = words.keys(Sums(codes))
        row = np.zeros(int(np.max(numbers, initial=-1)) + 1, np.int64)
        row[numbers] = everyone = np.arange(len(numbers))
        return cls(
            row=row,
            written=words.written(everyone),
            folded=words.folded(everyone),
            multisets=words.multisets,
            **{n: Table.of(hashes, numbers[rows]) for n, (rows, hashes) in keys.items()},
        )

    @cached_property
    def texts(self) -> Sequence[str]:
        """The signs as texts."""
        return texts_of(self.written)

    @cached_property
    def folds(self) -> Sequence[str]:
        """The look-alike folds of the signs as texts."""
        return texts_of(self.folded)

    @cached_property
    def bits(self) -> tuple[Hashes, Hashes]:
        """The sets of letters of the signs, as written and as folded."""
        return letters_in(self.written), letters_in(self.folded)
