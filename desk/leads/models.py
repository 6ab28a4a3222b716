"""Rows of the leads room: sources, watches, runs, sellers, listings and leads."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from desk.leads.states import DISMISSAL_CODES, LeadState, ReasonCode, RunState, SourceKind
from desk.register.models import Mark, Organisation


class Source(models.Model):
    """A site to be read, or a file of listings handed over; belongs to a bureau.

    ``alarm`` is the run in which the site had changed, until somebody has looked; runs from
    before ``baseline_from`` are no measure of later ones.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="sources")
    name = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("类型"), max_length=10, choices=SourceKind, default=SourceKind.SITE)
    recipe = models.CharField(_("采集规则"), max_length=300, blank=True)
    start_url = models.CharField(_("网址"), max_length=2000)
    active = models.BooleanField(_("启用"), default=True)
    alarm = models.ForeignKey("Run", models.SET_NULL, null=True, related_name="+")
    baseline_from = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "name"), name="source_name_once"),
            models.CheckConstraint(
                name="source_kind_known", condition=Q(kind__in=SourceKind.values)
            ),
        )

    def __str__(self) -> str:
        return self.name


class Override(models.Model):
    """A permission to crawl a source that forbids robots, until a time; never edited."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="overrides")
    number = models.CharField(_("文号"), max_length=100)
    basis = models.TextField(_("法律依据"))
    approved_by = models.CharField(_("批准人"), max_length=100)
    expires_at = models.DateTimeField(_("到期时间"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.number


class Watch(models.Model):
    """A recurring search on a source; ``next_due_at`` is the only timetable there is."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="watches")
    name = models.CharField(_("名称"), max_length=120)
    query = models.CharField(_("关键词"), max_length=200, blank=True)
    item_limit = models.PositiveIntegerField(_("条数上限"), null=True)
    every_minutes = models.PositiveIntegerField(_("间隔（分钟）"), default=1440)
    next_due_at = models.DateTimeField()
    active = models.BooleanField(_("启用"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        indexes = (models.Index(fields=("active", "next_due_at"), name="watch_due"),)
        constraints = (
            models.UniqueConstraint(fields=("source", "name"), name="watch_name_once"),
            models.CheckConstraint(name="watch_interval", condition=Q(every_minutes__gte=1)),
        )

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One reading of a watch: what was read, or why it was not.

    ``left`` counts the pages known and not read; ``goes_on`` is when a run whose budget is
    used up goes on. ``coverage`` counts the listings that have a field; ``alarm_zh`` says in
    what they fell short of earlier runs. ``overridden`` pages were read under ``override``.
    """

    watch = models.ForeignKey(Watch, models.PROTECT, related_name="runs")
    due_at = models.DateTimeField()
    late = models.BooleanField(_("补跑"), default=False)
    missed = models.PositiveIntegerField(_("错过的次数"), default=0)
    state = models.CharField(max_length=20, choices=RunState, default=RunState.QUEUED)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    listings = models.PositiveIntegerField(_("读取"), default=0)
    pages = models.PositiveIntegerField(_("页数"), default=0)
    reported_total = models.PositiveIntegerField(_("网站自报总数"), null=True)
    new_listings = models.PositiveIntegerField(_("新增"), default=0)
    changed_listings = models.PositiveIntegerField(_("变化"), default=0)
    new_leads = models.PositiveIntegerField(_("新线索"), default=0)
    reopened_leads = models.PositiveIntegerField(_("重新打开的线索"), default=0)
    page_states = models.JSONField(default=dict)
    left = models.PositiveIntegerField(_("未读页数"), default=0)
    goes_on = models.DateTimeField(null=True)
    coverage = models.JSONField(default=dict)
    alarm_zh = models.TextField(blank=True)
    alarm_en = models.TextField(blank=True)
    override = models.ForeignKey(Override, models.PROTECT, null=True, related_name="runs")
    overridden = models.PositiveIntegerField(_("依例外批准读取的页数"), default=0)
    sentence_zh = models.TextField(blank=True)
    sentence_en = models.TextField(blank=True)

    class Meta:
        ordering = ("-due_at",)
        constraints = (
            models.UniqueConstraint(fields=("watch", "due_at"), name="run_once"),
            models.CheckConstraint(name="run_state_known", condition=Q(state__in=RunState.values)),
        )

    def __str__(self) -> str:
        return f"{self.watch} {self.due_at:%Y-%m-%d %H:%M}"


class Seller(models.Model):
    """A shop as a platform names it."""

    platform = models.TextField()
    shop = models.TextField(_("店铺"))
    shop_url = models.TextField(blank=True)
    seller_id = models.TextField(blank=True)
    seller_name = models.TextField(blank=True)
    ship_from = models.TextField(_("发货地"), blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        ordering = ("shop",)
        indexes = (
            models.Index(fields=("shop",), name="seller_shop"),
            models.Index(fields=("platform", "seller_id"), name="seller_number"),
            models.Index(fields=("platform", "seller_name"), name="seller_named"),
        )
        constraints = (models.UniqueConstraint(fields=("platform", "shop"), name="seller_once"),)

    def __str__(self) -> str:
        return self.shop


class Listing(models.Model):
    """A listing as last read; ``data`` is the whole listing in JSON.

    ``digest`` covers what a decision rests on (text, shop, brand, pictures), not
    price, stock or sales.
    """

    platform = models.TextField()
    item_id = models.TextField()
    url = models.TextField()
    title = models.TextField()
    price = models.TextField(blank=True)
    currency = models.TextField(blank=True)
    seller = models.ForeignKey(Seller, models.PROTECT, null=True, related_name="listings")
    data = models.JSONField()
    digest = models.CharField(max_length=64)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)
    changes = models.PositiveIntegerField(default=0)
    first_run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    last_run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    changed_run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("platform", "item_id"), name="listing_once"),
        )

    def __str__(self) -> str:
        return self.title


class LeadSeries(models.Model):
    """The last lead number given out in a year; locked while the next one is taken."""

    year = models.PositiveIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Lead(models.Model):
    """A suspected listing for one mark, with the snapshot it was found by.

    ``organisation`` is the bureau that decides. ``revision`` grows with every change,
    so that a decision is taken only from what the officer has seen. ``holder`` (the mark's
    organisation) and ``platform`` (the listing's) stand here again, so that every list is
    read off one index.
    """

    number = models.CharField(_("线索编号"), max_length=40, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="leads")
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="leads")
    mark = models.ForeignKey(Mark, models.PROTECT, related_name="leads")
    holder = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    platform = models.TextField(blank=True, default="")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="leads")
    preserving = models.BooleanField(_("固证中"), default=False)
    state = models.CharField(max_length=20, choices=LeadState, default=LeadState.NEW)
    reason_code = models.CharField(max_length=40, choices=ReasonCode, blank=True)
    revision = models.PositiveIntegerField(default=0)
    similarity = models.FloatField()
    priority = models.FloatField()
    field = models.CharField(max_length=40)
    span = models.JSONField()
    reasons = models.JSONField(default=list)
    against = models.JSONField(default=list)
    versions = models.JSONField(default=dict)
    snapshot = models.JSONField()
    listing_digest = models.CharField(max_length=64)
    picture = models.CharField(max_length=300, blank=True)
    found_at = models.DateTimeField()
    last_found_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-priority", "pk")
        indexes = (
            models.Index(fields=("organisation", "state", "-priority", "id"), name="lead_queue"),
            models.Index(fields=("organisation", "-priority", "id"), name="lead_list"),
            models.Index(
                fields=("organisation", "mark", "-priority", "id", "state"), name="lead_of_mark"
            ),
            models.Index(
                fields=("organisation", "platform", "-priority", "id", "state"),
                name="lead_of_platform",
            ),
            models.Index(fields=("holder", "state", "-priority", "id"), name="lead_holder_queue"),
            models.Index(fields=("holder", "-priority", "id"), name="lead_holder_list"),
            models.Index(
                fields=("holder", "mark", "-priority", "id", "state"), name="lead_holder_mark"
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("listing", "mark"), name="lead_once"),
            models.CheckConstraint(
                name="lead_state_known", condition=Q(state__in=LeadState.values)
            ),
            models.CheckConstraint(
                name="lead_preserving_is_shortlisted",
                condition=Q(preserving=False) | Q(state="shortlisted"),
            ),
            models.CheckConstraint(
                name="lead_dismissed_has_reason",
                condition=Q(state="dismissed", reason_code__in=DISMISSAL_CODES)
                | (~Q(state="dismissed") & Q(reason_code="")),
            ),
        )

    def __str__(self) -> str:
        return self.number


class LeadCount(models.Model):
    """A change of how many leads there are of one kind; their sum is the number of leads.

    Written by the database itself (desk/leads/counting.py), never by the desk's code.
    """

    organisation = models.ForeignKey(
        Organisation, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    holder = models.ForeignKey(
        Organisation, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    mark = models.ForeignKey(
        Mark, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    platform = models.TextField()
    state = models.CharField(max_length=20)
    number = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.state}: {self.number:+d}"


class LeadEvent(models.Model):
    """One change of a lead: who, when, from what to what, why. Never edited."""

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="events")
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="events")
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20, choices=LeadState)
    reason_code = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    revision = models.PositiveIntegerField()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("lead", "revision"), name="lead_event_once"),
            models.CheckConstraint(
                name="lead_event_state_known", condition=Q(to_state__in=LeadState.values)
            ),
        )

    def __str__(self) -> str:
        return f"{self.lead}: {self.from_state} → {self.to_state}"
