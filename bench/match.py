"""Matching speed as ratios: our watchlist beside RapidFuzz partial_ratio and the exact automaton.

``python bench/match.py [--marks 1000,10000] [--listings 1500]``. Marks and titles are
generated from a seed; the three methods take turns on the same titles, three rounds, and
the best of each is taken. RapidFuzz sees fewer titles because it is slow.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ahocorasick_rs
from rapidfuzz import fuzz, process

from matcher import Mark, Offer, Watchlist
from matcher.normal import fold, join

SEED = 20261122
NOUNS = ("保温杯", "连衣裙", "蓝牙耳机", "矿泉水", "运动鞋", "年糕", "面霜", "电饭煲", "收纳盒")
LEADS = ("正品", "2026新款", "【包邮】", "现货", "", "", "")
TAILS = ("家用 大容量", "男女同款 透气", "500ml*12 整箱", "礼盒装 送礼", "black 42 new arrival")
WORDS = ("wireless", "portable", "stainless", "bottle", "running", "shoes", "coffee", "maker")
ROUNDS = 3


def names(count: int, chance: random.Random) -> list[str]:
    """Return invented names, Chinese and Latin by halves."""
    han = [chr(point) for point in range(0x4E00, 0x9FA5, 7)]
    parts = [c + v + e for c in "bcdfghklmnprstvz" for v in "aeiou" for e in ("", "n", "r", "x")]
    found: dict[str, None] = {}
    while len(found) < count:
        if chance.random() < 0.5:
            found["".join(chance.choices(han, k=chance.choice((2, 3, 3, 4))))] = None
        else:
            found["".join(chance.choices(parts, k=chance.choice((2, 3, 3)))).capitalize()] = None
    return list(found)


def titles(count: int, marks: Sequence[str], chance: random.Random) -> list[str]:
    """Return invented titles; one in ten names a mark."""
    found = []
    for _ in range(count):
        name = chance.choice(marks) if chance.random() < 0.1 else ""
        if chance.random() < 0.5:
            words = [chance.choice(LEADS), name, chance.choice(NOUNS), chance.choice(TAILS)]
        else:
            words = [name, *chance.sample(WORDS, 5), str(chance.randrange(999))]
        found.append(" ".join(word for word in words if word))
    return found


def rate(work: Callable[[Sequence[str]], None], sample: Sequence[str]) -> float:
    """Return titles per second of one run."""
    begun = time.perf_counter()
    work(sample)
    return len(sample) / (time.perf_counter() - begun)


def measure(count: int, listings: int) -> None:
    """Print one row of the table."""
    chance = random.Random(SEED)
    marks = names(count, chance)
    sample = titles(listings, marks, chance)
    begun = time.perf_counter()
    watchlist = Watchlist([Mark(f"{n:07d}", name) for n, name in enumerate(marks)])
    build = time.perf_counter() - begun
    folded = [fold(name) for name in marks]
    automaton = ahocorasick_rs.AhoCorasick([join(name) for name in marks])

    def ours(sample: Sequence[str]) -> None:
        for at, title in enumerate(sample):
            watchlist.scan(Offer(str(at), title))

    def exact(sample: Sequence[str]) -> None:
        for title in sample:
            automaton.find_matches_as_indexes(join(title))

    def fuzzy(sample: Sequence[str]) -> None:
        for title in sample:
            query = fold(title)
            process.extract(
                query,
                folded,
                scorer=fuzz.partial_ratio,
                score_cutoff=75,
                limit=None,
                processor=None,
            )

    few = sample[: max(20, 200_000 // count)]
    best = [0.0, 0.0, 0.0]
    for _ in range(ROUNDS):
        runs = (rate(ours, sample), rate(exact, sample), rate(fuzzy, few))
        best = [max(one, other) for one, other in zip(best, runs, strict=True)]
    print(
        f"| {count:,} | {build:.1f} s | {best[0]:,.0f} | {best[2]:,.0f} | "
        f"{best[0] / best[2]:.1f} x | {best[0] / best[1]:.4f} x |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--marks", default="1000,10000")
    parser.add_argument("--listings", type=int, default=1500)
    arguments = parser.parse_args()
    print("| marks | build | ours/s | RapidFuzz/s | ours ÷ RapidFuzz | ours ÷ exact automaton |")
    print("|---|---|---|---|---|---|")
    for count in arguments.marks.split(","):
        measure(int(count), arguments.listings)


if __name__ == "__main__":
    main()
