"""What every page carries: a strict policy, no inline script, no content of others as markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from desk.leads.models import Lead
from desk.register.models import Mark, Role
from desk.register.services import add_user, place_organisation
from tests.console.conftest import Sessions
from tests.console.world import PASSWORD, World, build

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7|add:7 }}{% debug %}",
    "\u202e<b>right to left</b>",
    "<!--<script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
)
PAGES = {
    "officer": ("/", "/leads/", "/leads/{lead}/", "/exhibits/", "/exhibits/{exhibit}/"),
    "owner": ("/", "/leads/", "/leads/{lead}/", "/marks/", "/marks/{mark}/", "/marks/new/"),
    "notary": ("/", "/exhibits/", "/exhibits/{exhibit}/", "/verify/"),
    None: ("/sign-in/",),
}
OUR_TAGS_WITH_SCRIPT = re.compile(r"/static/console/[a-z]+\.js\Z")


class Reader(HTMLParser):
    """Collects what could run or load: tags, handlers, addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _read(client: Client, address: str) -> Reader:
    answer = client.get(address)
    assert answer.status_code == 200, address
    reader = Reader()
    reader.feed(answer.content.decode())
    return reader


def _addresses(world: World, person: str | None) -> list[str]:
    assert world.exhibit is not None
    rows = {
        "lead": world.leads["new"].pk,
        "exhibit": world.exhibit.pk,
        "mark": world.marks["mine"].pk,
    }
    return [page.format(**rows) for page in PAGES[person]]


def _check_nothing_runs(reader: Reader, address: str) -> None:
    for tag, attrs in reader.tags:
        assert not [name for name in attrs if name.startswith("on")], (address, tag, attrs)
        assert "style" not in attrs, (address, tag)
        assert tag not in {"iframe", "object", "embed", "style", "base"}, address
        if tag == "script":
            assert OUR_TAGS_WITH_SCRIPT.search(attrs.get("src") or ""), address
        for name in ("href", "src", "action", "formaction"):
            value = attrs.get(name)
            if value is not None:
                assert value.startswith(("/", "#", "?")), (address, tag, value)


@pytest.mark.parametrize("person", PAGES)
def test_policy_and_headers_on_every_page(
    person: str | None, session: Sessions, world: World
) -> None:
    for address in [*_addresses(world, person), "/nowhere/"]:
        answer = session(person).get(address)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("person", PAGES)
def test_nothing_inline_and_nothing_from_elsewhere(
    person: str | None, session: Sessions, world: World
) -> None:
    for address in _addresses(world, person):
        _check_nothing_runs(_read(session(person), address), address)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_shop_writes_stays_text(payload: str, db: None) -> None:
    fields = ("title", "shop", "url", "description", "brand", "category", "price", "currency")
    world = build(titles=dict.fromkeys(fields, payload))
    assert world.exhibit is not None
    for person in ("officer", "owner", "notary"):
        client = Client()
        client.force_login(world.people[person])
        for address in _addresses(world, person):
            reader = _read(client, address)
            _check_nothing_runs(reader, address)
            assert not [1 for tag, _ in reader.tags if tag in {"b"}], address
    client = Client()
    client.force_login(world.people["officer"])
    shown = _read(client, f"/leads/{world.leads['second'].pk}/").text
    assert payload in shown, "the text is shown, not swallowed"


def test_results_of_a_mark_with_a_figure_say_that_pictures_are_not_watched(
    session: Sessions, world: World
) -> None:
    for kind, said in (("word", False), ("combined", True)):
        Mark.objects.filter(pk=world.marks["mine"].pk).update(kind=kind)
        for address in _addresses(world, "owner")[:-1]:
            text = _read(session("owner"), address).text
            assert ("图形未监测" in text) is said, address


def test_errors_are_pages_too(session: Sessions, world: World) -> None:
    gone = session("officer").get("/leads/999999/")
    assert gone.status_code == 404
    assert "没有这个页面" in gone.content.decode()
    refused = session("notary").get("/leads/")
    assert refused.status_code == 403
    assert "无权使用此功能" in refused.content.decode()
    stale = session("officer", enforce_csrf_checks=True).post("/leads/1/shortlist/")
    assert stale.status_code == 403
    assert "页面已过期" in stale.content.decode()


def test_a_broken_page_says_so_in_style(session: Sessions, world: World) -> None:
    assert world.exhibit is not None
    from desk.cases.models import Exhibit

    client = session("officer")
    client.raise_request_exception = False
    Exhibit.objects.filter(pk=world.exhibit.pk).update(wacz="gone.wacz")
    assert client.get(f"/exhibits/{world.exhibit.pk}/").status_code == 404
    world.leads["new"].versions = "not a mapping"
    world.leads["new"].span = {"no": "span"}
    world.leads["new"].save()
    broken = client.get(f"/leads/{world.leads['new'].pk}/")
    assert broken.status_code in {200, 500}
    assert "<main" in broken.content.decode()


def test_highlight_marks_only_the_span(session: Sessions, world: World) -> None:
    page = session("officer").get(f"/leads/{world.leads['new'].pk}/").content.decode()
    assert "<mark>霁泷</mark> 保温杯" in page


def test_a_mark_s_page_tells_how_many_leads_it_has(session: Sessions, world: World) -> None:
    for mark in world.marks.values():
        leads = Lead.objects.filter(mark=mark, holder__memberships__user=world.people["owner"])
        if not leads.exists():
            continue
        new = leads.filter(state="new").count()
        page = session("owner").get(f"/marks/{mark.pk}/").content.decode()
        assert f"发现过 {leads.count()} 条疑似线索，其中 {new} 条待处理。" in page
        assert f"共 {leads.count()} 条" in page
        return
    raise AssertionError("no mark of the owner's has leads")


def test_an_auditor_reads_the_bureaux_below_and_sees_whose_a_lead_is(
    session: Sessions, world: World
) -> None:
    bureau, other = (
        world.people[name].memberships.get().organisation for name in ("auditor", "other_officer")
    )
    auditor = session("auditor")
    assert "含下级单位" not in auditor.get("/").content.decode()
    place_organisation(organisation=bureau, under=other)
    above, _ = add_user(name="above", role=Role.AUDITOR, organisation=other, password=PASSWORD)
    world.people["above"] = above
    client = session("above")
    assert "甬城市场监管局" in client.get("/").content.decode()
    page = client.get("/leads/").content.decode()
    assert "办理单位" in page
    assert "甬城市场监管局" in page
    lead = client.get(f"/leads/{world.leads['new'].pk}/").content.decode()
    assert "Digit1" not in lead
