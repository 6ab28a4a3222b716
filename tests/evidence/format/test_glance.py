"""Reading at a glance: exactly what the strict parser says, or nothing."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evidence.errors import FormatError
from evidence.format.digests import Digests
from evidence.format.entry import (
    Attempt,
    Entry,
    Failed,
    Fresh,
    FreshToken,
    NothingFound,
    Sealed,
    parse_entry,
)
from evidence.format.glance import Glance, as_glance, glance, glances
from evidence.format.layouts import MOST_LENGTHS, MOST_OF_LENGTH, Layout, Layouts

H, C, T = "0123456789abcdef" * 4, "0f" * 16, datetime(2026, 2, 28, 23, 59, 59, 120, tzinfo=UTC)
ATTEMPT = Attempt(C, H, 7, H, T, H)
FAILED = Failed(C, H, 3, H, T, 0, "unreachable")
SAMPLES: list[Entry] = [
    ATTEMPT,
    replace(ATTEMPT, fresh=Fresh(C, no_token="down")),
    *(
        replace(ATTEMPT, fresh=Fresh(C, FreshToken("a1", bytes(size))), number=10**14)
        for size in (1, 2, 3, 4000)
    ),
    *(Sealed(C, H, 1, H, T, 12, H, H, Digests(5, H, H), version) for version in (1, 2)),
    *(replace(FAILED, version=version) for version in (1, 2)),
    NothingFound(C, H, 3, H, T, 999_999, "gone"),
]


def strict(data: bytes) -> Entry | None:
    try:
        return parse_entry(data)
    except FormatError:
        return None


def agrees(data: bytes, seen: Glance) -> bool:
    """Whether the strict parser reads the same values."""
    entry = strict(data)
    assert isinstance(entry, Attempt | Sealed | Failed | NothingFound), data
    kinds = (Attempt, Sealed, Failed, NothingFound)
    attempt = -1 if isinstance(entry, Attempt) else entry.attempt
    told = (entry.capture_id.encode(), entry.case_tag.encode(), entry.number, entry.prev.encode())
    when = datetime.fromisoformat(seen[5].decode())
    return (kinds[seen[0]], seen[1:5], when, seen[6]) == (type(entry), told, entry.time, attempt)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_frequent_kind_is_read(sample: Entry) -> None:
    data = sample.to_bytes()
    seen = glance(data)
    assert seen is not None
    assert agrees(data, seen)
    assert as_glance(data) == seen


def test_all_kinds_together_are_read_as_each_alone() -> None:
    data = [sample.to_bytes() for sample in SAMPLES] * 3
    assert glances(data) == [glance(one) for one in data]
    frequent = [d for d in data if b"no_token" in d or b'"sealed"' in d or b'"failed"' in d]
    assert glances(frequent) == [glance(one) for one in frequent]


def test_what_is_accepted_is_accepted_by_the_strict_parser() -> None:
    """Random damage of every kind; nothing may pass here that does not pass there."""
    chance, accepted = random.Random(5), 0
    for _ in range(6000):
        data = bytearray(chance.choice(SAMPLES[:3] + SAMPLES[6:]).to_bytes())
        for _ in range(chance.choice((1, 1, 2))):
            at = chance.randrange(len(data))
            data[at : at + chance.choice((0, 1, 1, 1, 3))] = chance.choice(
                (
                    b"",
                    b"0",
                    b"9",
                    b"f",
                    b"A",
                    b"\n",
                    b'"',
                    b"-",
                    b"=",
                    b"a,",
                    b"Z",
                    bytes([at % 256]),
                )
            )
        seen = glances([bytes(data), SAMPLES[1].to_bytes()])[0]
        if seen is not None:
            accepted += 1
            assert agrees(bytes(data), seen)
    assert accepted > 300


@pytest.mark.parametrize(
    "change",
    [
        (b"2026-02-28", b"2026-02-29"),
        (b"2026-02-28", b"2026-W01-1"),
        (b"T23:", b"T24:"),
        (b":59.", b":60."),
        (b"000120Z", b"00012\xc2\xb2"),
        (b'"number":7', b'"number":07'),
        (b'"number":7', b'"number":0'),
        (b'"prev":"0', b'"prev":"\n'),
        (b"entry/1", b"entry/2"),
        (b'"no_token":"down",', b""),
    ],
)
def test_what_is_not_sound_is_left_to_the_strict_parser(change: tuple[bytes, bytes]) -> None:
    for sample in SAMPLES[:2]:
        data = sample.to_bytes()
        if change[0] in data:
            assert glance(data.replace(*change)) is None
            assert strict(data.replace(*change)) is None


def test_two_entries_in_one_are_not_two() -> None:
    one = SAMPLES[1].to_bytes()
    assert glances([one + b"\n" + one]) == [None]
    assert glances([one, one + b"\n" + one, one])[1] is None
    assert glances([one[:100], one[100:]]) == [None, None]


@pytest.mark.parametrize("authority", ["attempt", "outcome", "dossier"])
def test_reserved_names_of_authorities_are_left_to_the_strict_parser(authority: str) -> None:
    data = SAMPLES[2].to_bytes().replace(b'"a1"', f'"{authority}"'.encode())
    assert glance(data) is None
    with pytest.raises(FormatError):
        as_glance(data)


def test_what_is_read_together_is_what_each_alone_says() -> None:
    """Every tenth of a long run of entries is damaged; the numbers have all lengths."""
    chance = random.Random(7)
    entries: list[bytes] = []
    for at in range(3000):
        number = chance.randrange(1, 10 ** chance.randrange(1, 15))
        attempt = chance.randrange(10 ** chance.randrange(1, 6))
        failed = replace(FAILED, number=number, attempt=attempt)
        package = Digests(number, H, H)
        made: list[Entry] = [
            replace(ATTEMPT, fresh=Fresh(C, no_token="down"), number=number),
            replace(ATTEMPT, number=number),
            failed,
            NothingFound(C, H, number, H, T, attempt, "gone"),
            Sealed(C, H, number, H, T, attempt, H, H, package),
        ]
        data = bytearray(chance.choice(made).to_bytes())
        if at % 10 == 0:
            data[chance.randrange(len(data))] = chance.choice(b'0123456789abcdef"g,_ +-:.TZ\n')
        entries.append(bytes(data))
    for begin in range(0, 3000, 40):
        group = entries[begin : begin + 40]
        assert glances(group) == [glance(data) for data in group]
        for one, seen in zip(group, glances(group), strict=True):
            assert seen is None or agrees(one, seen)


@pytest.mark.parametrize(
    "time", [b"2026-02-28T24:00:00.000000Z", b"2026-02-28T23:60:00.000000Z",
             b"2026-02-28T23:00:60.000000Z", b"2026-02-30T23:00:00.000000Z",
             b"2026-02-28T2300::00.000000Z", b"2026-02-28T23:00:00.00000Z0"],
)  # fmt: skip
def test_a_time_that_is_none_is_left_to_the_strict_parser(time: bytes) -> None:
    good = SAMPLES[1].to_bytes()
    bad = good.replace(b"2026-02-28T23:59:59.000120Z", time)
    assert glances([good, bad, good]) == [glance(good), None, glance(good)]
    assert strict(bad) is None


def test_layouts_are_bounded() -> None:
    layouts = Layouts()
    match = re.fullmatch(b"a(b)c", b"abc")
    assert match is not None
    for length in range(MOST_LENGTHS + 5):
        for kind in range(MOST_OF_LENGTH + 2):
            layouts.learn(Layout.of(kind, match, (1,)), length)
    assert len(layouts.known) == 5
    assert [one.kind for one in layouts.known[MOST_LENGTHS + 4]] == [5, 4, 3, 2]
