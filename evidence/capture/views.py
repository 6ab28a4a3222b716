"""The documents of a page as CDP shows them: its own and its frames', closed shadow roots too.

A closed shadow root cannot be had by any script, ours neither; the browser's own protocol gives
it into our isolated world (``DOM.resolveNode``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Error, Frame, Page

from evidence.browser.world import WORLD

FRAMES = 40
ROOTS = 400
NODES = 150_000
COUNT = "() => document.querySelectorAll('*').length"
_OWN = "function() { return this.ownerDocument === document; }"
_SEEN = """function() { const box = this.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && this.checkVisibility({visibilityProperty: true}); }"""


@dataclass
class View:
    """One document: ``url`` is its frame's address, empty for the page's own.

    ``closed`` are its closed shadow roots (as objects of our world), ``missed`` counts those
    beyond the bound, or is None where the document was too large to be looked through.
    """

    session: CDPSession
    frame: str
    url: str = ""
    context: int = 0
    closed: list[str] = field(default_factory=list)
    missed: int | None = 0

    def call(self, function: str, *arguments: object, roots: bool = False) -> Any:
        """Return what a function gives for arguments and, if wanted, the closed roots."""
        handed: list[dict[str, Any]] = [{"value": one} for one in arguments]
        if roots:
            handed += [{"objectId": one} for one in self.closed]
        answer = self.session.send(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": function,
                "executionContextId": self.context,
                "arguments": handed,
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        if "exceptionDetails" in answer:
            raise Error(f"Page script: {answer['exceptionDetails'].get('text', 'failed')}")
        return answer["result"].get("value")


@contextmanager
def views(page: Page, *, frames: bool = True) -> Iterator[list[View]]:
    """Yield the page's own document and, where wanted, those of its frames that are to be seen.

    Raises playwright's Error as ``evaluate`` does when the page moves on meanwhile.
    """
    with ExitStack() as stack:
        main = _reading(stack, page, page)
        found = [*_local(main)]
        if frames:
            sessions = [main]
            for frame in page.frames[1 : FRAMES + 1]:
                with suppress(Error):  # a frame in its page's own process has no session
                    sessions.append(_reading(stack, page, frame))
            for other in sessions[1:]:
                found += _local(other)
            found = found[:1] + [v for v in found[1 : FRAMES + 1] if _is_seen(v.frame, sessions)]
        else:
            found = found[:1]
        kept = [view for number, view in enumerate(found) if _entered(view, number == 0)]
        _give_roots(kept)
        yield kept


def session_of(stack: ExitStack, page: Page, target: Page | Frame) -> CDPSession:
    """Return a session of a page, or of a frame in another process, that ends with ``stack``."""
    session = page.context.new_cdp_session(target)

    def end() -> None:
        with suppress(Error):
            session.detach()

    stack.callback(end)
    return session


def frames_of(session: CDPSession) -> list[dict[str, Any]]:
    """Return the frames that one process shows (CDP ``Page.Frame``), the outermost first."""
    waiting = [session.send("Page.getFrameTree")["frameTree"]]
    found: list[dict[str, Any]] = []
    while waiting and len(found) <= FRAMES:
        tree = waiting.pop(0)
        found.append(tree["frame"])
        waiting += tree.get("childFrames", [])
    return found


def _reading(stack: ExitStack, page: Page, target: Page | Frame) -> CDPSession:
    session = session_of(stack, page, target)
    session.send("DOM.enable")
    return session


def _local(session: CDPSession) -> list[View]:
    return [View(session, str(one["id"]), str(one["url"])) for one in frames_of(session)]


def _is_seen(frame: str, sessions: list[CDPSession]) -> bool:
    for session in sessions:
        try:
            owner = session.send("DOM.getFrameOwner", {"frameId": frame})["backendNodeId"]
            held = session.send("DOM.resolveNode", {"backendNodeId": owner})["object"]["objectId"]
            asked = {"functionDeclaration": _SEEN, "objectId": held, "returnByValue": True}
            return bool(session.send("Runtime.callFunctionOn", asked)["result"].get("value"))
        except Error:
            continue
    return False


def _entered(view: View, main: bool) -> bool:
    try:
        wanted = {"frameId": view.frame, "worldName": WORLD}
        made = view.session.send("Page.createIsolatedWorld", wanted)
    except Error as error:
        if main:
            raise Error(f"Execution context was destroyed ({error.message})") from error
        return False
    view.context = int(made["executionContextId"])
    view.url = "" if main else view.url
    return True


def _give_roots(found: list[View]) -> None:
    """Give every document its closed shadow roots, as objects of its own world."""
    for session in {id(view.session): view.session for view in found}.values():
        own = [view for view in found if view.session is session]
        if sum(int(view.call(COUNT)) for view in own) > NODES:
            for view in own:
                view.missed = None
            continue
        roots = closed_roots(flattened(session))
        for root in roots[:ROOTS]:
            _resolve(root, own)
        own[0].missed = max(0, len(roots) - ROOTS)


def _resolve(root: int, own: list[View]) -> None:
    for view in own:
        with suppress(Error):
            wanted = {"backendNodeId": root, "executionContextId": view.context}
            held = view.session.send("DOM.resolveNode", wanted)["object"]["objectId"]
            if len(own) == 1 or _belongs(view, held):
                view.closed.append(str(held))
                return


def _belongs(view: View, held: str) -> bool:
    asked = {"functionDeclaration": _OWN, "objectId": held, "returnByValue": True}
    return bool(view.session.send("Runtime.callFunctionOn", asked)["result"].get("value"))


def flattened(session: CDPSession) -> list[dict[str, Any]]:
    """Return every node that the session's process shows, one after the other, not nested.

    However deep a page nests its elements, the answer is not: readers of JSON have a depth.
    """
    found = session.send("DOM.getFlattenedDocument", {"depth": -1, "pierce": True})
    nodes: list[dict[str, Any]] = found["nodes"]
    return nodes


def closed_roots(nodes: list[dict[str, Any]]) -> list[int]:
    """Return the closed shadow roots among nodes, by the browser's number for each."""
    hosted = (root for node in nodes for root in node.get("shadowRoots", ()))
    return [int(root["backendNodeId"]) for root in hosted if root.get("shadowRootType") == "closed"]
