"""Dataclasses to JSON and back, both ways strict: what crosses between two processes.

Driven by the fields themselves, so that a field added to an order or a snapshot travels at once.
Known: str, int, float, bool, None, bytes, Path, aware datetime, Enum, dataclass, ``tuple[X, ...]``,
``tuple[X, Y]``, ``list[X]``, ``dict[str, X]``, ``X | Y`` and Any (JSON as it is).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import math
import types
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from evidence.errors import FormatError

T = TypeVar("T")
_PLAIN = (str, int, bool, type(None))


def dumps(value: object) -> bytes:
    """Return a dataclass instance as one line of JSON; raises FormatError for what has no form."""
    text = json.dumps(to_json(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8") + b"\n"


def loads(kind: type[T], data: bytes) -> T:
    """Return the instance of ``kind`` that ``dumps`` wrote.

    Raises FormatError for anything else: a field missing, unknown or of another type.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _bad("JSON", str(error)) from error
    found = from_json(kind, value)
    if not isinstance(found, kind):
        raise _bad(kind.__name__, "another type")
    return found


def to_json(value: object) -> Any:
    """Return ``value`` as JSON values."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _bad("float", str(value))
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _bad("datetime", "without a time zone")
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: to_json(item) for key, item in value.items()}
    raise _bad(type(value).__name__, "no JSON form")


def from_json(kind: Any, value: Any) -> Any:
    """Return ``value`` (JSON) as an instance of the type ``kind``; raises FormatError."""
    if kind is Any:
        return value
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _either(get_args(kind), value)
    if origin is tuple:
        return _tuple(get_args(kind), value)
    if origin is list:
        return [from_json(get_args(kind)[0], item) for item in _expect(list, value)]
    if origin is dict:
        inner = get_args(kind)[1]
        return {key: from_json(inner, item) for key, item in _expect(dict, value).items()}
    if kind in (None, type(None)):
        return _expect(type(None), value)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value)
    return _leaf(kind, value)


def _leaf(kind: Any, value: Any) -> Any:
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _bad("float", repr(value)[:80])
        return float(value)
    if kind in (str, int, bool, dict, list):
        return _expect(kind, value)
    text = _expect(str, value)
    try:
        if kind is Path:
            return Path(text)
        if kind is bytes:
            return base64.b64decode(text, validate=True)
        if kind is datetime:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise _bad("datetime", "without a time zone")
            return moment
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind(text)
    except (ValueError, binascii.Error) as error:
        raise _bad(getattr(kind, "__name__", str(kind)), text[:80]) from error
    raise _bad(str(kind), "no JSON form")


def _dataclass(kind: Any, value: Any) -> Any:
    held = _expect(dict, value)
    names = [field.name for field in dataclasses.fields(kind)]
    if set(held) != set(names):
        odd = ", ".join(sorted(set(held) ^ set(names)))
        raise _bad(kind.__name__, f"missing or unknown: {odd}"[:200])
    hints = get_type_hints(kind)
    return kind(**{name: from_json(hints[name], held[name]) for name in names})


def _tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    items = _expect(list, value)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(from_json(kinds[0], item) for item in items)
    if len(items) != len(kinds):
        raise _bad("tuple", f"{len(items)} items, not {len(kinds)}")
    return tuple(from_json(kind, item) for kind, item in zip(kinds, items, strict=True))


def _either(kinds: tuple[Any, ...], value: Any) -> Any:
    for kind in kinds:
        try:
            return from_json(kind, value)
        except FormatError:
            continue
    raise _bad(" | ".join(map(str, kinds)), repr(value)[:80])


def _expect(kind: Any, value: Any) -> Any:
    if type(value) is not kind:
        raise _bad(kind.__name__, repr(value)[:80])
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        raise _bad("JSON", "a name stands twice")
    return held


def _bad(kind: str, found: str) -> FormatError:
    return FormatError(
        f"The message between the capture's processes is not usable ({kind}: {found}).",
        f"取证进程之间的消息无法使用（{kind}：{found}）。",
    )
