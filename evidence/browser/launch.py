"""The browser of one capture: its flags, its process, and its end."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.browser.heard import overheard
from evidence.browser.order import CaptureOrder, Http2


@dataclass(frozen=True)
class Running:
    """A browser that runs: ``pid`` is its main process, None when it could not be found.

    ``log`` is its NetLog, ``heard`` what it tells its driver of the network.
    """

    browser: Browser
    version: str
    pid: int | None
    binary: Path | None
    flags: tuple[str, ...]
    log: Path
    heard: Path

    def kill(self) -> None:
        """End the browser and its group at once; every pending call on it then fails."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                if os.getpgid(self.pid) == self.pid:
                    os.killpg(self.pid, signal.SIGKILL)
                os.kill(self.pid, signal.SIGKILL)


def flags(order: CaptureOrder, mark: str, log: Path | None) -> list[str]:
    """Return the flags we add to Playwright's own; ``mark`` finds our process again.

    ``log`` is where the browser writes its NetLog, with every byte of every socket.
    """
    chosen = [
        f"--markseal-capture={mark}",
        *(logging(log) if log is not None else ()),
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-domain-reliability",
        "--disable-sync",
        "--no-pings",
        "--no-first-run",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        f"--lang={order.locale}",
    ]
    chosen += ["--window-size=1366,1000"] if order.headed else ["--hide-scrollbars"]
    if order.http2 is Http2.AVOID:
        chosen.append("--disable-http2")
    if order.proxy is not None:
        chosen += [
            f"--proxy-server=socks5://{order.proxy}",
            "--proxy-bypass-list=<-loopback>",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ]
    return chosen


def logging(log: Path) -> tuple[str, str]:
    """Return the flags by which a browser writes its NetLog."""
    return f"--log-net-log={log}", "--net-log-capture-mode=Everything"


NO_SANDBOX_AS_ROOT = (
    (
        "Chromium's sandbox does not work as root; run as an ordinary user, name one in "
        "MARKSEAL_CAPTURE_USER, or set MARKSEAL_NO_SANDBOX=1 (it is then declared in the "
        "environment record)."
    ),
    (
        "以 root 身份运行时 Chromium 沙箱不可用；请改用普通用户，或以 MARKSEAL_CAPTURE_USER "
        "指定一名，或设置 MARKSEAL_NO_SANDBOX=1（环境记录中会如实注明）。"
    ),
)
"""The sentence (English, Chinese) of a sandboxed browser as root."""


def require_sandbox(order: CaptureOrder, *, user: int) -> None:
    """Refuse a sandboxed capture as root, which Chromium itself refuses."""
    if order.sandbox and user == 0:
        raise PageNotCaptured(Reason.BROWSER, *NO_SANDBOX_AS_ROOT)


@contextmanager
def open_browser(order: CaptureOrder, spool: Path, *, logged: bool = True) -> Iterator[Running]:
    """Run one browser with a fresh profile for the length of a ``with`` block.

    Its log lies in ``spool``, whole once the block has ended; it writes none unless ``logged``.
    The browser ends with the block;
    if this process is killed, the driver's input closes and the driver ends it. Raises
    PageNotCaptured when it does not start.
    """
    require_sandbox(order, user=os.geteuid())
    mark, log = secrets.token_hex(8), spool / "netlog.json"
    with _driver(spool) as (playwright, heard):
        browser = _launch(playwright, order, flags(order, mark, log if logged else None))
        try:
            pid = _find(mark)
            yield Running(browser, browser.version, pid, _binary(pid), _flags_of(pid), log, heard)
        finally:
            with suppress(Error):
                browser.close()


@contextmanager
def _driver(spool: Path) -> Iterator[tuple[Playwright, Path]]:
    """Run Playwright's driver, overheard; raises PageNotCaptured when that program cannot run."""
    try:
        with overheard(spool) as heard:
            playwright = sync_playwright().start()
    except Exception as error:  # Playwright has no narrower one for this
        raise PageNotCaptured(
            Reason.BROWSER,
            "The program that drives the browser cannot run; see: python -m playwright --version "
            "(Debian: apt install libatomic1).",
            "驱动浏览器的程序无法运行；请运行 python -m playwright --version 查看原因"
            "（Debian：apt install libatomic1）。",
        ) from error
    try:
        yield playwright, heard
    finally:
        playwright.stop()


def _launch(playwright: Playwright, order: CaptureOrder, arguments: list[str]) -> Browser:
    try:
        return playwright.chromium.launch(
            executable_path=str(order.browser),
            headless=not order.headed,
            chromium_sandbox=order.sandbox,
            args=arguments,
            timeout=30_000,
        )
    except Error as error:
        first = error.message.splitlines()[0][:200]
        if order.headed:
            raise PageNotCaptured(
                Reason.BROWSER,
                f"The browser {order.browser} could not open a window ({first}); check that the "
                "screen (DISPLAY) is there, then MARKSEAL_BROWSER.",
                f"浏览器 {order.browser} 未能打开窗口（{first}）；请先检查屏幕（DISPLAY）是否可用，"
                "再检查 MARKSEAL_BROWSER。",
            ) from error
        raise PageNotCaptured(
            Reason.BROWSER,
            f"The browser {order.browser} did not start ({first}); check MARKSEAL_BROWSER.",
            f"浏览器 {order.browser} 未能启动（{first}）；请检查 MARKSEAL_BROWSER。",
        ) from error


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                raw = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            yield int(folder.name), raw.decode("utf-8", "replace").rstrip("\0").split("\0")


def _find(mark: str) -> int | None:
    if not Path("/proc/self/cmdline").exists():
        return None
    wanted = f"--markseal-capture={mark}"
    for pid, arguments in _command_lines():
        if wanted in arguments and not any(a.startswith("--type=") for a in arguments):
            return pid
    return None


def _binary(pid: int | None) -> Path | None:
    if pid is None:
        return None
    try:
        return Path(f"/proc/{pid}/exe").readlink()
    except OSError:
        return None


def _flags_of(pid: int | None) -> tuple[str, ...]:
    if pid is None:
        return ()
    for found, arguments in _command_lines():
        if found == pid:
            return tuple(without_place(each) for each in arguments[1:])
    return ()


def without_place(flag: str) -> str:
    """Return a flag as it may be published: of a path on this machine, the last name only."""
    name, equals, value = flag.partition("=")
    return f"{name}=.../{Path(value).name}" if equals and value.startswith("/") else flag
