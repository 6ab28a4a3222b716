"""Takes the documents' pictures of the notary's pages: ``python -m tests.console.pictures``."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

HOME = Path(tempfile.mkdtemp(prefix="markseal-pictures-"))
os.environ |= {"MARKSEAL_HOME": str(HOME), "DJANGO_SETTINGS_MODULE": "config.settings"}
os.environ |= {"MARKSEAL_PUBLIC_VERIFY": "1", "MARKSEAL_PUBLIC_LOG": "1"}

import django  # noqa: E402 - after the environment is set

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

from desk.cases.models import ErasureRequest, Exhibit  # noqa: E402
from desk.cases.services.erasing import approve_erasure  # noqa: E402
from desk.register.models import User  # noqa: E402
from desk.register.sessions import SessionStore  # noqa: E402
from evidence.keeping.exhibit import Kept  # noqa: E402
from evidence.keeping.store import FolderStore  # noqa: E402
from evidence.seal import open_home  # noqa: E402
from evidence.witness.health import ask_all  # noqa: E402
from tests.acceptance.house import browser_path  # noqa: E402
from tests.console.world import World, build  # noqa: E402
from tests.evidence.builder import CAPTURE_ID, NAME, zipped  # noqa: E402
from tests.evidence.keeping.homes import seal_into  # noqa: E402
from tests.evidence.log.fixtures import attempt  # noqa: E402
from tests.evidence.tamper.good import DOSSIER, Good  # noqa: E402
from tests.evidence.witness.fixtures import serving  # noqa: E402
from tests.verifier.pictures import TAKEN, exported  # noqa: E402


class Server(ThreadingMixIn, WSGIServer):
    """Serves the console while the pictures are taken."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def now() -> datetime:
    return datetime.now(UTC)


def _grown(home: Path) -> None:
    """Make the installation of the pictures: a log of some weeks, a witness, an exhibit."""
    place = open_home(home, clock=now)
    begin = now() - timedelta(days=45)
    log = place.open_log()
    number = 0
    for day in range(45):
        for _ in range(day % 7 + day // 6):
            number += 1
            since = int((begin + timedelta(days=day)).timestamp() - START) // 60
            with log.writing() as session:
                entry = attempt(session.previous(), number, minute=since + number % 60)
                session.append([entry])
    seal_into(place, place.path / "exhibits" / CAPTURE_ID, home.parent / "aside")
    FolderStore(place).put(Kept(place.path / "exhibits" / CAPTURE_ID, NAME))


START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()


def _exhibit(world: World) -> Exhibit:
    """Give the world's exhibit the files of the one that was sealed; one person has approved."""
    Exhibit.objects.update(
        wacz=f"{NAME}.wacz", dossier=f"{NAME}.dossier.zip", capture_id=CAPTURE_ID,
        folder=f"exhibits/{CAPTURE_ID}", sealed_at=now(), declared=[], certificate="",
    )  # fmt: skip
    names = {"clerk": "王芳", "officer": "张伟", "notary": "陈静"}
    for name, shown in names.items():
        User.objects.filter(username=name).update(display_name=shown)
    ErasureRequest.objects.update(requested_name="王芳（clerk）", requested_at=now())
    approve_erasure(
        request=ErasureRequest.objects.get(), actor=User.objects.get(username="officer")
    )
    return Exhibit.objects.get()


def _cookie(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _witnessed(home: Path, folder: Path) -> None:
    from evidence.log.audit import read_vkey

    key = read_vkey(home / "log" / "vkey")
    with serving(folder, name="witness.example/notary", clock=now, log=key) as running:
        (home / "witnesses.toml").write_text(
            f'[[witnesses]]\nname = "甬城公证处"\nvkey = "{running.key.text()}"\n'
            f'url = "{running.address}"\nrelation = "notary"\n',
            encoding="utf-8",
        )
        ask_all(home, proxy=None, clock=now)


def main() -> int:
    TAKEN.mkdir(parents=True, exist_ok=True)
    try:
        call_command("migrate", verbosity=0)
        world = build()
        good = Good(HOME / "good")
        trust = exported(good)
        dossier = HOME / DOSSIER
        dossier.write_bytes(zipped(good.full))
        _grown(HOME / "installation")
        _witnessed(HOME / "installation", HOME / "witness")
        settings.MARKSEAL_HOME = HOME / "installation"
        exhibit = _exhibit(world)
        cookies = {name: _cookie(world.people[name]) for name in ("notary", "clerk", "officer")}
        notary_home = HOME / "notary"
        shutil.copytree(trust, notary_home / "trust")
        _take(cookies, exhibit.pk, dossier, notary_home)
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
    return 0


def _take(cookies: dict[str, str], exhibit: int, dossier: Path, notary_home: Path) -> None:
    installation = settings.MARKSEAL_HOME
    with make_server(
        "127.0.0.1", 0, get_wsgi_application(), server_class=Server, handler_class=Quiet
    ) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser_path(), args=sandbox)

            def page_of(name: str | None, address: str) -> Page:
                context = chromium.new_context(
                    viewport={"width": 1280, "height": 800}, locale="zh-CN"
                )
                if name is not None:
                    kept = {
                        "name": settings.SESSION_COOKIE_NAME, "value": cookies[name],
                        "url": origin,
                    }  # fmt: skip
                    context.add_cookies([kept])  # type: ignore[list-item]
                page = context.new_page()
                page.goto(origin + address)
                return page

            _shot(page_of("notary", "/chain/"), "notary-log", 1100)
            _shot(page_of("clerk", f"/exhibits/{exhibit}/keeping/"), "officer-keeping", 900)
            settings.MARKSEAL_HOME = notary_home
            verify = page_of("notary", "/verify/")
            _shot(verify, "notary-verify", 800)
            _hand_in(verify, dossier)
            _shot(verify, "notary-console-verdict", 1000)
            public = page_of(None, "/verify/public/")
            _hand_in(public, dossier)
            _shot(public, "public-verify", 1100)
            chromium.close()
        settings.MARKSEAL_HOME = installation
        server.shutdown()
        thread.join()


def _hand_in(page: Page, dossier: Path) -> None:
    page.set_input_files("input[type=file]", dossier)
    page.click("main button[type=submit]")
    page.wait_for_selector(".claims")


def _shot(page: Page, name: str, height: int) -> None:
    page.set_viewport_size({"width": 1280, "height": height})
    page.mouse.move(1, 1)
    page.screenshot(path=TAKEN / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
