"""Takes the documents' pictures of the offline page: ``python -m tests.verifier.pictures``."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from tests.evidence.builder import zipped
from tests.evidence.tamper.good import DOSSIER, Good, flipped
from tests.verifier.driver import HtmlVerifier

TAKEN = Path(__file__).resolve().parents[2] / "build" / "pictures"


def exported(good: Good) -> Path:
    """Return a trust folder with SHA256SUMS, as ``markseal trust export`` writes it."""
    trust = good.witnessed("export")
    files = sorted(path for path in trust.rglob("*") if path.is_file())
    rows = [(hashlib.sha256(path.read_bytes()).hexdigest(), path) for path in files]
    sums = "".join(f"{digest}  {path.relative_to(trust).as_posix()}\n" for digest, path in rows)
    (trust / "SHA256SUMS").write_text(sums)
    return trust


def main() -> int:
    TAKEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, HtmlVerifier() as html:
        good = Good(Path(name) / "good")
        trust = exported(good)
        data = zipped(good.full)
        at = data.index(b"evidence/screenshot.png") + 60
        for word, packed in (("good", data), ("altered", flipped(data, at))):
            dossier = Path(name) / DOSSIER
            dossier.write_bytes(packed)
            html.page.reload()
            html.verify([dossier], trust)
            html.page.set_viewport_size({"width": 1100, "height": 1180})
            for language in ("zh", "en"):
                html.page.mouse.move(1, 1)
                html.page.evaluate("document.activeElement.blur()")
                html.page.screenshot(path=TAKEN / f"verifier-{word}-{language}.png")
                html.page.click("#language")
    return 0


if __name__ == "__main__":
    sys.exit(main())
