"""Replays a captured WARC offline in a second browser and compares picture and text."""

from evidence.replay.check import check, leave_unchecked
from evidence.replay.compare import compare_pictures, compare_texts

__all__ = ["check", "compare_pictures", "compare_texts", "leave_unchecked"]
