"""Tables out of files: CSV, XLSX (ECMA-376, the cells of one sheet), JSON and JSON lines.

Formulas are not computed: the value kept in the file counts. Nothing outside the file is read.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from crawler.errors import ListFileWrong

MAX_PART = 200 * 1024 * 1024
MAX_ROWS = 1_000_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CELL = re.compile(r"([A-Z]+)\d+")
Row = dict[str, str]


def read_table(data: bytes, name: str, *, sheet: str | None = None) -> list[tuple[int, Row]]:
    """Return the rows of a file under its headings, each with its number in the file.

    XLSX is known by its bytes, JSON by its first sign, all else is CSV (comma, tab or
    semicolon; UTF-8, UTF-16 or GB 18030). Raises ListFileWrong for what is none of these.
    """
    if data.startswith(b"PK\x03\x04"):
        return _under_headings(_xlsx(data, name, sheet), name)
    text = _text(data, name)
    if text.lstrip()[:1] in ("{", "["):
        return [(n, _flat(row)) for n, row in _objects(text, name)]
    try:
        kind = csv.Sniffer().sniff(text[:8192], ",\t;|")
    except csv.Error:
        kind = csv.excel
    lines = csv.reader(io.StringIO(text), kind)
    try:
        return _under_headings(((lines.line_num, row) for row in lines), name)
    except csv.Error as error:
        raise _wrong(name, f"line {lines.line_num}: {error}", f"第 {lines.line_num} 行") from error


def _text(data: bytes, name: str) -> str:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text[:4096]:
            return text
    raise _wrong(name, "it is neither a table nor a text", "既不是表格也不是文本")


def _under_headings(lines: Iterator[tuple[int, list[str]]], name: str) -> list[tuple[int, Row]]:
    rows: list[tuple[int, Row]] = []
    heads: list[str] = []
    for number, cells in lines:
        filled = [cell.strip() for cell in cells]
        if not any(filled):
            continue
        if not heads:
            # a title over the table stands alone in its line
            heads = filled if sum(map(bool, filled)) > 1 or len(filled) == 1 else []
        elif len(rows) < MAX_ROWS:
            pairs = zip(heads, filled, strict=False)
            rows.append((number, {head: cell for head, cell in pairs if head and cell}))
    if not heads:
        raise _wrong(name, "it has no row of headings", "没有标题行")
    return rows


def _objects(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        rows = _rows(json.loads(text))
    except json.JSONDecodeError:
        lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
        for n, line in lines:
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise _wrong(name, f"line {n} is not JSON", f"第 {n} 行不是 JSON") from error
            if not isinstance(row, dict):
                raise _wrong(name, f"line {n} is no object", f"第 {n} 行不是对象") from None
            yield n, row
        return
    yield from enumerate(rows, 1)


def _rows(document: Any) -> list[dict[str, Any]]:
    """Return the longest list of objects in a document; of one object alone, itself."""
    if isinstance(document, dict):
        lists = [v for node in _nodes(document) for v in node.values() if isinstance(v, list)]
        tables = [[row for row in one if isinstance(row, dict)] for one in lists]
        return max(tables, key=len, default=[]) or [document]
    return [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []


def _nodes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield document
    for value in document.values():
        if isinstance(value, dict):
            yield from _nodes(value)


def _flat(row: dict[str, Any], prefix: str = "") -> Row:
    flat: Row = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            flat[prefix + key] = " ".join(str(v) for v in value if isinstance(v, str | int | float))
        elif value is not None and str(value).strip():
            flat[prefix + key] = str(value)
    return flat


def _xlsx(data: bytes, name: str, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            shared = _shared(book)
            page = _part(book, _sheet(book, name, sheet))
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError, OSError, ValueError) as error:
        raise _wrong(name, "it is no XLSX table", "不是可读的 XLSX 表格") from error
    for line in page.iter(f"{_MAIN}row"):
        cells: dict[int, str] = {}
        for at, cell in enumerate(line.iter(f"{_MAIN}c")):
            found = _CELL.match(cell.get("r") or "")
            cells[_column(found[1]) if found else at] = _value(cell, shared)
        width = min(max(cells, default=-1) + 1, 1000)
        yield int(line.get("r") or 0), [cells.get(n, "") for n in range(width)]


def _part(book: zipfile.ZipFile, path: str) -> etree._Element:
    if book.getinfo(path).file_size > MAX_PART:
        raise ValueError(path)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(book.read(path), parser)


def _shared(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    items = _part(book, "xl/sharedStrings.xml").iter(f"{_MAIN}si")
    return ["".join(t.text or "" for t in item.iter(f"{_MAIN}t")) for item in items]


def _sheet(book: zipfile.ZipFile, name: str, sheet: str | None) -> str:
    named = _part(book, "xl/workbook.xml").iter(f"{_MAIN}sheet")
    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    sheets = {one.get("name") or "": one.get(relation) or "" for one in named}
    if sheet is not None and sheet not in sheets:
        raise _wrong(name, f"it has no sheet {sheet}", f"没有名为 {sheet} 的工作表")
    wanted = sheets[sheet] if sheet is not None else next(iter(sheets.values()))
    links = _part(book, "xl/_rels/workbook.xml.rels")
    target = next(one.get("Target") or "" for one in links if one.get("Id") == wanted)
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _column(letters: str) -> int:
    number = 0
    for letter in letters[:4]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _value(cell: etree._Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(f"{_MAIN}t"))
    text = cell.findtext(f"{_MAIN}v") or ""
    if cell.get("t") == "s":
        return shared[int(text)] if text.isdigit() and int(text) < len(shared) else ""
    if cell.get("t") in ("str", "b", "e"):
        return "" if cell.get("t") == "e" else text
    return _number(text)


def _number(text: str) -> str:
    """Return a number as a person reads it: item numbers whole, prices without binary dust."""
    if re.fullmatch(r"-?\d+(?:\.0+)?", text):
        return text.partition(".")[0]
    try:
        value = float(text)
    except ValueError:
        return text
    return format(value, ".0f") if value.is_integer() else format(value, ".15g")


def _wrong(name: str, en: str, zh: str) -> ListFileWrong:
    return ListFileWrong(f"The list {name} cannot be read: {en}.", f"清单 {name} 无法读取：{zh}。")
