"""Marks added and withdrawn, and an index kept on disk: always what a fresh one finds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import IndexFileError, Mark, Watchlist, load_watchlist, save_watchlist
from matcher.candidates import Index
from matcher.saved import kept_watchlist
from tests.matcher.samples import MARKS, SHOPS, offer

HAN = "霖狸柯茉岚橡果旭堇云舟沐禾"
NAMES = st.one_of(
    st.text(HAN, min_size=1, max_size=4),
    st.lists(st.sampled_from(["zen", "tav", "Nor", "vik", " ", "mu", "7"]), min_size=1).map(
        lambda parts: "x" + "".join(parts)
    ),
    st.sampled_from(["沐禾 MUHEA", "Norvik Pell", "NorvikPell", "鐪庠", "乐行", "重庆"]),
)
CLASSES = st.sampled_from([(), (25,), (32,)])
SOME = st.lists(st.tuples(st.integers(0, 9), NAMES, CLASSES), max_size=8).map(
    lambda rows: [Mark(f"m{n}", name, classes) for n, name, classes in rows]
)
STEPS = st.lists(st.tuples(SOME, st.sets(st.integers(0, 9).map("m{}".format))), max_size=4)
TITLES = [
    *("霖狸 矿泉水", "柯沫岚 面霜", "旭堇云丹 空气炸锅", "沐禾 保温杯", "xingle 乐xing 重qing"),
    *("xzentav earbuds", "Norvig Pell hoodie", "norvikpell xmumu 7", "茉柯岚 xnorvlk", "橡果果"),
]


def found(watchlist: Watchlist) -> list[object]:
    listings = [offer(title, brand=brand) for title in TITLES for brand in ("", title[:3])]
    return [[m.to_json() for m in some] for some in watchlist.scan_all(listings)]


@settings(max_examples=20, deadline=None)
@given(SOME, STEPS)
def test_marks_added_and_withdrawn_are_found_as_by_a_fresh_watchlist(
    begun: list[Mark], steps: list[tuple[list[Mark], set[str]]]
) -> None:
    marks = {mark.mark_id: mark for mark in begun}
    watchlist = Watchlist(marks.values())
    for added, withdrawn in steps:
        marks = {mark_id: mark for mark_id, mark in marks.items() if mark_id not in withdrawn}
        marks |= {mark.mark_id: mark for mark in added}
        watchlist = watchlist.changed(added, withdrawn)
    fresh = Watchlist(marks.values())
    assert watchlist.marks == fresh.marks
    assert found(watchlist) == found(fresh)


def test_a_few_marks_more_do_not_index_the_others_again() -> None:
    watchlist = Watchlist([Mark(f"n{n:03d}", f"zen{n}tavo") for n in range(100)])
    assert isinstance(watchlist.finder, Index)
    more = watchlist.changed([Mark("more", "霖狸")], ["n007"])
    assert isinstance(more.finder, Index)
    assert more.finder.parts[0] is watchlist.finder.parts[0]
    for n in range(40):
        more = more.changed([Mark(f"m{n}", f"柯{HAN[n % 12]}岚{HAN[n // 12]}")])
    assert isinstance(more.finder, Index)
    assert len(more.finder.parts) <= 4
    assert len(watchlist.marks) == 100


def test_a_kept_watchlist_finds_the_same_in_another_process(tmp_path: Path) -> None:
    watchlist = Watchlist(MARKS, SHOPS).changed([Mark("N", "旭堇")], ["M9"])
    save_watchlist(watchlist, tmp_path / "w.index")
    loaded = load_watchlist(tmp_path / "w.index").brought_to(watchlist.marks, SHOPS)
    assert loaded.marks == watchlist.marks
    assert found(loaded) == found(watchlist)
    code = (
        "import json, sys; from matcher import Offer, load_watchlist; "
        "from matcher.sound import hear; hear('舟云旭'); "
        "found = load_watchlist(sys.argv[1]).scan(Offer('L1', sys.argv[2])); "
        "print(json.dumps([m.to_json() for m in found]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "w.index"), "林狸 乐xing xnorvlk"],
        check=True, capture_output=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    plain = loaded.brought_to(loaded.marks).scan(offer("林狸 乐xing xnorvlk"))
    assert plain
    assert json.loads(told.stdout) == [m.to_json() for m in plain]


def test_an_index_follows_its_marks(tmp_path: Path) -> None:
    path = tmp_path / "w.index"
    first = kept_watchlist(path, MARKS, SHOPS)
    before = path.read_bytes()
    assert found(kept_watchlist(path, MARKS, SHOPS)) == found(first)
    assert path.read_bytes() == before
    fewer = [*MARKS[:-1], Mark("N", "旭堇")]
    assert found(kept_watchlist(path, fewer, {})) == found(Watchlist(fewer))
    assert load_watchlist(path).marks == Watchlist(fewer).marks
    assert [entry.name for entry in tmp_path.iterdir()] == ["w.index"]


def test_an_index_of_another_version_or_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.index"
    save_watchlist(Watchlist(MARKS), path)
    data = path.read_bytes()
    middle = len(data) // 2
    for spoilt, told in (
        (data.replace(b"markseal-index/1", b"markseal-index/0", 1), "another version"),
        (data.replace(b'"matcher/', b'"matcher-', 1), "another version"),
        (data.replace(b'"0.han.', b'"9.han.'), "damaged"),
        (data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :], "damaged"),
        (data[:-1], "damaged"),
    ):
        path.write_bytes(spoilt)
        with pytest.raises(IndexFileError, match=told) as caught:
            load_watchlist(path)
        assert "请删除" in caught.value.zh


@pytest.mark.parametrize(
    "data", [b"", b"{}\n", b"mark_id,name\n", b"\x00" * 100, b"[1]\n"], ids=repr
)
def test_what_is_no_index_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(IndexFileError, match="not an index"):
        load_watchlist(tmp_path / "x")
    with pytest.raises(IndexFileError, match="cannot be read"):
        load_watchlist(tmp_path / "none")
    with pytest.raises(IndexFileError, match="cannot be written"):
        save_watchlist(Watchlist(MARKS), tmp_path / "none" / "w.index")
