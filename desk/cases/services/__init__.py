"""Writes of the cases room: preserving, custody, verifying what is handed in.

The capture itself is ``desk.cases.services.preserve``, which loads the evidence package:
jobs alone do.
"""

from __future__ import annotations

from desk.cases.services.custody import record_download, record_view
from desk.cases.services.entrusting import end_entrustment, entrust, entrust_all
from desk.cases.services.request import Wishes, request_again, request_preservation
from desk.cases.services.verify import verify_upload

__all__ = [
    "Wishes",
    "end_entrustment",
    "entrust",
    "entrust_all",
    "record_download",
    "record_view",
    "request_again",
    "request_preservation",
    "verify_upload",
]
