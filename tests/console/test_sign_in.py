"""Guessing passwords is refused after a few failures, whoever is asked for, from wherever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from desk.register.models import SignInAttempt
from desk.register.services.signing_in import OF_ACCOUNT, OF_ADDRESS, begin_sign_in, signed_in
from tests.console.world import PASSWORD, World

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _try(name: str, password: str, *, language: str = "zh-hans") -> tuple[int, str]:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    answer = client.post("/sign-in/", {"username": name, "password": password})
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("name", ["officer", "nobody of this name"])
def test_after_too_many_failures_nobody_is_let_in(world: World, name: str) -> None:
    for _ in range(OF_ACCOUNT):
        assert _try(name, "guess")[0] == 200
    status, page = _try(name, PASSWORD)
    assert status == 429
    assert "登录失败次数过多，请 15 分钟后再试" in page
    assert "Too many failed sign-ins" in _try(name, PASSWORD, language="en")[1]
    assert _try("owner", PASSWORD)[0] == 302
    rows = SignInAttempt.objects.exclude(outcome="succeeded")
    assert rows.filter(outcome="failed").count() == OF_ACCOUNT
    assert rows.filter(outcome="refused").count() == 2
    assert all((row.account is None) == (name != "officer") for row in rows)


def test_signing_in_forgives_the_failures(world: World) -> None:
    for _ in range(OF_ACCOUNT - 1):
        _try("officer", "guess")
    assert _try("officer", PASSWORD)[0] == 302
    assert _try("officer", "guess")[0] == 200
    assert _try("officer", PASSWORD)[0] == 302


def test_an_address_that_tries_many_names_waits(db: None) -> None:
    for at in range(OF_ADDRESS):
        assert begin_sign_in(name=f"n{at}", address="2001:db8::1", now=NOW).wait is None
    attempt = begin_sign_in(name="another", address="2001:db8::ffff", now=NOW + MINUTE)
    assert attempt.wait == 14 * MINUTE
    elsewhere = begin_sign_in(name="another", address="2001:db8:1::1", now=NOW + MINUTE)
    assert elsewhere.wait is None
    later = begin_sign_in(name="n", address="2001:db8::1", now=NOW + 15 * MINUTE)
    assert later.wait is None


def test_being_refused_prolongs_nothing(db: None) -> None:
    for at in range(OF_ACCOUNT):
        begin_sign_in(name="Officer ", address="192.0.2.1", now=NOW + at * MINUTE)
    for _ in range(3):
        held = begin_sign_in(name="officer", address="192.0.2.2", now=NOW + 14 * MINUTE)
        assert held.wait == MINUTE
    again = begin_sign_in(name="officer", address="192.0.2.2", now=NOW + 15 * MINUTE)
    assert again.wait is None
    signed_in(again)
    assert not SignInAttempt.objects.filter(outcome="failed").exists()


def test_no_name_is_kept_and_old_attempts_go(db: None) -> None:
    begin_sign_in(name="my password by mistake", address="192.0.2.1", now=NOW)
    row = SignInAttempt.objects.values().get()
    assert not any("mistake" in str(value) for value in row.values())
    begin_sign_in(name="x", address="192.0.2.1", now=NOW + timedelta(days=181))
    assert SignInAttempt.objects.count() == 1
