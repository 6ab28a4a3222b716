"""Renewal by an authority over HTTP: down, answering with a page, for something else, and well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from evidence.authority import RemoteAuthority, stamp
from evidence.errors import SealError
from evidence.keeping.renewing import renew
from tests.evidence.builder import NAME
from tests.evidence.keeping.authorities import Dated, years
from tests.evidence.keeping.years import SEALED, Years, begin


@contextmanager
def served(dated: Dated, *, how: str = "well") -> Iterator[str]:
    """Serve a dated authority on this machine; give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            body, kind = dated.answer(request), "application/timestamp-reply"
            if how == "page":
                body, kind = b"<html>busy</html>", "text/html"
            if how == "other":
                body = stamp(dated, b"something else", clock=lambda: dated.now).response
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def world(tmp_path: Path) -> Years:
    made = begin(tmp_path)
    made.at(years(SEALED, 2.95))
    return made


def ask(world: Years, url: str) -> object:
    remote = RemoteAuthority("second", url, None)
    return renew(world.exhibit, trust=world.trust, authorities=[remote], clock=lambda: world.now)


@pytest.mark.parametrize("how", ["page", "other"])
def test_what_is_no_token_over_this_renews_nothing(world: Years, how: str) -> None:
    with (
        served(world.add("second", 10), how=how) as url,
        pytest.raises(SealError, match="second"),
    ):
        ask(world, url)
    assert not world.exhibit.path(f"{NAME}.renewal.json").exists()
    assert world.verify().exit_code == 0


def test_down_it_is_told_and_asked_again_later(world: Years) -> None:
    second = world.add("second", 10)
    with pytest.raises(SealError, match="could not be reached"):
        ask(world, "http://127.0.0.1:9/")
    with served(second) as url:
        assert ask(world, url) is not None
    world.at(years(SEALED, 5))
    assert world.verify().exit_code == 0
