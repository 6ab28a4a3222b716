"""From the order to a capture that is whole in the work folder, its attempt and failures logged."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, NoReturn

from evidence.browser.order import Attended
from evidence.capture import CaptureOrder, PageNotCaptured, Reason
from evidence.errors import CaptureError, CaptureFailed, EvidenceError, FormatError, SealError
from evidence.format.attempt import case_tag
from evidence.log import Session
from evidence.seal.entries import (
    Logged,
    Story,
    append_attempt,
    append_failed,
    read_story,
    require_open,
)
from evidence.seal.former import continue_case, standing
from evidence.seal.means import Means
from evidence.seal.order import PreserveOrder
from evidence.seal.package import check_capture
from evidence.seal.private import drop_key, make_key, require_key
from evidence.seal.review import known
from evidence.seal.snapshot import save_snapshot
from evidence.seal.tokens import ask_fresh
from evidence.seal.witnessing import show_log
from evidence.seal.workfolder import WorkFolder


def whole_capture(
    order: PreserveOrder, held: dict[str, Any], work: WorkFolder, means: Means
) -> Logged:
    """Return the attempt whose capture is whole in the work folder, made now if need be."""
    with means.log.writing() as session:
        attempt = captured_attempt(read_story(session, order.capture_id), work)
        if attempt is None:
            tag = case_tag(held["case_salt"], held["case"])
            require_open(session, tag, standing(means.home, tag))
    if attempt is None:
        attempt = _attempt(order, held, work, means)
    means.fault("attempt logged")
    if work.read("captured.json") is None:
        show_log(means)
        _capture(order, held["software"], work, means, attempt)
    return attempt


def is_begun(order: PreserveOrder, means: Means) -> bool:
    """Say whether the log has an attempt of this capture without an outcome."""
    with means.log.writing() as session:
        return read_story(session, order.capture_id).open_attempt is not None


def _attempt(order: PreserveOrder, held: dict[str, Any], work: WorkFolder, means: Means) -> Logged:
    """Log the attempt with a token asked for just now; nobody waits for the log meanwhile."""
    fresh = ask_fresh(means.home.stamping(proxy=means.proxy), held, clock=means.clock)
    means.fault("fresh token asked")
    tag = case_tag(held["case_salt"], held["case"])
    before = standing(means.home, tag)
    with means.home.signing() if before else nullcontext(), means.log.writing() as session:
        _close_interrupted(session, read_story(session, order.capture_id), means)
        means.fault("interrupted closed")
        work.clear_snapshot()
        if before is not None:
            require_open(session, tag, before)
            continue_case(session, means.home, tag, before, now=means.clock())
            means.fault("case continued")
        return append_attempt(session, held, fresh, now=means.clock())


def captured_attempt(story: Story, work: WorkFolder) -> Logged | None:
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
        fail(order, work, means, failure.reason, failure)
    except (FormatError, SealError, CaptureError) as failure:
        fail(order, work, means, Reason.UNSOUND, failure)
    except OSError as error:
        full = SealError(f"Cannot write ({error.strerror}).", f"无法写入（{error.strerror}）。")
        fail(order, work, means, Reason.STORAGE, full)
    means.fault("captured")
    save_snapshot(work, snapshot, attempt.index)
    means.fault("capture noted")


def _person(order: PreserveOrder) -> Attended | None:
    """Return who is at the browser of an attended capture."""
    by = order.requested_by
    return Attended(by, order.second_person) if order.attended and by else None


def fail(
    order: PreserveOrder, work: WorkFolder, means: Means, reason: Reason, failure: EvidenceError
) -> NoReturn:
    """Log the failure of the open attempt and raise it as CaptureFailed."""
    note_failed(order, work, means, reason)
    show_log(means)
    en, zh = failure.en.rstrip("."), failure.zh.rstrip("。")
    raise CaptureFailed(f"{en}. The attempt is in the log.", f"{zh}。本次尝试已记入日志。")


def note_failed(order: PreserveOrder, work: WorkFolder, means: Means, reason: Reason) -> None:
    """Log the failure of the open attempt, durably, before anybody is told."""
    with means.log.writing() as session:
        open_attempt = read_story(session, order.capture_id).open_attempt
        if open_attempt is not None:
            append_failed(session, open_attempt, reason.value, now=means.clock())
    work.write("failed.json", {"reason": reason.value})
    drop_key(means.home, order.capture_id)
    means.fault("failure logged")
