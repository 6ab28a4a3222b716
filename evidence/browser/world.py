"""Our own view of a page (CDP isolated world): its document, but none of its scripts' changes.

A page can replace ``window.scrollTo`` or the getter of ``innerText``; in an isolated world the
document is the same and the browser's own functions are untouched.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from playwright.sync_api import Error, Page

WORLD = "markseal"


def evaluate(page: Page, function: str, argument: object = None) -> Any:
    """Return what ``function`` (JavaScript source) gives for ``argument``, awaited, as JSON.

    Raises playwright's Error as ``page.evaluate`` does; when the page moved on meanwhile its
    message says that the context was destroyed.
    """
    session = page.context.new_cdp_session(page)
    try:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": WORLD})
        answer = session.send(
            "Runtime.evaluate",
            {
                "expression": f"({function})({json.dumps(argument)})",
                "contextId": world["executionContextId"],
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
    except Error as error:
        if any(word in error.message for word in ("context", "navigat", "No frame", "Promise")):
            raise Error(f"Execution context was destroyed ({error.message})") from error
        raise
    finally:
        with suppress(Error):
            session.detach()
    if "exceptionDetails" in answer:
        raise Error(f"Page script: {answer['exceptionDetails'].get('text', 'failed')}")
    return answer["result"].get("value")
