"""A browser with its log on, for the length of a visit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FLAGS = (
    "--net-log-capture-mode=Everything",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-pings",
    "--no-first-run",
)


def visit(
    log: Path, act: Callable[[Page], None], *, proxy: str | None = None, flags: tuple[str, ...] = ()
) -> Path:
    """Run ``act`` on a page of a new browser; return the log it left."""
    chosen = [f"--log-net-log={log}", *FLAGS, *flags]
    if proxy is not None:
        chosen += [
            f"--proxy-server=socks5://{proxy}",
            "--proxy-bypass-list=<-loopback>",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=chosen, chromium_sandbox=False
        )
        try:
            page = browser.new_context(ignore_https_errors=True).new_page()
            act(page)
        finally:
            browser.close()
    return log
