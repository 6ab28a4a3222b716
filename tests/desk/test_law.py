"""Dated law: what is cited on which day, and how sure it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from config.environment import LAW
from desk.law import LawError, NotInForce, Status, UnknownConcept, load_code

GOOD = """format = "markseal-law/1"
id = "a"
title = "甲法"
from = 2020-01-01
to = 2020-12-31
source = "文本"
[articles]
"x.y" = { article = "5(2)", status = "verified" }
"""


def test_the_law_changes_with_the_day() -> None:
    code = load_code(LAW)
    now = code.cite("infringement.identical", on=date(2026, 12, 31))
    assert (now.article, now.certain) == ("57(1)", True)
    assert now.text == "《中华人民共和国商标法（2019年修正）》第57条第（1）项"
    later = code.cite("infringement.identical", on=date(2027, 1, 1))
    assert (later.instrument.id, later.article) == ("trademark-law-2026", None)
    assert not later.certain
    assert "待核实" in later.text


def test_what_is_unsure_is_shown_so() -> None:
    citation = load_code(LAW).cite("evidence.monitoring_equipment", on=date(2026, 1, 1))
    assert citation.status is Status.UNSURE
    assert citation.text.endswith("第41条（待核实）")


def test_nothing_is_cited_for_a_day_without_law() -> None:
    code = load_code(LAW)
    with pytest.raises(NotInForce):
        code.cite("infringement.identical", on=date(2019, 10, 31))
    with pytest.raises(UnknownConcept):
        code.cite("witchcraft", on=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('format = "markseal-law/1"', 'format = "other"'),
        ('title = "甲法"', 'title = ""'),
        ("from = 2020-01-01", 'from = "2020-01-01"'),
        ('source = "文本"', 'source = "文本"\ncolour = "red"'),
        ('status = "verified"', 'status = "sure"'),
        ('article = "5(2)", ', ""),
        ('article = "5(2)"', "article = 5"),
        ('{ article = "5(2)", status = "verified" }', '"5"'),
        ("[articles]", "[articles"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "a.toml").write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(LawError) as caught:
        load_code(tmp_path)
    assert "a.toml" in caught.value.en


@pytest.mark.parametrize("other", [("2020-12-31", "2021-12-31"), ("2019-01-01", "2020-01-01")])
def test_two_laws_on_one_day_are_refused(tmp_path: Path, other: tuple[str, str]) -> None:
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    text = GOOD.replace('"a"', '"b"').replace("2020-12-31", other[1])
    (tmp_path / "b.toml").write_text(text.replace("2020-01-01", other[0], 1), encoding="utf-8")
    with pytest.raises(LawError):
        load_code(tmp_path)


def test_one_id_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(GOOD.partition('"x.y"')[0], encoding="utf-8")
    with pytest.raises(LawError):
        load_code(tmp_path)
