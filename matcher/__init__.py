"""The matcher: compares registered marks with listings and says why (suspected, never more).

``load_marks`` and ``load_sellers`` read files, ``Watchlist(marks, authorised).scan(listing)``
returns matches. Knows no database, no network and nothing of the desk.
"""

from __future__ import annotations

from matcher.errors import (
    IndexFileError,
    ListingsError,
    MarksError,
    MatchError,
    SellersError,
    TableError,
)
from matcher.listing import ListingLike, Offer
from matcher.mark import Mark
from matcher.marks_file import MarksFile, Note, load_marks
from matcher.match import Match, Reason
from matcher.saved import load_watchlist, save_watchlist
from matcher.sellers_file import SellersFile, load_sellers
from matcher.tables import versions
from matcher.watchlist import Watchlist

__all__ = [
    "IndexFileError",
    "ListingLike",
    "ListingsError",
    "Mark",
    "MarksError",
    "MarksFile",
    "Match",
    "MatchError",
    "Note",
    "Offer",
    "Reason",
    "SellersError",
    "SellersFile",
    "TableError",
    "Watchlist",
    "load_marks",
    "load_sellers",
    "load_watchlist",
    "save_watchlist",
    "versions",
]
