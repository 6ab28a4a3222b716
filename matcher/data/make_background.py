"""Makes ``background_zh.txt`` and ``background_en.txt``: words that are no names.

``python -m matcher.data.make_background DICT.TXT FREQUENCIES.TXT [--into FOLDER]``

DICT.TXT is the dictionary of jieba 0.42.1 (MIT licence, Sun Junyi): word, frequency, part of
speech. FREQUENCIES.TXT is ``frequency_dictionary_en_82_765.txt`` of symspellpy 6.10 (MIT licence,
Wolf Garbe; from SCOWL and the Google Books n-grams). Names of persons, firms and brands are left
out, so that a brand that is in a dictionary is still a name.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

VERSION = "2026-11-23"
HAN = re.compile("[一-鿿]{2,4}")
LATIN = re.compile("[a-z]{3,}")
NAMES = ("nr", "nz", "nt")
LEAST = 20
SURE = 1000  # what is so frequent is a word, whatever else it may be
MOST = 25_000
CHARACTERS = 250


def chinese(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the words frequent enough, and the characters most frequent in names."""
    kept, characters = [], Counter[str]()  # words, and characters by the names they stand in
    for line in lines:
        word, frequency, part = line.split(" ")
        if HAN.fullmatch(word) and part in ("nr", "nt", "nz"):
            characters.update(set(word))
        least = SURE if part.startswith(NAMES) else LEAST
        if int(frequency) >= least and HAN.fullmatch(word):
            kept.append(word)
    common = [c for c, _ in sorted(characters.items(), key=lambda pair: (-pair[1], pair[0]))]
    return sorted(kept), common[:CHARACTERS]


def english(lines: list[str]) -> list[str]:
    """Return the most frequent words."""
    return sorted(w for w in (line.split()[0] for line in lines[:MOST]) if LATIN.fullmatch(w))


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chinese", type=Path)
    parser.add_argument("english", type=Path)
    parser.add_argument("--into", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    words, common = chinese(arguments.chinese.read_text(encoding="utf-8").splitlines())
    head = f"# version: {VERSION}\n# Made by make_background.py, which names the source."
    (arguments.into / "background_zh.txt").write_text(
        "\n".join([f"{head} First line: of names.", "".join(common), *words, ""]),
        encoding="utf-8",
    )
    latin = english(arguments.english.read_text(encoding="utf-8-sig").splitlines())
    (arguments.into / "background_en.txt").write_text(
        f"{head}\n" + "\n".join(latin) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
