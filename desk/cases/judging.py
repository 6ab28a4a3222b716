"""A verdict on an open file, by a process of its own: ``python -m desk.cases.judging FD NAME``.

The file is inherited as a descriptor and may have no name on any disk. Standard output is the
verdict (``markseal-verdict/1``); the exit code is its own. A third argument is the trust folder.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from evidence.verify import verify_opened


def nowhere() -> Path:
    """Return an empty folder that has no name: nothing lies beside the file, nothing is left."""
    folder = tempfile.mkdtemp()
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    Path(folder).rmdir()
    return Path(f"/proc/self/fd/{held}")


def main(arguments: Sequence[str]) -> int:
    """Print the verdict and return its exit code."""
    with os.fdopen(int(arguments[0]), "rb") as file:
        trust = Path(arguments[2]) if len(arguments) > 2 else None
        verdict = verify_opened(file, nowhere() / arguments[1], trust=trust).to_json()
    json.dump(verdict, sys.stdout, ensure_ascii=False)
    return int(verdict["exit"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
