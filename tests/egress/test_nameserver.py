"""How a name server is written, and what one says of a name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from egress.errors import BadNameserver, Unreachable
from egress.nameserver import Nameserver, read_nameserver, system_nameservers
from egress.question import NameserverResolver, Reply, ask
from tests.egress.names import Round, name_server


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("223.5.5.5", "223.5.5.5:53"),
        ("223.5.5.5:5353", "223.5.5.5:5353"),
        (" 2400:3200::1 ", "[2400:3200::1]:53"),
        ("[2400:3200::1]:54", "[2400:3200::1]:54"),
    ],
)
def test_an_address_with_or_without_a_port(text: str, printed: str) -> None:
    assert str(read_nameserver(text)) == printed
    assert read_nameserver(printed) == read_nameserver(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fe80::1%eth0",
        "dns.example",
        "1.2.3.4:0",
        "1.2.3.4:70000",
        "[1.2.3.4]:53",
        "1.2.3.4:",
        "1.2.3",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadNameserver, match="not a name server"):
        read_nameserver(text)


def test_the_system_s_own_are_read_from_resolv_conf(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text(
        "# nameserver 1.1.1.1\nsearch example\nnameserver 10.0.0.53\nnameserver fe80::1%eth0\n"
        "nameserver 10.0.0.53\nnameserver ::1\nnameserver\noptions ndots:1\n"
    )
    assert system_nameservers(conf) == (Nameserver("10.0.0.53"), Nameserver("::1"))
    assert system_nameservers(tmp_path / "none") == ()


def reply_of(*records: str, name: str = "a.example") -> tuple[Reply, list[tuple[str, str, str]]]:
    zone: dict[str, list[Round]] = {
        "a.example": [records],
        "b.example": [["A 192.168.7.7", "AAAA fd00::7"]],
    }
    with name_server(zone) as names:
        reply = asyncio.run(ask(names.server, name, seconds=0.5))
        return reply, names.asked


def test_both_kinds_of_address_are_asked_for() -> None:
    reply, asked = reply_of("A 8.8.8.8", "A 8.8.4.4", "AAAA 2001:4860:4860::8888")
    assert [str(one) for one in reply.addresses] == ["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888"]
    assert (reply.cname, reply.error) == ((), None)
    assert sorted(asked) == [("a.example", "A", "udp"), ("a.example", "AAAA", "udp")]


def test_a_chain_of_names_is_followed_and_told() -> None:
    reply, _ = reply_of("CNAME B.example.")
    assert [str(one) for one in reply.addresses] == ["192.168.7.7", "fd00::7"]
    assert reply.cname == ("b.example",)


def test_an_answer_cut_short_is_asked_again_over_tcp() -> None:
    reply, asked = reply_of("CUT", "A 8.8.8.8")
    assert [str(one) for one in reply.addresses] == ["8.8.8.8"]
    assert ("a.example", "A", "tcp") in asked


@pytest.mark.parametrize(
    ("records", "error"),
    [
        (("SILENT",), "timeout"),
        (("SERVFAIL",), "servfail"),
        (("GARBAGE",), "bad_answer"),
        ((), "no_address"),
        (("CNAME nowhere.example.",), "no_address"),
    ],
)
def test_what_is_no_answer_is_named(records: tuple[str, ...], error: str) -> None:
    reply, _ = reply_of(*records)
    assert (reply.addresses, reply.error) == ((), error)


def test_a_name_that_does_not_exist_and_a_server_that_does_not() -> None:
    assert reply_of("A 8.8.8.8", name="other.example")[0].error == "nxdomain"
    gone = asyncio.run(ask(Nameserver("127.0.0.1", 1), "a.example", seconds=0.5))
    assert gone.error in ("unreachable", "timeout")
    assert asyncio.run(ask(gone_server(), "a" * 64 + ".example", seconds=0.5)).error == "bad_answer"


def gone_server() -> Nameserver:
    return Nameserver("127.0.0.1", 1)


def test_one_server_can_decide_in_the_system_s_place() -> None:
    with name_server({"a.example": [["A 8.8.8.8"]]}) as names:
        resolver = NameserverResolver(names.server)
        assert [str(one) for one in asyncio.run(resolver.resolve("a.example"))] == ["8.8.8.8"]
        with pytest.raises(Unreachable):
            asyncio.run(resolver.resolve("b.example"))
