"""The audit by two processes finds what the audit by one finds, on sound and on broken logs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.log import entries
from evidence.format.digests import ZERO, sha256_hex
from evidence.format.entry import Attempt, CaseClosed, Entry, NothingFound
from evidence.format.tiles import WIDTH, Tile, pack_entries, unpack_entries
from evidence.log import audit
from evidence.log.following import Following
from evidence.log.keysinforce import KeysInForce
from evidence.log.reading import Bundles, Hashed, Sound
from evidence.log.report import AuditReport
from evidence.log.store import CHECKPOINT
from tests.evidence.log.fixtures import START, attempt, hexed, make_log
from tests.evidence.log.test_audit import begun, failed, sealed

ALONE = 1 << 40
SIZE = 11 * WIDTH + 77
Break = Callable[[Path], None]


@pytest.fixture(scope="module")
def sound_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = make_log(tmp_path_factory.mktemp("sound"))
    with log.writing() as session:
        session.append([data for _, data in zip(range(SIZE), entries(SIZE + 1), strict=False)])
    return log.folder


def bundle(folder: Path, number: int) -> Path:
    width = WIDTH if number < SIZE // WIDTH else SIZE % WIDTH
    return folder / Tile(None, number, width).path()


def nothing(folder: Path) -> None:
    assert (folder / CHECKPOINT).exists()


def change(number: int, at: int) -> Break:
    def breaks(folder: Path) -> None:
        held = unpack_entries(bundle(folder, number).read_bytes())
        held[at] = held[at].replace(b"2026-", b"2027-")
        bundle(folder, number).write_bytes(pack_entries(held))

    return breaks


def swap(one: int, other: int) -> Break:
    def breaks(folder: Path) -> None:
        first, second = bundle(folder, one), bundle(folder, other)
        data = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(data)

    return breaks


def remove(*numbers: int) -> Break:
    return lambda folder: [bundle(folder, number).unlink() for number in numbers] and None


def tear(number: int) -> Break:
    return lambda folder: os.truncate(bundle(folder, number), 9000)


def tile(folder: Path) -> None:
    path = folder / Tile(0, 4).path()
    path.write_bytes(bytes(64) + path.read_bytes()[64:])


BROKEN = {
    "sound": nothing,
    "an entry of the other process changed": change(2, 100),
    "the last of its bundle changed": change(3, 255),
    "the first of its bundle changed": change(5, 0),
    "in the last bundle": change(11, 5),
    "bundles swapped": swap(2, 5),
    "bundles missing": remove(3, 4, 8),
    "the first missing": remove(0),
    "torn": tear(6),
    "a tile": tile,
}


@pytest.mark.parametrize("name", BROKEN)
def test_two_processes_find_what_one_finds(sound_log: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "log"
    for path in sound_log.rglob("*"):
        if path.is_file() and "index" not in path.name:
            (folder / path.relative_to(sound_log)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(sound_log)).write_bytes(path.read_bytes())
    BROKEN[name](folder)
    alone = audit(folder, two_from=ALONE)
    assert audit(folder, two_from=0).to_json() == alone.to_json()
    assert alone.clean == (name == "sound")
    assert alone.size == SIZE


def test_what_the_other_process_hands_over_is_that_bundle(sound_log: Path) -> None:
    store, came = make_log(sound_log).store, 0
    with Bundles(store, SIZE, worth_it=0) as bundles:
        for number in range(-(-SIZE // WIDTH)):
            sound, held = bundles.sound(number), store.bundle(number, SIZE)
            if sound is not None:
                assert sound == Sound.of(held)
                assert (sound.leaves, sound.node) == (Hashed.of(held).leaves, Hashed.of(held).node)
                came += 1
    assert came in (0, 8)  # none where there is but one processor


def test_a_second_process_that_is_killed_leaves_the_first_to_go_on(sound_log: Path) -> None:
    with Bundles(make_log(sound_log).store, SIZE, worth_it=0) as bundles:
        told = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
        for child in map(int, told):
            if b"evidence.log.reading" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
                os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        found = [bundles.sound(number) for number in range(-(-SIZE // WIDTH))]
    assert None in found
    assert audit(sound_log, two_from=0).clean


ONCE = st.sampled_from(["number", "time", "case", "attempt", "prev", "noise", "none"])
DOINGS = st.tuples(
    st.sampled_from(["attempt", "failed", "sealed", "nothing", "closed"]),
    st.integers(0, 2),
    st.one_of(st.just("none"), ONCE),
)


def grow(doings: list[tuple[str, int, str]]) -> list[bytes]:
    """Return entries after these doings: of three cases, each sound or wrong in one way."""
    made: list[bytes] = []
    opened: list[tuple[int, Attempt]] = []
    numbers = [0, 0, 0]
    for at, (kind, case, wrong) in enumerate(doings):
        previous = sha256_hex(made[-1]) if made else ZERO
        data = _entry(kind, case, previous, numbers, opened, at)
        if kind == "attempt":
            opened.append((at, begun(data)))
        made.append(_spoiled(data, wrong))
    return made


def _entry(
    kind: str,
    case: int,
    previous: str,
    numbers: list[int],
    opened: list[tuple[int, Attempt]],
    at: int,
) -> bytes:
    if kind == "attempt" or (not opened and kind != "closed"):
        numbers[case] += 1
        return attempt(previous, numbers[case], case=f"c{case}", minute=at)
    when = START + timedelta(minutes=at)
    if kind == "closed":
        counts = (numbers[case], 0, numbers[case], 0)
        closing: Entry = CaseClosed(hexed(f"c{case}"), previous, when, *counts, "0" * 64, bytes(64))
        return closing.to_bytes()
    index, begin = opened[(at + case) % len(opened)]
    begin = replace(begin, time=when)
    if kind == "nothing":
        found = NothingFound(
            begin.capture_id, begin.case_tag, begin.number, previous, when, index, "gone"
        )
        return found.to_bytes()
    make = sealed if kind == "sealed" else failed
    return make(previous, begin, index)


def _spoiled(data: bytes, wrong: str) -> bytes:
    spoil: dict[str, Callable[[bytes], bytes]] = {
        "number": lambda d: d.replace(b'"number":', b'"number":9'),
        "time": lambda d: d.replace(b"2026-01", b"2025-01"),
        "case": lambda d: d.replace(hexed("c0").encode(), hexed("c9").encode()),
        "attempt": lambda d: d.replace(b'"attempt":', b'"attempt":7'),
        "prev": lambda d: d.replace(b'"prev":"', b'"prev":"f', 1).replace(b'","time"', b'"time"'),
        "noise": lambda d: d[: len(d) // 2],
    }
    return spoil[wrong](data) if wrong in spoil else data


def followed(bundles: list[list[bytes]], *, other: bool) -> tuple[dict[str, object], object]:
    """Return the report and what is kept; with ``other``, of bundles as the second process's."""
    report = AuditReport()
    following = Following(report, KeysInForce(report))
    first = 0
    for held in bundles:
        sound = Sound.of(held) if other else None
        if sound is not None:
            sound = Sound.read(sound.to_bytes())
        if sound is None or not following.take_sound(sound.seen, first, sound.last):
            following.take(held, first, Hashed.of(held).digests)
        first += len(held)
    following.finish()
    return report.to_json(), (following.previous, following.time, following.cases, following.open)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(DOINGS, min_size=1, max_size=24),
    st.lists(st.integers(1, 5), min_size=24, max_size=24),
)
def test_a_bundle_handed_over_says_what_its_entries_say(
    doings: list[tuple[str, int, str]], widths: list[int]
) -> None:
    made, bundles = grow(doings), []
    for width in widths:
        bundles.append(made[:width])
        made = made[width:]
    bundles = [held for held in bundles if held]
    assert followed(bundles, other=True) == followed(bundles, other=False)
