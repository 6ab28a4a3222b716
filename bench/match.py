"""Matching speed as ratios: ``markseal match`` beside RapidFuzz cdist and the exact automaton.

``python bench/match.py [--marks 1000,10000] [--listings 20000] [--titles FILE]``. Marks are
generated from a seed, titles too unless a file (one a line, gzip or not) is given. Ours is
the whole way of the command in one process, from lines of JSON to lines of leads, the index
apart. The three take turns on the same titles, three rounds; the best of each is taken, in
seconds of this process. RapidFuzz sees fewer titles because it is slow.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ahocorasick_rs
from rapidfuzz import fuzz, process

from matcher import Mark, Watchlist
from matcher.bulk import match_all
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
    begun = time.process_time()
    work(sample)
    return len(sample) / (time.process_time() - begun)


def read(path: str) -> list[str]:
    """Return the titles of a file."""
    data = Path(path).read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return [line for line in data.decode("utf-8").splitlines() if line.strip()]


def measure(count: int, listings: int, given: Sequence[str]) -> None:
    """Print one row of the table."""
    chance = random.Random(SEED)
    marks = names(count, chance)
    sample = list(given[:listings]) or titles(listings, marks, chance)
    begun = time.process_time()
    watchlist = Watchlist([Mark(f"{n:07d}", name) for n, name in enumerate(marks)])
    build = time.process_time() - begun
    folded = [fold(name) for name in marks]
    automaton = ahocorasick_rs.AhoCorasick([join(name) for name in marks])

    def ours(sample: Sequence[str]) -> None:
        rows = (json.dumps({"id": str(at), "title": t}) for at, t in enumerate(sample))
        match_all(watchlist, io.BytesIO("\n".join(rows).encode()), io.BytesIO())

    def exact(sample: Sequence[str]) -> None:
        for title in sample:
            automaton.find_matches_as_indexes(join(title))

    def fuzzy(sample: Sequence[str]) -> None:
        process.cdist(
            [fold(title) for title in sample], folded, scorer=fuzz.partial_ratio, score_cutoff=75
        )

    few = sample[: max(20, 200_000 // count)]
    best = [0.0, 0.0, 0.0]
    for _ in range(ROUNDS):
        runs = (rate(ours, sample), rate(exact, sample), rate(fuzzy, few))
        best = [max(one, other) for one, other in zip(best, runs, strict=True)]
    print(
        f"| {count:,} | {build:.1f} s | {best[0]:,.0f} | {best[2]:,.0f} | "
        f"{best[0] / best[2]:.1f} x | {best[0] / best[1]:.4f} x | "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--marks", default="1000,10000")
    parser.add_argument("--listings", type=int, default=20000)
    parser.add_argument("--titles", help="titles to take, one a line")
    arguments = parser.parse_args()
    given = read(arguments.titles) if arguments.titles else []
    print(
        "| marks | build | ours/s | RapidFuzz/s | ours ÷ RapidFuzz | ours ÷ exact automaton "
        "| memory |"
    )
    print("|---|---|---|---|---|---|---|")
    for count in arguments.marks.split(","):
        measure(int(count), arguments.listings, given)


if __name__ == "__main__":
    main()
