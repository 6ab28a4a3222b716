"""The witness over HTTP: the thin edge around ``keeper``; bounded bodies, times and threads.

``POST /add-checkpoint`` and ``GET /<SHA-256 of the origin, hex>/checkpoint``, the note as it was
cosigned last (c2sp.org/tlog-witness); beyond the specification ``GET /`` (the page) and ``GET
/vkey``. There is no TLS and no log-in: what is sent is public, and answers only to signatures.
"""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evidence.errors import EvidenceError, FormatError, WitnessError
from evidence.format.addcheckpoint import LIMIT, MONITORING, PATH
from evidence.format.digests import sha256_hex
from evidence.witness.keeper import TEXT, Answer, Witness, refusal
from evidence.witness.page import render_page

SECONDS = 30.0
MAX_CONNECTIONS = 64
HTML = "text/html; charset=utf-8"


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; a connection lasts at most ``seconds``, one too many is closed."""

    daemon_threads = True
    request_queue_size = 32

    def __init__(
        self, address: tuple[str, int], witness: Witness, *, seconds: float = SECONDS
    ) -> None:
        self.witness = witness
        self.seconds = seconds
        self.free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        try:
            super().__init__(address, _Handler)
        except OSError as error:
            raise WitnessError(
                f"Nothing can listen at {address[0]} port {address[1]} ({error.strerror}); "
                "choose another --listen.",
                f"无法监听 {address[0]} 端口 {address[1]}（{error.strerror}）；请更换 --listen。",
            ) from error

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand the connection to a thread, or close it when there are too many."""
        if not self.free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection within its time; then make room for another."""
        clock = threading.Timer(self.seconds, _hang_up, (request,))
        clock.daemon = True
        clock.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            clock.cancel()
            self.free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke off is no event."""


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "markseal-witness"
    sys_version = ""
    timeout = 10
    server: WitnessServer
    error_content_type = TEXT
    error_message_format = "%(message)s\n"

    def do_POST(self) -> None:
        """Answer ``add-checkpoint``."""
        if self.path != PATH:
            self._refuse(404, "没有这个地址", f"there is only {PATH} to post to")
            return
        lengths = self.headers.get_all("Content-Length", [])
        length = lengths[0] if len(lengths) == 1 else ""
        if "Transfer-Encoding" in self.headers or not (
            length.isascii() and length.isdigit() and len(length) < 9
        ):
            self._refuse(411, "请求须写明长度", "a request states its Content-Length")
            return
        if int(length) > LIMIT:
            self._refuse(413, f"请求超过 {LIMIT} 字节", f"a request has at most {LIMIT} bytes")
            return
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return
        try:
            answer = self.server.witness.add_checkpoint(body)
        except EvidenceError as error:
            answer = refusal(500, error)
        except OSError as error:
            cause = str(error.strerror)
            answer = refusal(
                500, WitnessError(f"Cannot write ({cause})", f"见证人无法写入（{cause}）")
            )
        self._send(answer)

    def do_GET(self) -> None:
        """Answer with the page, the key, or a log's newest cosigned checkpoint."""
        witness = self.server.witness
        if self.path == "/":
            self._send(Answer(200, HTML, render_page(witness)))
        elif self.path == "/vkey":
            self._send(Answer(200, TEXT, f"{witness.key.text()}\n".encode()))
        elif self.path.endswith(MONITORING):
            self._checkpoint(self.path.removesuffix(MONITORING).removeprefix("/"))
        else:
            self._refuse(404, "没有这个地址", "there is nothing at this address")

    def _checkpoint(self, digest: str) -> None:
        logs = self.server.witness.logs
        log = next((log for log in logs if sha256_hex(log.key.name.encode()) == digest), None)
        try:
            latest = log.latest() if log else None
        except WitnessError as error:
            self._send(refusal(500, error))
            return
        if latest is None:
            self._refuse(404, "尚无该日志的检查点", "no checkpoint of this log was cosigned")
            return
        self._send(Answer(200, TEXT, latest.note))

    def _refuse(self, status: int, zh: str, en: str) -> None:
        self.close_connection = True
        self._send(refusal(status, FormatError(en, zh)))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing: the record on disk is what counts."""
