"""A power cut in the middle of a crawl and of a capture: nothing lost, nothing half there.

The service is ended with SIGKILL and started again on the same data folder. Afterwards
the watch has read everything once, the exhibit is sealed once and verifies, and the log
audits clean.
"""

from __future__ import annotations

import csv
import json
import random
import time

import pytest

from demo.person import Person
from demo.processes import ROOT
from evidence.home import EvidenceHome
from evidence.keeping.store import in_the_clear
from tests.acceptance.house import House, until

BUREAU, OWNER = "甬城市场监管局（演示）", "宁波霁泷家居用品有限公司（演示）"
CUTS = (0.1, 1.5)  # seconds after the capture began; make soak tries many more

pytestmark = [pytest.mark.browser, pytest.mark.shop, pytest.mark.timeout(600)]


def _settle(house: House) -> str:
    """Make a bureau with its officer, and marks; return the officer's password."""
    password = house.account("officer", "officer", BUREAU)
    for family in ("marks", "sellers"):
        file = ROOT / "demo" / f"{family}.csv"
        house.command(family, "import", str(file), "--organisation", OWNER)
    return password


def _watch(house: House, shop: str, *arguments: str) -> None:
    house.command("watch", "add", f"{shop}/catalogue/", "--recipe", "oscar", *arguments)


def _finished(house: House) -> None:
    until(
        lambda: house.rows("SELECT 1 FROM leads_run WHERE finished_at IS NOT NULL"),
        seconds=300,
        what="the run of the watch",
    )
    until(
        lambda: house.rows("SELECT 1 FROM jobs_job WHERE kind = 'sweep' AND state = 'done'"),
        seconds=60,
        what="the end of its job",
    )


def test_killed_in_the_middle_of_a_crawl(house: House, shop: str) -> None:
    _settle(house)
    _watch(house, shop)
    house.start()
    until(
        lambda: house.rows("SELECT 1 FROM leads_listing")[25:],
        seconds=180,
        what="the first listings",
    )
    house.kill()
    ((half,),) = house.rows("SELECT COUNT(*) FROM leads_listing")
    with (ROOT / "demo" / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        whole = len(list(csv.DictReader(file)))
    assert 0 < half < whole, "the cut came too late to show anything"
    house.start()
    _finished(house)
    runs = house.rows("SELECT state, listings, reported_total FROM leads_run")
    assert runs == [("complete", whole, whole)]
    ((attempts, state),) = house.rows("SELECT attempts, state FROM jobs_job WHERE kind = 'sweep'")
    assert (attempts, state) == (2, "done")
    ((rows, items),) = house.rows("SELECT COUNT(*), COUNT(DISTINCT item_id) FROM leads_listing")
    assert rows == items == whole
    ((leads, events),) = house.rows(
        "SELECT (SELECT COUNT(*) FROM leads_lead), (SELECT COUNT(*) FROM leads_leadevent)"
    )
    assert leads == events > 0, "each lead was found once"


def test_killed_in_the_middle_of_a_capture(house: House, shop: str) -> None:
    _capture_killed(house, shop, CUTS)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_many_moments_of_a_capture(house: House, shop: str, seed: int) -> None:
    cuts = tuple(random.Random(seed).uniform(0.05, 2.0) for _ in range(6))
    _capture_killed(house, shop, cuts)
    print(f"soak: {len(cuts)} kills of the service in one capture, sealed once, audit clean")


def _capture_killed(house: House, shop: str, cuts: tuple[float, ...]) -> None:
    password = _settle(house)
    _watch(house, shop, "--limit", "40")
    house.start()
    _finished(house)
    officer = Person(house.address, "officer", password)
    ((lead,),) = house.rows("SELECT id FROM leads_lead ORDER BY priority DESC, id LIMIT 1")
    page = f"/leads/{lead}/"
    officer.post(f"{page}shortlist/", {}, form=page)
    officer.post(f"{page}preserve/", {}, form=page)
    for cut in cuts:
        until(
            lambda: house.rows("SELECT 1 FROM jobs_job WHERE kind='preserve' AND state='running'"),
            seconds=120,
            what="the capture",
        )
        time.sleep(cut)
        house.kill()
        _nothing_is_half_there(house)
        house.start()
    until(
        lambda: house.rows("SELECT 1 FROM cases_exhibit WHERE state = 'sealed'"),
        seconds=180,
        what="the sealed exhibit",
    )
    until(
        lambda: not list((house.home / "exhibits").glob("*/*.dossier.zip")),
        seconds=60,
        what="the content to be encrypted",
    )
    assert house.rows("SELECT attempts FROM jobs_job WHERE kind = 'preserve'") == [(len(cuts) + 1,)]
    _nothing_is_half_there(house)
    _sealed_once(house)


def _nothing_is_half_there(house: House) -> None:
    """A dossier is there exactly when its exhibit is sealed, and then it verifies."""
    for state, folder, dossier in house.rows("SELECT state, folder, dossier FROM cases_exhibit"):
        place = house.home / folder
        if state != "sealed":
            assert not dossier
            continue
        with in_the_clear(EvidenceHome(house.home), place / dossier) as clear:
            said = house.command("verify", str(clear), "--trust", str(house.home / "trust"))
        assert "试用" in said
        assert not [path for path in place.iterdir() if path.suffix in {".part", ".tmp"}]


def _sealed_once(house: House) -> None:
    """The log is whole, holds one sealed outcome, and the lead and its custody follow it."""
    house.command("log", "audit")
    assert house.rows("SELECT state FROM leads_lead WHERE state = 'preserved'") == [("preserved",)]
    kinds = [kind for (kind,) in house.rows("SELECT kind FROM cases_custodyevent ORDER BY id")]
    assert kinds == ["requested", "sealed"]
    entries = _entries(house)
    outcomes = [entry for entry in entries if entry["kind"] == "outcome"]
    assert [entry["outcome"] for entry in outcomes].count("sealed") == 1
    attempts = [entry["number"] for entry in entries if entry["kind"] == "attempt"]
    assert sorted(entry["number"] for entry in outcomes) == sorted(attempts), "none is left open"


def _entries(house: House) -> list[dict[str, str]]:
    """Return every entry of the log, read from its tiles: two bytes of length, then JSON."""
    found = []
    for tile in sorted((house.home / "log" / "tile" / "entries").rglob("*")):
        if not tile.is_file():
            continue
        data = tile.read_bytes()
        while data:
            size = int.from_bytes(data[:2], "big")
            entry = json.loads(data[2 : 2 + size])
            if entry not in found:
                found.append(entry)
            data = data[2 + size :]
    return found
