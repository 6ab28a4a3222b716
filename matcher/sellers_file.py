"""The sellers file ``S.csv``: which shops are authorised for which mark."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import SellersError
from matcher.marks_file import Note
from matcher.tabular import read_sheet


@dataclass(frozen=True)
class SellersFile:
    """Authorised shops by mark id; ``encoding`` as found, ``notes`` for the user."""

    shops: dict[str, tuple[str, ...]]
    encoding: str
    notes: tuple[Note, ...] = ()


def load_sellers(path: Path | str, marks: Collection[str] = ()) -> SellersFile:
    """Return the authorised shops of a CSV file, all or none.

    Raises SellersError for a missing column or an empty cell. Rows of marks that are
    not among ``marks`` (when given) are kept and told in a note.
    """
    path = Path(path)
    sheet = read_sheet(path, ("mark_id", "shop"), SellersError)
    shops: dict[str, list[str]] = {}
    for line, row in sheet.rows:
        for column in ("mark_id", "shop"):
            if not row[column]:
                raise SellersError(
                    f"{path.name}, line {line}: the {column} is empty.",
                    f"{path.name} 第 {line} 行：{column} 为空。",
                )
        shops.setdefault(row["mark_id"], []).append(row["shop"])
    notes = []
    if sheet.encoding == "gb18030":
        notes.append(
            Note(
                f"{path.name} 不是 UTF-8，已按 GBK/GB18030 读取。",
                f"{path.name} is not UTF-8; it was read as GBK/GB18030.",
            )
        )
    if not shops:
        notes.append(
            Note(
                f"{path.name} 中没有授权店铺。",
                f"{path.name} names no authorised shop.",
            )
        )
    unknown = sorted(set(shops) - set(marks)) if marks else []
    if unknown:
        notes.append(
            Note(
                f"{path.name} 中有 {len(unknown)} 个 mark_id 不在商标文件中（如 {unknown[0]}）。",
                f"{path.name} names {len(unknown)} marks that the marks file does not have "
                f"(such as {unknown[0]}).",
            )
        )
    found = {mark: tuple(dict.fromkeys(names)) for mark, names in shops.items()}
    return SellersFile(found, sheet.encoding, tuple(notes))
