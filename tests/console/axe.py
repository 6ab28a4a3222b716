"""axe-core as its makers publish it, and what it finds wrong on a page.

axe-core is licensed under the MPL 2.0. It is fetched for the test and left where it is;
nothing of it is part of this product.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

NAME, VERSION = "axe-core", "4.14.1"
INTEGRITY = (
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
ASK = """async (rules) => {
  for (const part of document.querySelectorAll('details')) part.open = true;
  const found = await axe.run(document, {runOnly: rules, resultTypes: ['violations']});
  return found.violations.map((one) => ({
    rule: one.id, impact: one.impact,
    nodes: one.nodes.map((node) => node.target.join(' ') + ': ' + node.failureSummary),
  }));
}"""


def fetch_axe(folder: Path) -> str:
    """Return ``axe.min.js`` of the pinned release; its SHA-512 must be the pinned one."""
    done = subprocess.run(
        ["npm", "pack", f"{NAME}@{VERSION}", "--silent"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    path = folder / f"{NAME}-{VERSION}.tgz"
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    assert digest == INTEGRITY, f"{path.name} is not the pinned release"
    with tarfile.open(path) as package:
        member = package.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode("utf-8")


def violations(page: Page, axe: str) -> list[dict[str, Any]]:
    """Return what breaks a rule on the page, every closed part of it opened first."""
    page.evaluate(f"() => {{ {axe} }}")
    found: list[dict[str, Any]] = page.evaluate(ASK, list(RULES))
    return found
