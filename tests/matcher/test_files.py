"""Marks, sellers and listings files: each fault one sentence with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher import ListingsError, MarksError, SellersError, load_marks, load_sellers
from matcher.listing import read_offer

GOOD = "mark_id,name,classes,kind,holder,well_known,common_word\n1,霖狸,32;30,word,甲公司,1,0\n"


def write(folder: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "marks.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_marks_are_read_in_the_encodings_people_use(tmp_path: Path, encoding: str) -> None:
    file = load_marks(write(tmp_path, GOOD, encoding))
    assert file.marks[0].name == "霖狸"
    assert file.marks[0].classes == (30, 32)
    assert file.marks[0].well_known
    said = any("GBK" in note.en for note in file.notes)
    assert said == encoding.startswith("gb")


@pytest.mark.parametrize(
    ("text", "en"),
    [
        ("", "the column mark_id, name is missing"),
        ("mark_id,classes\n1,2\n", "line 1: the column name is missing"),
        ("mark_id,name,classes\n1,霖狸,46\n", "line 2: “46” is not a Nice class"),
        ("mark_id,name,classes\n1,霖狸,0\n", "line 2: “0” is not a Nice class"),
        ("mark_id,name,classes\n1,霖狸,-1\n", "line 2: “-1” is not a Nice class"),
        ("mark_id,name,classes\n1,霖狸,九\n", "line 2: “九” is not a Nice class"),
        ("mark_id,name\n1,霖狸\n\n1,柯茉\n", "line 4: the mark_id 1 is already on line 2"),
        ("mark_id,name\n1,\n", "line 2: the name is empty"),
        ("mark_id,name\n,霖狸\n", "line 2: the mark_id is empty"),
        ("mark_id,name\n1,！？\n", "line 2: the name has no letter or digit"),
        ("mark_id,name,kind\n1,霖狸,smell\n", "line 2: the kind “smell” is not known"),
        ("mark_id,name,well_known\n1,霖狸,maybe\n", "line 2: well_known must be 0 or 1"),
        ("mark_id,name\n1,霖狸,3\n", "line 2: 3 cells under 2 columns"),
        ("mark_id,name,name\n1,a,b\n", "line 1: the column name appears twice"),
        ('mark_id,name\n1,"霖狸\n', "not well-formed CSV"),
        ("mark_id,name\n", "holds no marks"),
    ],
)
def test_a_faulty_marks_file_is_refused_in_one_sentence(tmp_path: Path, text: str, en: str) -> None:
    with pytest.raises(MarksError) as caught:
        load_marks(write(tmp_path, text))
    assert en in caught.value.en
    assert caught.value.zh.endswith("。")
    assert "\n" not in caught.value.en


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("told", [False, True])
def test_spreadsheets_separate_cells_in_their_own_way(
    tmp_path: Path, separator: str, told: bool
) -> None:
    rows = [["mark_id", "name", "classes"], ["1", "霖狸", '"32;30"'], ["2", "柯茉", "99"]]
    lines = [separator.join(row) for row in rows]
    first = [f"sep={separator}"] if told else []
    file = load_marks(write(tmp_path, "\r\n".join([*first, *lines[:2], ""]), "utf-8-sig"))
    assert file.marks[0].classes == (30, 32)
    with pytest.raises(MarksError, match=f"line {4 if told else 3}: “99” is not"):
        load_marks(write(tmp_path, "\r\n".join([*first, *lines, ""])))


def test_a_file_without_classes_is_read_and_said_so(tmp_path: Path) -> None:
    file = load_marks(write(tmp_path, "mark_id,name\n1,霖狸\n"))
    assert any("no column classes" in note.en for note in file.notes)
    assert not any("classes" in note.en for note in load_marks(write(tmp_path, GOOD)).notes)


def test_a_missing_column_says_what_the_first_line_must_name(tmp_path: Path) -> None:
    with pytest.raises(MarksError, match="must name at least mark_id,name"):
        load_marks(write(tmp_path, "编号,名称\n1,霖狸\n"))


def test_a_sellers_file_without_shops_is_said(tmp_path: Path) -> None:
    file = load_sellers(write(tmp_path, "mark_id,shop\n"))
    assert [note.en for note in file.notes] == ["marks.csv names no authorised shop."]


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MarksError, match="neither UTF-8 nor GB18030"):
        load_marks(write(tmp_path, b"mark_id,name\n1,\xff\xff\xff\n"))


def test_a_missing_marks_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(MarksError, match="cannot be read"):
        load_marks(tmp_path / "none.csv")


def test_further_columns_are_kept_and_figures_are_said_to_be_unwatched(tmp_path: Path) -> None:
    file = load_marks(write(tmp_path, "mark_id,name,kind,note\n1,霖狸,figurative,x\n"))
    assert file.marks[0].extra == (("note", "x"),)
    assert any("图形未监测" in note.zh for note in file.notes)


def test_sellers(tmp_path: Path) -> None:
    file = load_sellers(write(tmp_path, "mark_id,shop\n1,甲店\n1,乙店\n2,甲店\n", "gbk"), {"1"})
    assert file.shops == {"1": ("甲店", "乙店"), "2": ("甲店",)}
    assert len(file.notes) == 2
    with pytest.raises(SellersError, match="line 2: the shop is empty"):
        load_sellers(write(tmp_path, "mark_id,shop\n1,\n"))
    with pytest.raises(SellersError, match="the column shop is missing"):
        load_sellers(write(tmp_path, "mark_id\n1\n"))


@pytest.mark.parametrize(
    ("line", "en"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"title": "x"}', "no id"),
        (b'{"id": "", "title": "x"}', "no id"),
        (b'{"id": "1"}', "no title"),
        (b'{"id": "1", "title": "x", "brand": {}}', "brand is not a string"),
        (b'{"id": "1", "title": "x", "attributes": []}', "attributes is not an object"),
    ],
)
def test_a_line_that_is_no_listing_is_refused_with_its_number(line: bytes, en: str) -> None:
    with pytest.raises(ListingsError) as caught:
        read_offer(line, 7)
    assert f"line 7: {en}" in caught.value.en


def test_lone_surrogates_are_replaced_one_for_one() -> None:
    offer = read_offer(b'{"id": "1", "title": "a\\ud800b", "classes": [3, 5]}', 1)
    assert offer.title == "a\ufffdb"
    assert offer.classes == "3;5"
