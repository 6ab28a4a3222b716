"""Who may do what, and whose rows a person may see.

A brand owner sees its own marks and the leads on them; a bureau sees every mark (it
watches them all) and its own sources, leads and exhibits; a notary sees exhibits
entrusted to the office; an auditor sees what its organisation sees, and of a bureau what those
below it see, and changes nothing; an administrator sees no content. Nobody sees what is above.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from desk.errors import NotAllowed
from desk.register.models import Membership, Organisation, OrganisationKind, Role, User

ALLOWED_ROLES: dict[str, frozenset[str]] = {
    OrganisationKind.BUREAU: frozenset({Role.OFFICER, Role.AUDITOR, Role.ADMINISTRATOR}),
    OrganisationKind.BRAND_OWNER: frozenset({Role.OWNER, Role.AUDITOR, Role.ADMINISTRATOR}),
    OrganisationKind.NOTARY_OFFICE: frozenset({Role.NOTARY, Role.AUDITOR, Role.ADMINISTRATOR}),
}


@dataclass(frozen=True)
class Scope:
    """The organisations whose content a person may see, by what the organisation is."""

    brand_owners: frozenset[int]
    bureaux: frozenset[int]
    notary_offices: frozenset[int]

    @property
    def content(self) -> frozenset[int]:
        """Return every organisation whose own rows this person may see."""
        return self.brand_owners | self.bureaux | self.notary_offices


def scope_of(viewer: User) -> Scope:
    """Return what this person may see; nobody and inactive people see nothing."""
    found: dict[str, set[int]] = {kind: set() for kind in OrganisationKind.values}
    if viewer.is_authenticated and viewer.is_active:
        rows = Membership.objects.filter(user_id=viewer.pk).exclude(role=Role.ADMINISTRATOR)
        audited = set()
        for pk, kind, role in rows.values_list("organisation_id", "organisation__kind", "role"):
            found[kind].add(pk)
            if kind == OrganisationKind.BUREAU and role == Role.AUDITOR:
                audited.add(pk)
        if audited:
            found[OrganisationKind.BUREAU] |= below(audited)
    return Scope(
        brand_owners=frozenset(found[OrganisationKind.BRAND_OWNER]),
        bureaux=frozenset(found[OrganisationKind.BUREAU]),
        notary_offices=frozenset(found[OrganisationKind.NOTARY_OFFICE]),
    )


def below(organisations: Iterable[int]) -> set[int]:
    """Return the organisations below these in the tree, however deep."""
    children: dict[int, list[int]] = {}
    placed = Organisation.objects.filter(parent__isnull=False)
    for pk, parent in placed.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found: set[int] = set()
    open_ones = list(organisations)
    while open_ones:
        fresh = set(children.get(open_ones.pop(), ())) - found
        found |= fresh
        open_ones += fresh
    return found


def roles_of(viewer: User) -> frozenset[str]:
    """Return the roles this person holds anywhere."""
    if not (viewer.is_authenticated and viewer.is_active):
        return frozenset()
    return frozenset(Membership.objects.filter(user_id=viewer.pk).values_list("role", flat=True))


def organisation_for(actor: User, role: Role) -> Organisation:
    """Return the organisation in which this person holds the role (the first by name).

    Raises NotAllowed when there is none.
    """
    row = (
        Membership.objects.filter(user_id=actor.pk, role=role, user__is_active=True)
        .select_related("organisation")
        .order_by("organisation__name")
        .first()
    )
    if row is None:
        raise _not_allowed(role)
    return row.organisation


def require_role(actor: User, role: Role, *, organisation_id: int) -> None:
    """Raise NotAllowed unless this person holds the role in the organisation."""
    if not holds(actor, role, organisation_id=organisation_id):
        raise _not_allowed(role)


def holds(actor: User, role: Role, *, organisation_id: int) -> bool:
    """Return whether this person holds the role in the organisation."""
    return Membership.objects.filter(
        user_id=actor.pk, role=role, organisation_id=organisation_id, user__is_active=True
    ).exists()


def _not_allowed(role: Role) -> NotAllowed:
    return NotAllowed(
        f"This step needs the role {role.value}, which this account does not have here.",
        f"此操作需要“{role.label}”角色，当前账号没有该权限。",
    )
