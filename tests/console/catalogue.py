"""What is to be translated: every marked string of the desk, and the English beside it.

``python -m tests.console.catalogue`` adds what is missing to the .po, drops what is no
longer used, and compiles it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "desk" / "console" / "locale" / "en" / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
MADE = datetime(2026, 11, 22, tzinfo=UTC)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def sources() -> Iterator[tuple[Path, str, bytes]]:
    """Yield each source file with the way it is read and its text."""
    for path in sorted([*(ROOT / "desk").rglob("*.py"), *(ROOT / "config").rglob("*.py")]):
        yield path, "python", path.read_bytes()
    for path in sorted((ROOT / "desk").rglob("*.html")):
        # Django's own preparation for xgettext; what is left reads like JavaScript.
        text = templatize(path.read_text("utf-8"), origin=str(path))
        yield path, "javascript", text.encode()


Key = tuple[str, str | None]


def wanted() -> dict[Key, list[str]]:
    """Return every string to be translated with the files that say it."""
    found: dict[Key, list[str]] = {}
    for path, method, data in sources():
        options = {"template_string": "False"} if method == "javascript" else {}
        for _, message, _, about in extract(method, io.BytesIO(data), KEYWORDS, options=options):
            text = message if isinstance(message, str) else message[-1]
            if text:
                found.setdefault((text, about), []).append(str(path.relative_to(ROOT)))
    return found


def translated() -> Catalog:
    """Return the catalogue as it stands."""
    with PO.open("rb") as file:
        return read_po(file, locale="en", domain="django")


def compiled(catalogue: Catalog) -> bytes:
    """Return the catalogue in its binary form."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def update() -> int:
    """Bring .po and .mo up to date; return how many strings have no English yet."""
    old = translated() if PO.exists() else Catalog(locale="en", domain="django")
    fresh = Catalog(
        locale="en",
        domain="django",
        project="markseal",
        version="1",
        creation_date=MADE,
        revision_date=MADE,
        last_translator="markseal",
        msgid_bugs_address="-",
        language_team="en",
        fuzzy=False,
    )
    fresh.header_comment = "# English of the console; the source strings are Chinese."
    for (text, about), files in sorted(wanted().items(), key=str):
        known = old.get(text, about)
        places = [(name, None) for name in sorted(set(files))]
        fresh.add(text, known.string if known else "", locations=places, context=about)  # type: ignore[arg-type]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, fresh, width=100, omit_header=False, sort_output=True)
    MO.write_bytes(compiled(fresh))
    return sum(1 for message in fresh if message.id and not message.string)


if __name__ == "__main__":
    sys.exit(1 if update() else 0)
