"""Alarms: a site that has changed pauses its source until somebody has looked."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q

from desk.leads.drift import EARLIER, Reading, drift
from desk.leads.models import Run, Source
from desk.leads.states import RunState
from desk.register.models import Role, User
from desk.register.roles import require_role

READ = (RunState.COMPLETE, RunState.LIMITED)


def look_for_drift(run: Run, coverage: Mapping[str, int]) -> None:
    """Keep what an ended run covered, and raise the alarm where it fell short of earlier ones.

    A changed layout pauses the source; fewer goods by the site's own count do not.
    """
    if run.state not in READ:
        return
    run.coverage = dict(coverage)
    found = drift(_reading(run), _earlier(run))
    if found is not None:
        run.alarm_zh, run.alarm_en = found.zh, found.en
        paused = {"active": False} if found.layout else {}
        Source.objects.filter(pk=run.watch.source_id).update(alarm=run, **paused)
    run.save(update_fields=("coverage", "alarm_zh", "alarm_en"))


def _reading(run: Run) -> Reading:
    return Reading(run.listings, run.coverage, run.reported_total)


def _earlier(run: Run) -> list[Reading]:
    since = run.watch.source.baseline_from
    rows = run.watch.runs.filter(Q(alarm_zh="") | Q(due_at=since), state__in=READ)
    rows = rows.exclude(pk=run.pk).exclude(coverage={})
    if since is not None:
        rows = rows.filter(due_at__gte=since)
    return [_reading(row) for row in rows.order_by("-due_at")[:EARLIER]]


def end_alarm(*, source: Source, accept: bool, actor: User | None = None) -> None:
    """Let a source with an alarm go on; nothing happens where there is none.

    ``accept`` makes the run that raised it the measure of later ones; otherwise the earlier
    runs stay the measure. ``actor`` None is the operator. Raises NotAllowed.
    """
    if actor is not None:
        require_role(actor, Role.OFFICER, organisation_id=source.organisation_id)
    alarm = source.alarm
    if alarm is None:
        return
    since = alarm.due_at if accept else source.baseline_from
    Source.objects.filter(pk=source.pk).update(active=True, alarm=None, baseline_from=since)
