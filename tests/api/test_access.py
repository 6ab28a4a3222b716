"""Every operation of the API, for every role: one table, to be read by a reviewer.

The rows asked for belong to the owner's organisation and to the officer's bureau; the last two
columns are people of others. A record that is not theirs answers 404; a list leaves it out (+ is
a list with something in it, - an empty one).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.test import Client
from django.utils import timezone

from desk.api.service import api
from desk.cases.models import CustodyEvent
from desk.register.models import Token, TokenScope
from desk.register.services.tokens import make_token, revoke_tokens
from tests.api.conftest import Programs
from tests.console.world import World

PEOPLE = (
    "owner", "officer", "notary", "auditor", "administrator", "other_officer", "other_owner",
)  # fmt: skip
# fmt: off
TABLE: Mapping[str, tuple[int | str, ...]] = {
    #                      owner officer notary auditor admin  other    other
    #                                                          officer  owner
    "/me":                 (200,  200,    200,   200,   200,   200,     200),
    "/marks":              ("+",  "+",    "-",   "+",   "-",   "+",     "+"),
    "/marks/{pk}":         (200,  200,    404,   200,   404,   200,     404),
    "/leads":              ("+",  "+",    "-",   "+",   "-",   "-",     "-"),
    "/leads/{pk}":         (200,  200,    404,   200,   404,   404,     404),
    "/leads/{pk}/decision": (403, 200,    404,   403,   404,   404,     404),
    "/exhibits":           ("-",  "+",    "+",   "+",   "-",   "-",     "-"),
    "/exhibits/{pk}":      (404,  200,    200,   200,   404,   404,     404),
    "/exhibits/{pk}/verdict": (404, 200,  200,   200,   404,   404,     404),
    "/exhibits/{pk}/dossier": (404, 200,  200,   403,   404,   404,     404),
    "/sources":            ("-",  "+",    "-",   "+",   "-",   "-",     "-"),
    "/runs":               ("-",  "+",    "-",   "+",   "-",   "-",     "-"),
}
# fmt: on
DECISION = {"decision": "authorise", "revision": 0}


def _address(name: str, world: World) -> str:
    assert world.exhibit is not None
    rows = {"marks": world.marks["mine"], "leads": world.leads["new"], "exhibits": world.exhibit}
    row = rows.get(name.split("/")[1])
    return "/api/v1" + name.format(pk=row.pk if row is not None else "")


def _ask(client: Client, name: str, world: World, key: str = "12345678") -> int | str:
    address = _address(name, world)
    if name.endswith("/decision"):
        answer = client.post(
            address, DECISION, content_type="application/json", headers={"idempotency-key": key}
        )
    else:
        answer = client.get(address)
    if answer.streaming:
        b"".join(answer.streaming_content)
    elif answer.status_code == 200 and "items" in answer.json():
        return "+" if answer.json()["items"] else "-"
    return answer.status_code


def test_the_table_names_every_operation() -> None:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    assert set(paths) == set(TABLE)
    assert all(len(operations) == 1 for operations in paths.values())


def test_each_role_gets_what_the_table_says(world: World, program: Programs) -> None:
    for at, person in enumerate(PEOPLE):
        client = program(person)
        for name, expected in TABLE.items():
            assert _ask(client, name, world) == expected[at], (name, person)


def test_without_a_token_or_its_scope_nothing_is_answered(world: World, program: Programs) -> None:
    signed_in = Client()
    signed_in.force_login(world.people["officer"])
    wrong = Client(HTTP_AUTHORIZATION="Bearer markseal_guess")
    lacking = program("officer", [TokenScope.MARKS_READ])
    for name in TABLE:
        for client in (Client(), signed_in, wrong):
            assert _ask(client, name, world) == 401, name
        if name not in ("/me", "/marks", "/marks/{pk}"):
            assert _ask(lacking, name, world) == 403, name
    told = Client(HTTP_ACCEPT_LANGUAGE="en").get("/api/v1/me")
    assert told["WWW-Authenticate"].startswith("Bearer")
    assert told["Content-Type"] == "application/problem+json"
    assert told.json()["detail"] == told.json()["en"]
    assert "令牌" in told.json()["zh"]


def test_a_token_ends_with_its_days_its_revocation_and_its_account(world: World) -> None:
    officer, now = world.people["officer"], timezone.now()

    def ask(text: str) -> int:
        client = Client(HTTP_AUTHORIZATION=f"Bearer {text}")
        return client.get("/api/v1/me").status_code

    row, text = make_token(account=officer, name="x", scopes=["marks:read"], days=1, now=now)
    assert text not in str(Token.objects.values().get())
    assert ask(text) == 200
    row.refresh_from_db()
    assert row.used_at is not None
    Token.objects.update(created_at="2026-01-01T00:00:00Z", expires_at="2026-01-02T00:00:00Z")
    assert ask(text) == 401
    _, second = make_token(account=officer, name="y", scopes=["marks:read"], days=1, now=now)
    assert revoke_tokens(officer, now=now) == 1
    assert ask(second) == 401
    _, third = make_token(account=officer, name="z", scopes=["marks:read"], days=1, now=now)
    officer.is_active = False
    officer.save()
    assert ask(third) == 401


def test_custody_records_what_programs_took(world: World, program: Programs) -> None:
    client = program("notary")
    for name in ("/exhibits/{pk}/verdict", "/exhibits/{pk}/dossier"):
        assert _ask(client, name, world) == 200
    kinds = CustodyEvent.objects.filter(actor=world.people["notary"]).values_list("kind", flat=True)
    assert sorted(kinds) == ["downloaded", "viewed"]


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/v1/", "/api/v1/marks/0"])
def test_what_is_not_there_is_a_problem(world: World, program: Programs, path: str) -> None:
    answer = program("officer").get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
