"""What sealed exhibits need later: content encrypted at rest, timestamps renewed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import egress.process
from desk.cases.models import Exhibit
from desk.cases.selectors import dossier_of, kept_of
from desk.cases.services.custody import add_event
from desk.cases.states import CustodyKind, ExhibitState
from desk.cases.writerlock import evidence_home
from desk.errors import DeskError
from desk.jobs.work import Work
from evidence.authority.revocation import fetching
from evidence.errors import EvidenceError
from evidence.format.digests import digest_stream
from evidence.home import EvidenceHome
from evidence.keeping.due import Due, due
from evidence.keeping.renewing import REVOCATION, Renewed, asked_once, renew
from evidence.keeping.store import FolderStore
from evidence.verify.trust import load_trust

LOG = logging.getLogger(__name__)
OpenGuard = Callable[..., AbstractContextManager[egress.process.Guard]]


class NotRenewed(DeskError):
    """Timestamps fall due and could not be renewed; ``markseal renew --due`` lists them."""


def take_in(exhibit: Exhibit) -> None:
    """Encrypt the content of a sealed exhibit at rest, under a key of its own.

    Harmless when done again; an exhibit without its sidecars is left as it is.
    """
    kept = kept_of(exhibit)
    if exhibit.state == ExhibitState.SEALED and kept.path(kept.sidecars.outcome).is_file():
        _store().put(kept)


def run_renewal(
    work: Work,
    *,
    guard: OpenGuard = egress.process.guard,
    clock: Callable[[], datetime] = timezone.now,
) -> int:
    """Take in what lies in the clear and renew what is due; return how many were renewed.

    Raises NotRenewed naming the first exhibit that is due and could not be renewed; the job then
    stands as failed, and is tried again.
    """
    work.report("正在检查时间戳有效期")
    trust = load_trust(_home().trust)
    alarms: list[tuple[Exhibit, Due]] = []
    lacking: list[tuple[Exhibit, Due]] = []
    faults: list[EvidenceError] = []
    for exhibit in Exhibit.objects.filter(state=ExhibitState.SEALED).iterator():
        try:
            take_in(exhibit)
            found = due(kept_of(exhibit), trust, now=clock())
        except EvidenceError as error:
            faults.append(error)
            continue
        if found.alarm is not None:
            alarms.append((exhibit, found))
        elif found.lacking:
            lacking.append((exhibit, found))
    renewed = 0
    if alarms or lacking:
        alarms.sort(key=lambda pair: pair[1].alarm or 0)
        more, renewed = _renew_all([*alarms, *lacking], guard, clock)
        faults += more
    if faults:
        raise _not_renewed(faults, len(alarms) - renewed, alarms)
    return renewed


def _renew_all(
    alarms: list[tuple[Exhibit, Due]], guard: OpenGuard, clock: Callable[[], datetime]
) -> tuple[list[EvidenceError], int]:
    home, store, trust = _home(), _store(), load_trust(_home().trust)
    journal = home.path / "evidence" / "egress" / "renewal.jsonl"
    journal.unlink(missing_ok=True)
    faults: list[EvidenceError] = []
    count = 0
    with guard(
        journal,
        allow_loopback=settings.MARKSEAL_ALLOW_LOOPBACK,
        resolvers=settings.MARKSEAL_RESOLVERS,
    ) as way:
        named = home.authorities(proxy=way.address)
        authorities = [item.authority for item in named]
        roots = {item.name: item.roots for item in named}
        revocation = fetching(roots, proxy=way.address)
        again = asked_once(revocation)
        for exhibit, found in alarms:
            try:
                made = renew(
                    found.kept,
                    trust=trust,
                    authorities=authorities,
                    clock=clock,
                    content=store.open,
                    rewrite=store.renewed,
                    revocation=revocation if found.alarm is not None else again,
                )
            except EvidenceError as error:
                faults.append(error)
                continue
            if made is not None:
                record_renewed(exhibit=exhibit, made=made)
                count += made.kind != REVOCATION
    return faults, count


@transaction.atomic
def record_renewed(*, exhibit: Exhibit, made: Renewed) -> None:
    """Bring the row and the chain of custody up to date with a renewed dossier."""
    with dossier_of(exhibit).open() as file:
        digest = digest_stream(file).sha256
    Exhibit.objects.filter(pk=exhibit.pk).update(dossier_sha256=digest)
    until = f"{made.after.until:%Y-%m-%d}" if made.after.until else ""
    note = f"{made.kind} {', '.join(made.authorities)} → {until}"
    add_event(exhibit=exhibit, kind=CustodyKind.RENEWED, actor=None, sha256=digest, note=note)


@transaction.atomic
def note_erased(*, capture_id: str, sha256: str, note: str) -> Exhibit | None:
    """Record that content was erased, once, and forget what the row still tells of the page.

    None when the desk does not know the exhibit. Its lead and listing are rows of their own and
    stay.
    """
    exhibit = Exhibit.objects.filter(capture_id=capture_id).first()
    if exhibit is None:
        return None
    Exhibit.objects.filter(pk=exhibit.pk).update(title="", final_url="", page_note="")
    if not exhibit.custody.filter(kind=CustodyKind.CONTENT_ERASED).exists():
        add_event(
            exhibit=exhibit, kind=CustodyKind.CONTENT_ERASED, actor=None, sha256=sha256, note=note
        )
    return exhibit


def _not_renewed(
    faults: list[EvidenceError], left: int, alarms: list[tuple[Exhibit, Due]]
) -> NotRenewed:
    """Return the alarm, with the term (180, 90 or 30 days) that the most urgent is within."""
    first, days = faults[0], alarms[0][1].alarm if alarms else None
    within_en = f", the most urgent within {days} days" if days else ""
    within_zh = f"（最紧迫的在 {days} 天内）" if days else ""
    LOG.warning("timestamps: %d exhibits are due and not renewed%s", left, within_en)
    return NotRenewed(
        f"{left} exhibits are due{within_en} and were not renewed, {len(faults)} faults; the "
        f"first: {first.en} Run markseal renew --due.",
        f"{left} 件证据待续期{within_zh}而未能续期，{len(faults)} 处问题；首项：{first.zh}"
        "请运行 markseal renew --due。",
    )


def _home() -> EvidenceHome:
    return evidence_home()


def _store() -> FolderStore:
    return FolderStore(_home())
