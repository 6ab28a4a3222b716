"""Preserving one page, exactly once, whatever is killed in between.

1. The order and its salts are written down; 2. a token is asked for and an attempt entry with it
is logged; 3. the page is captured; 4. manifest and signature are made; 5. tokens are asked for;
6. the outcome is logged; 7. its checkpoint is cosigned and stamped, proofs, sidecars and dossier
are made and verified; 8. they are put in place, the dossier last. Every step is repeated
harmlessly: what it needs is on disk before the next.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from evidence.browser.steps import wall_clock
from evidence.capture import Reason
from evidence.errors import SealError
from evidence.home import EvidenceHome
from evidence.log import Fault, no_fault
from evidence.seal.apart import Take, apart_from
from evidence.seal.attempting import captured_attempt, is_begun, note_failed, whole_capture
from evidence.seal.claim import claimed, drop_left
from evidence.seal.entries import read_story
from evidence.seal.means import Clock, Means, Pause
from evidence.seal.order import Preserved, PreserveOrder
from evidence.seal.publish import refuse_taken, require_writable
from evidence.seal.result import finished
from evidence.seal.sealing import seal
from evidence.seal.workfolder import DONE, ORDER, WorkFolder, opened, place, settle_order, storage
from evidence.witness.asked import load_asked


def preserve(
    order: PreserveOrder,
    *,
    home: EvidenceHome,
    proxy: str | None,
    journal: Path | None,
    browser: Path,
    clock: Clock = wall_clock,
    fault: Fault = no_fault,
    take: Take | None = None,
    user: str = "",
    pause: Pause = time.sleep,
) -> Preserved:
    """Capture and seal one page; called again with the same capture id, finish what is open.

    Returns what was preserved: ``sealed``, or ``awaiting_timestamp`` when an authority gave no
    token (call again, or ``resume``). Raises InputError before anything is logged,
    CaptureFailed after the attempt and its failure are logged, SealError when the package did
    not verify or its place is taken. ``take`` is the seam of the browser; by default the page
    is captured in a process of its own, as ``user`` when this process is root's. ``pause`` waits
    (seconds) before an authority is asked again. Not checked: that what the page says is true.
    """
    order = order.checked()
    home.prepare(now=clock())
    load_asked(home.path)
    taking = take or apart_from(home, user=user)
    means = Means(home, proxy, journal, browser, clock, fault, taking, pause)
    with storage(), opened(home, order.capture_id) as work:
        done = work.read(DONE)
        if done is not None:
            drop_left(order.out)
            return finished(done)
        require_writable(order.out.parent)
        with claimed(order.out):
            with place(home, order.out, order.capture_id):
                if work.read(ORDER) is None:
                    refuse_taken(order.out.parent, order.name)
                held = settle_order(home, work, order)
            fault("order settled")
            return _go_on(order, held, work, means)


def resume(
    order: PreserveOrder,
    *,
    home: EvidenceHome,
    proxy: str | None,
    clock: Clock = wall_clock,
    fault: Fault = no_fault,
    pause: Pause = time.sleep,
) -> Preserved:
    """Finish a capture that awaits its timestamp; needs no browser. Raises SealError otherwise."""
    order = order.checked()
    means = Means(home, proxy, None, Path("/nonexistent"), clock, fault, apart_from(home), pause)
    with storage(), opened(home, order.capture_id) as work:
        done = work.read(DONE)
        if done is not None:
            drop_left(order.out)
            return finished(done)
        held = settle_order(home, work, order)
        with means.log.writing() as session:
            story = read_story(session, order.capture_id)
        attempt = captured_attempt(story, work)
        if attempt is None:
            raise SealError(
                "There is no finished capture to resume; capture the page again.",
                "没有可继续封装的取证结果；请重新取证。",
            )
        require_writable(order.out.parent)
        with claimed(order.out), home.signing():
            return seal(order, held, work, means, attempt)


def _go_on(order: PreserveOrder, held: dict[str, Any], work: WorkFolder, means: Means) -> Preserved:
    """Find out from the log how far this capture is, and go on from there."""
    try:
        attempt = whole_capture(order, held, work, means)
    except KeyboardInterrupt:
        if is_begun(order, means) and work.read("captured.json") is None:
            note_failed(order, work, means, Reason.INTERRUPTED)
        raise
    with means.home.signing():
        return seal(order, held, work, means, attempt)
