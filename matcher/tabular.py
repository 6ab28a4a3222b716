"""CSV files as people send them: UTF-8 with or without BOM, or GBK/GB18030, and said so.

Cells are separated by commas, or by the semicolons or tabs that spreadsheets write; a first line
``sep=;`` of theirs is passed over.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import MatchError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SEPARATORS = ",;\t"
SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """The rows of a CSV file, each with the number of its first line."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    encoding: str


def decode(data: bytes, name: str, error: type[MatchError]) -> tuple[str, str]:
    """Return the text and the encoding that was found; ``error`` when there is none."""
    if data.startswith(BYTE_ORDER_MARK):
        data, found = data[3:], "utf-8-sig"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        found = "utf-16"
    else:
        found = "utf-8"
    for encoding in (found, "gb18030"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise error(
        f"{name} is neither UTF-8 nor GB18030; save it as UTF-8 and try again.",
        f"{name} 既不是 UTF-8 也不是 GB18030 编码；请另存为 UTF-8 后重试。",
    )


def read_sheet(path: Path, required: Sequence[str], error: type[MatchError]) -> Sheet:
    """Return the rows of a CSV file; ``error`` names file, line and what is wrong."""
    try:
        data = path.read_bytes()
    except OSError as failure:
        raise error(
            f"{path} cannot be read ({failure.strerror}); check the name of the file.",
            f"无法读取 {path}（{failure.strerror}），请检查文件名。",
        ) from failure
    text, encoding = decode(data, path.name, error)
    if "\x00" in text:
        raise error(
            f"{path.name} is not a CSV file; save it as CSV and try again.",
            f"{path.name} 不是 CSV 文件；请另存为 CSV 后重试。",
        )
    told = SEPARATOR_LINE.match(text.split("\n", 1)[0])
    separator = told.group(1) if told else _separator(text, required)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    try:
        if told:
            next(reader, [])
        header = tuple(column.strip().lower() for column in next(reader, []))
        _check_header(header, required, path.name, error)
        rows = tuple(_rows(reader, header, path.name, error))
    except csv.Error as failure:
        raise error(
            f"{path.name}, line {reader.line_num}: not well-formed CSV ({failure}).",
            f"{path.name} 第 {reader.line_num} 行不是合法的 CSV（{failure}）。",
        ) from failure
    return Sheet(header, rows, encoding)


def _check_header(
    header: Sequence[str], required: Sequence[str], name: str, error: type[MatchError]
) -> None:
    missing = [column for column in required if column not in header]
    if missing:
        wanted = ",".join(required)
        raise error(
            f"{name}, line 1: the column {', '.join(missing)} is missing; "
            f"the first line must name at least {wanted}.",
            f"{name} 第 1 行缺少列：{'、'.join(missing)}；首行至少要有 {wanted}。",
        )
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise error(
            f"{name}, line 1: the column {twice[0]} appears twice.",
            f"{name} 第 1 行的列 {twice[0]} 重复。",
        )


def _separator(text: str, required: Sequence[str]) -> str:
    """Return the separator under which the first line names the required columns, else a comma."""
    first = text.split("\n", 1)[0].lower()
    for separator in SEPARATORS:
        cells = {cell.strip().strip('"').strip() for cell in first.split(separator)}
        if cells.issuperset(required):
            return separator
    return ","


def _rows(
    reader: Iterator[list[str]], header: Sequence[str], name: str, error: type[MatchError]
) -> Iterator[tuple[int, dict[str, str]]]:
    line = int(getattr(reader, "line_num", 1)) + 1
    for cells in reader:
        here, line = line, int(getattr(reader, "line_num", line)) + 1
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise error(
                f"{name}, line {here}: {len(cells)} cells under {len(header)} columns.",
                f"{name} 第 {here} 行有 {len(cells)} 格，表头只有 {len(header)} 列。",
            )
        padded = [*cells, *[""] * (len(header) - len(cells))]
        yield here, {column: cell.strip() for column, cell in zip(header, padded, strict=True)}
