"""Preserving one page, exactly once, whatever is killed in between.

1. The order and its salts are written down; 2. an attempt entry is logged; 3. the page is
captured; 4. manifest and signature are made; 5. tokens are asked for; 6. the outcome is
logged; 7. proofs, sidecars and dossier are made and verified; 8. they are put in place,
the dossier last. Every step is repeated harmlessly: what it needs is on disk before the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from evidence.browser.order import Attended
from evidence.browser.steps import wall_clock
from evidence.capture import CaptureOrder, PageNotCaptured, Reason
from evidence.errors import CaptureError, CaptureFailed, EvidenceError, FormatError, SealError
from evidence.home import EvidenceHome
from evidence.log import Fault, Log, Session, no_fault
from evidence.seal.apart import Take, apart_from
from evidence.seal.entries import (
    Logged,
    Story,
    append_attempt,
    append_failed,
    append_sealed,
    read_story,
)
from evidence.seal.order import Preserved, PreserveOrder
from evidence.seal.package import build_package, check_capture
from evidence.seal.private import drop_key, make_key, require_key
from evidence.seal.publish import (
    Files,
    build_dossier,
    make_papers,
    put_in_place,
    refuse_taken,
    require_sound,
    require_valid,
)
from evidence.seal.result import finished, preserved, to_json
from evidence.seal.review import known
from evidence.seal.snapshot import load_snapshot, save_snapshot
from evidence.seal.tokens import gather_tokens
from evidence.seal.workfolder import DONE, ORDER, WorkFolder, opened, place, settle_order, storage

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Means:
    """What a preservation works with; ``fault`` is the seam at which tests kill it."""

    home: EvidenceHome
    proxy: str | None
    journal: Path | None
    browser: Path
    clock: Clock
    fault: Fault
    take: Take

    @property
    def log(self) -> Log:
        """The log, with our fault points."""
        return self.home.open_log(self.fault)


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
) -> Preserved:
    """Capture and seal one page; called again with the same capture id, finish what is open.

    Returns what was preserved: ``sealed``, or ``awaiting_timestamp`` when an authority gave no
    token (call again, or ``resume``). Raises InputError before anything is logged,
    CaptureFailed after the attempt and its failure are logged, SealError when the package did
    not verify or its place is taken. ``take`` is the seam of the browser; by default the page
    is captured in a process of its own, as ``user`` when this process is root's. Not checked:
    that what the page says is true.
    """
    order = order.checked()
    home.prepare(now=clock())
    means = Means(home, proxy, journal, browser, clock, fault, take or apart_from(home, user=user))
    with storage(), opened(home, order.capture_id) as work:
        done = work.read(DONE)
        if done is not None:
            return finished(done)
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
) -> Preserved:
    """Finish a capture that awaits its timestamp; needs no browser. Raises SealError otherwise."""
    order = order.checked()
    means = Means(home, proxy, None, Path("/nonexistent"), clock, fault, apart_from(home))
    with storage(), opened(home, order.capture_id) as work:
        done = work.read(DONE)
        if done is not None:
            return finished(done)
        held = settle_order(home, work, order)
        with means.log.writing() as session:
            story = read_story(session, order.capture_id)
        attempt = _captured_attempt(story, work)
        if attempt is None:
            raise SealError(
                "There is no finished capture to resume; capture the page again.",
                "没有可继续封装的取证结果；请重新取证。",
            )
        return _seal(order, held, work, means, attempt)


def _go_on(order: PreserveOrder, held: dict[str, Any], work: WorkFolder, means: Means) -> Preserved:
    """Find out from the log how far this capture is, and go on from there."""
    with means.log.writing() as session:
        story = read_story(session, order.capture_id)
        attempt = _captured_attempt(story, work)
        if attempt is None:
            _close_interrupted(session, story, means)
            means.fault("interrupted closed")
            work.clear_snapshot()
            attempt = append_attempt(session, held, now=means.clock())
    means.fault("attempt logged")
    if work.read("captured.json") is None:
        _capture(order, held["software"], work, means, attempt)
    return _seal(order, held, work, means, attempt)


def _captured_attempt(story: Story, work: WorkFolder) -> Logged | None:
    """Return the attempt whose capture is whole in the work folder and did not fail, or None."""
    captured = work.read("captured.json") or {}
    index = captured.get("attempt")
    failed = any(entry.attempt == index for entry in story.failed)
    return None if failed else next((a for a in story.attempts if a.index == index), None)


def _close_interrupted(session: Session, story: Story, means: Means) -> None:
    cut_short = story.open_attempt
    if cut_short is not None:
        append_failed(session, cut_short, Reason.INTERRUPTED.value, now=means.clock())


def _capture(
    order: PreserveOrder, software: str, work: WorkFolder, means: Means, attempt: Logged
) -> None:
    """Capture the page; a failure is logged before it is told."""
    means.fault("capture begins")
    standing = known(means.home, means.browser, clock=means.clock)
    wanted = CaptureOrder(
        url=order.url,
        browser=means.browser,
        proxy=means.proxy,
        journal=means.journal,
        sandbox=order.sandbox,
        strict_tls=order.strict_tls,
        profile=order.profile,
        http2=order.http2,
        login=order.login,
        licence=order.licence,
        recording=order.recording,
        headed=order.attended,
        attended=_person(order),
        time_servers=order.time_servers,
        resolvers=order.resolvers,
        standing=standing.text,
        private_key=make_key(means.home, order.capture_id) if order.has_private_part else None,
        limits=order.limits,
    )
    try:
        snapshot = means.take(wanted, work.snapshot, software=software, clock=means.clock)
        standing.enclose(snapshot.folder)
        check_capture(snapshot.folder)
        require_key(means.home, order.capture_id, snapshot.folder)
    except PageNotCaptured as failure:
        _failed(order, work, means, failure.reason, failure)
    except (FormatError, SealError, CaptureError) as failure:
        _failed(order, work, means, Reason.UNSOUND, failure)
    except KeyboardInterrupt:
        _note_failed(order, work, means, Reason.INTERRUPTED)
        raise
    except OSError as error:
        full = SealError(f"Cannot write ({error.strerror}).", f"无法写入（{error.strerror}）。")
        _failed(order, work, means, Reason.STORAGE, full)
    means.fault("captured")
    save_snapshot(work, snapshot, attempt.index)
    means.fault("capture noted")


def _person(order: PreserveOrder) -> Attended | None:
    """Return who is at the browser of an attended capture."""
    by = order.requested_by
    return Attended(by, order.second_person) if order.attended and by else None


def _failed(
    order: PreserveOrder, work: WorkFolder, means: Means, reason: Reason, failure: EvidenceError
) -> NoReturn:
    _note_failed(order, work, means, reason)
    en, zh = failure.en.rstrip("."), failure.zh.rstrip("。")
    raise CaptureFailed(f"{en}. The attempt is in the log.", f"{zh}。本次尝试已记入日志。")


def _note_failed(order: PreserveOrder, work: WorkFolder, means: Means, reason: Reason) -> None:
    """Log the failure of the open attempt, durably, before anybody is told."""
    with means.log.writing() as session:
        open_attempt = read_story(session, order.capture_id).open_attempt
        if open_attempt is not None:
            append_failed(session, open_attempt, reason.value, now=means.clock())
    work.write("failed.json", {"reason": reason.value})
    drop_key(means.home, order.capture_id)
    means.fault("failure logged")


def _seal(
    order: PreserveOrder,
    held: dict[str, Any],
    work: WorkFolder,
    means: Means,
    attempt: Logged,
) -> Preserved:
    """Manifest, signature, tokens, outcome, proofs, dossier, verdict; then all is put in place."""
    home, snapshot = means.home, load_snapshot(work)
    target = work.path / "out" / order.out.name
    package = build_package(held, snapshot, attempt, home.signer(), target)
    means.fault("package built")
    try:
        require_sound(package.path)
    except SealError as error:
        _failed(order, work, means, Reason.UNSOUND, error)
    named = home.authorities(proxy=means.proxy)
    tokens, missing = gather_tokens(work, named, package.manifest, clock=means.clock)
    means.fault("tokens gathered")
    if missing:
        papers = make_papers(order.name, means.log, attempt, None, tokens)
        files: Files = {**papers.files, order.out.name: package.path}
        put_in_place(order.out.parent, files, means.fault)
        return preserved(order, snapshot, package, named, waiting_for=tuple(missing))
    with means.log.writing() as session:
        outcome = append_sealed(
            session, attempt, package.manifest, package.digests, now=means.clock()
        )
    means.fault("outcome logged")
    papers = make_papers(order.name, means.log, attempt, outcome, tokens)
    dossier = build_dossier(order.name, package, papers, tokens, home=home, named=named)
    means.fault("dossier built")
    require_valid(dossier, home.trust)
    means.fault("verified")
    files = {**papers.files, order.out.name: package.path, dossier.name: dossier}
    put_in_place(order.out.parent, files, means.fault)
    checkpoint = papers.checkpoint.decode()
    result = preserved(order, snapshot, package, named, outcome=outcome, checkpoint=checkpoint)
    work.finish(to_json(result))
    means.fault("done")
    return result
