"""What is asked of one capture: the address, the browser, the way out and the bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from evidence.errors import InputError

URL_LIMIT = 4000
_BAD = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")


@dataclass(frozen=True)
class Limits:
    """Bounds of one capture; hitting one is recorded in ``capture.json``, never hidden."""

    seconds: float = 120.0
    load_seconds: float = 45.0
    settle_seconds: float = 8.0
    grace_seconds: float = 30.0
    answer_seconds: float = 20.0
    bytes: int = 200_000_000
    requests: int = 3000
    scrolls: int = 80
    picture_height: int = 60_000
    picture_seconds: float = 45.0
    strip_height: int = 4_000


@dataclass(frozen=True)
class Viewport:
    """The declared window of the browser, in CSS pixels."""

    width: int = 1366
    height: int = 900


TELEPHONE = Viewport(412, 915)


class Profile(StrEnum):
    """The device that the browser declares itself to be."""

    DESKTOP = "desktop"
    MOBILE = "mobile"


class Http2(StrEnum):
    """What becomes of HTTP/2: not offered (literal HTTP/1.1 bytes), or decoded and marked.

    ``AVOID`` is the default. Measured: of a page of 104 exchanges all are byte-identical to what
    the server sent, against none over HTTP/2, whose heads exist only compressed (HPACK); the two
    counts of bytes can be compared; 60 pictures of one host that answers after 100 ms load in
    2.4 s instead of 1.3 s. ``DECODE`` is for sites that treat a browser without HTTP/2 otherwise.
    """

    AVOID = "avoid"
    DECODE = "decode"


@dataclass(frozen=True)
class Login:
    """A declared login state; it never enters evidence.

    ``session`` is a storage-state file (cookies and local storage, as browsers' drivers write
    it); ``secrets`` are names of parameters and fields whose values are masked as well.
    """

    session: Path
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attended:
    """A person at a visible browser (有人值守): ``by``, and ``second`` for a second officer.

    ``lines`` and ``words`` are open files of the process: the person's commands come from the
    first, what they are told goes to the second. Without ``lines`` only the browser commands.
    """

    by: str
    second: str | None = None
    lines: int | None = None
    words: int | None = None


@dataclass(frozen=True)
class CaptureOrder:
    """One capture to be made; ``url`` is the ASCII form that ``check_url`` returned.

    ``licence`` is the address of the seller's licence page (亮照), captured beside the page;
    ``headed`` opens a visible browser, ``attended`` names the person who uses it;
    ``time_servers`` and ``resolvers`` are asked for the environment record. ``standing`` is what
    the ordering process knows of this machine (``evidence.environment.standing``, as JSON); empty
    when nobody says.
    ``private_key`` (32 bytes) is this one exhibit's own, for its encrypted part; it is never
    written or shown, and None when there is no login state to be kept.
    """

    url: str
    browser: Path
    proxy: str | None
    journal: Path | None
    sandbox: bool = True
    strict_tls: bool = False
    locale: str = "zh-CN"
    timezone: str = "Asia/Shanghai"
    viewport: Viewport = field(default_factory=Viewport)
    profile: Profile = Profile.DESKTOP
    http2: Http2 = Http2.AVOID
    login: Login | None = None
    licence: str | None = None
    recording: bool = False
    headed: bool = False
    attended: Attended | None = None
    time_servers: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    standing: str = ""
    private_key: bytes | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)

    @property
    def window(self) -> Viewport:
        """The window that the page gets: a telephone's for the mobile profile, if none is named."""
        named = self.viewport != Viewport()
        return self.viewport if named or self.profile is Profile.DESKTOP else TELEPHONE

    @property
    def scale(self) -> int:
        """Device pixels to one CSS pixel."""
        return 2 if self.profile is Profile.MOBILE else 1


def check_url(url: str) -> str:
    """Return the ASCII form of a http(s) address (IDNA host, percent-encoded rest).

    Raises InputError with a sentence for anything else. Whether the address is public
    is not checked here: the egress guard does that at the moment of connecting.
    """
    text = url.strip()
    if not text or len(text) > URL_LIMIT or _BAD.search(text):
        raise InputError(
            f"The address {text[:80]!r} is empty, longer than {URL_LIMIT} characters or contains "
            "blanks or control characters; give one http or https address.",
            f"网址 {text[:80]!r} 为空、超过 {URL_LIMIT} 个字符，或含有空白及控制字符；"
            "请给出一个 http 或 https 网址。",
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _not_an_address(text) from error
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise _not_an_address(text)
    if parts.username is not None or parts.password is not None:
        raise InputError(
            "The address contains a user name or password; give it without them.",
            "网址中含有用户名或密码；请去掉后再试。",
        )
    host = _ascii_host(parts.hostname, text)
    authority = f"{host}:{port}" if port is not None else host
    return urlunsplit(
        (
            parts.scheme.lower(),
            authority,
            quote(parts.path, safe="/%:@!$&'()*+,;=~-._") or "/",
            quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]"),
            "",
        )
    )


def _ascii_host(host: str, text: str) -> str:
    if ":" in host:
        if "%" in host:  # a scope is this machine's business; browsers refuse it
            raise _not_an_address(text)
        return f"[{host}]"
    try:
        return host.encode("ascii").decode("ascii").lower()
    except UnicodeEncodeError:
        pass
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise _not_an_address(text) from error


def _not_an_address(text: str) -> InputError:
    return InputError(
        f"{text[:80]!r} is not a http or https address; write it as https://host/path.",
        f"{text[:80]!r} 不是 http 或 https 网址；请写成 https://主机/路径 的形式。",
    )
