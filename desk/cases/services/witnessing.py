"""The witnesses are asked once a day, so that closings, erasures and silence are seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

import egress.process
from desk.cases.services.keeping import OpenGuard
from desk.errors import DeskError
from desk.jobs import queue
from desk.jobs.models import Job
from desk.jobs.work import Later, Work
from evidence.witness.asked import FILE
from evidence.witness.health import WitnessHealth, ask_all, health

AGAIN = timedelta(hours=1)
LOG = logging.getLogger(__name__)


class WitnessSilent(DeskError):
    """A witness has not cosigned the log for longer than ``alarm_days``."""


def enqueue_due_witnessing(*, now: datetime) -> Job | None:
    """Enqueue the daily request to the witnesses; None where there are none."""
    if not (Path(settings.MARKSEAL_HOME) / FILE).exists():
        return None
    day = f"{now:%Y-%m-%d}"
    return queue.enqueue(
        kind="witness", key=f"witness-{day}", payload={"day": day}, now=now, priority=-1
    )


def run_witnessing(
    work: Work,
    *,
    guard: OpenGuard = egress.process.guard,
    clock: Callable[[], datetime] = timezone.now,
) -> int:
    """Ask every witness to cosign the log as it stands; return how many have by now.

    Who is silent is asked again every hour of that day (Later). Raises WitnessSilent when one has
    not cosigned for ``alarm_days``, RolledBack when one has seen more of the log or another.
    """
    work.report("正在请见证人签署")
    home = Path(settings.MARKSEAL_HOME)
    journal = home / "evidence" / "egress" / "witness-daily.jsonl"
    journal.unlink(missing_ok=True)
    with guard(
        journal,
        allow_loopback=settings.MARKSEAL_ALLOW_LOOPBACK,
        resolvers=settings.MARKSEAL_RESOLVERS,
    ) as way:
        found = ask_all(home, proxy=way.address, clock=clock)
    if found is None or not found.missing:
        return 0 if found is None else len(found.witnessed)
    for error in found.missing:
        LOG.warning("%s", error.en)
    late = [one for one in health(home, now=clock()) if one.alarm]
    if late:
        raise _silent(late[0])
    if work.payload.get("day") == f"{clock():%Y-%m-%d}":
        first = found.missing[0]
        raise Later(AGAIN, first.en, first.zh)
    return len(found.witnessed)


def _silent(one: WitnessHealth) -> WitnessSilent:
    last = "" if one.cosigned is None else f"{one.cosigned:%Y-%m-%d %H:%M}"
    why_en, why_zh = (f" ({one.silence.en})", f"（{one.silence.zh}）") if one.silence else ("", "")
    return WitnessSilent(
        f"The witness {one.name} has not cosigned the log since {last or 'it was named'}{why_en}; "
        f"{one.behind} entries are not witnessed. Ask its operator.",
        f"见证人 {one.name} 自{last or '登记以来'}未签署日志{why_zh}；"
        f"有 {one.behind} 条未经其见证。请联系其运营者。",
    )
