"""The long tests, in pieces that can be interrupted: ``make soak``.

Each test marked ``soak`` is one piece, run in a process of its own. Its outcome
and its measured lines (``soak: …`` on standard output) are written at once to
``docs/soak.json`` and the table ``docs/soak.md``; a piece that already passed on
the same state of the product is not run again. ``--again`` runs all.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "soak.json"
LOCK = Path(tempfile.gettempdir()) / "markseal-soak.lock"
TABLE = ROOT / "docs" / "soak.md"
PRODUCT = (
    "crawler",
    "matcher",
    "evidence",
    "egress",
    "desk",
    "config",
    "release",
    "scheduler.py",
    "tests",
)


def pytest_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def pieces(room: str) -> list[str]:
    """Return the node ids of all soak tests below ``room``."""
    listed = pytest_run(room, "-m", "soak", "--collect-only", "-q").stdout.splitlines()
    return [line for line in listed if "::" in line]


def state() -> str:
    """Return a digest of the product's files as they are now."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *PRODUCT],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    total = hashlib.sha256()
    for name in sorted(names):
        if (ROOT / name).is_file() and name.endswith((".py", ".toml", ".tsv")):
            total.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return total.hexdigest()[:16]


def run_piece(node: str, product: str) -> dict[str, object]:
    started = time.monotonic()
    done = pytest_run(node, "-m", "soak", "-s", "-p", "no:cacheprovider", "-o", "timeout=7200")
    return {
        "piece": node,
        "product": product,
        "passed": done.returncode == 0,
        "seconds": round(time.monotonic() - started, 1),
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "measured": [
            line[line.index("soak: ") + 6 :]
            for line in done.stdout.splitlines()
            if "soak: " in line
        ],
        "failure": "" if done.returncode == 0 else _told(done.stdout[-2000:]),
    }


def _told(output: str) -> str:
    """Return the output without this machine's paths: the results are committed."""
    return output.replace(f"{ROOT}/", "").replace(tempfile.gettempdir(), "TMP")


def known() -> dict[str, dict[str, object]]:
    """Return the results so far."""
    if not RESULTS.exists():
        return {}
    found: dict[str, dict[str, object]] = json.loads(RESULTS.read_text("utf-8"))
    return found


def keep(node: str, row: dict[str, object]) -> None:
    """Add one result to those of other runs, which may go on at the same time."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        write({**known(), node: row})


def write(results: dict[str, dict[str, object]]) -> None:
    RESULTS.write_text(
        json.dumps(results, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8"
    )
    lines = [
        "# Results of the long tests",
        "",
        "Written by `make soak`; one row a piece, as last run; `product` is a digest of the tested",
        "source files.",
        "",
        "| piece | result | seconds | when | product | measured |",
        "|---|---|---|---|---|---|",
    ]
    for node, row in sorted(results.items()):
        measured = row["measured"] if isinstance(row["measured"], list) else []
        lines.append(
            f"| {node} | {'passed' if row['passed'] else 'FAILED'} | {row['seconds']} "
            f"| {row['when']} | {row['product']} | {'; '.join(map(str, measured))} |"
        )
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--again", action="store_true", help="run pieces that passed as well")
    parser.add_argument("room", nargs="?", default="tests", help="only below this folder or file")
    options = parser.parse_args()
    product, failed = state(), 0
    for node in pieces(options.room):
        before = known().get(node)
        if before and before["passed"] and before["product"] == product and not options.again:
            print(f"passed before  {node}", flush=True)
            continue
        row = run_piece(node, product)
        keep(node, row)
        failed += not row["passed"]
        print(f"{'passed' if row['passed'] else 'FAILED'}  {node}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
