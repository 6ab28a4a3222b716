"""Time servers over real UDP: measured when sound, told apart and refused when not."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.environment.rows import Status
from evidence.environment.sntp import measure, parse, request
from evidence.environment.timeservers import Asked, ask, ask_one, judge, seconds, split
from tests.evidence.environment.timeserver import Bend, Packet, bent, stamp, timeserver


def asked(bend: Bend = lambda packet: packet, *, ahead: float = 0.0, count: int = 2) -> Asked:
    with timeserver(bend, ahead=ahead) as server:
        return ask_one(server, deadline=time.monotonic() + 1, count=count)


@pytest.mark.parametrize("ahead", [0.0, 0.25, -3.5, 86_400.0])
def test_the_offset_is_the_servers_clock_minus_ours(ahead: float) -> None:
    found = asked(ahead=ahead)
    assert len(found.samples) == 2
    assert abs(found.best.offset - Fraction(ahead)) < Fraction(1, 20)
    assert 0 <= found.best.delay < Fraction(1, 2)
    assert (found.best.answer.stratum, found.best.answer.leap) == (2, 0)


@pytest.mark.parametrize(
    ("bend", "reason"),
    [
        (bent(stratum=0, reference=int.from_bytes(b"RATE")), "refuses service (RATE)"),
        (bent(stratum=0, reference=int.from_bytes(b"DENY")), "refuses service (DENY)"),
        (bent(mode=3), "mode 3"),
        (bent(mode=5), "mode 5"),
        (bent(version=1), "version 1"),
        (bent(originate=0), "another request"),
        (bent(originate=12345), "another request"),
        (bent(leap=3), "not synchronised"),
        (bent(stratum=16), "not synchronised"),
        (bent(sent=0), "gives no time"),
        (bent(dispersion=17 << 16), "impossible"),
        (lambda packet: packet.to_bytes()[:47], "too short"),
        (lambda packet: b"", "too short"),
        (lambda packet: None, "timed out"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_refused(bend: Bend, reason: str) -> None:
    found = asked(bend)
    assert found.samples == ()
    assert reason in found.reason


def test_a_server_that_tires_of_us_keeps_the_sample_it_gave() -> None:
    left = [False, True]

    def once(packet: Packet) -> Packet:
        tired = left.pop(0)
        return bent(stratum=0, reference=int.from_bytes(b"RATE"))(packet) if tired else packet  # type: ignore[return-value]

    found = asked(once)
    assert len(found.samples) == 1
    assert "RATE" in found.to_json()["ended"]


def test_the_row_names_every_server_and_the_middle_offset() -> None:
    with timeserver(ahead=0.1) as one, timeserver(ahead=0.2) as two, timeserver(ahead=0.3) as three:
        row = ask((one, two, three, "127.0.0.1:1", one)).row()
    assert row.status is Status.CHECKED
    assert row.data["answered"] == 3
    assert [s["server"] for s in row.data["servers"]] == [one, two, three, "127.0.0.1:1"]
    assert "Connection refused" in row.data["servers"][3]["not_checked"]
    assert 0.15 < float(row.data["offset_seconds"]) < 0.25


def test_a_clock_that_is_off_and_servers_that_disagree_are_told() -> None:
    with timeserver(ahead=5) as one:
        row = ask((one,)).row()
    assert (row.status, "behind them" in row.en) == (Status.DIFFERS, True)
    with timeserver(ahead=-5) as one:
        assert "ahead of them" in ask((one,)).row().en
    with timeserver(ahead=-0.8) as one, timeserver(ahead=0.8) as two:
        assert ask((one, two)).row().status is Status.DIFFERS


def test_without_servers_or_answers_it_is_not_checked() -> None:
    assert ask(()).row().status is Status.NOT_CHECKED
    started = time.monotonic()
    with timeserver(lambda packet: None) as silent:
        row = ask((silent, "no.such.host.invalid", "::nonsense::")).row()
    assert row.status is Status.NOT_CHECKED
    assert all(server["not_checked"] for server in row.data["servers"])
    assert time.monotonic() - started < 10


@given(st.integers(0, 2**64 - 1), st.integers(0, 6_000_000_000))
def test_every_era_is_understood(nonce: int, unix: int) -> None:
    sent = stamp(unix) or 1
    packet = Packet(originate=nonce, received=sent, sent=sent).to_bytes()
    answer = parse(packet, nonce=nonce, near=Fraction(unix))
    assert abs(answer.sent - unix) < 1
    assert len(request(nonce)) == 48


def test_offset_and_delay_are_those_of_the_specification() -> None:
    packet = Packet(originate=7, received=stamp(1000.5), sent=stamp(1000.75)).to_bytes()
    answer = parse(packet, nonce=7, near=Fraction(1000))
    found = measure(answer, sent=Fraction(1000), arrived=Fraction(1001))
    assert (found.offset, found.delay) == (Fraction(1, 8), Fraction(3, 4))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ntp.example", ("ntp.example", 123)),
        ("ntp.example:1123", ("ntp.example", 1123)),
        ("[2001:db8::1]:5", ("2001:db8::1", 5)),
        ("2001:db8::1", ("2001:db8::1", 123)),
    ],
)
def test_servers_are_written_as_host_and_port(text: str, wanted: tuple[str, int]) -> None:
    assert split(text) == wanted


@pytest.mark.parametrize("text", ["", ":5", "host:0", "host:x", "host:70000"])
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        split(text)


def test_seconds_are_written_exactly() -> None:
    assert seconds(Fraction(-1, 3)) == "-0.333333"
    assert seconds(Fraction(5, 2)) == "2.500000"
    assert judge([]).status is Status.NOT_CHECKED
