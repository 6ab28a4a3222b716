"""Listings in, leads out, as JSON lines and one at a time; the result complete or absent."""

from __future__ import annotations

import contextlib
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, cast

from matcher.errors import ListingsError
from matcher.listing import Offer, read_offer
from matcher.match import Match, encode
from matcher.tables import versions

LONGEST_LINE = 16_000_000
STANDARD = "-"
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Tally:
    """How many listings were read, leads written and leads flagged."""

    listings: int
    leads: int
    flagged: int


def read_lines(source: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, each with its number; ListingsError names the line."""
    number = 0
    try:
        while data := source.readline(LONGEST_LINE + 1):
            number += 1
            if len(data) > LONGEST_LINE:
                raise ListingsError(
                    f"Listings, line {number}: longer than {LONGEST_LINE} bytes.",
                    f"商品文件第 {number} 行超过 {LONGEST_LINE} 字节。",
                )
            data = data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data
            if data.strip():
                yield number, data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ListingsError(
            f"The listings file is damaged after line {number} ({error}).",
            f"商品文件在第 {number} 行之后已损坏（{error}）。",
        ) from error


def read_listings(source: IO[bytes]) -> Iterator[Offer]:
    """Yield the listings of JSON lines; ListingsError names the line. Blank lines are skipped."""
    for number, data in read_lines(source):
        yield read_offer(data, number)


@contextlib.contextmanager
def open_listings(path: str) -> Iterator[IO[bytes]]:
    """Open a listings file, plain or gzip (told by its first bytes), ``-`` for standard input."""
    if path == STANDARD:
        yield _plain(cast("io.BufferedReader", sys.stdin.buffer))
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        raise ListingsError(
            f"{path} cannot be read ({error.strerror}); check the name of the file.",
            f"无法读取 {path}（{error.strerror}），请检查文件名。",
        ) from error
    with file:
        try:
            yield _plain(file)
        except IsADirectoryError as error:
            raise ListingsError(f"{path} is a folder.", f"{path} 是文件夹。") from error


def _plain(file: io.BufferedReader) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if file.peek(2)[:2] == GZIP else file


def write_line(match: Match) -> bytes:
    """Return a lead as one JSON line in UTF-8; what is no character becomes ``?``."""
    same = match.versions is versions()
    text = (
        f'{{"listing_id":{encode(match.listing_id)},"mark_id":{encode(match.mark_id)},'
        f'"similarity":{match.similarity!r},"priority":{match.priority!r},'
        f'"flag":{"true" if match.flag else "false"},"field":{encode(match.field)},'
        f'"span":[{match.span[0]},{match.span[1]}],'
        f'"reasons":[{",".join([one.line for one in match.reasons])}],'
        f'"against":[{",".join([one.line for one in match.against])}],'
        f'"versions":{_versions() if same else encode(dict(match.versions))}}}\n'
    )
    return text.encode("utf-8", "replace")


@cache
def _versions() -> str:
    return encode(dict(versions()))
