"""Every address of the console, for every role: one table, to be read by a reviewer.

``in`` means the sign-in page is shown instead. The rows asked for belong to the owner's
organisation and to the officer's bureau; the last two columns are people of others.
"""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.console.conftest import Sessions
from tests.console.world import World

PEOPLE = (
    None,
    "owner",
    "officer",
    "notary",
    "auditor",
    "administrator",
    "other_officer",
    "other_owner",
)
# fmt: off
READ = {
    #                          nobody  owner officer notary auditor admin  other  other
    #                                                                      officer owner
    "home":                    ("in",  200,  200,    200,   200,    200,   200,   200),
    "login":                   (200,   302,  302,    302,   302,    302,   302,   302),
    "account":                 ("in",  200,  200,    200,   200,    200,   200,   200),
    "tokens":                  ("in",  200,  200,    200,   200,    200,   200,   200),
    "notices":                 ("in",  200,  200,    200,   200,    200,   200,   200),
    "people":                  ("in",  403,  403,    403,   403,    200,   403,   403),
    "leads":                   ("in",  200,  200,    403,   200,    403,   200,   200),
    "lead":                    ("in",  200,  200,    403,   200,    403,   404,   404),
    "lead-status":             ("in",  200,  200,    403,   200,    403,   404,   404),
    "listing-picture":         ("in",  404,  404,    403,   404,    403,   404,   404),
    "marks":                   ("in",  200,  200,    403,   200,    403,   200,   200),
    "mark":                    ("in",  200,  200,    403,   200,    403,   200,   404),
    "mark-new":                ("in",  200,  403,    403,   403,    403,   403,   200),
    "exhibits":                ("in",  403,  200,    200,   200,    403,   200,   403),
    "exhibit":                 ("in",  403,  200,    200,   200,    403,   404,   403),
    "exhibit-screenshot":      ("in",  403,  200,    200,   200,    403,   404,   403),
    "exhibit-picture":         ("in",  403,  200,    200,   200,    403,   404,   403),
    "exhibit-file":            ("in",  403,  200,    200,   403,    403,   404,   403),
    "exhibit-comparison":      ("in",  403,  404,    404,   404,    403,   404,   403),
    "exhibit-dossier":         ("in",  403,  200,    200,   403,    403,   404,   403),
    "exhibit-paper":           ("in",  403,  404,    404,   403,    403,   404,   403),
    "exhibit-keeping":         ("in",  403,  200,    403,   200,    403,   404,   403),
    "keeping":                 ("in",  403,  200,    403,   200,    403,   200,   403),
    "log":                     ("in",  403,  200,    200,   200,    200,   200,   403),
    "public-log":              (404,   404,  404,    404,   404,    404,   404,   404),
    "public-verify":           (404,   404,  404,    404,   404,    404,   404,   404),
    "offline-file":            (404,   200,  200,    200,   200,    200,   200,   200),
    "verify":                  ("in",  200,  200,    200,   403,    403,   200,   200),
    "verification":            ("in",  404,  404,    404,   404,    403,   404,   404),
    "sources":                 ("in",  403,  200,    403,   200,    403,   200,   403),
    "source-new":              ("in",  403,  200,    403,   403,    403,   200,   403),
    "source-tip":              ("in",  403,  200,    403,   403,    403,   200,   403),
    "source-override":         ("in",  403,  200,    403,   403,    403,   404,   403),
}
WRITE = {
    # a bare POST without fields: 302 done, 409 refused with a sentence, 422 a form's errors
    "account-password":        ("in",  422,  422,    422,   422,    422,   422,   422),
    "account-session-end":     ("in",  302,  302,    302,   302,    302,   302,   302),
    "token-new":               ("in",  422,  422,    422,   422,    422,   422,   422),
    "token-revoke":            ("in",  302,  302,    302,   302,    302,   302,   302),
    "notice-read":             ("in",  302,  302,    302,   302,    302,   302,   302),
    "exhibits-entrust":        ("in",  403,  302,    403,   403,    403,   302,   403),
    "person-sessions-end":     ("in",  403,  403,    403,   403,    302,   403,   403),
    "lead-shortlist":          ("in",  403,  302,    403,   403,    403,   404,   403),
    "lead-dismiss":            ("in",  403,  409,    403,   403,    403,   404,   403),
    "lead-authorise":          ("in",  403,  302,    403,   403,    403,   404,   403),
    "lead-undo":               ("in",  403,  409,    403,   403,    403,   404,   403),
    "lead-preserve":           ("in",  403,  409,    403,   403,    403,   404,   403),
    "exhibit-again":           ("in",  403,  302,    403,   403,    403,   404,   403),
    "exhibit-entrust":         ("in",  403,  302,    403,   403,    403,   404,   403),
    "exhibit-entrust-end":     ("in",  403,  302,    403,   403,    403,   404,   403),
    "exhibit-hold":            ("in",  403,  422,    403,   403,    403,   404,   403),
    "exhibit-release":         ("in",  403,  422,    403,   403,    403,   404,   403),
    "exhibit-erasure":         ("in",  403,  422,    403,   403,    403,   404,   403),
    "erasure-approve":         ("in",  403,  302,    403,   403,    403,   404,   403),
    "erasure-retry":           ("in",  403,  302,    403,   403,    403,   404,   403),
    "erasure-end":             ("in",  403,  302,    403,   403,    403,   404,   403),
    "public-verify":           (404,   404,  404,    404,   404,    404,   404,   404),
    "mark-new":                ("in",  422,  403,    403,   403,    403,   403,   422),
    "mark-seller":             ("in",  422,  403,    403,   403,    403,   403,   404),
    "verify":                  ("in",  422,  422,    422,   403,    403,   422,   422),
    "source-new":              ("in",  403,  422,    403,   403,    403,   422,   403),
    "source-tip":              ("in",  403,  422,    403,   403,    403,   422,   403),
    "source-override":         ("in",  403,  422,    403,   403,    403,   404,   403),
    "source-withdraw":         ("in",  403,  302,    403,   403,    403,   404,   403),
    "source-resume":           ("in",  403,  302,    403,   403,    403,   404,   403),
    "watch-pause":             ("in",  403,  302,    403,   403,    403,   404,   403),
    "watch-run":               ("in",  403,  302,    403,   403,    403,   404,   403),
    "logout":                  ("in",  302,  302,    302,   302,    302,   302,   302),
    "set_language":            (302,   302,  302,    302,   302,    302,   302,   302),
}
# fmt: on


