"""The demo shop, filled and served once for the tests of this room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.processes import ROOT, Household, free_port
from demo.story import SHOP_PYTHON


@pytest.fixture(scope="session")
def shop_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the filled shop."""
    data = tmp_path_factory.mktemp("shop") / "data"
    subprocess.run(
        [str(SHOP_PYTHON), "-m", "demo.shop.fill", "--data", str(data)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return data


@pytest.fixture(scope="session")
def shop(shop_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the running shop."""
    port = free_port()
    household = Household(tmp_path_factory.mktemp("logs"))
    command = [str(SHOP_PYTHON), "-m", "demo.shop.serve", "--data", str(shop_data)]
    child = household.start(
        "演示商城", "demo shop", [*command, "--port", str(port)], environment=os.environ
    )
    try:
        household.await_answer(child, f"http://127.0.0.1:{port}/catalogue/", seconds=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        household.stop()
