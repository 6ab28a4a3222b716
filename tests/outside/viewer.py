"""ReplayWeb.page as its makers publish it, and a server that gives it a package to show.

ReplayWeb.page is licensed under the AGPL. It is fetched for the test and left where it is;
nothing of it is part of this product.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME, VERSION = "replaywebpage", "2.5.3"
INTEGRITY = (
    "nCj2PSON3BxeSJKE8AsYPyULv0XPZKJWfy4l9PyQre9SqwLZ+WKZVs/sfLqPOQ4GrH+0YkjbwOhr8cSTH08gsQ=="
)
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>回放</title>
<script src="/ui.js"></script><link rel="icon" href="data:,">
<style>body{{margin:0}}replay-web-page{{display:block;height:900px}}</style></head><body>
<replay-web-page source="/exhibit.wacz" url="{url}" embed="{embed}" replayBase="/replay/">
</replay-web-page></body></html>"""


def fetch_viewer(folder: Path) -> dict[str, bytes]:
    """Return ``ui.js`` and ``sw.js`` of the pinned release; its SHA-512 must be the pinned one."""
    done = subprocess.run(
        ["npm", "pack", f"{NAME}@{VERSION}", "--silent"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    path = folder / f"{NAME}-{VERSION}.tgz"
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    assert digest == INTEGRITY, f"{path.name} is not the pinned release"
    files = {}
    with tarfile.open(path) as package:
        for name in ("ui.js", "sw.js"):
            member = package.extractfile(f"package/{name}")
            assert member is not None
            files[name] = member.read()
    return files


class _Handler(BaseHTTPRequestHandler):
    """Gives the files it was told, in whole or the part that is asked for (RFC 9110, 14)."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        files: dict[str, tuple[str, bytes]] = self.server.files  # type: ignore[attr-defined]
        kind, body = files.get(self.path.partition("?")[0], ("", b""))
        if not kind:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = self.headers.get("Range", "")
        first, last = 0, len(body) - 1
        if asked.startswith("bytes="):
            begin, _, end = asked[6:].partition("-")
            first = int(begin) if begin else max(0, len(body) - int(end))
            last = min(last, int(end)) if begin and end else last
        part = body[first : last + 1]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(part)


class _Server(ThreadingHTTPServer):
    """A server that does not print when a client goes away."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def shown(viewer: dict[str, bytes], wacz: Path, url: str, *, embed: str) -> Iterator[str]:
    """Serve the viewer with one package; yield the address of the page that shows it."""
    page = PAGE.format(url=url, embed=embed)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.files = {  # type: ignore[attr-defined]
        "/": ("text/html; charset=utf-8", page.encode()),
        "/ui.js": ("text/javascript", viewer["ui.js"]),
        "/replay/sw.js": ("text/javascript", viewer["sw.js"]),
        "/exhibit.wacz": ("application/wacz", wacz.read_bytes()),
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Sink:
    """A proxy that leads nowhere, and the first lines of what it was asked."""

    port: int
    asked: list[str] = field(default_factory=list)


@contextmanager
def sink() -> Iterator[Sink]:
    """Run a proxy that notes every request and answers none."""
    server = socket.create_server(("127.0.0.1", 0))
    told = Sink(server.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.settimeout(2)
                with suppress(OSError):
                    told.asked.append(client.recv(2000).split(b"\r\n")[0].decode("latin-1"))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield told
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
