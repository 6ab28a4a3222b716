"""Invented marks and listings for the tests; no real brand, no real shop."""

from __future__ import annotations

from typing import Any

from matcher import Mark, Offer, Watchlist

MARKS = (
    Mark("M1", "霖狸", (32,), holder="霖狸饮品有限公司"),
    Mark("M2", "柯茉岚", (3,)),
    Mark("M3", "Zentavo", (9,), well_known=True),
    Mark("M4", "Norvik Pell", (25,)),
    Mark("M5", "橡果", (9,), common_word=True),
    Mark("M6", "慈城年糕", (30,), kind="gi"),
    Mark("M7", "沐禾 MUHEA", (21,), kind="combined"),
    Mark("M8", "的美", (11,)),
    Mark("M9", "Ugo", (25,)),
    Mark("MA", "旭堇云舟", (11,)),
)
SHOPS = {"M1": ("霖狸旗舰店",), "M3": ("Zentavo Official Store",), "M6": ("甬味仓",)}


def watchlist(*more: Mark) -> Watchlist:
    return Watchlist((*MARKS, *more), SHOPS)


def offer(title: str, **fields: Any) -> Offer:
    return Offer(id="L1", title=title, **fields)


def flagged(title: str, **fields: Any) -> list[str]:
    return [m.mark_id for m in watchlist().scan(offer(title, **fields)) if m.flag]
