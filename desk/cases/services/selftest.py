"""The daily technical review of the capture tool: a job that fails loudly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from django.conf import settings

import egress.process
from desk.errors import DeskError
from desk.jobs.work import Work
from evidence.home import EvidenceHome
from evidence.seal.apart import apart_from, further_users
from evidence.seal.review import review
from evidence.selftest.review import Review

OpenGuard = Callable[..., AbstractContextManager[egress.process.Guard]]
MakeReview = Callable[..., Review]


class ReviewFailed(DeskError):
    """The technical review did not pass; its record is kept and enclosed."""


def run_selftest(
    work: Work, *, review: MakeReview = review, guard: OpenGuard = egress.process.guard
) -> Review:
    """Review the capture tool once and return the review.

    Raises ReviewFailed when it did not pass; the job is then tried again, and every review
    stays.
    """
    work.report("正在核查取证工具")
    home = EvidenceHome(Path(settings.MARKSEAL_HOME))
    journal = home.path / "evidence" / "egress" / "selftest.jsonl"
    journal.unlink(missing_ok=True)
    with guard(
        journal, allow_loopback=True, users=further_users(settings.MARKSEAL_CAPTURE_USER)
    ) as way:
        made = review(
            home,
            proxy=way.address,
            journal=journal,
            browser=settings.MARKSEAL_FIND_BROWSER(),
            sandbox=not settings.MARKSEAL_NO_SANDBOX,
            take=apart_from(home, user=settings.MARKSEAL_CAPTURE_USER),
        )
    if not made.passed:
        first = made.failures[0]
        raise ReviewFailed(
            f"The technical review did not pass ({len(made.failures)} checks; the first: "
            f"{first['id']}); run markseal selftest.",
            f"技术核查未通过（{len(made.failures)} 项不符，首项：{first['id']}）；"
            "请运行 markseal selftest 查看。",
        )
    return made
