"""What the API answers with: the records as JSON, times in RFC 3339."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from ninja import Field, Schema

from desk.cases.models import Exhibit
from desk.leads.models import Lead, LeadEvent, Run, Source
from desk.register.models import Mark

T = TypeVar("T")
MOST = 2**63 - 1
NO_NUL = r"^[^\x00]*$"
"""A text for the database: PostgreSQL takes no NUL."""


class Page(Schema, Generic[T]):
    """Some of a list; ``next`` is the cursor of what follows, null at the end."""

    items: list[T]
    next: str | None


class Person(Schema):
    """On whose behalf a token asks, and what it may do until when."""

    account: str
    roles: list[str]
    organisations: list[str]
    scopes: list[str]
    expires_at: datetime


class MarkShape(Schema):
    """A registered mark with the shops that may sell under it."""

    id: int
    registration: str
    name: str
    classes: list[int]
    kind: str
    holder: str
    organisation: str
    well_known: bool
    authorised_sellers: list[str]

    @classmethod
    def of(cls, mark: Mark) -> MarkShape:
        """Return a mark in this shape."""
        return cls(
            id=mark.pk,
            registration=mark.mark_id,
            name=mark.name,
            classes=list(mark.class_numbers()),
            kind=mark.kind,
            holder=mark.holder,
            organisation=mark.organisation.name,
            well_known=mark.well_known,
            authorised_sellers=[one.shop for one in mark.authorised_sellers.all()],
        )


class LeadShape(Schema):
    """A suspected listing (疑似) for one mark; no finding."""

    id: int
    number: str
    state: str
    revision: int = Field(description="to be named when deciding")
    mark: int
    mark_name: str
    platform: str
    priority: float
    similarity: float
    title: str
    shop: str
    url: str
    price: str
    currency: str
    found_at: datetime
    last_found_at: datetime

    @classmethod
    def fields(cls, lead: Lead) -> dict[str, Any]:
        """Return the values of a lead; those of the listing are as it was found."""
        found = lead.snapshot
        return {
            "id": lead.pk,
            "mark": lead.mark_id,
            "mark_name": lead.mark.name,
            **{name: getattr(lead, name) for name in COLUMNS},
            **{name: str(found.get(name) or "") for name in FOUND},
        }


COLUMNS = (
    "number", "state", "revision", "platform", "priority", "similarity", "found_at",
    "last_found_at",
)  # fmt: skip
FOUND = ("title", "shop", "url", "price", "currency")


class EventShape(Schema):
    """One step of a lead."""

    at: datetime
    from_state: str
    to_state: str
    reason_code: str
    note: str
    actor: str

    @classmethod
    def of(cls, event: LeadEvent) -> EventShape:
        """Return a step in this shape."""
        return cls(
            at=event.at,
            from_state=event.from_state,
            to_state=event.to_state,
            reason_code=event.reason_code,
            note=event.note,
            actor=event.actor.username if event.actor is not None else "",
        )


class WholeLead(LeadShape):
    """A lead with its listing, why it was flagged, what speaks against it, and its steps."""

    listing: dict[str, Any]
    reasons: list[dict[str, Any]]
    against: list[dict[str, Any]]
    versions: dict[str, Any]
    events: list[EventShape]


class Decision(Schema):
    """A decision on a lead, taken from the revision that was seen."""

    decision: Literal["shortlist", "dismiss", "authorise", "undo"]
    revision: int = Field(ge=0, le=2**31 - 1)
    reason_code: str = Field("", max_length=40, pattern=NO_NUL, description="needed to dismiss")
    note: str = Field("", max_length=2000, pattern=NO_NUL)


class ExhibitShape(Schema):
    """A preserved page; ``declared`` is what must be said of it before anything else."""

    id: int
    number: str
    state: str
    lead: int
    url: str
    final_url: str
    title: str
    http_status: int | None
    requested_at: datetime
    sealed_at: datetime | None
    trial: bool
    certificate: str
    fidelity: str
    declared: list[dict[str, Any]]
    dossier_sha256: str
    manifest_sha256: str
    log_index: int | None
    error_zh: str
    error_en: str

    @classmethod
    def of(cls, exhibit: Exhibit) -> ExhibitShape:
        """Return an exhibit in this shape."""
        columns = cls.model_fields.keys() - {"id", "lead"}
        values = {name: getattr(exhibit, name) for name in columns}
        return cls(id=exhibit.pk, lead=exhibit.lead_id, **values)


class WatchShape(Schema):
    """A recurring search on a source."""

    id: int
    name: str
    query: str
    every_minutes: int
    next_due_at: datetime
    active: bool


class SourceShape(Schema):
    """A site that is read, with its watches."""

    id: int
    name: str
    kind: str
    start_url: str
    active: bool
    watches: list[WatchShape]

    @classmethod
    def of(cls, source: Source) -> SourceShape:
        """Return a source in this shape."""
        watches = [
            WatchShape(id=one.pk, **{name: getattr(one, name) for name in WATCH})
            for one in source.watches.all()
        ]
        return cls(
            id=source.pk,
            name=source.name,
            kind=source.kind,
            start_url=source.start_url,
            active=source.active,
            watches=watches,
        )


WATCH = ("name", "query", "every_minutes", "next_due_at", "active")


class RunShape(Schema):
    """One reading of a watch: what was read, or why it was not."""

    id: int
    watch: int
    state: str
    due_at: datetime
    finished_at: datetime | None
    late: bool
    listings: int
    reported_total: int | None
    new_leads: int
    reopened_leads: int
    sentence_zh: str
    sentence_en: str

    @classmethod
    def of(cls, run: Run) -> RunShape:
        """Return a run in this shape."""
        columns = cls.model_fields.keys() - {"id", "watch"}
        values = {name: getattr(run, name) for name in columns}
        return cls(id=run.pk, watch=run.watch_id, **values)
