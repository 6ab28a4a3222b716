"""What crosses between the processes comes back the same, or is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.browser.order import CaptureOrder, Http2, Limits, Login, Profile
from evidence.capture import Snapshot
from evidence.capture.warc import Place
from evidence.errors import FormatError
from evidence.worker.codec import dumps, loads
from evidence.worker.request import Bounds, Isolation, Kind, Outcome, Request, Secret

ORDER = CaptureOrder("https://x.test/茶?a=1", Path("/usr/bin/chromium"), "127.0.0.1:9", None)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SNAPSHOT = Snapshot(
    url="https://x.test/",
    final_url="https://x.test/a",
    title="甬江春茶 “旗舰”\u2028\u0000",
    http_status=200,
    page_note=None,
    certificate="bad",
    started=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    finished=datetime(2026, 1, 2, 3, 4, 6, tzinfo=timezone(timedelta(hours=8))),
    folder=Path("/x/y"),
    places=(Place("https://x.test/", NOW, "GET", 200, "text/html", "sha256:00", 0, 9),),
    declared=(("注意", "Note"), ("二", "two")),
)


def test_an_order_with_everything_in_it_comes_back() -> None:
    order = replace(
        ORDER,
        journal=Path("/j"),
        profile=Profile.MOBILE,
        http2=Http2.DECODE,
        login=Login(Path("/s"), ("token", "密")),
        time_servers=("a", "b"),
        private_key=b"\x00\xff" * 16,
        limits=Limits(seconds=0.1, bytes=3),
    )
    request = Request(
        order=order,
        folder=Path("/f"),
        inside=Path("/i"),
        software="markseal",
        clock_shift=-3.5,
        secrets=(Secret("k", Path("/k"), (Path("/k/a"),)),),
        readable=(),
        fonts=(),
        bounds=Bounds(seconds=1),
        isolation=Isolation.NONE,
    )
    assert loads(Request, dumps(request)) == request


def test_a_snapshot_comes_back() -> None:
    outcome = Outcome(Kind.CAPTURED, SNAPSHOT)
    assert loads(Outcome, dumps(outcome)) == outcome


@dataclass(frozen=True)
class Sample:
    """Every form there is."""

    a: str
    b: int
    c: float | None
    d: tuple[str, ...]
    e: tuple[int, bool]
    f: dict[str, list[int]]
    g: Any
    h: bytes


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.builds(
        Sample,
        a=TEXT,
        b=st.integers(),
        c=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        d=st.lists(TEXT).map(tuple),
        e=st.tuples(st.integers(), st.booleans()),
        f=st.dictionaries(TEXT, st.lists(st.integers())),
        g=st.none() | st.integers() | st.lists(st.booleans()),
        h=st.binary(),
    )
)
def test_any_sample_comes_back(sample: Sample) -> None:
    assert loads(Sample, dumps(sample)) == sample


GOOD = json.loads(dumps(Bounds()))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"\xff{}",
        json.dumps({**GOOD, "more": 1}).encode(),
        json.dumps({k: v for k, v in GOOD.items() if k != "nice"}).encode(),
        json.dumps({**GOOD, "nice": True}).encode(),
        json.dumps({**GOOD, "nice": "5"}).encode(),
        json.dumps({**GOOD, "nice": 5.0}).encode(),
        json.dumps(GOOD).replace('"nice": 2', '"nice": 2, "nice": 6').encode(),
    ],
)
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(FormatError, match="not usable"):
        loads(Bounds, line)


@pytest.mark.parametrize(
    "value",
    [
        replace(SNAPSHOT, finished=datetime(2026, 1, 1)),  # noqa: DTZ001
        Bounds(seconds=float("nan")),
        Sample("a", 1, None, (), (1, True), {}, object(), b""),
    ],
)
def test_what_has_no_form_is_not_sent(value: object) -> None:
    with pytest.raises(FormatError):
        dumps(value)


def test_an_unknown_choice_or_a_moment_without_zone_is_refused() -> None:
    for old, new in (("captured", "sealed"), ("+00:00", ""), ("2026-01-02", "noon")):
        line = dumps(Outcome(Kind.CAPTURED, SNAPSHOT)).replace(old.encode(), new.encode(), 1)
        with pytest.raises(FormatError):
            loads(Outcome, line)
