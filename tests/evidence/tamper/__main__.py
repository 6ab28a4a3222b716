"""Write ``docs/tampering.md``: ``python -m tests.evidence.tamper [--html] [--shell]``.

The columns of the two other verifiers take minutes; without their option they stay as they are.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.evidence.tamper.good import Good
from tests.evidence.tamper.matrix import (
    HTML,
    PAGE,
    PYTHON,
    SHELL,
    Column,
    html,
    printed,
    python_cells,
    shell,
    written,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--html", action="store_true")
    parser.add_argument("--shell", action="store_true")
    options = parser.parse_args()
    wrong: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = Good(folder / "good")
        columns = [Column(PYTHON, python_cells(good, folder))]
        for asked, title, way in ((options.html, HTML, html), (options.shell, SHELL, shell)):
            cells = written(title)
            if asked:
                told = way(good, folder)
                cells = told.cells
                wrong |= {f"{title} {row}": what for row, what in told.wrong.items()}
            if cells:
                columns.append(Column(title, cells))
    PAGE.write_text(printed(columns), "utf-8")
    print(f"{PAGE.name}: {len(columns[0].cells)} rows, {len(columns)} columns")
    for row, what in wrong.items():
        print(f"{row}: {what}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
