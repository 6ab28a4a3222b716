"""The last look before a capture is handed out: is any secret still to be read in its files?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from evidence.capture.bodies import scan
from evidence.capture.codings import NotDecodable, plain
from evidence.capture.markup import unpacked_texts
from evidence.capture.masking import Scanner

_PIECE = 1 << 18
_PACKED = (".mhtml", ".pdf")


def leaks(folder: Path, scanner: Scanner, apart: Sequence[str]) -> list[str]:
    """Return the names of files in which a secret is found, as they lie or unpacked once.

    Packed records (``.gz``) are unpacked, the parts of MHTML and the streams of PDF as well.
    Hidden files and folders are working files and are passed over. Not searched: what pictures
    and recordings show.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in Path(name).parts)
        if path.is_file() and not hidden and name not in apart and _leaks(path, scanner):
            found.append(name)
    return found


def _leaks(path: Path, scanner: Scanner) -> bool:
    if any(True for _ in scan(_pieces(path), scanner.hits)):
        return True
    if path.suffix == ".gz":
        return any(True for _ in scan(_unpacked(path), scanner.hits))
    if path.suffix in _PACKED:
        return any(scanner.hits(text) for text in unpacked_texts(path.read_bytes()))
    return False


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            yield piece


def _unpacked(path: Path) -> Iterable[bytes]:
    try:
        yield from plain(_pieces(path), ["gzip"])
    except NotDecodable:
        return
