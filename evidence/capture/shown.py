"""The document and the text of a page as they are shown, shadow trees and form fields included.

The text is that of ``innerText`` (HTML Standard, 3.2.7), in which shadow trees stand in the place
of their hosts and fields hold what stands in them; what a password field holds is never read.
Not in it: what style sheets add (``::before``), pictures of letters, what a canvas draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from playwright.sync_api import Error, Page

from evidence.browser.steps import Steps
from evidence.capture.views import FRAMES, View, views

BOM = b"\xef\xbb\xbf"
_FRAME_LIMIT = 500_000
_SCROLLS = """() => { const e = document.scrollingElement;
  return !!e && e.clientHeight > 0 && e.scrollHeight - e.clientHeight >= 80; }"""


@dataclass(frozen=True)
class Shown:
    """What a page shows: ``text`` of the page and its frames, ``main`` of the page alone.

    ``missed`` counts closed shadow roots that are in neither record, None when the document was
    too large to look for them; ``scrolling`` counts frames that show a part of their document.
    """

    main: str
    text: bytes
    missed: int | None
    scrolling: int


@cache
def source(name: str) -> str:
    """Return a function of ours (JavaScript), the comments before it left out."""
    text = files("evidence.capture").joinpath(name).read_text("utf-8")
    return text[text.index("(...closed)") :]


def take_document(page: Page, steps: Steps) -> bytes:
    """Return the document as HTML in UTF-8 that begins with a byte order mark.

    The mark tells readers the coding, whatever a ``meta`` of the page says. Shadow trees are
    templates with ``shadowrootmode``. What stands in form fields is in the text, not here.
    """
    with views(page, frames=False) as found:
        made = str(found[0].call(source("document.js"), roots=True))
    dom = BOM + valid(made.encode("utf-8", "surrogatepass"))
    steps.add("document", f"{len(dom)} bytes")
    return dom


def take_shown(page: Page, steps: Steps) -> Shown:
    """Return the text of the page, then of each frame that is to be seen, under its address."""
    with views(page) as found:
        main = str(found[0].call(source("shown.js"), roots=True))
        steps.add("text", f"{len(main.encode('utf-8', 'surrogatepass'))} bytes")
        parts, scrolling, missed = [main], 0, found[0].missed
        for view in found[1:]:
            inner = _of_frame(view, steps)
            if inner.strip():
                parts.append(f"\n\n[frame {printable(view.url[:2000])}]\n{inner[:_FRAME_LIMIT]}")
                steps.add("frame text", f"{len(inner)} characters; {printable(view.url)}")
                scrolling += bool(view.call(_SCROLLS))
    count = len(page.frames) - 1
    if count > FRAMES:
        steps.add("frames beyond the bound", f"{count - FRAMES} of {count}")
    text = valid("".join(parts).encode("utf-8", "surrogatepass"))
    return Shown(printable(main), text, missed, scrolling)


def _of_frame(view: View, steps: Steps) -> str:
    try:
        return str(view.call(source("shown.js"), roots=True))
    except Error:
        steps.add("frame text not had", printable(view.url))
        return ""


def printable(text: str) -> str:
    """Return ``text`` with half surrogates, which no encoding can hold, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def valid(data: bytes) -> bytes:
    """Return UTF-8 in which what is none is replaced."""
    return data.decode("utf-8", "replace").encode("utf-8")
