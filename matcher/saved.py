"""A watchlist on disk: one file of arrays that many processes may map and share.

``markseal-index/1``: a line of JSON (format, versions of code and tables, SHA-256 of all that
follows, and of each array its name, type, shape and place), then the arrays, each at a multiple
of 64 bytes. Only a file of this version and of the same tables is read, and only whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt

from matcher.candidates import Index
from matcher.errors import IndexFileError
from matcher.han_index import HanIndex
from matcher.hashing import codes_of
from matcher.latin_index import LatinIndex
from matcher.mark import Mark
from matcher.part import Part
from matcher.sign import Holder, Sign
from matcher.tables import versions
from matcher.watchlist import Watchlist

FORMAT = "markseal-index/1"
STEP = 64
LONGEST_HEAD = 1_000_000
Array = npt.NDArray[Any]
Arrays = dict[str, Array]


def save_watchlist(watchlist: Watchlist, path: Path | str) -> None:
    """Write a watchlist without its authorised shops, whole or not at all.

    Raises IndexFileError when the file cannot be written.
    """
    index = watchlist.finder
    if not isinstance(index, Index):
        raise TypeError("only a watchlist with an index is kept")
    arrays = _signs(watchlist) | {"gone": np.array(sorted(index.gone), np.int64)}
    arrays["parts"] = np.array([part.first for part in index.parts], np.int64)
    for n, part in enumerate(index.parts):
        arrays |= dict(_flat(part.han, f"{n}.han.")) | dict(_flat(part.latin, f"{n}.latin."))
    path = Path(path)
    try:
        _write(path, {name: np.ascontiguousarray(array) for name, array in arrays.items()})
    except OSError as error:
        raise IndexFileError(
            f"{path} cannot be written ({error.strerror}); choose another place.",
            f"无法写入 {path}（{error.strerror}），请换一个位置。",
        ) from error


def load_watchlist(path: Path | str) -> Watchlist:
    """Return the watchlist of a file, its arrays mapped from it and shared with other readers.

    Raises IndexFileError for a file of another version, of other tables, or that is damaged.
    """
    path = Path(path)
    arrays = _read(path)
    try:
        return _watchlist(arrays)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise _damaged(path) from error


def kept_watchlist(
    path: Path | str, marks: Sequence[Mark], authorised: Mapping[str, Collection[str]]
) -> Watchlist:
    """Return the watchlist of marks and shops with the index kept in a file.

    The index is made when there is none; of marks that have changed only those are indexed.
    """
    if not Path(path).exists():
        watchlist = Watchlist(marks, authorised)
        save_watchlist(watchlist, path)
        return watchlist
    kept = load_watchlist(path)
    watchlist = kept.brought_to(marks, authorised)
    if watchlist.marks != kept.marks:
        save_watchlist(watchlist, path)
    return watchlist


def _watchlist(arrays: Arrays) -> Watchlist:
    marks = [
        Mark(**row | {"classes": tuple(row["classes"]), "extra": tuple(map(tuple, row["extra"]))})
        for row in json.loads(arrays["marks"].tobytes())
    ]
    texts = _texts(arrays["signs"], arrays["sizes"])
    kinds = zip(texts, *(arrays[f"sign.{n}"].tolist() for n in SIGN), strict=True)
    signs = [Sign(*row) for row in kinds]
    owned = zip(arrays["holders"].tolist(), arrays["parts of marks"].tolist(), strict=True)
    each = [Holder(marks[mark], part) for mark, part in owned]
    ends = accumulate(arrays["holders of each"].tolist(), initial=0)
    holders = [each[a:b] for a, b in pairwise(ends)]
    firsts = [*arrays["parts"].tolist(), len(signs)]
    parts = [
        Part(
            first,
            signs[first:last],
            _whole(HanIndex, arrays, f"{n}.han."),
            _whole(LatinIndex, arrays, f"{n}.latin."),
        )
        for n, (first, last) in enumerate(pairwise(firsts))
    ]
    return Watchlist.of(signs, holders, Index.of(parts, arrays["gone"].tolist()))


SIGN = ("han", "latin", "words")


def _signs(watchlist: Watchlist) -> Arrays:
    signs, holders = watchlist.signs, watchlist.holders
    number = {mark.mark_id: n for n, mark in enumerate(watchlist.marks)}
    each = [holder for some in holders for holder in some]
    listed = json.dumps([asdict(mark) for mark in watchlist.marks]).encode()
    return {
        "marks": np.frombuffer(listed, np.uint8),
        "signs": codes_of("".join(sign.text for sign in signs)),
        "sizes": np.array([len(sign.text) for sign in signs], np.int64),
        "sign.han": np.array([sign.han for sign in signs], np.bool_),
        "sign.latin": np.array([sign.latin for sign in signs], np.bool_),
        "sign.words": np.array([sign.words for sign in signs], np.int64),
        "holders": np.array([number[h.mark.mark_id] for h in each], np.int64),
        "parts of marks": np.array([h.part for h in each], np.bool_),
        "holders of each": np.array([len(some) for some in holders], np.int64),
    }


def _texts(codes: Array, sizes: Array) -> Sequence[str]:
    text = codes.tobytes().decode("utf-32-le", "surrogatepass")
    return [text[a:b] for a, b in pairwise(accumulate(sizes.tolist(), initial=0))]


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, Array]]:
    """Yield the arrays of a value whose fields are arrays or such values."""
    for one in fields(value):
        part = getattr(value, one.name)
        if is_dataclass(part):
            yield from _flat(part, f"{prefix}{one.name}.")
        else:
            yield prefix + one.name, part


def _whole(kind: Any, arrays: Mapping[str, Array], prefix: str) -> Any:
    """Return the value that ``_flat`` took apart."""
    hints = get_type_hints(kind)
    return kind(
        **{
            one.name: _whole(hints[one.name], arrays, f"{prefix}{one.name}.")
            if is_dataclass(hints[one.name])
            else arrays[prefix + one.name]
            for one in fields(kind)
        }
    )


def _write(path: Path, arrays: Arrays) -> None:
    places, at = [], 0
    for name, array in arrays.items():
        places.append([name, array.dtype.str, array.shape, at])
        at += -(-array.nbytes // STEP) * STEP
    digest = hashlib.sha256()
    for piece in _pieces(arrays):
        digest.update(piece)
    head = {"format": FORMAT, "versions": dict(versions()), "sha256": digest.hexdigest()}
    line = json.dumps(head | {"arrays": places}, ensure_ascii=False).encode() + b"\n"
    line = line[:-1] + b" " * (-len(line) % STEP) + b"\n"
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
        try:
            out.write(line)
            for piece in _pieces(arrays):
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
            Path(out.name).replace(path)
        except OSError:
            Path(out.name).unlink(missing_ok=True)
            raise


def _pieces(arrays: Arrays) -> Iterator[bytes]:
    for array in arrays.values():
        yield array.tobytes() + bytes(-array.nbytes % STEP)


def _read(path: Path) -> Arrays:
    """Return the arrays of a file, mapped, after a look at versions and digest."""
    try:
        with path.open("rb") as file:
            line = file.readline(LONGEST_HEAD)
        mapped: Array = np.memmap(path, np.uint8, "r") if line else np.zeros(0, np.uint8)
    except OSError as error:
        raise IndexFileError(
            f"{path} cannot be read ({error.strerror}); check the name of the file.",
            f"无法读取 {path}（{error.strerror}），请检查文件名。",
        ) from error
    try:
        head = json.loads(line)
        known = head["format"], head["versions"]
        digest, places = head["sha256"], head["arrays"]
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(path) from error
    if known != (FORMAT, dict(versions())):
        raise IndexFileError(
            f"{path} was made by another version of the matcher or of its tables; "
            "remove it, and it is made anew.",
            f"{path} 由另一版本的比对程序或数据表生成；请删除该文件，程序会重新生成。",
        )
    body = mapped[len(line) :]
    if hashlib.sha256(body.data).hexdigest() != digest:
        raise _damaged(path)
    found = {}
    for name, kind, shape, at in places:
        dtype = np.dtype(kind)
        size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        found[name] = body[at : at + size].view(dtype).reshape(shape).view(np.ndarray)
    return found


def _damaged(path: Path) -> IndexFileError:
    return IndexFileError(
        f"{path} is not an index of marks, or it is damaged; remove it, and it is made anew.",
        f"{path} 不是商标索引，或已损坏；请删除该文件，程序会重新生成。",
    )
