"""Certificates of every bad kind: the capture goes on, keeps them, and says so first."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.evidence.ground.answers import html, sized
from tests.evidence.ground.authority import Authority, Kind
from tests.evidence.ground.comparison import mismatches
from tests.evidence.ground.holding import Held, held
from tests.evidence.ground.server import Answer, ground

pytestmark = pytest.mark.browser

PAGE = "<!doctype html><meta charset=utf-8><title>甬江春茶</title><p>商品编号 10001，产地宁波。"


def site(_: int) -> dict[str, Answer]:
    return {"/": html(PAGE)}


def captured(folder: Path, kind: Kind, responder: str = "") -> tuple[Held, tuple[bytes, ...]]:
    chain = Authority.new().chain(folder, kind, responder=responder)
    with ground(site, chain=chain.pem) as where:
        return held(where, "/", folder, guarded=True), chain.der


def assert_declared(found: Held, chain: tuple[bytes, ...], *flags: str) -> None:
    """The capture holds every byte and the chain, and its first line names the certificate."""
    assert mismatches(found.logged, found.recorded) == []
    assert found.snapshot.certificate == "bad"
    assert "证书" in found.snapshot.declared[0][0]
    assert "certificate" in found.snapshot.declared[0][1]
    assert found.record["headline"]["zh"].startswith("注意：网站证书")
    record = found.file("evidence/certificates.json")
    for row in record["connections"]:
        served = [base64.b64decode(record["certificates"][name]["der"]) for name in row["chain"]]
        assert tuple(served) == chain
        assert row["verdict"].startswith("ERR_CERT_")
        assert {flag for flag in flags if flag not in " ".join(row["status"])} == set()
        assert row["revocation"] == "not checked"
    assert record["connections"]
    assert found.record["certificate"]["revocation"] == "not checked"


def test_a_self_signed_certificate_is_recorded_and_declared(tmp_path: Path) -> None:
    assert_declared(*captured(tmp_path, Kind.SELF_SIGNED), "AUTHORITY_INVALID")


def test_an_expired_certificate_is_recorded_and_declared(tmp_path: Path) -> None:
    assert_declared(*captured(tmp_path, Kind.EXPIRED), "AUTHORITY_INVALID")


def test_a_certificate_for_another_host_is_recorded_and_declared(tmp_path: Path) -> None:
    assert_declared(*captured(tmp_path, Kind.WRONG_HOST), "COMMON_NAME_INVALID")


def test_of_a_revoked_certificate_it_is_said_that_nobody_asked(tmp_path: Path) -> None:
    with ground(lambda _: {"/ocsp": lambda _: sized(b"asked")}) as responder:
        found, chain = captured(tmp_path, Kind.REVOKED, responder.address)
        asked = responder.ledger.settled()
    assert_declared(found, chain, "AUTHORITY_INVALID")
    assert found.file("evidence/certificates.json")["revocation"] == "not checked"
    assert asked == ()
