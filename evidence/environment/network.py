"""The ways out of this machine: name files, proxies, routes, addresses."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evidence.environment.rows import Row, checked, differs, not_checked, printable, read_text

NAME_FILES = {
    "hosts": Path("/etc/hosts"),
    "resolv_conf": Path("/etc/resolv.conf"),
    "nsswitch": Path("/etc/nsswitch.conf"),
}
_PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy")
_CONTENT_LIMIT = 16_384
_ROUTE_LIMIT = 200
_UP = 0x1
_SECRET = re.compile(r"://[^/@\s]*@")


def name_file(path: Path) -> dict[str, Any]:
    """Return path, hash and content (up to 16 KiB) of a name file, or why it was not read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return {"path": str(path), "not_checked": error.strerror or "unreadable"}
    return {
        "path": str(path),
        "sha256": hashlib.sha256(data).hexdigest(),
        "content": printable(data.decode("utf-8", "replace"), _CONTENT_LIMIT),
    }


def name_file_row(topic: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Row:
    """Return ``differs`` when the file changed between the two looks."""
    if "not_checked" in before or "not_checked" in after:
        why = before.get("not_checked") or after.get("not_checked")
        return not_checked(topic, f"未能读取（{why}）。", f"It could not be read ({why}).")
    path, lines = before["path"], _entries(before["content"])
    data = {"path": path, "before_sha256": before["sha256"], "after_sha256": after["sha256"]}
    data |= {"entries": lines[:100]}
    if before["sha256"] != after["sha256"]:
        return differs(
            topic,
            f"{path} 在取证期间被改动。",
            f"{path} was changed during the capture.",
            **data,
            entries_after=_entries(after["content"])[:100],
        )
    return checked(
        topic,
        f"{path} 取证前后一致，共 {len(lines)} 行有效内容。",
        f"{path} was the same before and after; lines in force: {len(lines)}.",
        **data,
    )


def _entries(content: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in content.splitlines())
    return [" ".join(line.split()) for line in lines if line]


def proxy_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the proxy variables that are set; their values may hold passwords."""
    return sorted(n for n in environ if n.lower() in _PROXY_NAMES and environ[n])


def proxy_variables_row(names: list[str], *, guarded: bool) -> Row:
    """Return the row; the browser's own flags overrule these variables when it is guarded."""
    data = {"names": names}
    if not names:
        return checked("proxy_variables", "未设置代理变量。", "No proxy variable is set.", **data)
    listed = ", ".join(names)
    if guarded:
        return checked(
            "proxy_variables",
            f"设有代理变量（{listed}），但浏览器只走出口守卫。",
            f"Proxy variables are set ({listed}), but the browser goes by the guard alone.",
            **data,
        )
    return differs(
        "proxy_variables",
        f"设有代理变量（{listed}）。",
        f"Proxy variables are set ({listed}).",
        **data,
    )


def system_proxy_row(path: Path = Path("/etc/environment")) -> Row:
    """Return which proxies the system's own settings file names; desktop settings are not read."""
    text = read_text(path) if path.exists() else ""
    found = [
        _SECRET.sub("://***@", line.strip())
        for line in text.splitlines()
        if line.split("=")[0].replace("export ", "").strip().lower() in _PROXY_NAMES
    ]
    if found:
        return differs(
            "system_proxy",
            f"{path} 设有代理，但浏览器启动参数另有指定。",
            f"{path} names a proxy; the browser's flags say which way it really goes.",
            lines=found,
        )
    return checked("system_proxy", f"{path} 未设代理。", f"{path} names no proxy.")


def routes(
    v4: Path = Path("/proc/net/route"), v6: Path = Path("/proc/net/ipv6_route")
) -> list[dict[str, str]]:
    """Return the routes in force (proc(5)), v4 then v6; raises OSError or ValueError."""
    found = [_route4(line.split()) for line in v4.read_text("ascii").splitlines()[1:]]
    if v6.exists():
        found += [_route6(line.split()) for line in v6.read_text("ascii").splitlines()]
    return [route for route in found if route][:_ROUTE_LIMIT]


def _route4(fields: list[str]) -> dict[str, str]:
    if len(fields) < 8 or not int(fields[3], 16) & _UP:
        return {}
    bits = bin(int(fields[7], 16)).count("1")
    return {
        "to": f"{_address4(fields[1])}/{bits}",
        "by": _address4(fields[2]),
        "interface": fields[0],
    }


def _address4(hexadecimal: str) -> str:
    return socket.inet_ntoa(struct.pack("=I", int(hexadecimal, 16)))


def _route6(fields: list[str]) -> dict[str, str]:
    if len(fields) < 10 or not int(fields[8], 16) & _UP:
        return {}
    target = ipaddress.IPv6Address(int(fields[0], 16))
    by = ipaddress.IPv6Address(int(fields[4], 16))
    return {"to": f"{target}/{int(fields[1], 16)}", "by": str(by), "interface": fields[9]}


def routes_row(before: list[dict[str, str]], after: list[dict[str, str]]) -> Row:
    """Return the row of the routing table; ``differs`` when it changed between the looks."""
    ways = sum(1 for route in after if route["to"].endswith("/0") and route["interface"] != "lo")
    zh = f"共 {len(after)} 条路由，其中默认路由 {ways} 条"
    en = f"{len(after)} routes, {ways} of them default routes"
    if before != after:
        return differs(
            "routes",
            f"{zh}；取证期间有变动。",
            f"{en}; they changed during the capture.",
            routes=after,
            before=before,
        )
    return checked("routes", f"{zh}。", f"{en}.", routes=after)


def addresses(
    v4: Path = Path("/proc/net/fib_trie"), v6: Path = Path("/proc/net/if_inet6")
) -> list[str]:
    """Return this machine's own addresses, this-machine-only ones included."""
    found: dict[str, None] = {}
    last = ""
    for line in v4.read_text("ascii").splitlines():
        match = re.search(r"\|-- ([0-9.]+)", line)
        if match:
            last = match[1]
        elif "/32 host LOCAL" in line and last:
            found[last] = None
    if v6.exists():
        for line in v6.read_text("ascii").splitlines():
            found[str(ipaddress.IPv6Address(int(line.split()[0], 16)))] = None
    return list(found)


def addresses_row(before: list[str], after: list[str]) -> Row:
    """Return the row of this machine's addresses; ``differs`` when they changed meanwhile."""
    outward = [a for a in after if not ipaddress.ip_address(a).is_loopback]
    zh = f"本机地址 {len(outward)} 个（不含回环）：{'、'.join(outward[:10]) or '无'}"
    en = f"{len(outward)} addresses besides loopback: {', '.join(outward[:10]) or 'none'}"
    if sorted(before) != sorted(after):
        return differs(
            "addresses",
            f"{zh}；取证期间有变动。",
            f"{en}; they changed during the capture.",
            addresses=after,
            before=before,
        )
    return checked("addresses", f"{zh}。", f"{en}.", addresses=after)


def ways_out() -> dict[str, Any]:
    """Return routes and addresses of now; one that cannot be read has a reason instead."""
    found: dict[str, Any] = {}
    for name, look in (("routes", routes), ("addresses", addresses)):
        try:
            found[name] = look()
        except (OSError, ValueError, LookupError) as error:
            found[name] = {"not_checked": printable(str(error), 200)}
    return found


def compared(topic: str, before: Any, after: Any, judge: Callable[[Any, Any], Row]) -> Row:
    """Return what ``judge`` says of two looks, or ``not checked`` where one was not possible."""
    for look in (before, after):
        if isinstance(look, dict):
            why = look["not_checked"]
            return not_checked(topic, f"未能读取（{why}）。", f"It could not be read ({why}).")
    return judge(before, after)
