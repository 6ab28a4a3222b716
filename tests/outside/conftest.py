"""One set of captures for all tests of this folder; their sites are gone when it is handed out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.capture.site import site
from tests.evidence.ground.answers import answers
from tests.evidence.ground.authority import Authority
from tests.evidence.ground.server import ground
from tests.outside.taken import Taken, take

Captured = Callable[[str], Taken]
SHOP, SHOP_TLS = "a shop", "a shop over TLS"
ODD, ODD_TLS = "every odd exchange", "every odd exchange over TLS"


def _take(name: str, folder: Path) -> Taken:
    chain = Authority.new().chain(folder).pem if name in (SHOP_TLS, ODD_TLS) else None
    if name in (SHOP, SHOP_TLS):
        with site(chain) as address:
            return take(f"{address}/redirect", folder / "taken")
    with ground(answers, chain=chain) as where:
        return take(f"{where.address}/", folder / "taken")


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    """Return who takes a capture by the command, each once, and hands it out."""
    known: dict[str, Taken] = {}

    def of(name: str) -> Taken:
        if name not in known:
            known[name] = _take(name, tmp_path_factory.mktemp("outside"))
        return known[name]

    return of
