"""The way around: the main navigation of each role."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from desk.console.access import EVERYBODY, EXHIBIT_READERS, KEEPERS, READERS, WATCHERS
from desk.register.models import Role, User
from desk.register.roles import roles_of


@dataclass(frozen=True)
class Place:
    """One entry of the navigation: its address by name, its label, who sees it."""

    name: str
    label: Promise
    roles: tuple[Role, ...]
    within: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One entry as shown to one person."""

    url: str
    label: Promise
    current: bool


PLACES = (
    Place("home", _("首页"), EVERYBODY, ("home",)),
    Place("notices", _("通知"), EVERYBODY, ("notices",)),
    Place("leads", _("线索"), READERS, ("leads", "lead", "lead-")),
    Place("marks", _("商标"), READERS, ("marks", "mark", "mark-")),
    Place("exhibits", _("证据项"), EXHIBIT_READERS, ("exhibits", "exhibit")),
    Place(
        "keeping",
        _("保存与删除"),
        KEEPERS,
        ("keeping", "exhibit-keeping", "exhibit-hold", "exhibit-release", "exhibit-erasure"),
    ),
    Place(
        "verify",
        _("核验"),
        (Role.OFFICER, Role.NOTARY, Role.OWNER),
        ("verify", "verification", "verifications"),
    ),
    Place("log", _("日志"), WATCHERS, ("log",)),
    Place("sources", _("监控"), (Role.OFFICER, Role.AUDITOR), ("sources", "source-")),
    Place("people", _("人员"), (Role.ADMINISTRATOR,), ("people",)),
)


def entries(request: HttpRequest) -> list[Entry]:
    """Return the entries this person sees; nobody signed in sees none."""
    if not isinstance(request.user, User):
        return []
    roles = roles_of(request.user)
    match = request.resolver_match
    here = match.url_name or "" if match is not None else ""
    return [
        Entry(reverse(place.name), place.label, _is_within(here, place.within))
        for place in PLACES
        if not roles.isdisjoint(place.roles)
    ]


def _is_within(here: str, names: tuple[str, ...]) -> bool:
    return any(here == name or (name.endswith("-") and here.startswith(name)) for name in names)
