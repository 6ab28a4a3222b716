"""The technical review (技术核查): this installation captures a server that knows what it sent."""

from evidence.selftest.review import KEPT_HOURS, Review, keep, latest_review, newest_review
from evidence.selftest.trial import Take, selftest

__all__ = ["KEPT_HOURS", "Review", "Take", "keep", "latest_review", "newest_review", "selftest"]
