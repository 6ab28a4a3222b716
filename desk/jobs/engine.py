"""The embedded engine: claims due jobs and runs each in a child process.

A job of another lane never waits for this one's. A child dies with the engine (and the
engine's jobs are reclaimed when it starts again); the engine prolongs the leases of
living children, ends the cancelled ones and writes down those that broke.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desk.jobs import queue
from desk.jobs.child import EXIT_LOST
from desk.jobs.models import Job, JobState
from desk.jobs.owner import own_name

ROOT = Path(__file__).resolve().parent.parent.parent
PAUSE = 0.5
BEAT = timedelta(seconds=15)
SLOTS = 2


def _utc_now() -> datetime:
    return datetime.now(UTC)


def start_child(job: Job, owner: str) -> subprocess.Popen[bytes]:
    """Start the process of one leased job in a group of its own."""
    command = [sys.executable, "-m", "desk.jobs.child", str(os.getpid()), str(job.pk), owner]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
    )


@dataclass
class Engine:
    """A worker: ``step`` does one round, ``work`` rounds until told to stop."""

    slots: int = SLOTS
    clock: Callable[[], datetime] = _utc_now
    owner: str = field(default_factory=own_name)
    start: Callable[[Job, str], subprocess.Popen[bytes]] = start_child
    _children: dict[int, tuple[Job, subprocess.Popen[bytes]]] = field(default_factory=dict)
    _next_beat: datetime | None = None

    def work(self, stop: threading.Event) -> None:
        """Do rounds until ``stop`` is set, then end the children; their jobs stay leased.

        Must run in the main thread: children are tied to the thread that started them.
        """
        try:
            while not stop.is_set():
                self.step()
                stop.wait(PAUSE)
        finally:
            self.end_children()

    def step(self) -> int:
        """Settle ended children, prolong leases, start due jobs; return how many run."""
        self._settle()
        self._beat()
        while len(self._children) < self.slots:
            lanes = {job.lane for job, _ in self._children.values()}
            job = queue.claim(owner=self.owner, now=self.clock(), busy_lanes=lanes)
            if job is None:
                break
            self._children[job.pk] = (job, self.start(job, self.owner))
        return len(self._children)

    def work_on(self, job_id: int, *, on_progress: Callable[[str], None]) -> Job:
        """Run this very job here, or wait for whoever has it; return it when it rests.

        ``on_progress`` hears each new word of progress. A job that failed and waits for
        its next attempt rests too.
        """
        said = ""
        job = queue.claim_this(job_id=job_id, owner=self.owner, now=self.clock())
        try:
            if job is not None:
                self._children[job.pk] = (job, self.start(job, self.owner))
            while True:
                self._settle()
                self._beat()
                job = Job.objects.get(pk=job_id)
                if job.progress and job.progress != said:
                    said = job.progress
                    on_progress(said)
                if job.state != JobState.RUNNING:
                    return job
                time.sleep(PAUSE)
        finally:
            self.end_children()

    def end_children(self) -> None:
        """Kill what runs and queue it again at once."""
        for job, process in self._children.values():
            _kill(process)
            Job.objects.filter(pk=job.pk, lease_owner=self.owner).update(lease_until=self.clock())
        self._children.clear()
        queue.reclaim(now=self.clock())

    def _settle(self) -> None:
        for pk, (_, process) in list(self._children.items()):
            code = process.poll()
            if code is None:
                continue
            del self._children[pk]
            _kill(process)
            if queue.cancelled(job_id=pk, owner=self.owner, now=self.clock()):
                continue
            if code not in {0, EXIT_LOST}:
                how = signal.Signals(-code).name if code < 0 else f"exit {code}"
                queue.fail(
                    job_id=pk,
                    owner=self.owner,
                    now=self.clock(),
                    en=f"The process of this job ended unexpectedly ({how}).",
                    zh=f"任务进程意外退出（{how}）。",
                )

    def _beat(self) -> None:
        wanted = Job.objects.filter(pk__in=list(self._children), cancel_requested=True)
        for pk in wanted.values_list("pk", flat=True) if self._children else ():
            _kill(self._children[pk][1])
        now = self.clock()
        if self._next_beat is not None and now < self._next_beat:
            return
        self._next_beat = now + BEAT
        for pk, (_, process) in self._children.items():
            if not queue.heartbeat(job_id=pk, owner=self.owner, now=now):
                _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group of a job."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
