"""Organisations and the people in them."""

from __future__ import annotations

import secrets

from django.db import transaction

from desk.errors import BadInput
from desk.register.models import Membership, Organisation, OrganisationKind, Role, User
from desk.register.roles import ALLOWED_ROLES, below


@transaction.atomic
def add_organisation(*, name: str, kind: str) -> Organisation:
    """Return the organisation of this name, made when there is none.

    Raises BadInput for an unknown kind or when the name belongs to another kind.
    """
    if kind not in OrganisationKind.values:
        known = ", ".join(OrganisationKind.values)
        raise BadInput(
            f"The kind {kind!r} is unknown; use one of {known}.",
            f"机构类型 {kind!r} 不存在，可用：{known}。",
        )
    if not name.strip():
        raise BadInput("An organisation needs a name.", "机构名称不能为空。")
    if len(name.strip()) > 500:
        raise BadInput(
            "The name of an organisation has up to 500 characters.", "机构名称不超过 500 个字符。"
        )
    organisation, _ = Organisation.objects.get_or_create(name=name.strip(), defaults={"kind": kind})
    if organisation.kind != kind:
        raise BadInput(
            f"{name} is registered as {organisation.kind}, not {kind}.",
            f"“{name}”已登记为{organisation.get_kind_display()}，不是所给类型 {kind}。",
        )
    return organisation


@transaction.atomic
def place_organisation(*, organisation: Organisation, under: Organisation | None) -> None:
    """Place a bureau under another one, or, under None, at the top.

    Auditors of the bureau above see what those below see. Raises BadInput unless both are
    bureaux, and when the upper one is the bureau itself or lies below it.
    """
    list(Organisation.objects.select_for_update().filter(kind=OrganisationKind.BUREAU))
    if under is not None:
        if {organisation.kind, under.kind} != {OrganisationKind.BUREAU}:
            raise BadInput("Only a bureau lies under a bureau.", "只有市场监管部门之间有上下级。")
        if under.pk in {organisation.pk, *below([organisation.pk])}:
            raise BadInput(
                f"{under} is {organisation} itself or lies under it.",
                f"“{under}”就是“{organisation}”或其下级，不能作为其上级。",
            )
    Organisation.objects.filter(pk=organisation.pk).update(parent=under)


@transaction.atomic
def add_user(
    *, name: str, role: str, organisation: Organisation, password: str | None = None
) -> tuple[User, str]:
    """Return a new account with one membership, and its password (made when None).

    Raises BadInput for a name already taken, an unknown role, or a role that does not
    belong in this kind of organisation.
    """
    check_role(role)
    if role not in ALLOWED_ROLES[organisation.kind]:
        raise BadInput(
            f"{organisation.name} is a {organisation.kind}, which has no role {role}.",
            f"“{organisation.name}”是{organisation.get_kind_display()}，"
            f"没有“{Role(role).label}”这一角色。",
        )
    if not name.strip():
        raise BadInput("An account needs a name.", "账号名不能为空。")
    if len(name) > 150:
        raise BadInput(
            "The name of an account has up to 150 characters.", "账号名不超过 150 个字符。"
        )
    if User.objects.filter(username=name).exists():
        raise BadInput(f"The account {name} exists already.", f"账号“{name}”已存在。")
    word = password or secrets.token_urlsafe(12)
    user = User.objects.create_user(username=name, password=word)
    Membership.objects.create(user=user, organisation=organisation, role=role)
    return user, word


def check_role(role: str) -> None:
    """Raise BadInput naming the roles there are when this is none of them."""
    if role not in Role.values:
        known = ", ".join(Role.values)
        raise BadInput(
            f"The role {role!r} is unknown; use one of {known}.",
            f"角色 {role!r} 不存在，可用：{known}。",
        )
