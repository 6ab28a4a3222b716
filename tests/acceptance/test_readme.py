"""The commands of the README, run exactly as written, against the demo shop."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
READMES = ("README.md", "README.zh-CN.md")

pytestmark = [pytest.mark.browser, pytest.mark.shop, pytest.mark.timeout(600)]


def _commands(name: str) -> str:
    """Return the shell block of a README that speaks of the command line."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)
    return next(block for block in blocks if "markseal crawl" in block)


def test_the_readme_s_commands_do_what_it_says(shop: str, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "demo").symlink_to(ROOT / "demo")
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("MARKSEAL_")},
        "SHOP": f"{shop}/",
        "MARKSEAL_ALLOW_LOOPBACK": "1",
        **({"MARKSEAL_NO_SANDBOX": "1"} if os.getuid() == 0 else {}),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _commands(READMES[0])],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    listings = (tmp_path / "listings.jsonl").read_text("utf-8").splitlines()
    assert len(listings) == 40
    leads = [json.loads(line) for line in (tmp_path / "leads.jsonl").read_text().splitlines()]
    assert any(lead["flag"] for lead in leads)
    assert (tmp_path / "page.dossier.zip").is_file()
    assert '"verdict": "valid"' in done.stdout or '"verdict":"valid"' in done.stdout
