"""Named secrets where their names stand: in addresses, forms, JSON, scripts and HTML.

``token=…&``, ``token%3D…``, ``"token":"…"``, ``\\"token\\":\\"…\\"``, ``token: '…'``, a multipart
field, ``<input name=token value=…>``. Only these shapes are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A value found beside its name: the bytes from ``start`` to ``end``."""

    start: int
    end: int
    name: str


_PASSWORD = rb"[\w.-]{0,24}(?:passw|pwd)[\w.-]{0,24}"
_TAG = rb"<(?:input|meta|option|button)\b[^>]{0,2000}?\b"
_NAMED = rb"(?:name|id)=[\"']?(?:%(n)s)[\"']?(?=[\s/>])"
_VALUED = rb"(?:value|content)=(?P<q>[\"'])(?P<v>[^\"'>]*)(?P=q)"
_FURTHER = rb"[^>]{0,2000}?\b"
_SHAPES = (
    rb"(?<![\w%%.-])(?:%(n)s)=(?P<v>[^&;#\s\"'<>\\]+)",
    rb"(?<![\w.-])(?:%(n)s)%%(?:25)*3[Dd](?P<v>(?:(?!%%(?:25)*(?:26|23|22|27))[^&;#\s\"'<>\\])+)",
    rb"(?<![\w.-])(?P<q>\\*[\"'])(?:%(n)s)(?P=q)\s*:\s*(?P=q)(?P<v>.{0,60000}?)(?<!\\)(?P=q)",
    rb"(?<![\w.-])(?P<q>\\*[\"'])(?:%(n)s)(?P=q)\s*:\s*(?P<v>-?[0-9][0-9.eE+-]*)",
    rb"(?<![\w.-])(?:%(n)s)\s*[:=]\s*(?P<q>[\"'`])(?P<v>(?:[^\"'`\\\r\n]|\\.)*)(?P=q)",
    _TAG + _NAMED + _FURTHER + _VALUED,
    _TAG + _VALUED + _FURTHER + _NAMED,
)
_FORM = rb"name=\"(?i:%(n)s)\"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n(?P<v>.{0,60000}?)\r\n--"
"""A field of a multipart form, which may stand between files of any bytes."""


class NamedFields:
    """Looks for the values of fields by their names, upper and lower case alike.

    With ``passwords``, fields whose name says password are looked for as well. In bytes that are
    no text (they hold a zero byte) only multipart fields are looked for.
    """

    def __init__(self, names: Iterable[str], *, passwords: bool = False) -> None:
        self.names = tuple(dict.fromkeys(name for name in names if name))
        shapes = [re.escape(name.encode()) for name in self.names]
        joined = b"|".join([*shapes, *([_PASSWORD] if passwords else [])])
        flags = re.DOTALL | re.IGNORECASE
        self._shapes = [re.compile(shape % {b"n": joined}, flags) for shape in _SHAPES]
        self._form = re.compile(_FORM % {b"n": joined}, re.DOTALL)
        self._any = re.compile(joined or rb"(?!)", re.IGNORECASE)
        self._looks = bool(joined)

    def find(self, data: bytes) -> Iterator[Field]:
        """Yield every value, once; its name is the first of the names that stands in the place."""
        if not self._looks:
            return
        text = b"\0" not in data and self._any.search(data) is not None
        seen: set[tuple[int, int]] = set()
        for shape in (self._form, *(self._shapes if text else ())):
            for match in shape.finditer(data):
                place = match.span("v")
                if place not in seen and place[0] < place[1]:
                    seen.add(place)
                    yield Field(place[0], place[1], self._name(match.group()))

    def _name(self, found: bytes) -> str:
        match = self._any.search(found)
        return match.group().decode("utf-8", "replace") if match else ""
