"""A message's body as its content runs: chunk framing passed over, places kept for masking."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from evidence.capture.codings import plain
from evidence.capture.masking import OVERLAP, WINDOW, Hit, masked
from evidence.netlog.http1 import chunk_places, header_fields
from evidence.netlog.model import Blob

_CODING = (b"content-encoding", b"transfer-encoding", b"content-length")

Find = Callable[[bytes], list[Hit]]


@dataclass(frozen=True)
class Body:
    """The content of a message; ``places`` are its (offset, size) in the message's blob."""

    blob: Blob
    head: int
    places: tuple[tuple[int, int], ...]
    codings: tuple[str, ...]

    def pieces(self) -> Iterator[bytes]:
        """Yield the content as it came, its coding kept."""
        for offset, size in self.places:
            yield from Blob(self.blob.path, self.blob.offset + offset, size).chunks()

    def content(self) -> Iterator[bytes]:
        """Yield the content with its codings undone; may raise NotDecodable."""
        return plain(self.pieces(), list(self.codings), whole=True)

    def framing(self) -> list[tuple[int, int]]:
        """Return what of the body is not content: sizes, extensions and trailers of chunks."""
        found, here = [], self.head
        for offset, size in self.places:
            found.append((here, offset - here))
            here = offset + size
        found.append((here, self.blob.size - here))
        return [(offset, size) for offset, size in found if size > 0]

    def raw(self, hits: Iterable[Hit]) -> Iterator[Hit]:
        """Yield the places in the blob of places in the content."""
        starts = [0, *accumulate(size for _, size in self.places)]
        for hit in hits:
            here = hit.start
            while here < hit.end:
                number = bisect_right(starts, here) - 1
                if number >= len(self.places):
                    break
                stop = min(hit.end, starts[number + 1])
                shift = self.places[number][0] - starts[number]
                yield Hit(here + shift, stop + shift, hit.form)
                here = stop


def body_of(blob: Blob, head: int, *, literal: bool) -> Body:
    """Return the body of a message; over HTTP/2 (not ``literal``) there is no chunk framing."""
    fields = header_fields(blob.read(0, head))
    codings = _list(fields, "content-encoding")
    if literal and "chunked" in _list(fields, "transfer-encoding"):
        places = tuple(chunk_places(blob, head))
    else:
        places = ((head, blob.size - head),) if blob.size > head else ()
    return Body(blob, head, places, tuple(one for one in codings if one != "identity"))


def _list(fields: tuple[tuple[str, str], ...], name: str) -> list[str]:
    values = [value for found, value in fields if found == name]
    return [part.strip().lower() for value in values for part in value.split(",") if part.strip()]


def scan(pieces: Iterable[bytes], find: Find) -> Iterator[Hit]:
    """Yield what ``find`` finds in a stream, by offset; memory stays bounded."""
    data, base = b"", 0
    for piece in pieces:
        data += piece
        if len(data) >= WINDOW + OVERLAP:
            keep = len(data) - OVERLAP
            yield from _shifted((hit for hit in find(data) if hit.start < keep), base)
            data, base = data[keep:], base + keep
    yield from _shifted(find(data), base)


def _shifted(hits: Iterable[Hit], base: int) -> Iterator[Hit]:
    for hit in hits:
        yield Hit(hit.start + base, hit.end + base, hit.form)


def overlay(pieces: Iterable[bytes], hits: Iterable[Hit]) -> Iterator[bytes]:
    """Yield a stream with the places of ``hits`` (in order) masked at equal length."""
    waiting = sorted(hits, key=lambda one: one.start)
    base, first = 0, 0
    for piece in pieces:
        stop = base + len(piece)
        here, number = [], first
        while number < len(waiting) and waiting[number].start < stop:
            hit = waiting[number]
            if hit.end > base:
                here.append(Hit(max(0, hit.start - base), min(hit.end, stop) - base, hit.form))
            if hit.end <= stop and number == first:
                first += 1
            number += 1
        yield masked(piece, here) if here else piece
        base = stop


def write(path: Path, pieces: Iterable[bytes]) -> Blob:
    """Write pieces to a new file; return all of it."""
    size = 0
    with path.open("wb") as target:
        for piece in pieces:
            size += target.write(piece)
    return Blob(path, 0, size)


def joined(head: bytes, body: Blob) -> Iterator[bytes]:
    """Yield a head and the body that follows it."""
    yield head
    yield from body.chunks()


def decoded_head(head: bytes, size: int) -> bytes:
    """Return a head for a decoded body: the fields of its coding are renamed, a length is given."""
    end = b"\r\n" if head.endswith(b"\r\n") else b"\n"
    lines = head.split(b"\n")
    changed = [
        b"X-Orig-" + line if line.partition(b":")[0].strip().lower() in _CODING else line
        for line in lines[:-2]
    ]
    return b"\n".join([*changed, b"Content-Length: %d" % size + end[:-1], *lines[-2:]])
