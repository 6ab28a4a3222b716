"""Rows of the register: people, organisations, marks and authorised sellers."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in; what they may do follows from their memberships."""

    display_name = models.CharField(_("姓名"), max_length=80, blank=True)

    def __str__(self) -> str:
        return self.display_name or self.username


class OrganisationKind(models.TextChoices):
    """What an organisation is."""

    BUREAU = "bureau", _("市场监管部门")
    BRAND_OWNER = "brand_owner", _("权利人")
    NOTARY_OFFICE = "notary_office", _("公证机构")


class Role(models.TextChoices):
    """What a person does in an organisation."""

    OWNER = "owner", _("权利人")
    OFFICER = "officer", _("执法人员")
    NOTARY = "notary", _("公证人员")
    AUDITOR = "auditor", _("审计人员")
    ADMINISTRATOR = "administrator", _("系统管理员")


class MarkKind(models.TextChoices):
    """What a mark consists of or what it certifies; the words of the marks file."""

    WORD = "word", _("文字")
    FIGURATIVE = "figurative", _("图形")
    COMBINED = "combined", _("图文组合")
    GI = "gi", _("地理标志")
    COLLECTIVE = "collective", _("集体商标")
    CERTIFICATION = "certification", _("证明商标")
    THREE_D = "3d", _("立体")
    COLOUR = "colour", _("颜色组合")
    SOUND = "sound", _("声音")


class Organisation(models.Model):
    """A bureau, a brand owner or a notary office: the unit that owns rows.

    ``parent`` is the bureau above a bureau: the city above its districts and zones.
    """

    name = models.CharField(_("名称"), max_length=500, unique=True)
    kind = models.CharField(_("类型"), max_length=20, choices=OrganisationKind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                name="organisation_kind_known",
                condition=models.Q(kind__in=OrganisationKind.values),
            ),
            models.CheckConstraint(
                name="organisation_parent_of_bureaux",
                condition=models.Q(parent__isnull=True)
                | (models.Q(kind=OrganisationKind.BUREAU) & ~models.Q(parent=models.F("id"))),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one organisation."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(_("角色"), max_length=20, choices=Role)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "organisation", "role"), name="membership_once"
            ),
            models.CheckConstraint(
                name="membership_role_known", condition=models.Q(role__in=Role.values)
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.role}"


class Mark(models.Model):
    """A registered mark of one organisation; ``classes`` are Nice numbers joined by ``;``."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="marks")
    mark_id = models.CharField(_("注册号"), max_length=100)
    name = models.CharField(_("商标名称"), max_length=500)
    classes = models.CharField(_("类别"), max_length=200, blank=True)
    kind = models.CharField(_("种类"), max_length=20, choices=MarkKind, default=MarkKind.WORD)
    holder = models.CharField(_("注册人"), max_length=500, blank=True)
    well_known = models.BooleanField(_("驰名"), default=False)
    common_word = models.BooleanField(_("常用词"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("mark_id",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "mark_id"), name="mark_once"),
            models.CheckConstraint(
                name="mark_kind_known", condition=models.Q(kind__in=MarkKind.values)
            ),
            models.CheckConstraint(
                name="mark_named", condition=~models.Q(name="") & ~models.Q(mark_id="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.mark_id})"

    def class_numbers(self) -> tuple[int, ...]:
        """Return the Nice classes as numbers."""
        return tuple(int(part) for part in self.classes.split(";") if part)


class AuthorisedSeller(models.Model):
    """A shop that may sell under a mark."""

    mark = models.ForeignKey(Mark, models.CASCADE, related_name="authorised_sellers")
    shop = models.CharField(_("店铺"), max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("shop",)
        constraints = (
            models.UniqueConstraint(fields=("mark", "shop"), name="authorised_seller_once"),
        )

    def __str__(self) -> str:
        return self.shop


class SignInOutcome(models.TextChoices):
    """How an attempt to sign in ended; forgiven: failed, and the person then signed in."""

    FAILED = "failed", _("失败")
    REFUSED = "refused", _("次数过多，已拒绝")
    SUCCEEDED = "succeeded", _("成功")
    FORGIVEN = "forgiven", _("失败，其后登录成功")


class SignInAttempt(models.Model):
    """One attempt to sign in: when, from where, to which account; never which password."""

    at = models.DateTimeField()
    account = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    name_key = models.CharField(max_length=64)
    address = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=10, choices=SignInOutcome, default=SignInOutcome.FAILED)

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=("name_key", "at"), name="sign_in_of_name"),
            models.Index(fields=("address", "at"), name="sign_in_of_address"),
            models.Index(fields=("at",), name="sign_in_time"),
        )
        constraints = (
            models.CheckConstraint(
                name="sign_in_outcome_known",
                condition=models.Q(outcome__in=SignInOutcome.values),
            ),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.outcome}"


class Session(AbstractBaseSession):
    """Where somebody is signed in: Django's own row of a session, with whose it is."""

    account = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.account}: {self.expire_date:%Y-%m-%d %H:%M}"


class TokenScope(models.TextChoices):
    """What a program may do with a token, at most what the person it belongs to may."""

    MARKS_READ = "marks:read", _("读取商标")
    LEADS_READ = "leads:read", _("读取线索")
    LEADS_DECIDE = "leads:decide", _("研判线索")
    EXHIBITS_READ = "exhibits:read", _("读取证据项与核验结果")
    EXHIBITS_DOWNLOAD = "exhibits:download", _("下载证据移交包")
    SOURCES_READ = "sources:read", _("读取来源与执行记录")


class Token(models.Model):
    """A program's key to the API on behalf of a person; only its digest is kept."""

    account = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("用途"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                name="token_expires", condition=models.Q(expires_at__gt=models.F("created_at"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.name}"


class Answer(models.Model):
    """What a step asked for with an idempotency key was answered with, to be said again."""

    account = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)
    body = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("account", "key"), name="answer_once"),)

    def __str__(self) -> str:
        return f"{self.account}: {self.key}"
