"""Replays a captured WARC offline in a second browser and compares picture and text."""

from evidence.replay.check import check, leave_unchecked
from evidence.replay.compare import compare_pictures, compare_texts
from evidence.replay.reasons import Reason, cut_short

__all__ = ["Reason", "check", "compare_pictures", "compare_texts", "cut_short", "leave_unchecked"]
