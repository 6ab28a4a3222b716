"""Rows of the cases room: exhibits, their custody, who they are entrusted to, verifications."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from desk.cases.states import LIVE, OPEN_ERASURES, CustodyKind, ErasureState, ExhibitState
from desk.leads.models import Lead
from desk.register.models import Organisation


class Exhibit(models.Model):
    """One page preserved for one lead.

    ``capture_id`` is made with the row and makes sealing happen once however often it
    is tried. ``folder`` lies below the data folder; file names are below ``folder``.
    ``mobile`` and ``recording`` were asked for; ``declared`` are the sentences (zh, en) that
    come before everything else said of it. A sealed exhibit is never edited.
    """

    number = models.CharField(_("证据编号"), max_length=60, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="exhibits")
    lead = models.ForeignKey(Lead, models.PROTECT, related_name="exhibits")
    capture_id = models.CharField(max_length=32, unique=True)
    url = models.TextField()
    state = models.CharField(max_length=20, choices=ExhibitState, default=ExhibitState.REQUESTED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True)
    folder = models.CharField(max_length=300)
    wacz = models.CharField(max_length=100, blank=True)
    dossier = models.CharField(max_length=100, blank=True)
    dossier_sha256 = models.CharField(max_length=64, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    log_index = models.PositiveBigIntegerField(null=True)
    trial = models.BooleanField(_("试用时间戳"), default=False)
    title = models.TextField(blank=True)
    final_url = models.TextField(blank=True)
    http_status = models.PositiveIntegerField(null=True)
    page_note = models.TextField(blank=True)
    mobile = models.BooleanField(_("手机版页面"), default=False)
    recording = models.BooleanField(_("录屏"), default=False)
    certificate = models.CharField(_("网站证书"), max_length=60, blank=True)
    fidelity = models.CharField(_("保真度"), max_length=20, blank=True)
    declared = models.JSONField(_("声明"), default=list, blank=True)
    error_zh = models.TextField(blank=True)
    error_en = models.TextField(blank=True)

    class Meta:
        ordering = ("-requested_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("lead",),
                condition=Q(state__in=LIVE),
                name="exhibit_one_live_of_a_lead",
            ),
            models.CheckConstraint(
                name="exhibit_state_known", condition=Q(state__in=ExhibitState.values)
            ),
            models.CheckConstraint(
                name="exhibit_sealed_is_whole",
                condition=~Q(state="sealed")
                | (
                    ~Q(wacz="")
                    & ~Q(dossier="")
                    & ~Q(manifest_sha256="")
                    & Q(sealed_at__isnull=False)
                    & Q(log_index__isnull=False)
                ),
            ),
        )

    def __str__(self) -> str:
        return self.number


class CustodyEvent(models.Model):
    """One thing that happened to an exhibit. Never edited."""

    exhibit = models.ForeignKey(Exhibit, models.PROTECT, related_name="custody")
    kind = models.CharField(max_length=20, choices=CustodyKind)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    sha256 = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                name="custody_kind_known", condition=Q(kind__in=CustodyKind.values)
            ),
            models.UniqueConstraint(
                fields=("exhibit", "kind"),
                condition=Q(kind__in=("requested", "sealed", "failed")),
                name="custody_milestone_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.exhibit} {self.kind}"


class Entrustment(models.Model):
    """One notary office may see one exhibit, from ``at`` until ``ended_at``. Never deleted."""

    exhibit = models.ForeignKey(Exhibit, models.PROTECT, related_name="entrustments")
    office = models.ForeignKey(Organisation, models.PROTECT, related_name="entrusted")
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("exhibit", "office"),
                condition=Q(ended_at__isnull=True),
                name="entrusted_once_to_an_office",
            ),
        )

    def __str__(self) -> str:
        return f"{self.exhibit} {self.office}"


class Verification(models.Model):
    """The verdict on a file somebody handed in; the file itself is not kept."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="verifications")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()
    name = models.CharField(_("文件名"), max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    exit_code = models.PositiveSmallIntegerField()
    verdict = models.JSONField()
    tool = models.CharField(_("核验程序"), max_length=120, blank=True)
    exhibit = models.ForeignKey(Exhibit, models.SET_NULL, null=True, related_name="verifications")

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} {self.exit_code}"


class ErasureRequest(models.Model):
    """Somebody asks that an exhibit's content be erased, on a legal basis.

    Names of people are kept as they signed in, beside the accounts. ``tries`` counts the times it
    was set to work; ``log_index`` is the entry of the log that names the erasure once it is done.
    """

    exhibit = models.ForeignKey(Exhibit, models.PROTECT, related_name="erasures")
    state = models.CharField(max_length=20, choices=ErasureState, default=ErasureState.REQUESTED)
    basis = models.CharField(_("法律依据"), max_length=64)
    reason = models.TextField(_("事由"))
    retention_class = models.CharField(_("证据类别"), max_length=64, blank=True)
    document_sha256 = models.CharField(max_length=64, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    requested_name = models.CharField(max_length=300)
    requested_at = models.DateTimeField()
    ended_name = models.CharField(max_length=300, blank=True)
    ended_reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    log_index = models.PositiveBigIntegerField(null=True)
    error_zh = models.TextField(blank=True)
    error_en = models.TextField(blank=True)

    class Meta:
        ordering = ("-requested_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("exhibit",),
                condition=Q(state__in=OPEN_ERASURES),
                name="erasure_one_open_of_an_exhibit",
            ),
            models.CheckConstraint(
                name="erasure_state_known", condition=Q(state__in=ErasureState.values)
            ),
            models.CheckConstraint(
                name="erasure_done_is_logged",
                condition=~Q(state="done") | Q(log_index__isnull=False, ended_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.exhibit} {self.basis} {self.state}"


class ErasureApproval(models.Model):
    """One person's approval of one request. Never edited."""

    request = models.ForeignKey(ErasureRequest, models.PROTECT, related_name="approvals")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="erasure_approvals"
    )
    name = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("request", "person"), name="erasure_approved_once"),
        )

    def __str__(self) -> str:
        return f"{self.request_id} {self.name}"


class NoticeRead(models.Model):
    """A notice that a person has read; the notice itself follows from other rows."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("account", "key"), name="notice_read_once"),)

    def __str__(self) -> str:
        return f"{self.account}: {self.key}"
