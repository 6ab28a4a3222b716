"""A text without its tags or its line ends, with the way back to where each part of it stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

# Each alternative takes what it begins to its end or to the end of the text: the time is linear.
_UNSEEN = re.compile(
    rb"<!--.*?(?:-->|\Z)"
    rb"|<(?P<e>script|style)\b[^<>]*+>.*?(?:</(?P=e)\b[^<>]*+>?|\Z)"
    rb"|<[A-Za-z/!?\\][^<>]*+(?:>|\Z)"
    rb"|&(?:shy|zwnj|zwj|ZeroWidthSpace|NoBreak|#8203|#173|#8288|#[xX](?:200[bB]|0*[aA][dD]|2060));"
    rb"|\xc2\xad|\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0",
    re.DOTALL | re.IGNORECASE,
)
# As MIME, PEM and folded heads break lines, in themselves and in a string of JSON.
LINE_ENDS = re.compile(rb"=?(?:(?:\\r)?\\n|\r?\n)[ \t]*+")


@dataclass(frozen=True)
class Untagged:
    """``text`` is what is left; ``kept`` are the (begin, end) of its parts in the whole."""

    text: bytes
    kept: tuple[tuple[int, int], ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, data: bytes, unseen: re.Pattern[bytes] = _UNSEEN) -> Untagged | None:
        """Return the text without tags, comments, scripts and letters that are not seen.

        Or without anything else that is ``unseen``. None where there is nothing of that kind in it.
        """
        kept, here = [], 0
        for match in unseen.finditer(data):
            if match.start() > here:
                kept.append((here, match.start()))
            here = match.end()
        if not here:
            return None
        kept.append((here, len(data)))
        starts = tuple(accumulate((end - begin for begin, end in kept), initial=0))
        return cls(b"".join(data[begin:end] for begin, end in kept), tuple(kept), starts)

    def places(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where a part of ``text`` stands in the whole, if it stands there in pieces."""
        number = bisect_right(self.starts, start) - 1
        if end <= self.starts[number + 1]:
            return  # in one piece: it is found there without us
        while start < end:
            begin, _ = self.kept[number]
            stop = min(end, self.starts[number + 1])
            shift = begin - self.starts[number]
            if stop > start:
                yield start + shift, stop + shift
            start, number = stop, number + 1