FURTHER = {
    "exhibit-picture": ("screenshot",),
    "exhibit-file": ("recording",),
    "exhibit-paper": ("nothing",),
    "public-log": ("checkpoint",),
}


def _address(name: str, world: World) -> str:
    from django.urls import reverse

    assert world.exhibit is not None
    assert world.watch is not None
    assert world.erasure is not None
    rows = {
        "person": world.people["clerk"].pk,
        "lead": world.leads["new"].pk,
        "listing": world.leads["new"].pk,
        "mark": world.marks["mine"].pk,
        "exhibit": world.exhibit.pk,
        "watch": world.watch.pk,
        "source": world.watch.source_id,
        "verification": 1,
        "erasure": world.erasure.pk,
        "token": 1,
    }
    bare = {"mark-new", "token-new", "source-new", "source-tip"}
    family = name.split("-", maxsplit=1)[0]
    if name in bare or family not in rows:
        return reverse(name, args=FURTHER.get(name, ()))
    return reverse(name, args=[rows[family], *FURTHER.get(name, ())])


def _names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == "api":
            continue  # tests/api has the table of these
        if isinstance(pattern, URLResolver):
            found |= _names(pattern.url_patterns)
        elif pattern.name:
            found.add(pattern.name)
    return found


def test_the_table_names_every_address() -> None:
    assert _names(get_resolver().url_patterns) == READ.keys() | WRITE.keys()


@pytest.mark.parametrize("name", READ)
def test_reading(name: str, world: World, session: Sessions) -> None:
    for person, expected in zip(PEOPLE, READ[name], strict=True):
        answer = session(person).get(_address(name, world))
        if answer.streaming:
            b"".join(answer.streaming_content)
        said = "in" if answer.status_code == 302 and expected == "in" else answer.status_code
        if said == "in":
            assert answer["Location"].startswith("/sign-in/?next=")
        assert said == expected, (name, person)


@pytest.mark.parametrize("name", WRITE)
def test_writing(name: str, session: Sessions, world: World) -> None:
    from django.db import transaction

    for person, expected in zip(PEOPLE, WRITE[name], strict=True):
        with transaction.atomic():
            answer = session(person).post(_address(name, world))
            transaction.set_rollback(True)
        said: str | int = answer.status_code
        if said == 302 and answer["Location"].startswith("/sign-in/?next="):
            said = "in"
        assert said == expected, (name, person)


@pytest.mark.parametrize("name", [name for name in WRITE if name not in READ])
def test_no_step_is_taken_by_reading(name: str, session: Sessions, world: World) -> None:
    if name == "set_language":
        pytest.skip("Django's own view answers a GET with a redirect and changes nothing")
    for person in ("owner", "officer"):
        assert session(person).get(_address(name, world)).status_code in {403, 405}


@pytest.mark.parametrize("name", WRITE)
def test_every_step_needs_the_token(name: str, session: Sessions, world: World) -> None:
    for person in PEOPLE:
        client = session(person, enforce_csrf_checks=True)
        assert client.post(_address(name, world)).status_code == 403, (name, person)
