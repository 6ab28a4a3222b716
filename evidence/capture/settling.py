"""Settling a page: scrolled within bounds for lazy pictures, fonts and pictures waited for.

Nothing is clicked: a cookie banner, a coupon or a login pane stays as the page shows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Error, Page
from playwright.sync_api import TimeoutError as NotYet

from evidence.browser.order import Limits
from evidence.browser.steps import Steps
from evidence.browser.world import evaluate
from evidence.capture.passed import LINES
from evidence.capture.shown import source
from evidence.format.counted import counted

# A page can clear every timer by its number, ours too; a task of the scheduler has none.
_SLEEP = """const sleep = delay => window.scheduler
    ? scheduler.postTask(() => 0, {delay, priority: 'user-blocking'})
    : new Promise(done => setTimeout(done, delay));"""
# A page learns that it was scrolled with the next frame, which a busy machine draws late.
_DRAWN = """const drawn = async () => {
    await sleep(40);
    await Promise.race([sleep(500), new Promise(
      done => requestAnimationFrame(() => requestAnimationFrame(done)))]);
  };"""
_WAIT_FONTS_AND_IMAGES = (
    f"async (limit) => {{ {_SLEEP}"
    """
  const late = sleep(limit).then(() => 'time limit');
  const images = Array.from(document.images).filter(i => i.currentSrc || i.src);
  const ready = Promise.all([
    document.fonts ? document.fonts.ready : null,
    ...images.map(i => i.complete ? null : new Promise(done => {
      i.addEventListener('load', done); i.addEventListener('error', done); })),
  ]).then(() => 'all ready');
  const result = await Promise.race([late, ready]);
  const broken = images.filter(i => i.complete && i.naturalWidth === 0).length;
  const waiting = images.filter(i => !i.complete).length;
  return result + '; images ' + images.length + ', without picture ' + broken
    + ', not loaded ' + waiting;
}"""
)
# Down a screen at a time until the end or the bound; a page that grows is followed so far. What
# it shows at each stop is kept, for lists that take away again what is out of view.
_KEEP = f"""const shown = {source("shown.js")};
  const lines = new Set();
  const keep = () => {{
    for (const line of shown().split('\\n'))
      if (line.trim() && lines.size < {LINES}) lines.add(line.trim().slice(0, 500));
  }};"""
_AT_END = """const atEnd = () => {
    const e = document.scrollingElement;
    return !e || e.scrollTop + window.innerHeight >= e.scrollHeight - 2;
  };"""
_IS_AT_END = f"() => {{ {_AT_END} return atEnd(); }}"
_DOWN = (
    f"async (most) => {{ {_SLEEP} {_DRAWN} {_KEEP} {_AT_END}"
    """
  keep();
  for (let count = 1; count <= most; count++) {
    window.scrollBy({top: Math.max(200, window.innerHeight - 80), behavior: 'instant'});
    await drawn();
    keep();
    if (atEnd()) return [count, true, [...lines]];
  }
  return [most, false, [...lines]];
}"""
)
# The boxes that scroll by themselves, in the order of the document; html and body are the page.
_BOXES = """const boxes = () => Array.from(document.querySelectorAll('*')).filter(e => {
  if (e === document.scrollingElement || e === document.body) return false;
  if (e.scrollHeight - e.clientHeight < 80 || e.clientHeight < 120 || e.clientWidth < 120)
    return false;
  return ['auto', 'scroll', 'overlay'].includes(getComputedStyle(e).overflowY);
}).slice(0, 12);"""
_DOWN_IN_BOXES = f"""async (most) => {{ {_BOXES} {_SLEEP} {_DRAWN} {_KEEP}
  const found = boxes();
  let total = 0, ended = 0;
  for (const e of found) {{
    e.scrollIntoView({{block: 'nearest', behavior: 'instant'}});
    const begun = e.scrollTop;
    let end = false;
    while (total < most && !end) {{
      total++;
      e.scrollBy({{top: Math.max(100, e.clientHeight - 40), behavior: 'instant'}});
      end = e.scrollTop + e.clientHeight >= e.scrollHeight - 2;
      await drawn();
      keep();
    }}
    e.scrollTo({{top: begun, behavior: 'instant'}});
    ended += end ? 1 : 0;
  }}
  return [found.length, total, ended, [...lines]];
}}"""
_TOP = "() => window.scrollTo({left: 0, top: 0, behavior: 'instant'})"


_LOOK_MS = 250
_STEP_MS = 50
_AGREE_SECONDS = 1.0
_LATE_MS = 300
_ROUNDS = 20
Still = Callable[[], bool]
"""Whether nothing is under way, by another witness than the driver."""


@dataclass(frozen=True)
class Settled:
    """How a page was settled: ``hit`` are limits, ``passed`` the lines it showed on the way."""

    hit: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()


SETTLED = Settled()
"""Of a page that was not scrolled."""


def settle(page: Page, limits: Limits, steps: Steps, *, still: Still | None = None) -> Settled:
    """Scroll to the end within bounds, wait for fonts and pictures; return what came of it.

    The network is idle when the driver says so or ``still`` does. At the end of the page what it
    loads there is waited for, and a page that grew by it is scrolled on.
    """
    hit: list[str] = []
    passed: dict[str, None] = {}
    milliseconds = limits.settle_seconds * 1000
    idle = _idle(page, limits.settle_seconds, still, again=False)
    if idle:
        steps.add("network idle")
        if still is not None and not _idle(page, _AGREE_SECONDS, still):
            still = None  # it waits for an end that is never told
    else:
        steps.add("network not idle", f"waited {limits.settle_seconds} s")
    left = limits.scrolls
    for _ in range(_ROUNDS):
        left = _scroll(page, left, steps, passed)
        if left <= 0:
            break
        page.wait_for_timeout(_LATE_MS)
        if not _idle(page, limits.settle_seconds if idle else 1.0, still) and idle:
            hit.append("settle seconds")
            steps.add("network not idle at the end of the page")
            break
        if evaluate(page, _IS_AT_END):
            break
        steps.add("page grew", "scrolled on")
    if left <= 0 or not _scroll_boxes(page, left, steps, passed):
        hit.append("scrolls")
    evaluate(page, _TOP)
    page.wait_for_timeout(100)
    steps.add("fonts and images", str(evaluate(page, _WAIT_FONTS_AND_IMAGES, milliseconds)))
    _idle(page, limits.settle_seconds / 2, still)
    return Settled(tuple(hit), tuple(passed))


def _idle(page: Page, seconds: float, still: Still | None, *, again: bool = True) -> bool:
    """Wait until the network is idle, at most so long; return whether it is.

    The driver waits in vain where a request ends that it is not told of (a shared worker's), and
    of one document it says only once that the network is idle: ``again`` it is no witness.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if still is not None and still():
            return True
        if again and still is not None:
            page.wait_for_timeout(_STEP_MS)
            continue
        try:
            most = left * 1000 if still is None else min(left * 1000, _LOOK_MS)
            page.wait_for_load_state("networkidle", timeout=most)
        except NotYet:
            continue
        except Error:
            return False
        return True
    return False


def _scroll(page: Page, most: int, steps: Steps, passed: dict[str, None]) -> int:
    """Scroll the page a screen at a time; return how many of ``most`` are left, 0 if it has no end.

    A page that grows as it is scrolled is followed as far as the bound goes.
    """
    count, done, lines = evaluate(page, _DOWN, most)
    passed.update(dict.fromkeys(lines))
    steps.add(
        "scrolled", f"{counted(count, 'time', 'times')}; end reached: {'yes' if done else 'no'}"
    )
    return max(1, most - int(count)) if done else 0


def _scroll_boxes(page: Page, most: int, steps: Steps, passed: dict[str, None]) -> bool:
    """Scroll the boxes inside the page in turn; return whether each came to its end.

    They are put back: the picture shows what stands in them without scrolling.
    """
    found, total, ended, lines = evaluate(page, _DOWN_IN_BOXES, most)
    passed.update(dict.fromkeys(lines))
    if found:
        count = f"{counted(found, 'box', 'boxes')}, {counted(total, 'time', 'times')}"
        note = f"{count}; ends reached: {ended}; put back afterwards"
        steps.add("scrolled inside the page", note)
    return bool(found == ended)
