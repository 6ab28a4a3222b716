"""A capture in a process of its own: no keys, no database, bounded, and gone when it ends.

Three processes: the caller; a supervisor of the standard library alone, which bounds the
capture and ends whatever it started; and the capture itself, which confines itself before it
opens anything of the page. Whichever of them dies, the others end what is left.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Clock, wall_clock
from evidence.capture import Snapshot
from evidence.capture.session import SPOOL
from evidence.worker import family, landlock
from evidence.worker.codec import dumps
from evidence.worker.outcome import snapshot_of
from evidence.worker.private import Account, Private, account, private_folder, take_over
from evidence.worker.request import Bounds, Isolation, Request, Secret
from evidence.worker.supervisor import Ending, Task, ending_of, task_line
from evidence.worker.surroundings import (
    command,
    environment,
    has_bubblewrap,
    lend_fonts,
    user_fonts,
)

_LATE = 30.0
_STOP = 15.0


def capture_apart(
    order: CaptureOrder,
    folder: Path,
    *,
    software: str,
    clock: Clock = wall_clock,
    secrets: tuple[Secret, ...] = (),
    bounds: Bounds | None = None,
    user: str = "",
    replay: bool = True,
    means: Isolation | None = None,
) -> Snapshot:
    """Capture one page into ``folder`` from a process of its own; return what was captured.

    Raises what ``evidence.capture.capture`` raises, and PageNotCaptured when the process dies,
    outlives ``bounds`` or leaves anything but plain files. ``secrets`` are places it must not
    be able to open: it tries, and the environment record says what it found. ``user`` is the
    ordinary user to become when this runs as root. A ``clock`` that is not this machine's is
    carried over as a shift. ``replay`` False leaves the replay check out; ``means`` is what it is
    kept from them by, by default the best that this machine has.
    """
    owner = account(user)
    folder.mkdir(parents=True, exist_ok=True)
    with private_folder(owner) as private:
        request = _request(order, folder, private, owner, software, clock, secrets, bounds)
        request = replace(request, replay=replay, isolation=means or _isolation())
        lend_fonts(private, request.fonts)
        request, lent = _lend(request, private, owner)
        try:
            ending = _supervise(request, private, owner, lent)
        finally:
            for handle in lent:
                os.close(handle)
            shutil.rmtree(request.folder / SPOOL, ignore_errors=True)  # it holds cookies
        snapshot = snapshot_of(request, private, ending)
        if owner is not None:
            take_over(request.folder, folder)
    return replace(snapshot, folder=folder)


def _request(
    order: CaptureOrder,
    folder: Path,
    private: Private,
    owner: Account | None,
    software: str,
    clock: Clock,
    secrets: tuple[Secret, ...],
    bounds: Bounds | None,
) -> Request:
    given = [order.journal] if order.journal else []
    given += [order.login.session] if order.login else []
    readable = tuple(path.resolve() for path in given)
    return Request(
        order=order,
        folder=private.inside / "capture" if owner else folder.resolve(),
        inside=private.inside,
        software=software,
        clock_shift=_shift(clock(), wall_clock()),
        secrets=tuple(secret.looked_into(readable) for secret in secrets),
        readable=readable,
        fonts=() if owner else user_fonts(),
        bounds=bounds or Bounds(),
        isolation=Isolation.NONE,
    )


def _shift(wanted: datetime, machine: datetime) -> float:
    """Return the caller's clock minus this machine's; less than half a second is none."""
    seconds = (wanted - machine).total_seconds()
    return seconds if abs(seconds) >= 0.5 else 0.0


def _isolation() -> Isolation:
    if landlock.abi():
        return Isolation.LANDLOCK
    return Isolation.BUBBLEWRAP if has_bubblewrap() else Isolation.NONE


def _lend(
    request: Request, private: Private, owner: Account | None
) -> tuple[Request, tuple[int, ...]]:
    """Return the request with what it is lent as open files: a person's terminal, the journal.

    Another user gets the journal as an open file and the session as a private copy, for the
    folders they lie in are closed to others.
    """
    order = request.order
    handles: list[int] = []

    def lend(handle: int) -> int:
        handles.append(handle)
        return handle

    if order.attended is not None:
        lines, words = (
            lend(os.dup(held)) if held is not None else None
            for held in (order.attended.lines, order.attended.words)
        )
        order = replace(order, attended=replace(order.attended, lines=lines, words=words))
    if owner is not None and order.journal is not None:
        handle = lend(os.open(order.journal, os.O_RDONLY | os.O_CLOEXEC))
        os.fchown(handle, -1, owner.gid)
        os.fchmod(handle, 0o640)
        order = replace(order, journal=Path(f"/proc/self/fd/{handle}"))
    if owner is not None and order.login is not None:
        copy = private.inside / "session.json"
        shutil.copyfile(order.login.session, copy)
        copy.chmod(0o600)
        os.chown(copy, owner.uid, owner.gid)
        order = replace(order, login=replace(order.login, session=copy))
    if owner is not None:
        request = replace(request, readable=(order.journal,) if order.journal else ())
    return replace(request, order=order), tuple(handles)


def _supervise(
    request: Request, private: Private, owner: Account | None, lent: tuple[int, ...]
) -> Ending | None:
    """Run the capture under its supervisor; return how it ended, None when nobody could say."""
    seconds = request.bounds.seconds_for(request.order)
    surroundings = environment(private, visible=request.order.headed)
    task = Task(
        command=command(request),
        environment=surroundings,
        message=dumps(request).decode(),
        words=str(private.words),
        private=str(private.path),
        seconds=seconds,
        memory_bytes=request.bounds.memory_bytes,
        user=(owner.uid, owner.gid) if owner else None,
        lent=list(lent),
    )
    with private.words.open("ab") as words:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "evidence.worker.supervisor"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            env=surroundings,
            cwd="/",
            start_new_session=True,
            pass_fds=lent,
        )
    try:
        return ending_of(_last_word(child, task, seconds + _LATE))
    finally:
        _end(child, private)


def _last_word(child: subprocess.Popen[bytes], task: Task, seconds: float) -> bytes:
    """Hand the task over and wait for the answer; the open pipe is the capture's lifeline."""
    if child.stdin is None or child.stdout is None:
        return b""
    try:
        child.stdin.write(task_line(task))
        child.stdin.flush()
    except BrokenPipeError:
        return b""
    ready, _, _ = select.select([child.stdout], [], [], seconds)
    return child.stdout.readline() if ready else b""


def _end(child: subprocess.Popen[bytes], private: Private) -> None:
    """Let go of the lifeline, wait for the supervisor, and end what bears the capture's mark."""
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(_STOP)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout is not None:
        child.stdout.close()
    family.end_bearers(str(private.path), seconds=_STOP)
