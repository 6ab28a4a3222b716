"""The goods of the demo shop: strict reading of ``demo/catalogue.csv``.

Every brand in it is invented, apart from public geographical indications of Ningbo; the columns
``kind`` and ``mark_id`` are the truth that tests compare with, and are never shown by the shop.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
CATALOGUE = FOLDER / "catalogue.csv"
MARKS = FOLDER / "marks.csv"
SELLERS = FOLDER / "sellers.csv"


@dataclass(frozen=True)
class Goods:
    """One listing; ``kind`` is the truth about it, ``mark_id`` the mark concerned, if any."""

    upc: str
    title: str
    description: str
    brand: str
    price: Decimal
    currency: str
    stock: int
    shop: str
    ship_from: str
    category: str
    sku: str
    picture: str
    kind: str
    mark_id: str

    @property
    def family(self) -> str:
        """Return the kind without its detail: ``imitation`` for ``imitation:pinyin``."""
        return self.kind.partition(":")[0]

    @property
    def url_name(self) -> str:
        """Return the name under which the shop addresses it; listings are told apart by it."""
        return self.upc


def read_catalogue(path: Path = CATALOGUE) -> list[Goods]:
    """Return all listings in the file's order; a malformed row raises ValueError or KeyError."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Goods(**{**row, "price": Decimal(row["price"]), "stock": int(row["stock"])})  # type: ignore[arg-type]
        for row in rows
    ]


def read_sellers(path: Path = SELLERS) -> dict[str, set[str]]:
    """Return the authorised shops of each mark."""
    sellers: dict[str, set[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sellers.setdefault(row["mark_id"], set()).add(row["shop"])
    return sellers


def digest(path: Path = CATALOGUE) -> str:
    """Return the SHA-256 of the file, by which a filled shop knows that it is up to date."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
