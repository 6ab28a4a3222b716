"""Takes the documents' pictures of the papers: ``python -m tests.evidence.papers.pictures``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from evidence.browser.finding import find_browser
from evidence.environment.packages import code_digest
from evidence.papers import Tool, certificate_html, report_html
from tests.evidence.builder import NAME, World
from tests.evidence.shell.whole import Whole, awkward, trusting

TAKEN = Path(__file__).resolve().parents[3] / "build" / "pictures"


def pages(folder: Path) -> dict[str, str]:
    """Return the papers of a whole dossier, by the names of their pictures."""
    world = awkward(World.create(folder / "world"))
    trust = trusting(world, folder / "trust")
    dossier = folder / f"{NAME}.dossier.zip"
    dossier.write_bytes(Whole(world).seal().pack())
    tool = Tool("markseal 0.1.0", code_digest())
    return {
        "report": report_html(dossier, trust=trust, tool=tool, requester="宁波市某公证处"),
        "certificate": certificate_html(dossier, trust=trust),
    }


def main() -> int:
    TAKEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find_browser()), chromium_sandbox=False
        )
        for paper, page in pages(Path(name)).items():
            opened = browser.new_page(viewport={"width": 900, "height": 1180})
            opened.set_content(page)
            opened.screenshot(path=TAKEN / f"{paper}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
