"""A person sees where they are signed in and ends it; another password ends all the others."""

from __future__ import annotations

from django.test import Client

from desk.register.models import Session, Token
from tests.console.conftest import Sessions
from tests.console.world import PASSWORD, World

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
WECHAT = "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile MicroMessenger/8.0.50"
TOKEN = {"name": "市平台对接", "scopes": ["leads:read"], "days": "30"}
FRESH = "another-long-enough-word"


def _signed_in(name: str, agent: str, address: str, password: str = PASSWORD) -> Client:
    client = Client(HTTP_USER_AGENT=agent, HTTP_ACCEPT_LANGUAGE="zh-hans", REMOTE_ADDR=address)
    assert client.post("/sign-in/", {"username": name, "password": password}).status_code == 302
    return client


def _is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_a_person_sees_their_sessions_and_ends_one(world: World) -> None:
    here = _signed_in("officer", FIREFOX, "192.0.2.7")
    there = _signed_in("officer", WECHAT, "198.51.100.9")
    _signed_in("clerk", FIREFOX, "203.0.113.5")
    page = here.get("/account/")
    said = page.content.decode()
    assert "Firefox 145 · Linux" in said
    assert "192.0.2.7" in said
    assert "WeChat 8 · Android" in said
    assert "198.51.100.9" in said
    assert "203.0.113.5" not in said
    first, other = page.context["sessions"]
    assert first.current
    assert not other.current
    assert other.since is not None
    assert not {row.session_key for row in Session.objects.all()} & set(said.split('"'))
    answer = here.post("/account/sessions/end/", {"session": other.handle}, follow=True)
    assert "该处登录已退出" in answer.content.decode()
    assert not _is_in(there)
    assert _is_in(here)
    again = here.post("/account/sessions/end/", {"session": other.handle}, follow=True)
    assert "此前已结束" in again.content.decode()


def test_nobody_ends_the_session_of_another_person(world: World) -> None:
    theirs = _signed_in("clerk", FIREFOX, "203.0.113.5")
    handle = theirs.get("/account/").context["sessions"][0].handle
    mine = _signed_in("officer", FIREFOX, "192.0.2.7")
    mine.post("/account/sessions/end/", {"session": handle})
    assert _is_in(theirs)


def test_another_password_ends_the_other_sessions(world: World) -> None:
    here, there = (_signed_in("officer", FIREFOX, f"192.0.2.{at}") for at in (1, 2))
    asked = {"old_password": "wrong", "new_password1": FRESH, "new_password2": FRESH}
    refused = here.post("/account/password/", asked)
    assert refused.status_code == 422
    assert "当前密码不正确" in refused.content.decode()
    weak = asked | {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert here.post("/account/password/", weak).status_code == 422
    assert _is_in(there)
    done = here.post("/account/password/", asked | {"old_password": PASSWORD}, follow=True)
    assert "密码已更改" in done.content.decode()
    assert _is_in(here)
    assert not _is_in(there)
    assert Session.objects.filter(account=world.people["officer"]).count() == 1
    _signed_in("officer", FIREFOX, "192.0.2.3", FRESH)


def test_guessing_the_present_password_is_refused_like_signing_in(world: World) -> None:
    here = _signed_in("officer", FIREFOX, "192.0.2.1")
    asked = {"old_password": "guess", "new_password1": FRESH, "new_password2": FRESH}
    for _ in range(10):
        assert here.post("/account/password/", asked).status_code == 422
    right = here.post("/account/password/", asked | {"old_password": PASSWORD}, follow=True)
    assert "密码错误次数过多" in right.content.decode()
    world.people["officer"].refresh_from_db()
    assert world.people["officer"].check_password(PASSWORD)


def test_an_administrator_ends_the_sessions_of_their_people_only(
    world: World, session: Sessions
) -> None:
    officer = _signed_in("officer", FIREFOX, "192.0.2.1")
    stranger = _signed_in("other_officer", FIREFOX, "192.0.2.2")
    officer.post("/account/tokens/new/", TOKEN)
    admin = session("administrator")
    page = admin.get("/people/").content.decode()
    assert "officer" in page
    assert "192.0.2.1" in page
    assert "other_officer" not in page
    assert "192.0.2.2" not in page
    for name in ("officer", "administrator"):
        answer = admin.post(f"/people/{world.people[name].pk}/sessions/end/")
        assert answer.status_code == 302
    assert Token.objects.get().revoked_at is not None
    other = world.people["other_officer"]
    assert admin.post(f"/people/{other.pk}/sessions/end/").status_code == 404
    assert not _is_in(officer)
    assert _is_in(stranger)
    assert _is_in(admin)


def test_a_token_is_shown_once_and_revoked_by_its_person_only(
    world: World, session: Sessions
) -> None:
    client, clerk = session("officer"), session("clerk")
    page = client.post("/account/tokens/new/", TOKEN)
    text = page.context["fresh"]
    assert text in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert text not in client.get("/account/tokens/").content.decode()
    token = Token.objects.get()
    program = Client(HTTP_AUTHORIZATION=f"Bearer {text}")
    clerk.post(f"/account/tokens/{token.pk}/revoke/")
    assert program.get("/api/v1/me").json()["scopes"] == ["leads:read"]
    done = client.post(f"/account/tokens/{token.pk}/revoke/", follow=True)
    assert "令牌已吊销" in done.content.decode()
    assert program.get("/api/v1/me").status_code == 401
    wrong = client.post("/account/tokens/new/", TOKEN | {"scopes": ["all"], "days": "9999"})
    assert wrong.status_code == 422


def test_expired_sessions_go_when_somebody_signs_in(world: World) -> None:
    _signed_in("officer", FIREFOX, "192.0.2.1")
    Session.objects.update(expire_date="2026-01-01T00:00:00Z")
    _signed_in("clerk", FIREFOX, "192.0.2.1")
    assert [row.account for row in Session.objects.all()] == [world.people["clerk"]]
