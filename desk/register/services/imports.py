"""Files of marks and of authorised sellers, imported all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

import matcher
from desk.errors import BadInput
from desk.register.models import (
    AuthorisedSeller,
    Mark,
    MarkKind,
    Organisation,
    OrganisationKind,
    Role,
    User,
)
from desk.register.roles import organisation_for, require_role
from desk.register.services.accounts import add_organisation
from desk.register.services.marks import check_holder, check_mark, check_shop


@dataclass(frozen=True)
class ImportReport:
    """What an import did: rows added, changed and left as they were, and notes on the file."""

    added: int
    changed: int
    unchanged: int
    encoding: str
    notes: tuple[tuple[str, str], ...]


@transaction.atomic
def import_marks(
    *, path: Path, organisation: Organisation | None = None, actor: User | None = None
) -> ImportReport:
    """Import a file of marks, all or nothing, and return what changed.

    Without an organisation each mark belongs to a brand owner named by its holder
    (made when there is none). The same file again changes nothing. Raises the
    matcher's sentence about the line that is wrong, NotAllowed when the actor is not
    the owner; an actor of None is the operator at the command line.
    """
    if actor is not None:
        if organisation is None:
            organisation = organisation_for(actor, Role.OWNER)
        require_role(actor, Role.OWNER, organisation_id=organisation.pk)
    file = matcher.load_marks(path)
    tally = {"added": 0, "changed": 0, "unchanged": 0}
    for mark in file.marks:
        owner = organisation or _owner_named(mark.holder, mark.mark_id)
        tally[_file_mark(mark, owner=owner, actor=actor)] += 1
    return ImportReport(encoding=file.encoding, notes=tuple(_notes(file)), **tally)


def _owner_named(holder: str, mark_id: str) -> Organisation:
    if not holder.strip():
        raise BadInput(
            f"The mark {mark_id} names no holder; add the column or use --organisation.",
            f"商标 {mark_id} 没有注册人；请补充 holder 列，或用 --organisation 指定权利人。",
        )
    return add_organisation(name=holder, kind=OrganisationKind.BRAND_OWNER)


def _notes(file: matcher.MarksFile) -> list[tuple[str, str]]:
    return [(note.zh, note.en) for note in file.notes]


def _file_mark(mark: matcher.Mark, *, owner: Organisation, actor: User | None) -> str:
    kind = mark.kind or MarkKind.WORD
    wanted = {
        "name": mark.name,
        "classes": ";".join(str(number) for number in sorted(set(mark.classes))),
        "kind": kind,
        "holder": mark.holder or owner.name,
        "well_known": mark.well_known,
        "common_word": mark.common_word,
    }
    check_mark(mark.mark_id, mark.name, mark.classes, kind)
    check_holder(mark.holder)
    row, made = Mark.objects.get_or_create(
        organisation=owner, mark_id=mark.mark_id, defaults={**wanted, "created_by": actor}
    )
    if made:
        return "added"
    if all(getattr(row, key) == value for key, value in wanted.items()):
        return "unchanged"
    for key, value in wanted.items():
        setattr(row, key, value)
    row.save()
    return "changed"


@transaction.atomic
def import_sellers(*, path: Path, organisation: Organisation | None = None) -> ImportReport:
    """Import ``mark_id,shop`` rows, all or nothing; for the operator's command line.

    Raises the matcher's sentence about the line that is wrong, BadInput for a mark that
    is not registered.
    """
    file = matcher.load_sellers(path)
    marks = _marks_by_id(organisation)
    added = unchanged = 0
    for mark_id, shops in file.shops.items():
        if mark_id not in marks:
            raise BadInput(
                f"{path.name}: the mark {mark_id} is not registered; nothing was imported.",
                f"{path.name}：商标 {mark_id} 尚未登记，未导入任何内容。",
            )
        for mark in marks[mark_id]:
            for shop in shops:
                _, made = AuthorisedSeller.objects.get_or_create(mark=mark, shop=check_shop(shop))
                added, unchanged = added + made, unchanged + (not made)
    notes = tuple((note.zh, note.en) for note in file.notes)
    return ImportReport(added, 0, unchanged, file.encoding, notes)


def _marks_by_id(organisation: Organisation | None) -> dict[str, list[Mark]]:
    marks = Mark.objects.all()
    if organisation is not None:
        marks = marks.filter(organisation=organisation)
    found: dict[str, list[Mark]] = {}
    for mark in marks:
        found.setdefault(mark.mark_id, []).append(mark)
    return found
