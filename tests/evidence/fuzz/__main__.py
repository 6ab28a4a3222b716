"""``python -m tests.evidence.fuzz TARGET SECONDS FOLDER``: fuzz one reader, beginning with FOLDER.

What makes it fail is written to ``FOLDER-findings/``. Needs atheris.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["evidence"]):
    from tests.evidence.fuzz.targets import TARGETS


def main() -> None:
    target, seconds, folder = sys.argv[1:4]
    findings = Path(f"{folder}-findings")
    findings.mkdir(exist_ok=True)
    TARGETS[target](b"")
    options = [
        sys.argv[0],
        f"-max_total_time={seconds}",
        f"-artifact_prefix={findings}/",
        "-timeout=20",
        "-rss_limit_mb=1500",
        "-max_len=200000",
        "-print_final_stats=1",
        folder,
    ]
    atheris.Setup(options, TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
