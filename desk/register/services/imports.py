"""Files of marks and of authorised sellers, imported all or nothing."""

from __future__ import annotations

import csv
import io
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
from desk.register.services.marks import check_mark

SELLERS_LIMIT = 50 * 1024 * 1024


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
    wanted = {
        "name": mark.name,
        "classes": ";".join(str(number) for number in sorted(set(mark.classes))),
        "kind": mark.kind or MarkKind.WORD,
        "holder": mark.holder or owner.name,
        "well_known": mark.well_known,
        "common_word": mark.common_word,
    }
    check_mark(mark.mark_id, mark.name, mark.classes, wanted["kind"])
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

    Raises BadInput naming the line of an unknown mark or an empty shop.
    """
    text, encoding = _read_text(path)
    reader = csv.DictReader(io.StringIO(text), strict=True)
    missing = {"mark_id", "shop"} - set(reader.fieldnames or ())
    if missing:
        raise BadInput(
            f"{path.name} has no column {', '.join(sorted(missing))}.",
            f"{path.name} 缺少列 {'、'.join(sorted(missing))}。",
        )
    marks = _marks_by_id(organisation)
    added = unchanged = 0
    try:
        for row in reader:
            shop, found = (row["shop"] or "").strip(), marks.get((row["mark_id"] or "").strip(), [])
            if not shop or not found:
                raise _wrong_line(path, reader.line_num, shop=bool(shop))
            for mark in found:
                _, made = AuthorisedSeller.objects.get_or_create(mark=mark, shop=shop)
                added, unchanged = added + made, unchanged + (not made)
    except csv.Error as error:
        raise BadInput(
            f"{path.name}, line {reader.line_num}: not a CSV row ({error}).",
            f"{path.name} 第 {reader.line_num} 行不是有效的 CSV（{error}）。",
        ) from error
    return ImportReport(added, 0, unchanged, encoding, ())


def _wrong_line(path: Path, line: int, *, shop: bool) -> BadInput:
    if not shop:
        return BadInput(
            f"{path.name}, line {line}: the shop is empty.",
            f"{path.name} 第 {line} 行：店铺名称为空。",
        )
    return BadInput(
        f"{path.name}, line {line}: no such mark is registered.",
        f"{path.name} 第 {line} 行：没有登记这个商标。",
    )


def _marks_by_id(organisation: Organisation | None) -> dict[str, list[Mark]]:
    marks = Mark.objects.all()
    if organisation is not None:
        marks = marks.filter(organisation=organisation)
    found: dict[str, list[Mark]] = {}
    for mark in marks:
        found.setdefault(mark.mark_id, []).append(mark)
    return found


def _read_text(path: Path) -> tuple[str, str]:
    try:
        if path.stat().st_size > SELLERS_LIMIT:
            raise BadInput(f"{path.name} is larger than 50 MB.", f"{path.name} 超过 50 MB。")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise BadInput(
        f"{path.name} is neither UTF-8 nor GB18030.", f"{path.name} 既不是 UTF-8 也不是 GB18030。"
    )
