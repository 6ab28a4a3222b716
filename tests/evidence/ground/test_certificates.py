"""Certificates of every kind: the capture goes on, keeps them, and says first what is bad.

But for the self-signed one, they are issued by an authority that the browser trusts, so each has
the one fault that its test is about.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.ground.answers import html, sized
from tests.evidence.ground.authority import Authority, Kind
from tests.evidence.ground.comparison import mismatches
from tests.evidence.ground.holding import Held, browser, held
from tests.evidence.ground.server import Answer, ground
from tests.evidence.ground.trust import trusting_home

pytestmark = pytest.mark.browser

PAGE = "<!doctype html><meta charset=utf-8><title>甬江春茶</title><p>商品编号 10001，产地宁波。"


def site(_: int) -> dict[str, Answer]:
    return {"/": html(PAGE)}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.new()


Taken = tuple[Held, tuple[bytes, ...]]
Take = Callable[..., Taken]


@pytest.fixture
def take(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Take:
    def captured(kind: Kind, responder: str = "") -> Taken:
        browser()  # found while the home is still ours
        monkeypatch.setenv("HOME", str(trusting_home(tmp_path, authority)))
        chain = authority.chain(tmp_path, kind, responder=responder)
        with ground(site, chain=chain.pem) as where:
            return held(where, "/", tmp_path, guarded=True), chain.der

    return captured


def assert_recorded(found: Held, chain: tuple[bytes, ...], verdict: str) -> None:
    """The capture holds every byte, the chain of every connection and what Chromium says of it."""
    assert mismatches(found.logged, found.recorded) == []
    record = found.file("evidence/certificates.json")
    assert record["connections"]
    for row in record["connections"]:
        served = [base64.b64decode(record["certificates"][name]["der"]) for name in row["chain"]]
        assert tuple(served) == chain
        assert row["verdict"] == verdict
        assert row["revocation"] == "not checked"
    assert record["revocation"] == "not checked"
    assert found.record["certificate"]["revocation"] == "not checked"


def assert_declared(found: Held, chain: tuple[bytes, ...], verdict: str) -> None:
    """... and its first line names the certificate."""
    assert_recorded(found, chain, verdict)
    assert found.snapshot.certificate == "bad"
    assert "证书" in found.snapshot.declared[0][0]
    assert "certificate" in found.snapshot.declared[0][1]
    assert found.record["headline"]["zh"].startswith("注意：网站证书")
    assert verdict in found.record["certificate"]["problem"]


def test_a_good_certificate_is_recorded_and_nothing_is_declared_of_it(take: Take) -> None:
    found, chain = take(Kind.ISSUED)
    assert_recorded(found, chain, "ok")
    assert found.snapshot.certificate == "accepted by the browser"
    assert not any("证书" in zh for zh, _ in found.snapshot.declared)


def test_a_self_signed_certificate_is_recorded_and_declared(take: Take) -> None:
    assert_declared(*take(Kind.SELF_SIGNED), "ERR_CERT_AUTHORITY_INVALID")


def test_an_expired_certificate_is_recorded_and_declared(take: Take) -> None:
    assert_declared(*take(Kind.EXPIRED), "ERR_CERT_DATE_INVALID")


def test_a_certificate_for_another_host_is_recorded_and_declared(take: Take) -> None:
    assert_declared(*take(Kind.WRONG_HOST), "ERR_CERT_COMMON_NAME_INVALID")


def test_of_a_revoked_certificate_it_is_said_that_nobody_asked(take: Take) -> None:
    with ground(lambda _: {"/ocsp": lambda _: sized(b"asked")}) as responder:
        found, chain = take(Kind.REVOKED, responder.address)
        asked = responder.ledger.settled()
    assert_recorded(found, chain, "ok")
    assert asked == ()
