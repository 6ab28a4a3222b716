"""The demo shop, filled and served once, and houses to live in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.processes import ROOT, Household, free_port
from demo.story import SHOP_PYTHON
from tests.acceptance.house import House


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the running shop."""
    data = tmp_path_factory.mktemp("shop") / "data"
    fill = [str(SHOP_PYTHON), "-m", "demo.shop.fill", "--data", str(data)]
    subprocess.run(fill, cwd=ROOT, check=True, capture_output=True, timeout=180)
    port = free_port()
    serve = [str(SHOP_PYTHON), "-m", "demo.shop.serve", "--data", str(data), "--port", str(port)]
    household = Household(tmp_path_factory.mktemp("logs"))
    try:
        child = household.start("演示商城", "demo shop", serve, environment=os.environ)
        household.await_answer(child, f"http://127.0.0.1:{port}/catalogue/", seconds=90)
        yield f"http://127.0.0.1:{port}"
    finally:
        household.stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return an installation with an empty data folder, not yet started."""
    household = Household(tmp_path / "logs")
    try:
        yield House(tmp_path / "home", household)
    finally:
        household.stop()
