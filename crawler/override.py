"""An override: a crawl where the site forbids robots, on a legal basis, approved, until a time.

It lets a recipe with ``crawl = false`` be crawled and pages be read that robots.txt forbids;
the site's Crawl-delay, budgets, logins and checks hold all the same. Not checked: whether the
basis carries it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.errors import OrderWrong

FORMAT = "markseal-override/1"
KEYS = {"format", "number", "basis", "approved_by", "expires"}


@dataclass(frozen=True)
class Override:
    """Its number, the legal basis, the officer who approved it, and when it ends (aware)."""

    number: str
    basis: str
    approved_by: str
    expires: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the override as a JSON object."""
        return {**vars(self), "expires": self.expires.isoformat()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Override:
        """Return the override of a JSON object that ``to_json`` wrote."""
        return cls(**{**row, "expires": datetime.fromisoformat(row["expires"])})

    @property
    def until(self) -> str:
        """When it ends, for people."""
        return self.expires.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def load_override(path: Path) -> Override:
    """Return the override of a TOML file; raise OrderWrong if it is none."""
    try:
        row = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OrderWrong(
            f"The override {path} cannot be read ({error}).",
            f"例外批准 {path} 无法读取（{error}）。",
        ) from error
    expires = row.get("expires")
    texts = [row.get(key) for key in ("number", "basis", "approved_by")]
    well = all(isinstance(text, str) and text.strip() for text in texts)
    timed = isinstance(expires, datetime) and expires.tzinfo is not None
    if set(row) != KEYS or row["format"] != FORMAT or not well or not timed:
        raise OrderWrong(
            f'The override {path} needs exactly: format = "{FORMAT}", number, basis, approved_by, '
            "and expires with its time zone (2026-12-31T18:00:00+08:00).",
            f'例外批准 {path} 须恰好包含：format = "{FORMAT}"、number（文号）、basis（法律依据）、'
            "approved_by（批准人）、expires（到期时间，含时区，如 2026-12-31T18:00:00+08:00）。",
        )
    del row["format"]
    return Override(**row)
