"""One row of the environment record: a thing looked at, and what was found, or why not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from evidence.errors import FormatError


class Status(StrEnum):
    """``checked``: looked at, as it should be; ``differs``: looked at, and it is not."""

    CHECKED = "checked"
    DIFFERS = "differs"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class Row:
    """One row: what it is about (``id``), its status and finding in two languages, its data."""

    id: str
    status: Status
    zh: str
    en: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the row as it stands in ``environment.json``; the topic's name goes with it."""
        topic_zh, topic_en = TOPICS[self.id]
        return {
            "id": self.id,
            "topic": {"zh": topic_zh, "en": topic_en},
            "status": self.status.value,
            "zh": self.zh,
            "en": self.en,
            "data": dict(self.data),
        }


TOPICS: Mapping[str, tuple[str, str]] = {
    "processes": ("进程列表", "processes"),
    "antivirus": ("病毒查杀", "virus scan"),
    "packages": ("软件包完整性", "system packages"),
    "libraries": ("取证所用程序库", "libraries of the capture"),
    "image": ("操作系统", "operating system"),
    "code": ("取证程序", "code of the capture tool"),
    "review": ("技术核查记录", "technical review"),
    "profile": ("浏览器配置与登录状态", "browser profile and login state"),
    "proxy_variables": ("代理环境变量", "proxy variables"),
    "system_proxy": ("系统代理", "system proxy"),
    "routes": ("路由表", "routes"),
    "addresses": ("本机网络地址", "interface addresses"),
    "egress_address": ("对外地址", "egress address"),
    "egress_guard": ("出口守卫", "egress guard"),
    "hosts": ("hosts 文件", "hosts file"),
    "resolv_conf": ("域名解析配置", "resolver settings"),
    "nsswitch": ("名称服务顺序", "name service order"),
    "resolvers": ("多个解析器的应答", "answers of several resolvers"),
    "server_address": ("服务器地址", "server address"),
    "certificate": ("网站证书", "certificate of the site"),
    "revocation": ("证书吊销", "revocation"),
    "http_status": ("HTTP 状态", "HTTP status"),
    "time_servers": ("时间服务器偏差", "offset from time servers"),
    "authority_time": ("时间戳机构时间", "time of the timestamp authority"),
    "clock": ("系统时钟与单调时钟", "wall against monotonic clock"),
    "time_sync": ("时钟同步状态", "clock synchronisation"),
    "browser_version": ("浏览器版本", "browser version"),
    "browser_binary": ("浏览器程序哈希", "hash of the browser"),
    "browser_package": ("浏览器来源软件包", "package of the browser"),
    "browser_flags": ("浏览器启动参数", "flags of the browser"),
    "browser_policies": ("浏览器策略文件", "policies of the browser"),
    "sandbox": ("浏览器沙箱", "sandbox of the browser"),
    "root_store": ("浏览器内置根证书库", "root store of the browser"),
    "user_certificates": ("用户自装证书", "certificates added by the user"),
    "system_roots": ("系统根证书库", "roots of the system"),
    "key_isolation": ("密钥隔离", "key isolation"),
    "user": ("运行用户", "user"),
    "virtualisation": ("虚拟化", "virtualisation"),
    "disk": ("磁盘空间", "disk space"),
    "memory": ("内存", "memory"),
}
"""Every row a record has, in its order: id to its name in Chinese and English."""


def checked(topic: str, zh: str, en: str, **data: Any) -> Row:
    """Return a row that was looked at and is as it should be."""
    return Row(topic, Status.CHECKED, zh, en, data)


def differs(topic: str, zh: str, en: str, **data: Any) -> Row:
    """Return a row that was looked at and is not as it should be, or changed meanwhile."""
    return Row(topic, Status.DIFFERS, zh, en, data)


def not_checked(topic: str, zh: str, en: str, **data: Any) -> Row:
    """Return a row that was not looked at; the sentences are the reason."""
    return Row(topic, Status.NOT_CHECKED, zh, en, data)


def attempt(topic: str, probe: Callable[[], Row]) -> Row:
    """Return the probe's row; one that cannot be made becomes ``not checked`` with the reason."""
    try:
        return probe()
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, FormatError) as error:
        why = _reason(error)
        return not_checked(topic, f"未能查看（{why}）。", f"It could not be looked at ({why}).")


def run(command: Sequence[str], *, seconds: float) -> subprocess.CompletedProcess[str]:
    """Return how a small program ended and what it printed, its language fixed to C.

    Raises OSError when there is none, TimeoutExpired past ``seconds``.
    """
    return subprocess.run(
        list(command),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"LC_ALL": "C", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    )


def printable(text: str, limit: int) -> str:
    """Return at most ``limit`` characters, lone surrogates and control characters replaced."""
    safe = text[:limit].encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in safe)


def read_text(path: Path, limit: int = 1 << 20) -> str:
    """Return the text of a small system file; raises OSError."""
    with path.open("rb") as source:
        return printable(source.read(limit).decode("utf-8", "replace"), limit)


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {error.timeout:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return printable(str(error), 200) or type(error).__name__
