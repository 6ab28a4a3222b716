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
from typing import Any, NoReturn

from evidence.browser.order import Attended
from evidence.browser.steps import wall_clock
from evidence.capture import CaptureOrder, PageNotCaptured, Reason
from evidence.errors import CaptureError, CaptureFailed, EvidenceError, FormatError, SealError
from evidence.format.attempt import case_tag
from evidence.home import EvidenceHome
from evidence.log import Fault, Session, no_fault
from evidence.seal.apart import Take, apart_from
from evidence.seal.claim import claimed, drop_left
from evidence.seal.closing import further_papers
from evidence.seal.entries import (
    Logged,
    Story,
    append_attempt,
    append_failed,
    append_sealed,
    read_story,
    require_open,
)
from evidence.seal.further import beside, drop_stale
from evidence.seal.means import Clock, Means, Pause
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
    require_writable,
)
from evidence.seal.result import finished, preserved, to_json
from evidence.seal.review import known
from evidence.seal.snapshot import load_snapshot, save_snapshot
from evidence.seal.stamping import stamp_manifest
from evidence.seal.tokens import ask_fresh
from evidence.seal.witnessing import show_log, witness_log
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
        attempt = _captured_attempt(story, work)
        if attempt is None:
            raise SealError(
                "There is no finished capture to resume; capture the page again.",
                "没有可继续封装的取证结果；请重新取证。",
            )
        require_writable(order.out.parent)
        with claimed(order.out), home.signing():
            return _seal(order, held, work, means, attempt)


def _go_on(order: PreserveOrder, held: dict[str, Any], work: WorkFolder, means: Means) -> Preserved:
    """Find out from the log how far this capture is, and go on from there."""
    try:
        attempt = _captured(order, held, work, means)
    except KeyboardInterrupt:
        if _is_begun(order, means) and work.read("captured.json") is None:
            _note_failed(order, work, means, Reason.INTERRUPTED)
        raise
    with means.home.signing():
        return _seal(order, held, work, means, attempt)


def _captured(order: PreserveOrder, held: dict[str, Any], work: WorkFolder, means: Means) -> Logged:
    """Return the attempt whose capture is whole in the work folder, made now if need be."""
    with means.log.writing() as session:
        attempt = _captured_attempt(read_story(session, order.capture_id), work)
        if attempt is None:
            require_open(session, case_tag(held["case_salt"], held["case"]))
    if attempt is None:
        attempt = _attempt(order, held, work, means)
    means.fault("attempt logged")
    if work.read("captured.json") is None:
        show_log(means)
        _capture(order, held["software"], work, means, attempt)
    return attempt


def _is_begun(order: PreserveOrder, means: Means) -> bool:
    with means.log.writing() as session:
        return read_story(session, order.capture_id).open_attempt is not None


def _attempt(order: PreserveOrder, held: dict[str, Any], work: WorkFolder, means: Means) -> Logged:
    """Log the attempt with a token asked for just now; nobody waits for the log meanwhile."""
    fresh = ask_fresh(means.home.stamping(proxy=means.proxy), held, clock=means.clock)
    means.fault("fresh token asked")
    with means.log.writing() as session:
        _close_interrupted(session, read_story(session, order.capture_id), means)
        means.fault("interrupted closed")
        work.clear_snapshot()
        return append_attempt(session, held, fresh, now=means.clock())


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
    show_log(means)
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
    stamps = stamp_manifest(work, package.manifest, means)
    named, tokens = stamps.named, stamps.tokens

    def await_more(why: tuple[str, ...]) -> Preserved:
        papers = make_papers(order.name, means.log, attempt, None, tokens)
        files: Files = {**papers.files, order.out.name: package.path}
        put_in_place(order.out.parent, order.name, files, means.fault)
        return preserved(order, snapshot, package, named, waiting_for=why)

    if stamps.waiting_for:
        return await_more(stamps.waiting_for)
    with means.log.writing() as session:
        outcome = append_sealed(
            session, attempt, package.manifest, package.digests, now=means.clock()
        )
    means.fault("outcome logged")
    witnessed = witness_log(means)
    if witnessed.waiting_for:
        return await_more(witnessed.waiting_for)
    head = witnessed.head
    papers = make_papers(order.name, means.log, attempt, outcome, tokens, head=head)
    papers = further_papers(papers, order, held, work, stamps, means)
    dossier = build_dossier(order.name, package, papers, tokens, home=home, named=named)
    means.fault("dossier built")
    require_valid(dossier, home.trust)
    means.fault("verified")
    files: Files = {**beside(papers.files), order.out.name: package.path, dossier.name: dossier}
    drop_stale(order.out.parent, order.name, files)
    put_in_place(order.out.parent, order.name, files, means.fault)
    checkpoint = papers.checkpoint.decode()
    result = preserved(order, snapshot, package, named, outcome=outcome, checkpoint=checkpoint)
    work.finish(to_json(result))
    means.fault("done")
    return result
