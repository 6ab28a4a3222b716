"""``make pictures``: the documents' pictures, from the newest run of the acceptance story."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TAKEN = ROOT / "build" / "pictures"
KEPT = ROOT / "docs" / "pictures"
COLOURS = 128


def wanted() -> set[str]:
    """Return the names of the pictures that a document shows or that are kept already."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    shown = {
        name
        for document in documents
        for name in re.findall(r"pictures/([\w-]+\.png)", document.read_text("utf-8"))
    }
    return shown | {path.name for path in KEPT.glob("*.png")}


def main() -> int:
    """Copy the wanted pictures, in few colours so that they stay small."""
    missing = sorted(name for name in wanted() if not (TAKEN / name).is_file())
    if missing:
        print(f"The story took no picture named {', '.join(missing)}.", file=sys.stderr)
        return 1
    KEPT.mkdir(parents=True, exist_ok=True)
    for name in sorted(wanted()):
        picture = Image.open(TAKEN / name).convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(KEPT / name, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
