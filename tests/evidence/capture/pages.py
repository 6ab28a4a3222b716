"""A server of a few pages for one test: path to what is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.evidence.capture.site import Quiet

HTML = "text/html; charset=utf-8"


@contextmanager
def serving(pages: Mapping[str, str | bytes | int]) -> Iterator[str]:
    """Serve text as HTML, bytes as PNG, a number as that status; yield the address.

    A number below zero is that status without content.

    Text under ``.js`` is a script.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self) -> None:
            found = pages.get(self.path.partition("?")[0], 404)
            status = abs(found) if isinstance(found, int) else 200
            kind, body = HTML, b"" if isinstance(found, int) and found < 0 else b"none"
            if isinstance(found, str):
                body = found.replace("{host}", self.headers.get("Host", "")).encode()
                kind = "text/javascript" if self.path.endswith(".js") else kind
            elif isinstance(found, bytes):
                kind, body = "image/png", found
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
