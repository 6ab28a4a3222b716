"""HTTP content codings (RFC 9110, 8.4) undone in pieces, with a bound: gzip, deflate, br, zstd."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, cast

import brotli
import zstandard

PLAIN_LIMIT = 1 << 30
_PIECE = 1 << 18
_SLICE = 1 << 10  # so many bytes of zstd are at most 32 MiB of content


class NotDecodable(Exception):
    """A body is in a coding that is unknown, broken, or larger than may be unpacked."""


def plain(pieces: Iterable[bytes], codings: list[str], *, whole: bool = False) -> Iterator[bytes]:
    """Yield a body without its codings, the last named undone first.

    A body that was cut short gives what can be had. Raises NotDecodable otherwise; with ``whole``
    also where a cut left bytes that were not undone, though somebody could read out of them
    (the last block of zstd, RFC 8878).
    """
    for coding in reversed(codings):
        step = _STEPS.get(coding)
        if step is None:
            raise NotDecodable(f"the content coding {coding[:40]!r} is not known")
        pieces = _zstd_whole(pieces) if whole and coding == "zstd" else step(pieces)
    return _bounded(pieces)


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > PLAIN_LIMIT:
                raise NotDecodable("the body is too large when unpacked")
            yield piece
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise NotDecodable("the body is not in the coding it names") from error


def _gzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    return _inflate(pieces, lambda _: zlib.decompressobj(31))


def _deflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Undo deflate as browsers do: with zlib's frame (RFC 1950), or bare (RFC 1951)."""

    def opened(first: bytes) -> zlib._Decompress:
        framed = first[0] & 15 == 8 and (len(first) < 2 or not int.from_bytes(first[:2]) % 31)
        return zlib.decompressobj(15 if framed else -15)

    return _inflate(pieces, opened)


def _inflate(
    pieces: Iterable[bytes], opened: Callable[[bytes], zlib._Decompress]
) -> Iterator[bytes]:
    unpacker: zlib._Decompress | None = None
    for piece in pieces:
        data = piece
        while data:
            unpacker = opened(data) if unpacker is None else unpacker
            yield unpacker.decompress(data, _PIECE)
            data = unpacker.unconsumed_tail
            if unpacker.eof:
                data, unpacker = unpacker.unused_data.lstrip(b"\0"), None
    if unpacker is not None:
        yield unpacker.flush()


def _brotli(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = brotli.Decompressor()
    for piece in pieces:
        found = unpacker.process(piece, output_buffer_limit=_PIECE)
        yield found
        while found or not unpacker.can_accept_more_data():
            found = unpacker.process(b"", output_buffer_limit=_PIECE)
            yield found


def _zstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    source = cast("IO[bytes]", _Source(pieces))
    with unpacker.stream_reader(source, read_across_frames=True) as reader:
        while piece := reader.read(_PIECE):
            yield piece


def _zstd_whole(pieces: Iterable[bytes]) -> Iterator[bytes]:
    opener = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    unpacker: zstandard.ZstdDecompressionObj | None = None
    for piece in pieces:
        for at in range(0, len(piece), _SLICE):
            data = piece[at : at + _SLICE]
            while data:
                unpacker = unpacker or opener.decompressobj()
                yield unpacker.decompress(data)
                data = unpacker.unused_data if unpacker.eof else b""
                unpacker = None if unpacker.eof else unpacker
    if unpacker is not None:
        raise NotDecodable("the body is cut off within a frame")


class _Source(io.RawIOBase):
    """Pieces as a file that is read from the front."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes of the next piece; none at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        size = len(self._left) if size < 0 else size
        found, self._left = self._left[:size], self._left[size:]
        return found


_STEPS: dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "identity": iter,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
