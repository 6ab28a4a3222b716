"""Settling a page: scrolled within bounds for lazy pictures, fonts and pictures waited for.

Nothing is clicked: a cookie banner, a coupon or a login pane stays as the page shows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Error, Page
from playwright.sync_api import TimeoutError as NotYet

from evidence.browser.order import Limits
from evidence.browser.steps import Steps
from evidence.browser.world import evaluate

# A page can clear every timer by its number, ours too; a task of the scheduler has none.
_SLEEP = """const sleep = delay => window.scheduler
    ? scheduler.postTask(() => 0, {delay, priority: 'user-blocking'})
    : new Promise(done => setTimeout(done, delay));"""
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
# Down a screen at a time until the end or the bound; a page that grows is followed so far.
_DOWN = (
    f"async (most) => {{ {_SLEEP}"
    """
  for (let count = 1; count <= most; count++) {
    window.scrollBy({top: Math.max(200, window.innerHeight - 80), behavior: 'instant'});
    const e = document.scrollingElement;
    const end = !e || e.scrollTop + window.innerHeight >= e.scrollHeight - 2;
    await sleep(60);
    if (end) return [count, true];
  }
  return [most, false];
}"""
)
# The boxes that scroll by themselves, in the order of the document; html and body are the page.
_BOXES = """const boxes = () => Array.from(document.querySelectorAll('*')).filter(e => {
  if (e === document.scrollingElement || e === document.body) return false;
  if (e.scrollHeight - e.clientHeight < 80 || e.clientHeight < 120 || e.clientWidth < 120)
    return false;
  return ['auto', 'scroll', 'overlay'].includes(getComputedStyle(e).overflowY);
}).slice(0, 12);"""
_DOWN_IN_BOXES = f"""async (most) => {{ {_BOXES} {_SLEEP}
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
      await sleep(60);
    }}
    e.scrollTo({{top: begun, behavior: 'instant'}});
    ended += end ? 1 : 0;
  }}
  return [found.length, total, ended];
}}"""
_TOP = "() => window.scrollTo({left: 0, top: 0, behavior: 'instant'})"


_LOOK_MS = 250
Still = Callable[[], bool]
"""Whether nothing is under way, by another witness than the driver."""


def settle(
    page: Page, limits: Limits, steps: Steps, *, still: Still | None = None
) -> tuple[str, ...]:
    """Scroll to the end within bounds, wait for fonts and pictures; return limits hit.

    The network is idle when the driver says so or ``still`` does.
    """
    hit = []
    milliseconds = limits.settle_seconds * 1000
    if _idle(page, limits.settle_seconds, still):
        steps.add("network idle")
    else:
        steps.add("network not idle", f"waited {limits.settle_seconds} s")
    left = _scroll(page, limits.scrolls, steps)
    if left <= 0 or not _scroll_boxes(page, left, steps):
        hit.append("scrolls")
    evaluate(page, _TOP)
    page.wait_for_timeout(100)
    steps.add("fonts and images", str(evaluate(page, _WAIT_FONTS_AND_IMAGES, milliseconds)))
    _idle(page, limits.settle_seconds / 2, still)
    return tuple(hit)


def _idle(page: Page, seconds: float, still: Still | None) -> bool:
    """Wait until the network is idle, at most so long; return whether it is.

    The driver waits in vain where a request ends that it is not told of (a shared worker's).
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if still is not None and still():
            return True
        try:
            most = left * 1000 if still is None else min(left * 1000, _LOOK_MS)
            page.wait_for_load_state("networkidle", timeout=most)
        except NotYet:
            continue
        except Error:
            return False
        return True
    return False


def _scroll(page: Page, most: int, steps: Steps) -> int:
    """Scroll the page a screen at a time; return how many of ``most`` are left, 0 if it has no end.

    A page that grows as it is scrolled is followed as far as the bound goes.
    """
    count, done = evaluate(page, _DOWN, most)
    steps.add("scrolled", f"{count} times; end reached: {'yes' if done else 'no'}")
    return max(1, most - int(count)) if done else 0


def _scroll_boxes(page: Page, most: int, steps: Steps) -> bool:
    """Scroll the boxes inside the page in turn; return whether each came to its end.

    They are put back: the picture shows what stands in them without scrolling.
    """
    found, total, ended = evaluate(page, _DOWN_IN_BOXES, most)
    if found:
        note = f"{found} boxes, {total} times; ends reached: {ended}; put back afterwards"
        steps.add("scrolled inside the page", note)
    return bool(found == ended)
