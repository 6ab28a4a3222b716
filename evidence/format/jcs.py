"""RFC 8785, JSON Canonicalization Scheme: the only JSON in a package.

``loads`` accepts bytes only if they are exactly what ``dumps`` prints for their content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import rfc8785

from evidence.errors import FormatError

LIMIT = 8 << 20
Json = Any


def dumps(value: Json) -> bytes:
    """Return the RFC 8785 bytes of ``value``; a value outside JSON raises FormatError."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise FormatError(
            f"this value has no canonical JSON form ({error})",
            f"该值没有规范 JSON 形式（{error}）",
        ) from error


def _pairs(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(f"the key {key!r} occurs twice", f"键 {key!r} 出现两次")
        found[key] = value
    return found


def _constant(text: str) -> Json:
    raise _Refused(f"{text} is not JSON", f"{text} 不是 JSON")


class _Refused(Exception):
    """What the parser's hooks found wrong, before it is known which document it is in."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def loads(data: bytes, noun: str, *, limit: int = LIMIT) -> Json:
    """Return the value of canonical ``data``; ``noun`` names the document in errors.

    Refuses more than ``limit`` bytes, duplicate keys, NaN, a byte order mark, deep nesting,
    and any spelling other than the canonical one.
    """
    if len(data) > limit:
        raise FormatError(f"{noun} is larger than {limit} bytes", f"{noun} 超过上限 {limit} 字节")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant)
    except _Refused as error:
        raise FormatError(f"{noun}: {error.en}", f"{noun}：{error.zh}") from None
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{noun} is not JSON ({error})", f"{noun} 不是 JSON（{error}）"
        ) from error
    try:
        canonical = dumps(value)
    except FormatError as error:
        raise FormatError(f"{noun}: {error.en}", f"{noun}：{error.zh}") from error
    if canonical != data:
        raise FormatError(
            f"{noun} is JSON, but not in its canonical form (RFC 8785)",
            f"{noun} 是 JSON，但不是规范形式（RFC 8785）",
        )
    return value


def take(value: Json, noun: str, fields: Mapping[str, type | tuple[type, ...]]) -> dict[str, Json]:
    """Return ``value`` if it is an object with exactly ``fields`` of these types.

    ``bool`` never passes as ``int``. Raises FormatError naming the first wrong field.
    """
    if not isinstance(value, dict):
        raise FormatError(f"{noun} is not an object", f"{noun} 不是对象")
    for key in value:
        if key not in fields:
            raise FormatError(f"{noun} has the unknown field {key!r}", f"{noun} 有未知字段 {key!r}")
    for key, kind in fields.items():
        if key not in value:
            raise FormatError(f"{noun} lacks the field {key!r}", f"{noun} 缺少字段 {key!r}")
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if type(value[key]) not in kinds:
            raise FormatError(
                f"{noun}: the field {key!r} has the wrong type", f"{noun} 的字段 {key!r} 类型不对"
            )
    return value
