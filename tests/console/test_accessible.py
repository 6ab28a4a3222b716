"""Every page of the console, for each role, in both languages, against axe-core: no violations.

Light and dark, on a desk and on a telephone; what does not fit the width of a page is found too.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as conf
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from desk.cases.models import Verification
from evidence.verify import verify_file
from tests.acceptance.house import browser_path
from tests.console.axe import fetch_axe, violations
from tests.console.conftest import Sessions
from tests.console.world import World, add_capture
from tests.evidence.builder import Draft
from tests.evidence.builder import World as Installation

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm"),
]
SCREENS = {"desk": {"width": 1366, "height": 900}, "telephone": {"width": 390, "height": 844}}
LOOKS = (("light", "desk"), ("dark", "desk"), ("light", "telephone"))
PAGES = {
    None: ("/sign-in/", "/verify/public/"),
    "owner": ("/", "/leads/", "/leads/{new}/", "/marks/", "/marks/{mark}/", "/marks/new/"),
    "officer": (
        "/", "/leads/", "/leads/?q=none", "/leads/{new}/", "/leads/{shortlisted}/",
        "/leads/{preserved}/", "/marks/", "/exhibits/", "/exhibits/{exhibit}/",
        "/exhibits/{exhibit}/comparison/", "/sources/", "/sources/new/", "/nowhere/",
        "/sources/tip/", "/sources/{source}/override/", "/keeping/", "/chain/",
        "/exhibits/{exhibit}/keeping/", "/exhibits/{first}/keeping/",
    ),
    "notary": (
        "/", "/notices/", "/exhibits/", "/exhibits/{exhibit}/", "/exhibits/{exhibit}/comparison/",
        "/verify/", "/verify/{foreign}/", "/verify/{valid}/", "/leads/", "/chain/",
    ),
    "auditor": ("/", "/exhibits/{exhibit}/", "/sources/", "/exhibits/{first}/keeping/"),
    "administrator": ("/", "/chain/", "/people/", "/account/", "/account/tokens/"),
}  # fmt: skip
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True)
class Person:
    """Somebody with a session, and the addresses to open."""

    name: str | None
    language: str
    cookie: str | None
    addresses: tuple[str, ...]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the script of axe-core."""
    return fetch_axe(tmp_path_factory.mktemp("axe"))


@pytest.fixture
def verified(world: World, tmp_path: Path) -> dict[str, int]:
    """Return two verifications of the notary: of somebody else's dossier, and of a valid one."""
    ours = Installation.create(tmp_path / "keys")
    trust = ours.trust(tmp_path / "trust", trial=True)
    path = tmp_path / f"{'long-name-' * 9}.dossier.zip"
    path.write_bytes(Draft(ours).seal().pack())
    verdict = verify_file(path, trust=trust).to_json()
    notary = world.people["notary"]
    rows = {}
    for name, told in (("valid", verdict), ("foreign", verdict | {"foreign": True})):
        rows[name] = Verification.objects.create(
            organisation=notary.memberships.get().organisation, actor=notary, at=timezone.now(),
            name=path.name, size=path.stat().st_size, sha256="ab" * 32, exit_code=0, verdict=told,
        ).pk  # fmt: skip
    return rows


@pytest.fixture
def people(
    live_server: LiveServer,
    world: World,
    session: Sessions,
    verified: dict[str, int],
    tmp_path: Path,
    settings: Settings,
) -> list[Person]:
    """Return everybody with their pages, signed in before the browser starts."""
    settings.MARKSEAL_PUBLIC_VERIFY = True
    capture = add_capture(world, tmp_path / "more", "现价 39 元")
    add_capture(world, tmp_path / "again", "现价 29 元", after=capture)
    rows = {name: lead.pk for name, lead in world.leads.items()}
    rows |= {"mark": world.marks["mine"].pk, "exhibit": capture.pk, **verified}
    assert world.exhibit is not None
    assert world.watch is not None
    rows |= {"first": world.exhibit.pk, "source": world.watch.source_id}
    found = []
    for language in ("zh-hans", "en"):
        for name, pages in PAGES.items():
            cookie = session(name, language=language).cookies.get(conf.SESSION_COOKIE_NAME)
            addresses = tuple(page.format(**rows) for page in pages)
            found.append(Person(name, language, cookie.value if cookie else None, addresses))
    return found


@pytest.fixture
def browser(people: list[Person]) -> Iterator[Browser]:
    """Return a real browser; the database is asked for nothing while it is there."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path(), args=sandbox)
        yield chromium
        chromium.close()


def _seen(
    browser: Browser, origin: str, person: Person, look: tuple[str, str], axe: str
) -> Iterator[tuple[str, list[Any]]]:
    colours, screen = look
    context = browser.new_context(
        viewport=SCREENS[screen],  # type: ignore[arg-type]
        color_scheme=colours,  # type: ignore[arg-type]
        locale="en-US" if person.language == "en" else "zh-CN",
    )
    if person.cookie is not None:
        kept = {"name": conf.SESSION_COOKIE_NAME, "value": person.cookie, "url": origin}
        context.add_cookies([kept])  # type: ignore[list-item]
    page = context.new_page()
    for address in person.addresses:
        page.goto(origin + address)
        wider = page.evaluate(WIDER)
        found = violations(page, axe)
        if wider > 0:
            found.append({"rule": "fits its width", "nodes": [f"{wider} px too wide"]})
        yield f"{person.name} {person.language} {colours} {screen} {address}", found
    context.close()


def test_no_page_breaks_a_rule(
    browser: Browser, live_server: LiveServer, people: list[Person], axe: str
) -> None:
    started, pages, wrong = time.monotonic(), 0, []
    for look in LOOKS:
        for person in people:
            for place, found in _seen(browser, live_server.url, person, look, axe):
                pages += 1
                wrong += [(place, one["rule"], one["nodes"][:3]) for one in found]
    print(f"soak: {pages} pages, {len(wrong)} violations, {time.monotonic() - started:.0f} s")
    assert not wrong, "\n".join(f"{place}: {rule}: {nodes}" for place, rule, nodes in wrong[:40])
