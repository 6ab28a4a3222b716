"""What a person may read of sources, watches, runs and leads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet, Sum

from desk.errors import NotFound
from desk.leads.models import Lead, LeadCount, LeadEvent, Override, Run, Source, Watch
from desk.leads.states import LeadState
from desk.register.models import User
from desk.register.roles import scope_of

RELATED = ("listing", "listing__seller", "mark", "mark__organisation", "organisation")


def leads_for(
    viewer: User, *, state: str = "", mark: int | None = None, search: str = "", platform: str = ""
) -> QuerySet[Lead]:
    """Return the leads this person may see, the most urgent first.

    A bureau sees its own leads, a brand owner those on its marks, anybody else none.
    ``search`` looks in the number, the listing's title, its shop and the mark's name.
    Pages are read by ``desk.leads.paging``, which stays quick with a million leads.
    """
    scope = scope_of(viewer)
    leads = Lead.objects.filter(
        Q(organisation_id__in=scope.bureaux) | Q(holder_id__in=scope.brand_owners)
    )
    return narrowed(leads, state=state, mark=mark, search=search, platform=platform).select_related(
        *RELATED
    )


def narrowed(
    leads: QuerySet[Lead], *, state: str, mark: int | None, search: str, platform: str
) -> QuerySet[Lead]:
    """Return those of the leads that are wanted."""
    if state:
        leads = leads.filter(state=state)
    if mark is not None:
        leads = leads.filter(mark_id=mark)
    if platform:
        leads = leads.filter(platform=platform)
    if search:
        leads = leads.filter(
            Q(number__icontains=search)
            | Q(listing__title__icontains=search)
            | Q(listing__seller__shop__icontains=search)
            | Q(mark__name__icontains=search)
        )
    return leads


def lead_for(viewer: User, pk: int) -> Lead:
    """Return one lead; raises NotFound when this person may not see it."""
    lead = leads_for(viewer).filter(pk=pk).first()
    if lead is None:
        raise NotFound
    return lead


def events_of(viewer: User, lead: Lead) -> QuerySet[LeadEvent]:
    """Return what happened to a lead, oldest first; a brand owner sees only how it was found.

    Officers' steps are theirs until they release them.
    """
    events = LeadEvent.objects.filter(lead=lead).select_related("actor")
    if lead.organisation_id in scope_of(viewer).bureaux:
        return events
    return events.filter(actor__isnull=True)


def counted_for(viewer: User) -> QuerySet[LeadCount]:
    """Return the kept counts of the leads this person may see."""
    scope = scope_of(viewer)
    return LeadCount.objects.filter(
        Q(organisation_id__in=scope.bureaux) | Q(holder_id__in=scope.brand_owners)
    )


def lead_counts(viewer: User) -> dict[str, int]:
    """Return how many leads this person sees in each state, all states included."""
    counts = dict.fromkeys(LeadState.values, 0)
    counts.update(dict(counted_for(viewer).values_list("state").annotate(sum=Sum("number"))))
    return counts


def lead_total(
    viewer: User, *, state: str = "", mark: int | None = None, platform: str = ""
) -> int:
    """Return how many leads of this kind this person sees."""
    wanted: dict[str, Any] = {"state": state, "mark_id": mark, "platform": platform}
    kept = counted_for(viewer).filter(**{name: v for name, v in wanted.items() if v})
    return kept.aggregate(sum=Sum("number"))["sum"] or 0


def marks_with_leads(viewer: User) -> list[int]:
    """Return the rows of the marks on which this person sees leads."""
    return list(_present(viewer, "mark_id"))


def platforms_with_leads(viewer: User) -> list[str]:
    """Return the platforms on which this person sees leads, in order."""
    return sorted(_present(viewer, "platform"))


def mark_counts(viewer: User, marks: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return for each of these marks how many leads this person sees in each state."""
    found: dict[int, dict[str, int]] = {}
    kept = counted_for(viewer).filter(mark_id__in=list(marks))
    for mark, state, number in kept.values_list("mark_id", "state").annotate(sum=Sum("number")):
        found.setdefault(mark, {})[state] = number
    return found


def _present(viewer: User, name: str) -> Any:
    rows = counted_for(viewer).values(name).annotate(sum=Sum("number")).filter(sum__gt=0)
    return rows.values_list(name, flat=True)


def sources_for(viewer: User) -> QuerySet[Source]:
    """Return the sources of the bureaux this person belongs to, with watches and overrides.

    Their ``permitted`` are the overrides that were not withdrawn, the latest first.
    """
    permitted = Prefetch("overrides", Override.objects.filter(withdrawn_at=None), "permitted")
    sources = Source.objects.filter(organisation_id__in=scope_of(viewer).bureaux)
    return sources.select_related("alarm").prefetch_related("watches", permitted)


def source_for(viewer: User, pk: int) -> Source:
    """Return one source; raises NotFound when this person may not see it."""
    source = sources_for(viewer).filter(pk=pk).first()
    if source is None:
        raise NotFound
    return source


def watches_for(viewer: User) -> QuerySet[Watch]:
    """Return the watches of the bureaux this person belongs to."""
    return Watch.objects.filter(
        source__organisation_id__in=scope_of(viewer).bureaux
    ).select_related("source")


def watch_for(viewer: User, pk: int) -> Watch:
    """Return one watch; raises NotFound when this person may not see it."""
    watch = watches_for(viewer).filter(pk=pk).first()
    if watch is None:
        raise NotFound
    return watch


def runs_for(viewer: User, *, watch: int | None = None) -> QuerySet[Run]:
    """Return the runs of those watches, the latest first."""
    runs = Run.objects.filter(
        watch__source__organisation_id__in=scope_of(viewer).bureaux
    ).select_related("watch", "watch__source", "override")
    return runs if watch is None else runs.filter(watch_id=watch)


def picture_of(lead: Lead) -> Path | None:
    """Return the file of the lead's picture in the data folder, or None."""
    if not lead.picture:
        return None
    folder = (settings.MARKSEAL_HOME / "pictures").resolve()
    path = (folder / lead.picture).resolve()
    return path if path.is_relative_to(folder) and path.is_file() else None
