"""A page at rest while its records are taken: what still moves is counted and told.

The browser runs no script of the page (CDP ``Emulation.setScriptExecutionDisabled``): no timer,
event, frame callback or message; ours in the isolated world do run. Its workers are paused.
Animations, films and SVG stand. What it does not stop is the continuation of a promise that the
browser settles (an answer to ``fetch``), nor a moving picture (GIF) or a marquee; so every change
of the document is counted by the browser itself (CDP ``DOM``), and the first screen compared
(``firstscreen``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Error, Frame, Page

from evidence.browser.steps import Steps
from evidence.browser.world import WORLD, evaluate
from evidence.capture.views import COUNT, FRAMES, NODES, flattened, frames_of, session_of

_CHANGES = (
    "childNodeInserted",
    "childNodeRemoved",
    "childNodeCountUpdated",
    "attributeModified",
    "attributeRemoved",
    "characterDataModified",
    "shadowRootPushed",
    "shadowRootPopped",
    "documentUpdated",
)
_LEFT = 20
# With scripts off <noscript> would be shown, which no visitor sees.
_LOOK = """() => {
  globalThis.held = {covered: matchMedia('(scripting: enabled)').matches};
}"""
_HOLD = """() => {
  const held = globalThis.held;
  held.films = Array.from(document.querySelectorAll('video')).filter(film => !film.paused);
  held.films.forEach(film => film.pause());
  held.drawn = Array.from(document.querySelectorAll('svg')).filter(
    svg => svg.pauseAnimations && !svg.animationsPaused());
  held.drawn.forEach(svg => svg.pauseAnimations());
  if (held.covered && document.querySelector('noscript')) {
    held.sheet = new CSSStyleSheet();
    held.sheet.replaceSync('noscript { display: none !important }');
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, held.sheet];
  }
}"""
_LET_GO = """() => {
  const held = globalThis.held || {};
  (held.films || []).forEach(film => film.play().catch(() => 0));
  (held.drawn || []).forEach(svg => svg.unpauseAnimations());
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter(s => s !== held.sheet);
  globalThis.held = {};
}"""


@dataclass
class Rest:
    """How still a page was: ``stopped`` or why not, changes seen, addresses it wanted to go to."""

    stopped: bool = False
    why_not: str = ""
    changes: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    over: bool = False

    def count(self, change: str) -> None:
        """Count a change that the browser tells of; what comes after the rest does not count."""
        if not self.over:
            self.changes.update([change])


@contextmanager
def at_rest(page: Page, steps: Steps, *, stop: bool = True) -> Iterator[Rest]:
    """Keep ``page`` still for the length of a ``with`` block; yield what is seen of it meanwhile.

    With ``stop`` no script of it runs, nor of its frames and of other windows of the context, and
    it cannot go to another http address: the request is ended before it leaves and noted. A page
    whose style asks whether scripts run would notice; its scripts go on, and ``why_not`` says so.
    Timers that were due meanwhile are lost to the page: where it is to be used further, as in an
    attended capture, call without ``stop``; changes are then counted alone.
    """
    rest = Rest()
    with ExitStack() as stack:
        session = session_of(stack, page, page)
        if stop:
            rest.why_not = _asks_for_scripts(session)
            rest.stopped = not rest.why_not
            _block_leaving(session, rest)
        if rest.stopped:
            _stop(stack, [session, *_others(stack, page)])
            steps.add("page at rest", "no script of the page runs while its records are taken")
        _watch(page, session, rest, steps)
        yield rest
        with suppress(Error):  # what was told until now comes before this answer
            session.send("Page.getFrameTree")
        rest.over = True
    if rest.changes or rest.left or rest.why_not:
        steps.add("not at rest", _note(rest))


def _note(rest: Rest) -> str:
    seen = [f"{name} {count}" for name, count in sorted(rest.changes.items())]
    parts = [f"changes of the document: {', '.join(seen) or 'none'}"]
    parts += [rest.why_not] if rest.why_not else []
    parts += [f"wanted to go to {rest.left[0][:200]}"] if rest.left else []
    return "; ".join(parts)


def _others(stack: ExitStack, page: Page) -> Iterator[CDPSession]:
    """Yield sessions of frames in other processes and of other windows, which can reach in."""
    near: list[Page | Frame] = [one for one in page.context.pages if one != page]
    for target in [*near, *page.frames[1 : FRAMES + 1]]:
        with suppress(Error):  # a frame in its page's own process, or one that is gone
            yield session_of(stack, page, target)


def _asks_for_scripts(session: CDPSession) -> str:
    """Return why scripts cannot be stopped unseen: a style of the page depends on them."""
    try:
        with _nothing_loaded_again(session):
            session.send("DOM.enable")
            session.send("CSS.enable")
            asked = session.send("CSS.getMediaQueries")["medias"]
            session.send("CSS.disable")
    except Error as error:
        return f"its style could not be read ({error.message.splitlines()[0][:100]})"
    if any("scripting" in str(media.get("text", "")).lower() for media in asked):
        return "a style of the page depends on whether scripts run"
    return ""


@contextmanager
def _nothing_loaded_again(session: CDPSession) -> Iterator[None]:
    """End what the browser's own tools would ask the shop for a second time, before it leaves.

    ``CSS.enable`` makes Chromium fetch documents and style sheets anew, to show their source. No
    request of the page has such a mark: those carry the browser's number, these do not.
    """

    def paused(event: dict[str, Any]) -> None:
        held = {"requestId": event["requestId"]}
        with suppress(Error):
            if event.get("networkId"):
                session.send("Fetch.continueRequest", held)
            else:
                session.send("Fetch.failRequest", held | {"errorReason": "Aborted"})

    session.send("Network.enable")
    session.on("Fetch.requestPaused", paused)
    session.send("Fetch.enable", {"patterns": [{"requestStage": "Request"}]})
    try:
        yield
    finally:
        session.send("Fetch.disable")
        session.remove_listener("Fetch.requestPaused", paused)
        session.send("Network.disable")


def _block_leaving(session: CDPSession, rest: Rest) -> None:
    main = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]

    def paused(event: dict[str, Any]) -> None:
        leaving = event.get("frameId") == main
        if leaving and not rest.over and len(rest.left) < _LEFT:
            rest.left.append(str(event["request"]["url"]))
        held = {"requestId": event["requestId"]}
        with suppress(Error):
            if leaving:
                session.send("Fetch.failRequest", held | {"errorReason": "Aborted"})
            else:
                session.send("Fetch.continueRequest", held)

    session.on("Fetch.requestPaused", paused)
    session.send(
        "Fetch.enable", {"patterns": [{"resourceType": "Document", "requestStage": "Request"}]}
    )


def _stop(stack: ExitStack, sessions: list[CDPSession]) -> None:
    """Stop scripts and animations everywhere; films and drawings where they stand."""
    worlds = [(one, world) for one in sessions for world in _worlds(one)]
    for session, world in worlds:
        _tell(session, world, _LOOK)
    for session in sessions:
        _pause_workers(stack, session)
        with suppress(Error):
            session.send("Emulation.setScriptExecutionDisabled", {"value": True})
            session.send("Animation.enable")
            session.send("Animation.setPlaybackRate", {"playbackRate": 0})
    for session, world in worlds:
        _tell(session, world, _HOLD)

    def go_on() -> None:
        for session in sessions:
            with suppress(Error):
                session.send("Animation.setPlaybackRate", {"playbackRate": 1})
                session.send("Emulation.setScriptExecutionDisabled", {"value": False})
        for session, world in worlds:
            _tell(session, world, _LET_GO)

    stack.callback(go_on)


def _pause_workers(stack: ExitStack, session: CDPSession) -> None:
    """Pause the workers of a page, which could draw on its canvases, before their next statement.

    A session of its own to each; it ends with ``stack``, and the worker goes on.
    """
    held: list[str] = []

    def tell(worker: str, method: str) -> None:
        message = json.dumps({"id": 1, "method": method})
        with suppress(Error):  # it is gone
            asked = {"sessionId": worker, "message": message}
            session.send("Target.sendMessageToTarget", asked)

    def attached(event: dict[str, Any]) -> None:
        if event["targetInfo"]["type"] == "worker":
            held.append(str(event["sessionId"]))
            tell(held[-1], "Debugger.enable")
            tell(held[-1], "Debugger.pause")

    def follow(*, on: bool) -> None:
        wanted = {"autoAttach": on, "waitForDebuggerOnStart": False}
        with suppress(Error):
            session.send("Target.setAutoAttach", wanted)

    def go_on() -> None:
        for worker in held:
            tell(worker, "Debugger.disable")
        follow(on=False)

    session.on("Target.attachedToTarget", attached)
    follow(on=True)
    stack.callback(go_on)


def _worlds(session: CDPSession) -> list[int]:
    """Return a world of ours in each document of one process, the outermost first."""
    found = []
    for frame in frames_of(session):
        with suppress(Error):
            wanted = {"frameId": frame["id"], "worldName": WORLD}
            made = session.send("Page.createIsolatedWorld", wanted)
            found.append(int(made["executionContextId"]))
    return found


def _tell(session: CDPSession, world: int, function: str) -> None:
    with suppress(Error):
        asked = {"functionDeclaration": function, "executionContextId": world}
        session.send("Runtime.callFunctionOn", asked)


def _watch(page: Page, session: CDPSession, rest: Rest, steps: Steps) -> None:
    """Count the changes of the document from now on, shadow trees and near frames included."""

    with suppress(Error):
        if int(evaluate(page, COUNT)) > NODES:
            steps.add("changes not watched", f"more than {NODES} elements")
            return
        session.send("DOM.enable")
        flattened(session)
        for name in _CHANGES:
            session.on(f"DOM.{name}", lambda _, name=name: rest.count(name))
