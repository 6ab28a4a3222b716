"""A page that tries every way in: the capture is sealed, and every attempt is in its record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.egress.attacks import ATTACKS, ICE
from tests.egress.forbidden import forbidden_servers
from tests.egress.test_browser import shop_of
from tests.outside.taken import take

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
LEAVES = {"refresh", "location", "form"}
"""Ways that leave the page; those end a capture as refused (tests/evidence/capture)."""

NOT_TRIED = {"icon", "service worker"}
"""What the browser of a capture may leave untried: it registers no service workers."""


@pytest.mark.soak
def test_every_attempt_of_a_page_is_in_the_record(tmp_path: Path) -> None:
    pages: dict[str, str] = {}
    parts = [
        "<!doctype html><meta charset=utf-8><title>陷阱</title><p>这一页想到达不该到达的地方。"
    ]
    with forbidden_servers() as to, shop_of(pages) as shop:
        ports = {name: to.open() for name in ATTACKS if name not in LEAVES}
        for name, port in ports.items():
            parts.append(ATTACKS[name].replace("TARGET", f"{to.address}:{port}"))
        ice = ICE.replace("@OWN@", to.address)
        for word in ("@UDP@", "@LOCAL@"):
            ice = ice.replace(
                word, str(to.open_udp(to.address if word == "@UDP@" else "127.0.0.1"))
            )
        for word in ("@TCP@", "@TLS@"):
            ports[word] = to.open()
            ice = ice.replace(word, str(ports[word]))
        pages["/"] = "".join([*parts, ice])
        taken = take(f"http://127.0.0.1:{shop}/", tmp_path / "taken")
        reached, datagrams = to.reached, to.datagrams
    assert (reached, datagrams) == ([], [])
    record = json.loads((taken.inside / "evidence" / "capture.json").read_bytes())
    told = json.dumps(record["not_recorded"])
    kept = {name for name, port in ports.items() if f":{port}" in told}
    (journal,) = (tmp_path / "taken" / "home" / "evidence" / "egress").glob("*.jsonl")
    rows = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    asked = {row["port"]: row["verdict"] for row in rows if row["event"] == "connection"}
    assert kept == {name for name, port in ports.items() if port in asked}
    assert ports.keys() - kept <= NOT_TRIED
    assert {asked[ports[name]] for name in kept} == {"refused"}
    environment = json.loads((taken.inside / "evidence" / "environment.json").read_bytes())
    assert str(ports["img"]) in json.dumps(environment)
