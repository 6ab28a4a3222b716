"""Which addresses are public."""

from __future__ import annotations

import ipaddress

import pytest

from egress.address import read_host, refusal

REFUSED = [
    ("127.0.0.1", "loopback"),
    ("127.255.0.3", "loopback"),
    ("0.0.0.0", "unspecified"),
    ("10.1.2.3", "private_address"),
    ("172.31.255.255", "private_address"),
    ("192.168.1.1", "private_address"),
    ("100.64.0.1", "carrier_nat"),
    ("100.100.100.200", "metadata"),
    ("169.254.169.254", "metadata"),
    ("169.254.1.1", "link_local"),
    ("192.0.0.8", "reserved"),
    ("192.0.2.1", "documentation"),
    ("198.19.0.1", "reserved"),
    ("224.0.0.1", "multicast"),
    ("255.255.255.255", "reserved"),
    ("::1", "loopback"),
    ("::", "unspecified"),
    ("::7f00:1", "reserved"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:10.0.0.1", "private_address"),
    ("64:ff9b::7f00:1", "translated"),
    ("64:ff9b:1::a00:1", "translated"),
    ("2002:7f00:1::", "tunnelled"),
    ("2001:0:4136:e378::", "tunnelled"),
    ("2001:db8::1", "documentation"),
    ("fd00:ec2::254", "metadata"),
    ("fd12::1", "private_address"),
    ("fe80::1", "link_local"),
    ("fec0::1", "private_address"),
    ("ff02::1", "multicast"),
    ("4000::1", "reserved"),
    ("100::1", "reserved"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refused_with_its_reason(text: str, reason: str) -> None:
    assert refusal(ipaddress.ip_address(text), allow_loopback=False) == reason


@pytest.mark.parametrize("text", ["8.8.8.8", "172.32.0.1", "2606:4700::1", "2400:3200::1"])
def test_public_passes(text: str) -> None:
    assert refusal(ipaddress.ip_address(text), allow_loopback=False) is None


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_only_by_setting(text: str) -> None:
    assert refusal(ipaddress.ip_address(text), allow_loopback=True) is None


def test_the_setting_lets_nothing_else_through() -> None:
    for text, reason in REFUSED:
        if reason != "loopback":
            assert refusal(ipaddress.ip_address(text), allow_loopback=True) == reason


@pytest.mark.parametrize(
    "text",
    [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "017700000001",
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "127.0.0.1.",
    ],
)
def test_numbers_in_disguise_are_read(text: str) -> None:
    assert read_host(text) == ipaddress.ip_address("127.0.0.1")


@pytest.mark.parametrize(
    "text",
    ["", "999999999999", "1.2.3.4.5", "a b", "fe80::1%eth0", "-", "a..b", "256.1.1.1", "x.0x7f"],
)
def test_neither_name_nor_address(text: str) -> None:
    assert read_host(text) is None


def test_names_are_lower_case_ascii() -> None:
    assert read_host("Shop.Example.") == "shop.example"
    assert read_host("宁波.example") == "xn--w9s671b.example"
