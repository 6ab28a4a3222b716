"""Chromium's NetLog file (logFormatVersion 1): its constants and its events, one to a line.

The file is one JSON object written line by line: constants, then an array of events, then the
state polled at the end. A browser that was killed leaves it without an end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from evidence.errors import FormatError

LINE_LIMIT = 64 << 20
MOMENT_LIMIT = 100_000_000_000_000  # milliseconds; the year 5138
BEGIN, END, NONE = 1, 2, 0
_TYPE = re.compile(rb'"type":(\d+)\}[\],\s]*$')
_TAIL = 160
_CLOSING = (b"", b"}", b"]}", b"]", b"],")


@dataclass(frozen=True)
class Event:
    """One event: ``time`` in milliseconds of the log's clock, ``kind`` its name."""

    kind: str
    phase: int
    source: int
    source_kind: str
    time: int
    params: dict[str, Any]


@dataclass(frozen=True)
class Constants:
    """What the log's first line says: names for numbers, the browser, the clock's zero."""

    events: dict[int, str]
    sources: dict[int, str]
    errors: dict[int, str]
    flags: dict[str, int]
    offset: int
    browser: str
    command_line: str

    def error(self, number: int) -> str:
        """Return a net error's name (``ERR_CONNECTION_RESET``), or its number as text."""
        return self.errors.get(number, f"ERR_{-number}")


class Log:
    """An open log; ``complete`` and ``bad_lines`` are known once ``events`` is exhausted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.complete = False
        self.bad_lines: list[int] = []
        with _opened(path) as source:
            self.constants = _constants(path, source.readline(LINE_LIMIT))

    def events(self, wanted: Collection[str]) -> Iterator[Event]:
        """Yield the events of the wanted kinds in order; other lines are not even parsed."""
        names = self.constants.events
        numbers = {number for number, name in names.items() if name in wanted}
        count = 0
        with _opened(self.path) as source:
            source.readline(LINE_LIMIT)
            source.readline(LINE_LIMIT)
            for count, line in enumerate(_lines(source), start=3):
                tail = line[-_TAIL:].rstrip()
                if tail in _CLOSING or line.startswith(b'"polledData"'):
                    self.complete = self.complete or tail.startswith(b"]")
                    continue
                found = _TYPE.search(tail)
                if found is None or int(found.group(1)) in numbers:
                    event = self._event(line.rstrip(b"],\r\n "))
                    if event is None:
                        self.bad_lines.append(count)
                    elif event.kind in wanted:
                        yield event
                self.complete = self.complete or tail.rstrip(b",").endswith(b"]")
        if self.bad_lines and self.bad_lines[-1] == count and not self.complete:
            self.bad_lines.pop()  # the line that the end of the browser cut in two

    def _event(self, line: bytes) -> Event | None:
        try:
            value = json.loads(line)
            source = value["source"]
            params = value.get("params", {})
            time = int(value["time"])
            if not 0 <= time < MOMENT_LIMIT:
                return None
            return Event(
                kind=self.constants.events.get(value["type"], ""),
                phase=int(value["phase"]),
                source=int(source["id"]),
                source_kind=self.constants.sources.get(source["type"], ""),
                time=time,
                params=params if isinstance(params, dict) else {},
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise FormatError(
            f"The browser's network log {path.name} cannot be read: {error.strerror}.",
            f"无法读取浏览器的网络日志 {path.name}：{error.strerror}。",
        ) from error


def _lines(source: BinaryIO) -> Iterator[bytes]:
    while line := source.readline(LINE_LIMIT):
        yield line


def _constants(path: Path, line: bytes) -> Constants:
    try:
        value = json.loads(line.rstrip().rstrip(b",") + b"}")["constants"]
        client = value.get("clientInfo", {})
        offset = int(value["timeTickOffset"])
        if not 0 <= offset < MOMENT_LIMIT:
            raise ValueError("a clock that is none")
        return Constants(
            events={int(number): name for name, number in value["logEventTypes"].items()},
            sources={int(number): name for name, number in value["logSourceType"].items()},
            errors={int(number): name for name, number in value["netError"].items()},
            flags={name: int(bits) for name, bits in value["certStatusFlag"].items()},
            offset=offset,
            browser=f"{client.get('name', '')} {client.get('version', '')}".strip(),
            command_line=str(client.get("command_line", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            f"The browser's network log {path.name} has no readable first line; the browser "
            "ended before it wrote one, or this is not a NetLog.",
            f"浏览器的网络日志 {path.name} 没有可读的首行：浏览器在写出之前就已结束，"
            "或者这不是 NetLog 文件。",
        ) from error
