"""The environment record (清洁性检查): what was checked before and after, and what was not."""

from __future__ import annotations

import getpass
import hashlib
import importlib.metadata
import os
import platform
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from evidence.browser.launch import Running
from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Clock
from evidence.environment.journal import JournalView
from evidence.format.times import format_time, parse_time

FORMAT = "markseal-environment/1"
_FILES = ("/etc/hosts", "/etc/resolv.conf")
_PACKAGES = ("playwright", "cryptography", "rfc8785", "rfc3161-client")
_PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_CONTENT_LIMIT = 16_384

NOT_CHECKED = (
    ("time_servers", "未向多个时间服务器核对时间偏差", "no time servers were asked"),
    ("resolvers", "域名仅由出口守卫解析一次，未比较多个解析器", "only the guard's own resolver"),
    ("packages", "未核验操作系统软件包的完整性", "system packages were not verified"),
    ("antivirus", "未做病毒查杀", "no virus scan was made"),
    ("ca_bundle", "浏览器内置根证书库未单独取哈希", "the browser's built-in roots are not hashed"),
    ("revocation", "未核查网站证书是否被吊销", "revocation of the site's certificate"),
    ("egress_address", "未查询本机对外地址", "the public address of this machine"),
    ("routes", "未记录路由表", "the routing table is not recorded"),
)


def observe(clock: Clock) -> dict[str, Any]:
    """Return one look at this machine: clocks, name files, proxy variables, processes."""
    return {
        "wall": format_time(clock()),
        "monotonic": f"{time.monotonic():.6f}",
        "files": [_file(Path(name)) for name in _FILES],
        "proxy_variables": sorted(
            name for name in os.environ if name.lower() in _PROXY_NAMES and os.environ[name]
        ),
        "processes": _processes(),
    }


def environment_record(
    order: CaptureOrder,
    running: Running,
    journal: JournalView,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    software: str,
    isolation: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the whole record; everything not checked is listed with the reason.

    ``isolation`` says what kept the capture's process from keys and other exhibits, as that
    process itself tried it (``evidence.worker``); None when it ran in its caller's process.
    """
    missing = list(NOT_CHECKED)
    if running.binary is None:
        missing.append(
            ("browser_binary", "本系统无法找到浏览器进程的程序文件", "process not found in /proc")
        )
    if journal.allow_loopback is None:
        missing.append(("egress_guard", "未经出口守卫", "the capture did not go through a guard"))
    return {
        "format": FORMAT,
        "before": before,
        "after": after,
        "clock": _clock(before, after),
        "browser": {
            "version": running.version,
            "binary_sha256": _hash(running.binary) if running.binary else None,
            "flags": list(running.flags),
            "sandbox": "on" if order.sandbox else "off",
            "profile": "fresh, empty; deleted afterwards",
            "session": "none (no login state)",
            "service_workers": "blocked",
        },
        "declared": {
            "locale": order.locale,
            "timezone": order.timezone,
            "viewport": f"{order.viewport.width}x{order.viewport.height}",
        },
        "egress": {
            "proxy": "egress guard (SOCKS5)" if order.proxy else "none",
            "allow_loopback": journal.allow_loopback,
            "calls_home_refused": journal.calls_home_refused,
            "refused": [
                {"host": c.host, "port": c.port, "reason": c.reason or ""}
                for c in journal.refused()
            ],
            "peers": _peers(journal),
        },
        "software": _software(software),
        "isolation": isolation or {"key_isolation": "none"},
        "system": {
            "platform": platform.platform(),
            "machine": platform.machine(),
            "user": _user(),
            "user_id": os.geteuid(),
        },
        "not_checked": [{"what": a, "zh": b, "en": c} for a, b, c in missing],
    }


def _clock(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    wall = parse_time(after["wall"]) - parse_time(before["wall"])
    mono = float(after["monotonic"]) - float(before["monotonic"])
    return {
        "wall_seconds": f"{wall.total_seconds():.6f}",
        "monotonic_seconds": f"{mono:.6f}",
        "difference_seconds": f"{wall.total_seconds() - mono:.6f}",
    }


def _peers(journal: JournalView) -> list[dict[str, Any]]:
    rows = {
        (c.host, c.port, c.address or ""): list(c.answers)
        for c in journal.contacts
        if c.verdict == "connected"
    }
    return [
        {"host": host, "port": port, "address": address, "answers": rows[host, port, address]}
        for host, port, address in sorted(rows)
    ]


def _software(software: str) -> dict[str, Any]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "markseal": software,
        "code_sha256": _code_digest(),
        "python": sys.version.split()[0],
        "packages": versions,
    }


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Return one digest over the source files of the evidence package, in name order."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _file(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        return {"path": str(path), "not_checked": error.strerror or "unreadable"}
    return {
        "path": str(path),
        "sha256": hashlib.sha256(data).hexdigest(),
        "content": data[:_CONTENT_LIMIT].decode("utf-8", "replace"),
    }


@lru_cache(maxsize=4)
def _hash_of(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _hash(path: Path) -> str | None:
    try:
        status = path.stat()
        return _hash_of(path, status.st_size, status.st_mtime_ns)
    except OSError:
        return None


def _processes() -> list[str]:
    names: set[str] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            names.add((folder / "comm").read_text(encoding="utf-8", errors="replace").strip())
        except OSError:
            continue
    return sorted(names)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())
