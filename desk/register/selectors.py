"""What a person may read of the register."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from desk.errors import NotFound
from desk.register.models import Mark, Membership, Organisation, OrganisationKind, Role, User
from desk.register.roles import below, scope_of


def marks_for(viewer: User, *, search: str = "") -> QuerySet[Mark]:
    """Return the marks this person may see, by registration number.

    A brand owner sees its own, a bureau all of them, anybody else none. ``search``
    keeps those whose name, number or holder contains it.
    """
    scope = scope_of(viewer)
    marks = Mark.objects.select_related("organisation").prefetch_related("authorised_sellers")
    if not scope.bureaux:
        marks = marks.filter(organisation_id__in=scope.brand_owners)
    if search:
        marks = marks.filter(
            Q(name__icontains=search) | Q(mark_id__icontains=search) | Q(holder__icontains=search)
        )
    return marks


def mark_for(viewer: User, pk: int) -> Mark:
    """Return one mark; raises NotFound when this person may not see it."""
    mark = marks_for(viewer).filter(pk=pk).first()
    if mark is None:
        raise NotFound
    return mark


def organisations_of(viewer: User) -> QuerySet[Organisation]:
    """Return the organisations this person belongs to, in any role."""
    return Organisation.objects.filter(memberships__user_id=viewer.pk).distinct()


def units_below(viewer: User) -> QuerySet[Organisation]:
    """Return the bureaux below those that this person audits, by name; they read these too."""
    audited = Membership.objects.filter(user_id=viewer.pk, role=Role.AUDITOR)
    return Organisation.objects.filter(
        pk__in=below(audited.values_list("organisation_id", flat=True))
    )


def notary_offices() -> QuerySet[Organisation]:
    """Return every notary office, by name: an exhibit may be entrusted to any of them."""
    return Organisation.objects.filter(kind=OrganisationKind.NOTARY_OFFICE)


def people_for(viewer: User) -> QuerySet[User]:
    """Return the people of the organisations that this person administers, by name."""
    administered = Organisation.objects.filter(
        memberships__user_id=viewer.pk, memberships__role=Role.ADMINISTRATOR
    )
    people = User.objects.filter(memberships__organisation__in=administered).distinct()
    return people.order_by("username").prefetch_related("memberships__organisation")


def person_for(viewer: User, pk: int) -> User:
    """Return one of those people; raises NotFound when this person does not administer them."""
    person = people_for(viewer).filter(pk=pk).first()
    if person is None:
        raise NotFound
    return person
