"""A log that grows, a copy of it that can be spoilt, and servers that behave badly."""

from __future__ import annotations

import hashlib
import shutil
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from evidence.log import Log
from evidence.monitor import Asked, FolderSource, Look, Source, StateFile, look
from tests.evidence.log.fixtures import attempt, make_log

LATER = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


@dataclass
class Stand:
    """A log, where it is followed, and the monitor's state."""

    folder: Path
    log: Log
    file: StateFile
    numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path, name: str = "log") -> Stand:
        """Return a stand with an empty log."""
        log = make_log(folder / name)
        with log.writing():
            pass
        return cls(folder, log, StateFile(folder / "state.json"))

    def grow(self, count: int, *, case: str = "case") -> None:
        """Append so many attempts of one case in one commit."""
        with self.log.writing() as session:
            entries: list[bytes] = []
            previous = session.previous()
            for _ in range(count):
                self.numbers[case] = number = self.numbers.get(case, 0) + 1
                entries.append(attempt(previous, number, case=case))
                previous = hashlib.sha256(entries[-1]).hexdigest()
            session.append(entries)

    def look(self, source: Source | None = None, asked: Asked | None = None) -> Look:
        """Look once, with the state of last time."""
        with self.file.held(), closing(source or FolderSource(self.log.folder)) as place:
            state = self.file.load(self.log.key)
            return look(
                place,
                state,
                keep=lambda new: self.file.keep(new, now=LATER),
                asked=asked or Asked(),
            )

    def copy(self, name: str) -> Stand:
        """Return a stand on a copy of the log as it is now, with the same monitor."""
        shutil.copytree(self.log.folder, self.folder / name)
        log = make_log(self.folder / name)
        return Stand(self.folder, log, self.file, dict(self.numbers))

    def codes(self, source: Source | None = None) -> list[str]:
        """Look once and return the codes of what was found."""
        return [finding.code for finding in self.look(source).report.findings]


def bundle(folder: Path, number: int = 0) -> Path:
    """Return the file of a bundle of entries, the widest there is."""
    whole = folder / "tile" / "entries" / f"{number:03d}"
    if whole.exists():
        return whole
    partial = whole.with_name(f"{number:03d}.p")
    return max(partial.iterdir(), key=lambda path: int(path.name))


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def served(folder: Path, spoil: dict[str, Answer] | None = None) -> Iterator[str]:
    """Serve a log's folder; ``spoil`` answers some paths in another way."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.removeprefix("/log/")
            if spoil and path in spoil:
                spoil[path](self)
                return
            file = folder / path
            data = file.read_bytes() if file.is_file() else b""
            self.send_response(200 if file.is_file() else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no event."""

    assert issubclass(Server, socketserver.BaseServer)
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/log"
        server.shutdown()
        thread.join()


def plain(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Answer with a status, headers and a body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.close_connection = True
        if "Content_Length" not in headers:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """Answer one byte after the other, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "60000")
    handler.end_headers()
    for _ in range(600):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)
