"""The marks file ``M.csv``: read strictly, every fault one sentence with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import MarksError
from matcher.mark import KINDS, Mark
from matcher.normal import join
from matcher.tabular import Sheet, read_sheet

KNOWN = ("mark_id", "name", "classes", "kind", "holder", "well_known", "common_word")
TRUE = frozenset({"1", "true", "yes", "y", "是", "t"})
FALSE = frozenset({"", "0", "false", "no", "n", "否", "f"})
CLASSES = re.compile(r"[;；,，、\s]+")
LONGEST_NAME = 500


@dataclass(frozen=True)
class Note:
    """Something worth telling about a file that was read."""

    zh: str
    en: str


@dataclass(frozen=True)
class MarksFile:
    """What a marks file holds; ``encoding`` as found, ``notes`` for the user."""

    marks: tuple[Mark, ...]
    encoding: str
    notes: tuple[Note, ...] = ()


def load_marks(path: Path | str) -> MarksFile:
    """Return the marks of a CSV file, all or none.

    Raises MarksError for a missing column, a class outside 1 to 45, two equal ids,
    an empty name, an unknown kind. NOT checked: whether the rights are in force.
    """
    path = Path(path)
    sheet = read_sheet(path, ("mark_id", "name"), MarksError)
    marks: list[Mark] = []
    lines: dict[str, int] = {}
    for line, row in sheet.rows:
        mark = _mark(row, line, path.name)
        if mark.mark_id in lines:
            raise _fault(
                path.name,
                line,
                f"the mark_id {mark.mark_id} is already on line {lines[mark.mark_id]}",
                f"mark_id {mark.mark_id} 与第 {lines[mark.mark_id]} 行重复",
            )
        lines[mark.mark_id] = line
        marks.append(mark)
    if not marks:
        raise MarksError(
            f"{path.name} holds no marks; write one on each line below the first.",
            f"{path.name} 中没有商标；请在首行之下每行写一件。",
        )
    return MarksFile(tuple(marks), sheet.encoding, tuple(_notes(path.name, sheet, marks)))


def _fault(name: str, line: int, en: str, zh: str) -> MarksError:
    return MarksError(f"{name}, line {line}: {en}.", f"{name} 第 {line} 行：{zh}。")


def _mark(row: dict[str, str], line: int, file: str) -> Mark:
    mark_id, name = row["mark_id"], row["name"]
    if not mark_id:
        raise _fault(file, line, "the mark_id is empty", "mark_id 为空")
    if not name:
        raise _fault(file, line, "the name is empty", "商标名称为空")
    if len(name) > LONGEST_NAME:
        raise _fault(
            file,
            line,
            f"the name is longer than {LONGEST_NAME} characters",
            f"商标名称超过 {LONGEST_NAME} 字",
        )
    if not join(name):
        raise _fault(
            file, line, "the name has no letter or digit", "商标名称没有可比对的文字或数字"
        )
    kind = row.get("kind", "").lower() or "word"
    if kind not in KINDS:
        kinds = ", ".join(sorted(KINDS))
        raise _fault(
            file,
            line,
            f"the kind “{kind}” is not known; use one of {kinds}",
            f"类型“{kind}”无法识别，可用：{kinds}",
        )
    return Mark(
        mark_id=mark_id,
        name=name,
        classes=_classes(row.get("classes", ""), line, file),
        kind=kind,
        holder=row.get("holder", ""),
        well_known=_flag(row.get("well_known", ""), "well_known", line, file),
        common_word=_flag(row.get("common_word", ""), "common_word", line, file),
        extra=tuple(sorted((k, v) for k, v in row.items() if k and k not in KNOWN)),
    )


def _classes(value: str, line: int, file: str) -> tuple[int, ...]:
    found = set()
    for part in CLASSES.split(value.strip()):
        if not part:
            continue
        if not (part.isascii() and part.isdigit() and 1 <= int(part[:4]) <= 45):
            raise _fault(
                file,
                line,
                f"“{part}” is not a Nice class (1 to 45)",
                f"“{part}”不是尼斯分类的类别（1 至 45）",
            )
        found.add(int(part))
    return tuple(sorted(found))


def _flag(value: str, column: str, line: int, file: str) -> bool:
    lowered = value.lower()
    if lowered in TRUE:
        return True
    if lowered in FALSE:
        return False
    raise _fault(
        file,
        line,
        f"{column} must be 0 or 1, not “{value}”",
        f"{column} 只能是 0 或 1，不能是“{value}”",
    )


def _notes(name: str, sheet: Sheet, marks: list[Mark]) -> list[Note]:
    notes = []
    if sheet.encoding == "gb18030":
        notes.append(
            Note(
                f"{name} 不是 UTF-8，已按 GBK/GB18030 读取。",
                f"{name} is not UTF-8; it was read as GBK/GB18030.",
            )
        )
    if "classes" not in sheet.header:
        notes.append(
            Note(
                f"{name} 没有 classes 列，无法按商品类别取舍，提示会偏多。",
                f"{name} has no column classes: goods cannot be weighed, so more will be flagged.",
            )
        )
    figurative = sum(mark.unwatched_figure for mark in marks)
    if figurative:
        notes.append(
            Note(
                f"{figurative} 件含图形的商标只比对文字，图形未监测。",
                f"{figurative} marks with a figure are compared by their words only; "
                "not watched by picture.",
            )
        )
    return notes
