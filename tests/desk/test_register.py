"""The register: accounts, marks, files of marks and sellers."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.errors import BadInput, NotAllowed
from desk.register.models import AuthorisedSeller, Mark, Organisation, User
from desk.register.services import add_mark, add_organisation, add_user, authorise_seller
from desk.register.services.imports import import_marks, import_sellers
from matcher import MatchError
from tests.desk.conftest import Town

pytestmark = pytest.mark.django_db
HEAD = "mark_id,name,classes,kind,holder,well_known,common_word\n"


def _file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "marks.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_accounts_need_a_fitting_role(town: Town) -> None:
    user, password = add_user(name="new", role="officer", organisation=town.bureau)
    assert len(password) >= 12
    assert user.check_password(password)
    for name, role in (("new", "officer"), ("x", "king"), ("x", "owner"), (" ", "officer")):
        with pytest.raises(BadInput):
            add_user(name=name, role=role, organisation=town.bureau)
    assert not User.objects.filter(username="x").exists()


def test_an_organisation_keeps_its_kind(town: Town) -> None:
    assert add_organisation(name="鄞州局", kind="bureau") == town.bureau
    for name, kind in (("鄞州局", "brand_owner"), ("x", "club"), (" ", "bureau")):
        with pytest.raises(BadInput):
            add_organisation(name=name, kind=kind)


def test_an_owner_registers_a_mark_for_its_own_organisation(town: Town) -> None:
    mark = add_mark(actor=town.owner, mark_id=" 1 ", name=" 甬江 ", classes=[30, 9, 30])
    assert (mark.mark_id, mark.name, mark.classes) == ("1", "甬江", "9;30")
    assert (mark.organisation, mark.holder, mark.class_numbers()) == (
        town.brand,
        "甬舟茶业",
        (9, 30),
    )
    for who in (town.officer, town.notary, town.auditor, town.administrator):
        with pytest.raises(NotAllowed):
            add_mark(actor=who, mark_id="2", name="甬")
    with pytest.raises(NotAllowed):
        add_mark(actor=town.owner, organisation=town.other_brand, mark_id="2", name="甬")


@pytest.mark.parametrize(
    "values",
    [
        {"mark_id": ""},
        {"mark_id": "9" * 101},
        {"name": " "},
        {"name": "字" * 501},
        {"name": "！？"},
        {"classes": (46,)},
        {"classes": (0,)},
        {"kind": "smell"},
        {"mark_id": "100"},
    ],
)
def test_a_mark_that_cannot_be_is_refused(town: Town, values: dict[str, object]) -> None:
    wanted: dict[str, object] = {"mark_id": "2", "name": "甬", **values}
    with pytest.raises(BadInput):
        add_mark(actor=town.owner, **wanted)  # type: ignore[arg-type]
    assert Mark.objects.count() == 2


def test_two_owners_may_hold_the_same_number(town: Town) -> None:
    assert add_mark(actor=town.other_owner, mark_id="100", name="甬舟").pk


def test_authorised_sellers(town: Town) -> None:
    one = authorise_seller(actor=town.owner, mark=town.mark, shop=" 旗舰店 ")
    assert one == authorise_seller(actor=town.owner, mark=town.mark, shop="旗舰店")
    for shop in (" ", "店" * 201):
        with pytest.raises(BadInput):
            authorise_seller(actor=town.owner, mark=town.mark, shop=shop)
    for who in (town.other_owner, town.officer, town.administrator):
        with pytest.raises(NotAllowed):
            authorise_seller(actor=who, mark=town.mark, shop="x")


def test_a_file_is_imported_once_and_again_without_change(tmp_path: Path, db: None) -> None:
    path = _file(tmp_path, HEAD + "1,甬舟,30;9,word,甬舟茶业,1,0\n2,明州,14,word,明州钟表,0,1\n")
    report = import_marks(path=path)
    assert (report.added, report.changed, report.unchanged) == (2, 0, 0)
    assert Mark.objects.get(mark_id="1").classes == "9;30"
    assert Organisation.objects.get(name="明州钟表").kind == "brand_owner"
    again = import_marks(path=path)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    changed = import_marks(path=_file(tmp_path, HEAD + "1,甬舟,30,word,甬舟茶业,1,0\n"))
    assert (changed.added, changed.changed, changed.unchanged) == (0, 1, 0)


def test_a_file_in_gbk_is_read_and_said_so(tmp_path: Path, db: None) -> None:
    path = _file(tmp_path, HEAD + "1,甬舟,30,word,甬舟茶业,1,0\n", "gbk")
    report = import_marks(path=path)
    assert report.added == 1
    assert any("GB" in zh for zh, _ in report.notes)


@pytest.mark.parametrize(
    "text",
    [
        "mark_id,classes\n1,30\n",
        HEAD + "1,甬舟,30,word,甲,0,0\n2,明州,46,word,甲,0,0\n",
        HEAD + "1,甬舟,30,word,甲,0,0\n1,明州,30,word,甲,0,0\n",
        HEAD + "1,甬舟,30,word,甲,0,0\n2,明州,30,word,,0,0\n",
        HEAD + f"1,甬舟,30,word,甲,0,0\n{'2' * 101},明州,30,word,甲,0,0\n",
        HEAD + f"1,甬舟,30,word,甲,0,0\n2,明州,30,word,{'甲' * 501},0,0\n",
    ],
    ids=["no-name-column", "class-46", "equal-ids", "no-holder", "long-id", "long-holder"],
)
def test_a_wrong_file_changes_nothing(tmp_path: Path, db: None, text: str) -> None:
    with pytest.raises((MatchError, BadInput)) as caught:
        import_marks(path=_file(tmp_path, text))
    assert caught.value.zh
    assert not Mark.objects.exists()
    assert not Organisation.objects.exists()


def test_only_an_owner_imports_and_only_for_itself(tmp_path: Path, town: Town) -> None:
    path = _file(tmp_path, HEAD + "7,甬江,30,word,别人,0,0\n")
    with pytest.raises(NotAllowed):
        import_marks(path=path, actor=town.officer)
    with pytest.raises(NotAllowed):
        import_marks(path=path, organisation=town.other_brand, actor=town.owner)
    import_marks(path=path, actor=town.owner)
    assert Mark.objects.get(mark_id="7").organisation == town.brand


def test_names_that_are_too_long_are_refused(tmp_path: Path, town: Town) -> None:
    with pytest.raises(BadInput):
        add_organisation(name="局" * 501, kind="bureau")
    with pytest.raises(BadInput):
        add_user(name="x" * 151, role="owner", organisation=town.brand)
    with pytest.raises(BadInput):
        add_mark(actor=town.owner, mark_id="8", name="甬", holder="甲" * 501)
    with pytest.raises(BadInput):
        import_marks(
            path=_file(tmp_path, HEAD + f"9,甬,30,word,{'甲' * 501},0,0\n"), organisation=town.brand
        )
    shops = tmp_path / "s.csv"
    shops.write_text(f"mark_id,shop\n100,{'店' * 201}\n", encoding="utf-8")
    with pytest.raises(BadInput):
        import_sellers(path=shops)


def test_sellers_are_imported_all_or_nothing(tmp_path: Path, town: Town) -> None:
    path = tmp_path / "s.csv"
    path.write_text("mark_id,shop\n100,旗舰店\n999,别店\n", encoding="utf-8")
    with pytest.raises(BadInput):
        import_sellers(path=path)
    assert not AuthorisedSeller.objects.exists()
    path.write_text("mark_id,shop\n100,旗舰店\n", encoding="utf-8")
    assert import_sellers(path=path).added == 1
    assert import_sellers(path=path, organisation=town.brand).unchanged == 1
    with pytest.raises(BadInput):
        import_sellers(path=path, organisation=town.other_brand)
