"""The running house: web, timetable and worker, which live and end together.

``run_house`` holds the address, starts the processes on a leash (they end with it even
when it is killed outright), starts again what breaks, and ends all of them on SIGTERM.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config.environment import SettingError
from desk.errors import DeskError

ROOT = Path(__file__).resolve().parent.parent.parent
RUN_LOCK = ".run.lock"
STOP_SECONDS = 20.0
MOST_RESTARTS = 5
WITHIN_SECONDS = 60.0


@dataclass
class Resident:
    """One process of the house, and when it was started lately."""

    name: str
    command: list[str]
    fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    def start(self, *, now: float) -> None:
        """Start it on its leash; raises DeskError when it broke five times in a minute."""
        self.starts = [at for at in self.starts if now - at < WITHIN_SECONDS] + [now]
        if len(self.starts) > MOST_RESTARTS:
            raise DeskError(
                f"The {self.name} process keeps breaking; see the lines above.",
                f"{self.name} 进程反复退出，请查看上面的输出。",
            )
        leash = [sys.executable, "-m", "desk.jobs.leash", str(os.getpid())]
        self.process = subprocess.Popen(
            [*leash, *self.command],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            pass_fds=self.fds,
            start_new_session=True,
        )


def _environment() -> dict[str, str]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises SettingError when the address cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(128)
        except OSError:
            sock.close()
            raise
    except (OSError, OverflowError) as error:
        raise SettingError(
            f"{host}:{port} cannot be listened on ({error}); choose another --host or --port.",
            f"无法监听 {host}:{port}（{error}），请换 --host 或 --port。",
        ) from error
    return sock


@contextlib.contextmanager
def sole(home: Path) -> Iterator[None]:
    """Be the one service of a data folder for the length of a ``with`` block.

    Raises DeskError while another is. The hold is a lock (flock) on a file in the folder, let go
    by the end of the process however that ends; nothing that it starts inherits it.
    """
    handle = os.open(home / RUN_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(handle, 20).decode("ascii", "replace").strip() or "?"
            raise DeskError(
                f"markseal run is running on {home} already (process {pid}); stop it first, or "
                "set MARKSEAL_HOME to another data folder.",
                f"数据目录 {home} 已有 markseal run 在运行（进程 {pid}）；请先停止它，或将 "
                "MARKSEAL_HOME 设为另一个数据目录。",
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def run_house(*, host: str, port: int) -> int:
    """Run web, timetable and worker until told to stop; returns the exit code."""
    stop = _stop_on_signals()
    with listen(host, port) as sock:
        number = sock.getsockname()[1]
        os.environ["MARKSEAL_HOST"], os.environ["MARKSEAL_PORT"] = host, str(number)
        web = [sys.executable, "-m", "gunicorn", "-c", "python:config.web"]
        residents = [
            Resident("web", [*web, "--bind", f"fd://{sock.fileno()}"], fds=(sock.fileno(),)),
            Resident("worker", [sys.executable, "-m", "desk.cli", "work"]),
        ]
        shown = f"[{host}]" if ":" in host else host
        try:
            for resident in residents:
                resident.start(now=time.monotonic())
            print(f"markseal 已启动 / is running: http://{shown}:{number}/", flush=True)
            _watch(residents, stop)
        finally:
            _end(residents)
    print("markseal 已停止 / has stopped.", flush=True)
    return 0


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _watch(residents: list[Resident], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        for resident in residents:
            process = resident.process
            if process is not None and process.poll() is not None:
                print(
                    f"{resident.name} 进程退出（{process.returncode}），重新启动 / "
                    f"ended ({process.returncode}), started again.",
                    file=sys.stderr,
                    flush=True,
                )
                resident.start(now=time.monotonic())


def _end(residents: list[Resident]) -> None:
    running = [item.process for item in residents if item.process is not None]
    for process in running:
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def work(*, stop_on_signals: Callable[[], threading.Event] = _stop_on_signals) -> int:
    """Run timetable and worker until told to stop; Django must be set up."""
    from desk.jobs.engine import Engine
    from scheduler import Timetable

    stop = stop_on_signals()
    timetable = Timetable(stop=stop)
    timetable.start()
    try:
        Engine().work(stop)
    finally:
        timetable.stop()
    if timetable.error is not None:
        raise timetable.error
    return 0
