"""Write ``docs/tampering.md``: ``python -m tests.evidence.tamper``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.evidence.tamper.good import Good
from tests.evidence.tamper.matrix import PAGE, Column, printed, python_cells


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = Good(folder / "good")
        columns = [Column("`markseal verify`", python_cells(good, folder))]
    PAGE.write_text(printed(columns), "utf-8")
    print(f"{PAGE.name}: {len(columns[0].cells)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
