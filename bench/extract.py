"""Extraction beside extruct + price-parser: price, availability and sku of saved real pages.

``python -m bench.extract --pages DIR [--errors] [--half even|odd]``. DIR holds
``truth.jsonl`` and the pages it names. The measure is product-extraction-benchmark's: one
value is predicted for a page, any of the true values is right, a wrong value counts as false
and as missed, prices are compared as decimals, and an empty availability counts as InStock
for both readers (a row without that filling is printed too). ``even`` and ``odd`` are halves
of the pages by the digest of their bytes: rules are made by looking at the even half alone.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import extruct
from price_parser import Price

from crawler import extract

FIELDS = ("price", "availability", "sku")
OUT = ("outofstock", "soldout", "discontinued")
Read = Mapping[str, str | None]


@dataclass(frozen=True)
class Case:
    """A saved page and what is true of it."""

    name: str
    url: str
    data: bytes
    even: bool
    truth: Mapping[str, Sequence[str]]


def cases(folder: Path) -> list[Case]:
    """Return the product pages of a folder, in the order of its truth file."""
    found = []
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != "product":
            continue
        data = gzip.decompress((folder / row["file"]).read_bytes())
        truth = {name: row["fields"].get(name) or [] for name in FIELDS}
        even = int(row["sha256"][-1], 16) % 2 == 0
        found.append(Case(row["file"][:12], row["url"], data, even, truth))
    return found


def ours(case: Case) -> Read:
    """Return what the general reader reads; no recipe, no status, no header."""
    read = extract(case.data, case.url, recipe=None)
    if len(read.listings) != 1:
        return {}
    row = read.listings[0]
    return {
        "price": row.price,
        "sku": row.sku,
        "availability": stock(row.availability),
        "state": str(read.state),
    }


def theirs(case: Case) -> Read:
    """Return what extruct's three syntaxes and price-parser read, the later ones first."""
    text = case.data.decode("utf-8", "replace")
    data = extruct.extract(
        text, uniform=True, syntaxes=["microdata", "opengraph", "json-ld"], errors="ignore"
    )
    merged: dict[str, str | None] = {}
    for syntax in ("opengraph", "json-ld", "microdata"):
        read = (_graph if syntax == "opengraph" else _product)(data.get(syntax) or [])
        merged.update({name: value for name, value in read.items() if value})
    return merged


def _graph(rows: Sequence[Mapping[str, Any]]) -> Read:
    row = {key.lower(): value for key, value in (rows[0] if rows else {}).items()}
    return {
        "price": _price(row.get("og:price:amount") or row.get("product:price:amount")),
        "sku": row.get("og:sku") or row.get("product:sku"),
        "availability": stock(row.get("og:availability") or row.get("product:availability")),
    }


def _product(rows: Sequence[Mapping[str, Any]]) -> Read:
    kinds = ("Product", "ItemPage")
    named = [row for kind in kinds for row in rows if kind in str(row.get("@type") or "")]
    row: Any = named[0] if named else {}
    if row and "Product" not in str(row.get("@type")):
        row = row.get("mainEntity") or {}
    if not isinstance(row, Mapping):
        return {}
    offers = row.get("offers") or {}
    offer = offers[0] if isinstance(offers, list) and offers else offers
    offer = offer if isinstance(offer, Mapping) else {}
    sku = row.get("sku") or row.get("productID")
    return {
        "price": _price(offer.get("price") or offer.get("highPrice") or offer.get("lowPrice")),
        "sku": str(sku) if sku else None,
        "availability": stock(offer.get("availability")),
    }


def _price(value: Any) -> str | None:
    amount = Price.fromstring(str(value)).amount if value is not None else None
    return None if amount is None else str(amount)


def stock(value: Any) -> str | None:
    """Return the benchmark's two words for an availability, or None."""
    word = "".join(letter for letter in str(value or "").lower() if letter.isalpha())
    if not word:
        return None
    return "OutOfStock" if word.endswith(OUT) else "InStock"


def counts(truth: Sequence[str], read: str | None, field: str) -> tuple[int, int, int]:
    """Return true positives, false positives and false negatives of one value."""
    known: set[Any] = {Decimal(v) if field == "price" else v for v in truth}
    value: Any = read
    if field == "price" and read is not None:
        try:
            value = Decimal(read)
        except InvalidOperation:
            value = read
    if value is None:
        return 0, 0, int(bool(known))
    return (1, 0, 0) if value in known else (0, 1, int(bool(known)))


def score(pairs: Sequence[tuple[Case, Read]], field: str, filled: bool) -> tuple[float, ...]:
    """Return F1, precision and recall of a field over pages."""
    right = wrong = missed = 0
    for case, read in pairs:
        value = read.get(field) or ("InStock" if filled and field == "availability" else None)
        good, bad, lost = counts(case.truth[field], value, field)
        right, wrong, missed = right + good, wrong + bad, missed + lost
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    both = precision + recall
    return (2 * precision * recall / both if both else 0.0), precision, recall


def run(reader: Callable[[Case], Read], pages: Sequence[Case]) -> tuple[list[Read], float]:
    """Return what a reader reads, and its milliseconds of CPU a page."""
    reader(pages[0])
    begun = time.process_time()
    reads = [reader(case) for case in pages]
    return reads, (time.process_time() - begun) * 1000 / len(pages)


def main() -> None:
    """Print the table, and with --errors what was read wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=os.environ.get("MARKSEAL_BENCH_PAGES"))
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--half", choices=("even", "odd"))
    arguments = parser.parse_args()
    if arguments.pages is None or not (arguments.pages / "truth.jsonl").is_file():
        print("no saved pages: give --pages DIR or MARKSEAL_BENCH_PAGES; nothing measured")
        return
    pages = [c for c in cases(arguments.pages) if arguments.half in (None, _half(c))]
    print("| reader | field | half | pages | F1 | precision | recall | ms/page |")
    print("|---|---|---|---|---|---|---|---|")
    for name, reader in (("markseal", ours), ("extruct + price-parser", theirs)):
        reads, cost = run(reader, pages)
        for field in (*FIELDS, "availability, empty left empty"):
            for half in ("all", "even", "odd"):
                _row(name, field, half, list(zip(pages, reads, strict=True)), cost)
        if arguments.errors and reader is ours:
            _errors(pages, reads)


def _row(name: str, field: str, half: str, pairs: Sequence[tuple[Case, Read]], cost: float) -> None:
    chosen = [pair for pair in pairs if half in ("all", _half(pair[0]))]
    if not chosen:
        return
    f1, precision, recall = score(chosen, field.partition(",")[0], "," not in field)
    told = f"{f1:.3f} | {precision:.3f} | {recall:.3f} | {cost:.0f}"
    print(f"| {name} | {field} | {half} | {len(chosen)} | {told} |", flush=True)


def _half(case: Case) -> str:
    return "even" if case.even else "odd"


def _errors(pages: Sequence[Case], reads: Sequence[Read]) -> None:
    for field in FIELDS:
        for case, read in zip(pages, reads, strict=True):
            value = read.get(field) or ("InStock" if field == "availability" else None)
            if any(counts(case.truth[field], value, field)[1:]):
                print(field, case.name, case.truth[field], repr(value), case.url[:90])


if __name__ == "__main__":
    main()
