"""What is handed in becomes a run: a platform's list, or a tip, read like any other source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from crawler import Listing
from desk.leads.handover import lines_of
from desk.leads.models import Run, Source, Watch
from desk.leads.services.watches import add_source, add_watch, run_now
from desk.leads.states import SourceKind
from desk.register.models import Organisation, User


@transaction.atomic
def hand_in(
    *,
    organisation: Organisation,
    name: str,
    listings: Iterable[Listing],
    now: datetime,
    actor: User | None = None,
) -> Run:
    """Return the run that compares these listings with every mark, in the source ``name``.

    The list is kept in the data folder under its SHA-256; its watch is never due by itself.
    Raises NotAllowed, or NotPossible while a run of the same source is open.
    """
    path = _keep(lines_of(listings))
    source = Source.objects.filter(
        organisation=organisation, name=name, kind=SourceKind.FILE
    ).first() or add_source(organisation=organisation, name=name, start_url=str(path), actor=actor)
    watch = source.watches.first() or add_watch(source=source, now=now, actor=actor)
    Watch.objects.filter(pk=watch.pk).update(active=False)
    run = run_now(watch=watch, now=now, actor=actor)
    Source.objects.filter(pk=source.pk).update(start_url=str(path))
    return run


def _keep(data: bytes) -> Path:
    folder = Path(settings.MARKSEAL_HOME) / "handed"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{hashlib.sha256(data).hexdigest()}.jsonl"
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
    return path
