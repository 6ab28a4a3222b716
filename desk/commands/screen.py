"""Whether a window could be opened here, asked of the screen itself: X11's connection setup.

X Window System Protocol, X Version 11, section 8; the cookies lie as Xau(3) has them. A Wayland
screen is asked only whether it listens.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from evidence.errors import InputError

SECONDS = 5.0
_DISPLAY = re.compile(r"(?:unix|([^:/]*))?:(\d{1,5})(?:\.\d+)?\Z", re.ASCII)
_COOKIE = b"MIT-MAGIC-COOKIE-1"
_PORT = 6000


def require_screen(environ: Mapping[str, str]) -> None:
    """Raise InputError, with what to do, unless a screen here lets a program in."""
    named = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if environ.get(name)]
    if not named:
        raise InputError(
            "An attended capture opens a browser window, and there is no screen here; run it in a "
            "desktop session.",
            "有人值守取证需打开浏览器窗口，而此处没有图形界面；请在桌面会话中运行。",
        )
    said = {}
    for name in named:
        try:
            _wayland(environ) if name == "WAYLAND_DISPLAY" else _x11(environ)
        except OSError as error:
            said[name] = error.strerror or str(error)
        else:
            return
    named_en = ", ".join(f"{name}={environ[name]}: {why}" for name, why in said.items())
    raise InputError(
        f"No screen can be opened for the browser window ({named_en}); run this in a desktop "
        "session, or correct DISPLAY.",
        f"无法打开屏幕，不能显示浏览器窗口（{named_en}）；请在桌面会话中运行，或更正 DISPLAY。",
    )


def _wayland(environ: Mapping[str, str]) -> None:
    place = Path(environ.get("XDG_RUNTIME_DIR", "")) / environ["WAYLAND_DISPLAY"]
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(SECONDS)
        line.connect(str(place))


def _x11(environ: Mapping[str, str]) -> None:
    """Knock as a program would, with each cookie that may be meant; raises OSError."""
    found = _DISPLAY.match(environ["DISPLAY"])
    if found is None:
        raise OSError(0, "not of the form HOST:NUMBER")
    host, number = found[1] or "", found[2]
    refused = ""
    for cookie in (*_cookies(environ, number), b""):
        with _line(host, int(number)) as line:
            answer = _knock(line, cookie)
        if answer[:1] in (b"\x01", b"\x02"):
            return
        refused = answer[8 : 8 + answer[1]].decode("latin-1").strip() if len(answer) > 8 else ""
    raise OSError(0, refused or "it lets nobody in")


def _line(host: str, number: int) -> socket.socket:
    if host:
        return socket.create_connection((host, _PORT + number), timeout=SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(SECONDS)
    place = f"/tmp/.X11-unix/X{number}"  # noqa: S108
    try:
        try:
            line.connect(f"\0{place}")
        except OSError:
            line.connect(place)
    except OSError:
        line.close()
        raise
    return line


def _knock(line: socket.socket, cookie: bytes) -> bytes:
    """Send the setup of a connection, little end first; return the beginning of the answer."""
    name = _COOKIE if cookie else b""
    head = struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(cookie))
    line.sendall(head + _padded(name) + _padded(cookie))
    return line.recv(512)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _cookies(environ: Mapping[str, str], number: str) -> Iterator[bytes]:
    """Yield the cookies that are kept for a screen of this number."""
    named = environ.get("XAUTHORITY") or f"{environ.get('HOME', '')}/.Xauthority"
    data = b""
    with suppress(OSError):
        data = Path(named).read_bytes()[: 1 << 20]
    while len(data) > 2:
        data, fields = data[2:], []
        for _ in range(4):
            size = int.from_bytes(data[:2], "big")
            fields.append(data[2 : 2 + size])
            data = data[2 + size :]
        _, display, name, cookie = fields
        if name == _COOKIE and display in (b"", number.encode()):
            yield cookie
