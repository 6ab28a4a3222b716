"""The pages captured for the benchmark, on a local server: HTTP/1.1, or TLS with HTTP/2."""

from __future__ import annotations

import asyncio
import datetime
import http.client
import random
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

WORDS = "甬江春茶明前特级产地宁波包装二百五十克价格现货供应旗舰店正品年糕保温杯连衣裙"


def _picture(number: int) -> bytes:
    """Return a picture of about 20 kB that no cache and no codec makes small."""
    chance = random.Random(number)
    out = BytesIO()
    Image.frombytes("RGB", (84, 80), chance.randbytes(84 * 80 * 3)).save(out, "PNG")
    return out.getvalue()


def _text(length: int) -> str:
    chance = random.Random(length)
    return "".join(f"<p>{''.join(chance.choices(WORDS, k=60))}</p>" for _ in range(length))


def _listing() -> str:
    rows = "".join(
        f'<div class="i"><img src="/p{n}.png" width="84" height="80"><b>甬江春茶 {n}</b>'
        f"<span>¥{n}.00</span></div>"
        for n in range(24)
    )
    return f"<style>.i{{float:left;width:200px;height:180px}}</style>{rows}{_text(10)}"


LOADED = "/loaded"
_TELL = f"""<script>addEventListener('load', () => setTimeout(() => fetch('{LOADED}', {{
method: 'POST', body: performance.getEntriesByType('navigation')[0].loadEventEnd}})))</script>"""
"""A page tells the server how long it took to load, in milliseconds, once it has."""


def _page(body: str) -> bytes:
    head = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>甬江春茶</title>'
    return f"{head}{_TELL}<body>{body}</body></html>".encode()


PICTURES = {f"/p{n}.png": _picture(n) for n in range(60)}
PAGES = {
    "/text": _page(_text(80)),
    "/pictures": _page("".join(f'<img src="{name}">' for name in PICTURES)),
    "/large": _page(_text(27_000)),
    "/listing": _page(_listing()),
}


def answer(path: str) -> tuple[int, str, bytes]:
    """Return status, media type and body."""
    if path in PAGES:
        return 200, "text/html; charset=utf-8", PAGES[path]
    if path in PICTURES:
        return 200, "image/png", PICTURES[path]
    return 404, "text/plain", b"not here"


class Server:
    """Answers over HTTP/1.1, or HTTP/2 where it is chosen, each after ``delay`` seconds."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.told = b""  # by the page that loaded last

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        secure = writer.get_extra_info("ssl_object")
        over_h2 = secure is not None and secure.selected_alpn_protocol() == "h2"
        with suppress(ConnectionError, asyncio.IncompleteReadError, h2.exceptions.ProtocolError):
            await (self._h2 if over_h2 else self._h1)(reader, writer)
        writer.close()

    async def _h1(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(self.delay)
            method, path, _ = head.split(b" ", 2)
            if path.decode() == LOADED:
                status, kind, body = 200, "text/plain", await self._telling(method, head, reader)
            else:
                status, kind, body = answer(path.decode())
            fields = f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
            writer.write(fields.encode() + b"\r\n\r\n" + body)
            await writer.drain()

    async def _telling(self, method: bytes, head: bytes, reader: asyncio.StreamReader) -> bytes:
        """Keep what a page tells; give it to who asks, once."""
        if method == b"GET":
            told, self.told = self.told, b""
            return told
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        self.told = await reader.readexactly(int(length[1]) if length else 0)
        return b""

    async def _h2(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        link.initiate_connection()
        moved = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()
        writer.write(link.data_to_send())
        while data := await reader.read(1 << 16):
            for event in link.receive_data(data):
                if isinstance(event, h2.events.RequestReceived) and event.stream_id:
                    path = dict(event.headers or [])[b":path"].decode()
                    task = asyncio.ensure_future(
                        self._send(link, writer, event.stream_id, path, moved)
                    )
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
            moved.set()
            writer.write(link.data_to_send())
            await writer.drain()

    async def _send(
        self,
        link: h2.connection.H2Connection,
        writer: asyncio.StreamWriter,
        stream: int,
        path: str,
        moved: asyncio.Event,
    ) -> None:
        await asyncio.sleep(self.delay)
        status, kind, body = answer(path)
        fields = [(":status", str(status)), ("content-type", kind)]
        link.send_headers(stream, [*fields, ("content-length", str(len(body)))])
        while body:
            size = min(link.local_flow_control_window(stream), link.max_outbound_frame_size)
            if size <= 0:
                moved.clear()
                await moved.wait()
                continue
            link.send_data(stream, body[:size])
            body = body[size:]
            writer.write(link.data_to_send())
        link.end_stream(stream)
        writer.write(link.data_to_send())


def _certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def _run(tls: Path | None, delay: float) -> None:
    context = _certificate(tls) if tls else None
    started = await asyncio.start_server(Server(delay).serve, "127.0.0.1", 0, ssl=context)
    print(started.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextmanager
def pages(*, tls: Path | None = None, delay: float = 0.0) -> Iterator[str]:
    """Run the server in a process of its own; yield its address. ``tls``: for its certificate."""
    command = [sys.executable, "-m", "bench._pages", str(delay), *([str(tls)] if tls else [])]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        if server.stdout is None or server.stdin is None:
            raise SystemExit("the server has no pipes")
        port = int(server.stdout.readline())
        try:
            yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        finally:
            server.stdin.close()


def told_by_page(address: str) -> float:
    """Return how long the page that loaded last took, in seconds, as it tells itself."""
    for _ in range(3000):
        link = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
        link.request("GET", LOADED)
        told = link.getresponse().read()
        link.close()
        if told:
            return float(told) / 1000
        time.sleep(0.02)
    raise SystemExit("the page did not tell that it loaded")


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[2]) if len(sys.argv) > 2 else None, float(sys.argv[1])))
