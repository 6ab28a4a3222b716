"""Marks registered one by one, and the shops authorised to sell under them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from desk.errors import BadInput
from desk.register.models import AuthorisedSeller, Mark, MarkKind, Organisation, Role, User
from desk.register.roles import organisation_for, require_role


@transaction.atomic
def add_mark(
    *,
    actor: User,
    mark_id: str,
    name: str,
    organisation: Organisation | None = None,
    classes: Sequence[int] = (),
    kind: str = MarkKind.WORD,
    holder: str = "",
    well_known: bool = False,
    common_word: bool = False,
) -> Mark:
    """Return the new mark of the organisation (default: the one this owner works for).

    Raises NotAllowed unless the actor is its owner, BadInput for a wrong class (Nice
    classes are 1 to 45), an unknown kind, an empty name or a number already registered.
    """
    if organisation is None:
        organisation = organisation_for(actor, Role.OWNER)
    require_role(actor, Role.OWNER, organisation_id=organisation.pk)
    check_mark(mark_id, name, classes, kind)
    check_holder(holder)
    mark = Mark(
        organisation=organisation,
        mark_id=mark_id.strip(),
        name=name.strip(),
        classes=";".join(str(number) for number in sorted(set(classes))),
        kind=kind,
        holder=holder.strip() or organisation.name,
        well_known=well_known,
        common_word=common_word,
        created_by=actor,
    )
    try:
        with transaction.atomic():
            mark.save(force_insert=True)
    except IntegrityError as error:
        raise BadInput(
            f"The mark {mark_id} is registered already.", f"注册号 {mark_id} 已登记。"
        ) from error
    return mark


def check_shop(shop: str) -> str:
    """Return a shop's name without blanks around it; raises BadInput for none or a long one."""
    if not shop.strip() or len(shop.strip()) > 200:
        raise BadInput(
            "A shop needs a name of up to 200 characters.", "请填写店铺名称（不超过 200 个字符）。"
        )
    return shop.strip()


def check_holder(holder: str) -> None:
    """Raise BadInput when the name of a holder is too long."""
    if len(holder.strip()) > 500:
        raise BadInput(
            "The holder of a mark has a name of up to 500 characters.",
            "注册人名称不超过 500 个字符。",
        )


def check_mark(mark_id: str, name: str, classes: Sequence[int], kind: str) -> None:
    """Raise BadInput naming what of a mark cannot be registered."""
    if not mark_id.strip() or len(mark_id.strip()) > 100:
        raise BadInput(
            "A mark needs a registration number of up to 100 characters.",
            "请填写注册号（不超过 100 个字符）。",
        )
    if not name.strip() or len(name.strip()) > 500:
        raise BadInput(
            "A mark needs a name of up to 500 characters.", "请填写商标名称（不超过 500 个字符）。"
        )
    if not any(char.isalnum() for char in name):
        raise BadInput(
            "The name of a mark has at least one letter, digit or character to compare.",
            "商标名称中至少要有一个可比对的文字、字母或数字。",
        )
    if kind not in MarkKind.values:
        raise BadInput(f"The kind of mark {kind!r} is unknown.", f"商标种类 {kind!r} 不存在。")
    for number in classes:
        if not 1 <= number <= 45:
            raise BadInput(
                f"Class {number} does not exist; Nice classes are 1 to 45.",
                f"类别 {number} 不存在，尼斯分类为 1 至 45 类。",
            )


@transaction.atomic
def authorise_seller(*, actor: User, mark: Mark, shop: str) -> AuthorisedSeller:
    """Return the record that this shop may sell under the mark; saying it twice is one.

    Raises NotAllowed unless the actor is an owner of the mark's organisation.
    """
    require_role(actor, Role.OWNER, organisation_id=mark.organisation_id)
    seller, _ = AuthorisedSeller.objects.get_or_create(mark=mark, shop=check_shop(shop))
    return seller
