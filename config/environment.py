"""The settings of markseal: environment variables ``MARKSEAL_*``, each with its default.

Entries read a setting here and hand its value down as an argument; the packages
below never look at the environment. No Django is imported.

ConfigError
└── SettingError    a setting whose value cannot be used
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from egress.errors import BadNameserver
from egress.nameserver import read_nameserver
from evidence.browser.order import Http2
from evidence.environment.timeservers import split

ROOT = Path(__file__).resolve().parent
RECIPES = ROOT / "recipes"
LAW = ROOT / "law"


class ConfigError(Exception):
    """Something in the configuration cannot be used."""

    exit_code = 64

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class SettingError(ConfigError):
    """A setting whose value cannot be used."""


@dataclass(frozen=True)
class Setting:
    """One setting: its name, default and meaning; ``flag`` takes only 1 or 0."""

    name: str
    default: str
    zh: str
    en: str
    flag: bool = False
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "MARKSEAL_HOME",
        "",
        "数据目录（数据库、固证材料、日志、密钥）；默认在用户数据目录下的 markseal",
        "data folder (database, evidence, log, keys); default: markseal in the user's data folder",
    ),
    Setting(
        "MARKSEAL_DATABASE_URL",
        "",
        "PostgreSQL 地址 postgres://用户:口令@主机:端口/库名；不设则用数据目录中的 SQLite",
        "PostgreSQL as postgres://user:password@host:port/name; unset: SQLite in the data folder",
        secret=True,
    ),
    Setting(
        "MARKSEAL_HOST",
        "127.0.0.1",
        "网页服务监听的地址",
        "address the web service listens on",
    ),
    Setting("MARKSEAL_PORT", "8000", "网页服务监听的端口", "port the web service listens on"),
    Setting(
        "MARKSEAL_PUBLIC_URL",
        "",
        "用户访问的网址（如 https://desk.example.cn）；https 时 Cookie 只走加密连接",
        "address people use (such as https://desk.example.cn); with https, cookies are secure only",
    ),
    Setting(
        "MARKSEAL_SECRET_KEY_FILE",
        "",
        "会话签名密钥文件；默认为数据目录中的 secret.key，首次使用时生成（0600）",
        "file of the session signing key; default: secret.key in the data folder, made once (0600)",
    ),
    Setting(
        "MARKSEAL_BROWSER",
        "",
        "Chromium 可执行文件；默认自动查找",
        "path of Chromium; default: searched for",
    ),
    Setting(
        "MARKSEAL_USER_AGENT",
        "",
        "采集时使用的 User-Agent；默认为 markseal 加联系方式",
        "user agent of crawls; default: markseal with the contact",
    ),
    Setting(
        "MARKSEAL_CONTACT",
        "",
        "写入 User-Agent 的联系网址或邮箱",
        "address or mail written into the user agent",
    ),
    Setting(
        "MARKSEAL_ALLOW_LOOPBACK",
        "",
        "设为 1 时出口守卫放行本机地址（演示和测试用），并在记录中注明",
        "1: the egress guard lets this machine's own address through (demo, tests) and says so",
        flag=True,
    ),
    Setting(
        "MARKSEAL_RESOLVERS",
        "",
        "另行询问的域名服务器，逗号分隔的 IP[:端口]；"
        "默认直接询问 resolv.conf 中的服务器；仅作记录，不决定连接",
        "name servers asked beside the system's resolver, as IP[:port], comma-separated; default: "
        "those of resolv.conf asked directly; they are recorded and decide nothing",
    ),
    Setting(
        "MARKSEAL_TIME_SERVERS",
        "",
        "取证时核对时钟偏差的时间服务器，逗号分隔的 主机[:端口]；默认不查询任何服务器",
        "time servers asked for this clock's offset while capturing, as host[:port], "
        "comma-separated; default: none is asked",
    ),
    Setting(
        "MARKSEAL_HTTP2",
        "avoid",
        "取证时如何对待 HTTP/2：avoid 不使用，交互为逐字节的 HTTP/1.1；"
        "decode 使用，解码后记录并注明",
        "HTTP/2 while capturing: avoid (not offered; exchanges are literal HTTP/1.1) or decode "
        "(used; exchanges are decoded, and say so)",
    ),
    Setting(
        "MARKSEAL_NO_SANDBOX",
        "",
        "设为 1 时浏览器不用沙箱运行，并在环境记录中注明",
        "1: the browser runs without its sandbox, declared in the environment record",
        flag=True,
    ),
    Setting(
        "MARKSEAL_CAPTURE_USER",
        "",
        "服务由 root 运行时，取证改由此普通用户进行，浏览器沙箱因而可用；默认为运行服务的用户",
        "ordinary user that captures run as when root runs the service, so that the browser's "
        "sandbox works; default: the user who runs the service",
    ),
    Setting(
        "MARKSEAL_PUBLIC_VERIFY",
        "",
        "设为 1 时提供无需登录的核验页 /verify/public/（限频、限大小，不保存任何内容）",
        "1: a verification page without sign-in at /verify/public/ (rate and size limited, nothing "
        "is stored)",
        flag=True,
    ),
    Setting(
        "MARKSEAL_PUBLIC_LOG",
        "",
        "设为 1 时在 /log/ 只读提供日志的检查点、瓦片和条目（C2SP tlog-tiles），供外部监视",
        "1: the log's checkpoint, tiles and entries are served read-only at /log/ (C2SP "
        "tlog-tiles), for others to monitor",
        flag=True,
    ),
)
_BY_NAME = {item.name: item for item in SETTINGS}


def _default_home(environ: Mapping[str, str]) -> str:
    base = environ.get("XDG_DATA_HOME", "")
    folder = Path(base) if base else Path.home() / ".local" / "share"
    return str(folder / "markseal")


def _default_user_agent(environ: Mapping[str, str]) -> str:
    contact = environ.get("MARKSEAL_CONTACT", "").strip()
    return f"markseal/0.1 (+{contact})" if contact else "markseal/0.1"


def setting(name: str, *, environ: Mapping[str, str] | None = None) -> str:
    """Return the value of one setting, or its default.

    A flag comes back as ``"1"`` or ``""``, so that it can be asked for its truth; the data folder
    as a whole path, whatever folder the command is run in.
    Raises SettingError for a flag that is neither 1 nor 0, KeyError for a name
    that is not registered. Whether a path exists is not checked.
    """
    item = _BY_NAME[name]
    values = os.environ if environ is None else environ
    value = values.get(name, "").strip()
    if item.flag:
        return _flag(name, value)
    if name == "MARKSEAL_HOME":  # whole, for processes that stand elsewhere
        return str(Path(value or _default_home(values)).absolute())
    if value:
        return value
    if name == "MARKSEAL_USER_AGENT":
        return _default_user_agent(values)
    if name == "MARKSEAL_SECRET_KEY_FILE":
        return str(Path(setting("MARKSEAL_HOME", environ=values)) / "secret.key")
    return item.default


def _flag(name: str, value: str) -> str:
    if value in {"", "0"}:
        return ""
    if value == "1":
        return "1"
    raise SettingError(
        f"{name} must be 1 or 0, not {value!r}.",
        f"{name} 只能是 1 或 0，不能是 {value!r}。",
    )


def port(*, environ: Mapping[str, str] | None = None) -> int:
    """Return MARKSEAL_PORT as a number; raises SettingError when it is none."""
    value = setting("MARKSEAL_PORT", environ=environ)
    if value.isascii() and value.isdigit() and int(value) <= 65535:
        return int(value)
    raise SettingError(
        f"MARKSEAL_PORT must be a number from 0 to 65535, not {value!r}.",
        f"MARKSEAL_PORT 应为 0 到 65535 的数字，不能是 {value!r}。",
    )


def public_url(*, environ: Mapping[str, str] | None = None) -> str:
    """Return MARKSEAL_PUBLIC_URL without its last slash; raises SettingError if it is none."""
    value = setting("MARKSEAL_PUBLIC_URL", environ=environ).rstrip("/")
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        usable = usable and not (parts.path or parts.query or parts.fragment or parts.username)
    except ValueError:
        usable = False
    if value and not usable:
        raise SettingError(
            f"MARKSEAL_PUBLIC_URL must be such as https://desk.example.cn, not {value!r}.",
            f"MARKSEAL_PUBLIC_URL 应为 https://desk.example.cn 这样的网址，不能是 {value!r}。",
        )
    return value


def resolvers(*, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return MARKSEAL_RESOLVERS as ``IP:port`` each; raises SettingError when one is none."""
    texts = [text for text in setting("MARKSEAL_RESOLVERS", environ=environ).split(",") if text]
    try:
        return tuple(str(read_nameserver(text)) for text in texts)
    except BadNameserver as error:
        raise SettingError(
            f"MARKSEAL_RESOLVERS: {error.en}", f"MARKSEAL_RESOLVERS：{error.zh}"
        ) from error


def time_servers(*, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return MARKSEAL_TIME_SERVERS, each held to be host[:port]; raises SettingError."""
    value = setting("MARKSEAL_TIME_SERVERS", environ=environ)
    servers = tuple(text.strip() for text in value.split(",") if text.strip())
    for server in servers:
        try:
            split(server)
        except ValueError as error:
            raise SettingError(
                f"MARKSEAL_TIME_SERVERS: {server!r} is not host or host:port.",
                f"MARKSEAL_TIME_SERVERS：{server!r} 不是 主机 或 主机:端口。",
            ) from error
    return servers


def http2(*, environ: Mapping[str, str] | None = None) -> Http2:
    """Return MARKSEAL_HTTP2; raises SettingError when it is neither avoid nor decode."""
    value = setting("MARKSEAL_HTTP2", environ=environ)
    try:
        return Http2(value)
    except ValueError as error:
        raise SettingError(
            f"MARKSEAL_HTTP2 is avoid or decode, not {value!r}.",
            f"MARKSEAL_HTTP2 应为 avoid 或 decode，而不是 {value!r}。",
        ) from error
