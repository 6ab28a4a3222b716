"""``python -m bench.evasion``: recall and precision on the labelled set, ours and peers'.

Intervals are Wilson's at 95 %. A listing is flagged *right* when the flagged mark is the one its
row wants. pg_trgm is not measured here; it needs a PostgreSQL.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable, Sequence

from bench.evasion.labelled import Row, load
from bench.evasion.peers import PEERS
from matcher import Watchlist

NEGATIVE = ("genuine", "compatible", "ordinary", "second_hand", "hard", "unrelated")
Z = 1.96


def wilson(hits: int, of: int) -> str:
    """Return a share with its interval, "-" of nothing."""
    if not of:
        return "-"
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return f"{share:.3f} ({middle - half:.3f}-{middle + half:.3f})"


def measure(rows: Sequence[Row], flags: Callable[[Row], set[str]]) -> tuple[str, str, Counter[str]]:
    """Return recall, precision and the flagged rows of each kind."""
    found = right = flagged = wanted = 0
    kinds: Counter[str] = Counter()
    for row in rows:
        got = flags(row)
        hit = row.mark_id in got
        kinds[row.kind] += hit if row.wanted else bool(got)
        wanted += row.wanted
        found += row.wanted and hit
        right += row.wanted and hit
        flagged += len(got)
    return wilson(found, wanted), wilson(right, flagged), kinds


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="also print what was judged wrong")
    parser.add_argument("--ours", action="store_true", help="leave the peers out")
    arguments = parser.parse_args()
    data = load()
    watchlist = Watchlist(data.marks, data.shops)
    cache = {
        row.offer.id: {m.mark_id for m in found if m.flag}
        for row, found in zip(
            data.rows, watchlist.scan_all([row.offer for row in data.rows]), strict=True
        )
    }
    hand = sum(not row.generated for row in data.rows)
    print(f"{len(data.rows)} listings ({hand} by hand), {len(data.marks)} marks\n")
    print("| method | part | recall | right among flagged |\n|---|---|---|---|")
    parts = {
        "tuning": [row for row in data.rows if not row.held_out],
        "held-out": [row for row in data.rows if row.held_out],
        "by hand": [row for row in data.rows if not row.generated],
    }
    for part, rows in parts.items():
        recall, right, _ = measure(rows, lambda row: cache[row.offer.id])
        print(f"| markseal | {part} ({len(rows)}) | {recall} | {right} |")
    for name, make in {} if arguments.ours else PEERS.items():
        peer = make(data.marks)
        flags = {r.offer.id: peer(f"{r.offer.brand or ''} {r.offer.title}") for r in data.rows}
        recall, right, _ = measure(parts["held-out"], lambda row, f=flags: f[row.offer.id])  # type: ignore[misc]
        print(f"| {name} | held-out | {recall} | {right} |", flush=True)
    print("\n| kind | tuning: flagged | held-out: flagged |\n|---|---|---|")
    totals = {part: Counter(row.kind for row in rows) for part, rows in parts.items()}
    counts = {p: measure(rows, lambda row: cache[row.offer.id])[2] for p, rows in parts.items()}
    for kind in sorted({row.kind for row in data.rows}, key=lambda k: (k in NEGATIVE, k)):
        cells = [wilson(counts[p][kind], totals[p][kind]) for p in ("tuning", "held-out")]
        print(f"| {kind}{' (not wanted)' if kind in NEGATIVE else ''} | {' | '.join(cells)} |")
    if arguments.misses:
        _tell(data.rows, cache)


def _tell(rows: Sequence[Row], cache: dict[str, set[str]]) -> None:
    """Print the rows of the tuning part and those by hand that were judged wrong."""
    for row in rows:
        got = cache[row.offer.id]
        wrong = row.mark_id not in got if row.wanted else bool(got)
        if wrong and not row.held_out:
            print(row.mark_id, row.kind, row.offer.brand, row.offer.shop, row.offer.title, got)


if __name__ == "__main__":
    main()
