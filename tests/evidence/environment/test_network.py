"""Name files, proxies, routes and addresses, from real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.environment import network
from evidence.environment.rows import Status

ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    "down\t000300C0\t00000000\t0000\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
)
ROUTES6 = (
    "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
)
TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
           |-- 192.0.2.2
              /32 host LOCAL
"""


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1\tlocalhost # ours\n\n# 1.2.3.4 nothing\n")
    return path


def test_a_name_file_that_stays_the_same_is_checked(hosts: Path) -> None:
    look = network.name_file(hosts)
    row = network.name_file_row("hosts", look, network.name_file(hosts))
    assert row.status is Status.CHECKED
    assert row.data["entries"] == ["127.0.0.1 localhost"]


def test_a_hosts_file_changed_during_the_capture_differs(hosts: Path) -> None:
    look = network.name_file(hosts)
    with hosts.open("a") as target:
        target.write("203.0.113.9 shop.example\n")
    row = network.name_file_row("hosts", look, network.name_file(hosts))
    assert row.status is Status.DIFFERS
    assert "203.0.113.9 shop.example" in row.data["entries_after"]


def test_a_name_file_that_is_gone_is_not_checked(hosts: Path) -> None:
    look = network.name_file(hosts)
    hosts.unlink()
    row = network.name_file_row("hosts", look, network.name_file(hosts))
    assert (row.status, "No such file" in row.en) == (Status.NOT_CHECKED, True)


def test_proxy_variables_are_named_and_their_values_are_not() -> None:
    names = network.proxy_variables({"HTTPS_PROXY": "http://u:secret@p", "no_proxy": "", "A": "b"})
    assert names == ["HTTPS_PROXY"]
    assert network.proxy_variables_row(names, guarded=True).status is Status.CHECKED
    assert network.proxy_variables_row(names, guarded=False).status is Status.DIFFERS
    assert network.proxy_variables_row([], guarded=False).status is Status.CHECKED


def test_the_systems_proxy_is_told_without_its_password(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    assert network.system_proxy_row(path).status is Status.CHECKED
    path.write_text("PATH=/bin\nhttps_proxy=http://u:secret@proxy:8080\n")
    row = network.system_proxy_row(path)
    assert row.status is Status.DIFFERS
    assert row.data["lines"] == ["https_proxy=http://***@proxy:8080"]


def test_routes_are_read_as_addresses(tmp_path: Path) -> None:
    (tmp_path / "v4").write_text(ROUTES)
    (tmp_path / "v6").write_text(ROUTES6)
    found = network.routes(tmp_path / "v4", tmp_path / "v6")
    assert found == [
        {"to": "0.0.0.0/0", "by": "192.0.2.1", "interface": "eth0"},
        {"to": "192.0.2.0/24", "by": "0.0.0.0", "interface": "eth0"},
        {"to": "fe80::/64", "by": "::", "interface": "eth0"},
    ]
    assert "1 of them default" in network.routes_row(found, found).en
    changed = network.routes_row(found, found[1:])
    assert (changed.status, changed.data["before"]) == (Status.DIFFERS, found)


def test_addresses_are_this_machines_own(tmp_path: Path) -> None:
    (tmp_path / "trie").write_text(TRIE)
    (tmp_path / "if6").write_text("00000000000000000000000000000001 01 80 10 80       lo\n")
    found = network.addresses(tmp_path / "trie", tmp_path / "if6")
    assert found == ["127.0.0.1", "192.0.2.2", "::1"]
    row = network.addresses_row(found, found[::-1])
    assert row.en == "1 addresses besides loopback: 192.0.2.2."
    assert network.addresses_row(found, [*found, "10.8.0.2"]).status is Status.DIFFERS


def test_a_table_that_cannot_be_read_is_not_checked(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        network.routes(tmp_path / "none")
    (tmp_path / "bad").write_text("head\neth0 zz zz zz 0 0 0 zz 0\n")
    with pytest.raises(ValueError):
        network.routes(tmp_path / "bad")
    gone = {"not_checked": "No such file"}
    row = network.compared("routes", [], gone, network.routes_row)
    assert (row.status, "No such file" in row.en) == (Status.NOT_CHECKED, True)


def test_this_machines_own_tables_are_understood() -> None:
    looked = network.ways_out()
    row = network.compared("routes", looked["routes"], looked["routes"], network.routes_row)
    assert row.status is Status.CHECKED
    assert "127.0.0.1" in looked["addresses"]
