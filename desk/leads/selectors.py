"""What a person may read of sources, watches, runs and leads."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from desk.errors import NotFound
from desk.leads.models import Lead, LeadEvent, Run, Source, Watch
from desk.leads.states import LeadState
from desk.register.models import User
from desk.register.roles import scope_of


def leads_for(
    viewer: User, *, state: str = "", mark: int | None = None, search: str = ""
) -> QuerySet[Lead]:
    """Return the leads this person may see, the most urgent first.

    A bureau sees its own leads, a brand owner those on its marks, anybody else none.
    ``search`` looks in the number, the listing's title, its shop and the mark's name.
    """
    scope = scope_of(viewer)
    leads = Lead.objects.filter(
        Q(organisation_id__in=scope.bureaux) | Q(mark__organisation_id__in=scope.brand_owners)
    ).select_related("listing", "listing__seller", "mark", "mark__organisation", "organisation")
    if state:
        leads = leads.filter(state=state)
    if mark is not None:
        leads = leads.filter(mark_id=mark)
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


def next_lead_for(viewer: User, *, after: Lead | None = None) -> Lead | None:
    """Return the next new lead in the queue after this one, or None."""
    leads = leads_for(viewer, state=LeadState.NEW)
    if after is not None:
        later = leads.filter(
            Q(priority__lt=after.priority) | Q(priority=after.priority, pk__gt=after.pk)
        ).first()
        return later or leads.exclude(pk=after.pk).first()
    return leads.first()


def events_of(viewer: User, lead: Lead) -> QuerySet[LeadEvent]:
    """Return what happened to a lead, oldest first; a brand owner sees only how it was found.

    Officers' steps are theirs until they release them.
    """
    events = LeadEvent.objects.filter(lead=lead).select_related("actor")
    if lead.organisation_id in scope_of(viewer).bureaux:
        return events
    return events.filter(actor__isnull=True)


def lead_counts(viewer: User) -> dict[str, int]:
    """Return how many leads this person sees in each state, all states included."""
    counts = dict.fromkeys(LeadState.values, 0)
    rows = leads_for(viewer).order_by().values_list("state").annotate(number=Count("pk"))
    counts.update(dict(rows))
    return counts


def sources_for(viewer: User) -> QuerySet[Source]:
    """Return the sources of the bureaux this person belongs to, with their watches."""
    return Source.objects.filter(organisation_id__in=scope_of(viewer).bureaux).prefetch_related(
        "watches"
    )


def watches_for(viewer: User) -> QuerySet[Watch]:
    """Return the watches of the bureaux this person belongs to."""
    return Watch.objects.filter(
        source__organisation_id__in=scope_of(viewer).bureaux
    ).select_related("source")


def runs_for(viewer: User, *, watch: int | None = None) -> QuerySet[Run]:
    """Return the runs of those watches, the latest first."""
    runs = Run.objects.filter(
        watch__source__organisation_id__in=scope_of(viewer).bureaux
    ).select_related("watch", "watch__source")
    return runs if watch is None else runs.filter(watch_id=watch)


def picture_of(lead: Lead) -> Path | None:
    """Return the file of the lead's picture in the data folder, or None."""
    if not lead.picture:
        return None
    folder = (settings.MARKSEAL_HOME / "pictures").resolve()
    path = (folder / lead.picture).resolve()
    return path if path.is_relative_to(folder) and path.is_file() else None
