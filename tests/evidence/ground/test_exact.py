"""Every exchange of a capture, byte for byte, against the server that sent and received it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.evidence.ground import odd
from tests.evidence.ground.answers import answers
from tests.evidence.ground.authority import Authority
from tests.evidence.ground.comparison import mismatches
from tests.evidence.ground.holding import Held, browser, held
from tests.evidence.ground.ledger import Ending
from tests.evidence.ground.server import Ground, ground
from tests.evidence.ground.trust import trusting_home

pytestmark = pytest.mark.browser

NOT_CHOSEN = {"/fallback.png", "/set-2x.png", "/surplus", "/endless", "/early-answer", "/gives-up"}
"""What no browser of this window asks for, and what other tests ask for."""


WAYS = [
    "http-guarded",
    "https-guarded",
    pytest.param("http-direct", marks=pytest.mark.soak),
    pytest.param("https-direct", marks=pytest.mark.soak),
]


@pytest.fixture(scope="module", params=WAYS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """A capture of the page; over TLS through the guard the browser trusts the authority."""
    scheme, _, way = request.param.partition("-")
    folder = tmp_path_factory.mktemp(request.param)
    if scheme == "http":
        with ground(answers) as where:
            return held(where, "/", folder, guarded=way == "guarded")
    authority = Authority.new()
    chain = authority.chain(folder).pem
    with ground(answers, chain=chain) as where, pytest.MonkeyPatch.context() as environment:
        if way == "guarded":
            browser()  # found while the home is still ours
            environment.setenv("HOME", str(trusting_home(folder, authority)))
        return held(where, "/", folder, guarded=way == "guarded")


def test_every_exchange_is_byte_identical(whole: Held) -> None:
    told = mismatches(whole.logged, whole.recorded)
    assert not told, "\n".join(["", *told])


def test_the_page_did_everything(whole: Held) -> None:
    assert whole.snapshot.title == "全部完成"
    asked = {item.target.partition("?")[0] for item in whole.logged}
    assert whole.paths - asked - NOT_CHOSEN == set()
    assert len(whole.logged) > 90


def test_what_was_cut_short_is_marked_and_nothing_else_is(whole: Held) -> None:
    marked = {p.url.rpartition("/")[2]: p.truncated for p in whole.recorded if p.truncated}
    assert marked.keys() >= {"reset-length", "reset-chunked", "cut-length"}
    assert marked.keys() <= {"reset-length", "reset-chunked", "cut-length", "silent-once"}


def test_a_request_without_an_answer_is_kept_and_asked_again(whole: Held) -> None:
    sent = [item for item in whole.logged if item.target == "/silent-once"]
    kept = [pair for pair in whole.recorded if pair.url.endswith("/silent-once")]
    assert len(sent) == len(kept)
    assert sorted(pair.response or b"" for pair in kept) == sorted(i.response for i in sent)


def test_each_record_names_its_connection(whole: Held) -> None:
    secure = whole.snapshot.url.startswith("https")
    for pair in whole.recorded:
        assert pair.fields["warc-ip-address"] == "127.0.0.1"
        protocols = pair.fields["warc-protocol"].split("\n")
        assert protocols[0] in ("http/1.1", "http/1.0")
        assert protocols[1:] == (["tls/1.3"] if secure else [])
        assert ("warc-cipher-suite" in pair.fields) is secure


def test_a_websocket_is_named_as_not_recorded(whole: Held) -> None:
    assert [item.ending for item in whole.logged].count(Ending.UPGRADE) == 1
    assert "websocket" in json.dumps(whole.record["not_recorded"]).lower()


def test_the_capture_says_exact(whole: Held) -> None:
    assert whole.snapshot.fidelity == "exact"
    assert whole.record["fidelity"] == "exact"


def test_the_live_index_has_every_exchange_and_counts_the_same(whole: Held) -> None:
    exchanges = whole.record["exchanges"]
    only_logged = {urlsplit(one["url"]).path for one in exchanges if one["seen_by"] == "log"}
    assert only_logged <= {"/from-shared", "/silent-once"}  # a shared worker's; sent once more
    assert {one["byte_counts"] for one in exchanges} == {"equal", "not compared"}
    assert len([one for one in exchanges if one["byte_counts"] == "equal"]) > 80
    assert {"Document", "Image", "Font", "Fetch", "Script", "Stylesheet"} <= {
        one["type"] for one in exchanges
    }


@pytest.mark.parametrize("way", [WAYS[0], WAYS[-1]])
def test_answers_no_server_should_send_are_kept_as_they_came(way: str, tmp_path: Path) -> None:
    chain = Authority.new().chain(tmp_path).pem if way.startswith("https") else None
    with ground(odd.site, chain=chain) as where:
        found = held(where, "/", tmp_path, guarded=way.endswith("guarded"))
    told = mismatches(found.logged, found.recorded)
    assert not told, "\n".join(["", *told])
    assert found.snapshot.title == "全部完成"
    assert len(found.logged) > 60


@pytest.fixture(scope="module")
def plain() -> Iterator[Ground]:
    with ground(answers) as where:
        yield where


def test_bytes_that_nobody_asked_for_are_no_part_of_an_answer(
    plain: Ground, tmp_path: Path
) -> None:
    found = held(plain, "/early-answer", tmp_path, guarded=True)
    told = mismatches(found.logged, found.recorded)
    assert not told, "\n".join(["", *told])
    [fault] = found.record["log_faults"]
    assert "38 bytes received that are no answer's" in fault
    assert sorted(len(pair.surplus) for pair in found.recorded)[-1] == 38


def test_an_answer_that_the_page_gave_up_is_kept_as_far_as_it_came(
    plain: Ground, tmp_path: Path
) -> None:
    found = held(plain, "/gives-up", tmp_path, guarded=True)
    told = mismatches(found.logged, found.recorded)
    assert not told, "\n".join(["", *told])
    [endless] = [pair for pair in found.recorded if pair.url.endswith("/endless")]
    assert endless.truncated is not None
    assert endless.response is not None
    assert b"x" in endless.response
