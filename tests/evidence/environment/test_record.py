"""The whole record of a real capture: every row of the table, checked or with its reason."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from egress.process import guard
from evidence.browser.steps import wall_clock
from evidence.capture import CaptureOrder, capture, check_url, find_browser
from evidence.environment.packages import code_digest
from evidence.environment.rows import TOPICS, Status
from evidence.environment.standing import standing
from evidence.format import jcs
from tests.egress.names import name_server
from tests.egress.test_browser import guard_with
from tests.evidence.capture.site import site
from tests.evidence.environment.timeserver import timeserver

Rows = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("record")
    with (
        site() as address,
        timeserver(ahead=0.125) as clock,
        guard(folder / "journal.jsonl", allow_loopback=True) as way,
    ):
        order = CaptureOrder(
            url=check_url(f"{address}/gbk"),
            browser=find_browser(),
            proxy=way.address,
            journal=way.journal,
            sandbox=os.geteuid() != 0,
            time_servers=(clock, "127.0.0.1:1"),
        )
        known = standing(order.browser, clock=wall_clock)
        review = {
            "result": "failed",
            "finished": "2026-01-01T00:00:00.000000Z",
            "browser_sha256": str(known.browser_sha256),
            "code_sha256": code_digest(),
        }
        known = known.reviewed(review)
        order = replace(order, standing=known.to_text())
        snapshot = capture(order, folder / "capture", software="markseal test")
    data = (snapshot.folder / "evidence/environment.json").read_bytes()
    value: dict[str, Any] = jcs.loads(data, "environment.json")
    return value


@pytest.fixture
def rows(record: dict[str, Any]) -> Rows:
    return {row["id"]: row for row in record["rows"]}


pytestmark = pytest.mark.browser


def test_every_row_of_the_table_is_there_with_a_finding_or_a_reason(record: dict[str, Any]) -> None:
    assert [row["id"] for row in record["rows"]] == list(TOPICS)
    for row in record["rows"]:
        assert row["status"] in set(Status)
        assert len(row["zh"]) > 3
        assert len(row["en"]) > 3
    assert record["format"] == "markseal-environment/2"
    assert sum(record["counts"].values()) == len(TOPICS)


def test_what_was_looked_at_is_what_this_machine_has(rows: Rows) -> None:
    assert rows["hosts"]["status"] == "checked"
    assert rows["http_status"]["data"]["status"] == 200
    assert rows["server_address"]["data"]["addresses"] == ["127.0.0.1"]
    assert rows["time_servers"]["status"] == "checked"
    assert 0.05 < float(rows["time_servers"]["data"]["offset_seconds"]) < 0.2
    assert rows["time_servers"]["data"]["servers"][1]["not_checked"]
    assert len(rows["browser_binary"]["data"]["sha256"]) == 64
    assert rows["user"]["data"]["user_id"] == os.geteuid()
    assert rows["review"]["status"] == "differs"
    assert rows["egress_guard"]["data"]["allow_loopback"] is True


def test_the_sandbox_is_recorded_as_it_was_in_force(rows: Rows) -> None:
    sandbox = rows["sandbox"]
    assert sandbox["data"]["renderers"], "a renderer was seen while the browser ran"
    wanted = os.geteuid() != 0
    assert sandbox["status"] == ("checked" if wanted else "differs")
    for renderer in sandbox["data"]["renderers"]:
        assert renderer["seccomp"] == ("filter" if wanted else "none")


def test_what_is_never_asked_says_so(rows: Rows) -> None:
    for topic in ("egress_address", "authority_time", "revocation"):
        assert rows[topic]["status"] == "not_checked"
    assert rows["authority_time"]["data"] == {"see": "tokens"}


@pytest.mark.parametrize(
    ("said", "status"), [("127.0.0.1", "checked"), ("198.51.100.7", "differs")]
)
def test_a_resolver_that_says_otherwise_is_told(tmp_path: Path, said: str, status: str) -> None:
    with (
        site() as address,
        name_server({"shop.example": [["A 127.0.0.1"]]}) as names,
        name_server({"shop.example": [[f"A {said}"]]}) as other,
        guard_with(names, other, tmp_path / "journal.jsonl") as way,
    ):
        order = CaptureOrder(
            url=check_url(address.replace("127.0.0.1", "shop.example") + "/gbk"),
            browser=find_browser(),
            proxy=way,
            journal=tmp_path / "journal.jsonl",
            sandbox=os.geteuid() != 0,
        )
        snapshot = capture(order, tmp_path / "capture", software="markseal test")
    record = jcs.loads((snapshot.folder / "evidence/environment.json").read_bytes(), "e")
    row = next(row for row in record["rows"] if row["id"] == "resolvers")
    assert row["status"] == status, row
    assert row["data"]["names"][0]["others"][0]["answers"] == [said]
    assert row["data"]["names"][0]["host"] == "shop.example"
