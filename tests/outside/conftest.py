"""One set of captures for all tests of this folder; their sites are gone when it is handed out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.capture.site import site
from tests.evidence.ground.answers import answers
from tests.evidence.ground.authority import Authority
from tests.evidence.ground.http2 import ground2
from tests.evidence.ground.server import ground
from tests.outside.taken import Taken, take

Captured = Callable[[str], Taken]
SHOP, SHOP_TLS = "a shop", "a shop over TLS"
ODD, ODD_TLS = "every odd exchange", "every odd exchange over TLS"
DECODED, SIGNED_IN = "a page over HTTP/2, decoded", "a shop, signed in"
TOKEN = "planted-7f3c91d2e4a85b60"


def _take(name: str, folder: Path) -> Taken:
    plain = name in (SHOP, ODD, SIGNED_IN)
    chain = None if plain else Authority.new().chain(folder).pem
    if name == DECODED and chain is not None:
        with ground2(chain) as where:
            return take(f"{where.address}/", folder / "taken", "--http2", "decode")
    if name == SIGNED_IN:
        with site() as address:
            session = str(_session(folder))
            return take(f"{address}/", folder / "taken", "--session", session)
    if name in (SHOP, SHOP_TLS):
        with site(chain) as address:
            return take(f"{address}/redirect", folder / "taken")
    with ground(answers, chain=chain) as where:
        return take(f"{where.address}/", folder / "taken")


def _session(folder: Path) -> Path:
    path = folder / "session.json"
    cookie: dict[str, object] = {"name": "session", "value": TOKEN}
    cookie |= {"domain": "127.0.0.1", "path": "/"}
    cookie |= {"expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    path.write_text(json.dumps({"cookies": [cookie], "origins": []}))
    return path


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    """Return who takes a capture by the command, each once, and hands it out."""
    known: dict[str, Taken] = {}

    def of(name: str) -> Taken:
        if name not in known:
            known[name] = _take(name, tmp_path_factory.mktemp("outside"))
        return known[name]

    return of
