"""Further name servers beside the resolver that decides: what the journal says of them."""

from __future__ import annotations

import asyncio
from typing import Any

from egress.opinions import Opinions
from egress.resolver import ScriptedResolver
from tests.egress.names import Names, name_server
from tests.egress.sites import Running, run_guard, site
from tests.egress.test_server import get


def told(tmp_path: Any, zone: Any, script: Any, *hosts: str, **more: Any) -> Running:
    """Ask the guard for each host in turn; the guard asks one further name server."""

    async def scene(guard: Running) -> None:
        async with site() as shop:
            for host in hosts:
                await guard.talk(get(f"http://{host}:{shop.port}/"))

    with name_server(zone) as names:
        opinions = Opinions((names.server,), **more)
        guard = run_guard(tmp_path, scene, resolver=ScriptedResolver(script), opinions=opinions)
        guard.names = names
        return guard


def names_of(guard: Running) -> Names:
    assert guard.names is not None
    return guard.names


def test_a_second_answer_stands_beside_the_first(tmp_path: Any) -> None:
    zone = {"shop.example": [["CNAME edge.example."]], "edge.example": [["A 127.0.0.1"]]}
    guard = told(tmp_path, zone, {"shop.example": [["127.0.0.1"]]}, "shop.example")
    (row,) = guard.decisions()
    assert row["comparison"] == "agrees"
    assert row["resolvers"] == [
        {
            "server": str(names_of(guard).server),
            "answers": ["127.0.0.1"],
            "cname": ["edge.example"],
            "error": None,
            "agrees": True,
        }
    ]


def test_a_different_answer_is_told_and_decides_nothing(tmp_path: Any) -> None:
    zone = {"shop.example": [["A 10.0.0.9"]]}
    guard = told(tmp_path, zone, {"shop.example": [["127.0.0.1"]]}, "shop.example")
    (row,) = guard.decisions()
    assert (row["verdict"], row["comparison"]) == ("connected", "differs")
    assert row["resolvers"][0]["answers"] == ["10.0.0.9"]
    assert row["resolvers"][0]["agrees"] is False


def test_a_name_only_one_of_them_knows_differs(tmp_path: Any) -> None:
    guard = told(tmp_path, {}, {"shop.example": [["127.0.0.1"]]}, "shop.example", "no.example")
    first, second = guard.decisions()
    assert (first["comparison"], first["resolvers"][0]["error"]) == ("differs", "nxdomain")
    assert (second["verdict"], second["comparison"]) == ("failed", "agrees")


def test_a_refused_name_shows_its_chain(tmp_path: Any) -> None:
    zone = {"x.example": [["CNAME router.lan."]], "router.lan": [["A 192.168.1.1"]]}
    guard = told(tmp_path, zone, {"x.example": [["192.168.1.1"]]}, "x.example")
    (row,) = guard.decisions()
    assert (row["verdict"], row["reason"]) == ("refused", "private_address")
    assert row["withheld"] == [{"address": "192.168.1.1", "reason": "private_address"}]
    assert row["resolvers"][0]["cname"] == ["router.lan"]
    assert row["comparison"] == "agrees"


def test_silence_is_not_checked_and_soon_not_waited_for(tmp_path: Any) -> None:
    hosts = ["a.example", "b.example", "c.example"]
    zone = {host: [["SILENT"]] for host in hosts}
    script = {host: [["127.0.0.1"]] for host in hosts}
    guard = told(tmp_path, zone, script, *hosts, seconds=0.2)
    rows = guard.decisions()
    assert {row["comparison"] for row in rows} == {"not_checked"}
    assert [row["resolvers"][0]["error"] for row in rows] == ["timeout", "timeout", "not_asked"]
    assert {row["resolvers"][0]["agrees"] for row in rows} == {None}
    assert "c.example" not in {name for name, _, _ in names_of(guard).asked}


def test_a_name_is_asked_once_for_many_connections(tmp_path: Any) -> None:
    zone = {"shop.example": [["A 127.0.0.1"]]}
    script = {"shop.example": [["127.0.0.1"], ["10.0.0.1"]]}
    guard = told(tmp_path, zone, script, "shop.example", "shop.example", "shop.example")
    assert len(names_of(guard).asked) == 2
    assert [row["comparison"] for row in guard.decisions()] == ["agrees", "differs", "differs"]


def test_what_needs_no_question_is_never_asked(tmp_path: Any) -> None:
    hosts = ["127.0.0.1", "localhost", "shop.localhost", "accounts.google.com", "a..b"]
    script = {name: [["127.0.0.1"]] for name in hosts[1:3]}
    guard = told(tmp_path, {}, script, *hosts)
    assert {row["comparison"] for row in guard.decisions()} == {"not_needed"}
    assert len(guard.decisions()) == 5
    assert names_of(guard).asked == []


def test_without_any_server_it_says_not_checked(tmp_path: Any) -> None:
    async def scene(guard: Running) -> None:
        await guard.talk(get("http://shop.example/"))

    resolver = ScriptedResolver({"shop.example": [["10.0.0.1"]]})
    guard = run_guard(tmp_path, scene, resolver=resolver)
    (row,) = guard.decisions()
    assert (row["comparison"], row["resolvers"]) == ("not_checked", [])


def test_only_so_many_names_are_remembered() -> None:
    async def play() -> int:
        with name_server({}) as names:
            opinions = Opinions((names.server,), kept_names=20)
            for number in range(30):
                opinions.begin(f"n{number}.example")
            kept = len(opinions._asked)
            await asyncio.gather(
                *(waiting for _, waiting in opinions._asked.values()), return_exceptions=True
            )
            opinions.stop()
            return kept

    assert asyncio.run(play()) == 20
