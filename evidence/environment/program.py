"""The browser as it really ran: binary, flags, sandbox in force, policies, added certificates."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.environment.rows import Row, checked, differs, not_checked

PROC = Path("/proc")
POLICY_FOLDERS = (
    Path("/etc/chromium/policies/managed"),
    Path("/etc/chromium/policies/recommended"),
    Path("/etc/opt/chrome/policies/managed"),
    Path("/etc/opt/chrome/policies/recommended"),
)
_FILTER = "2"


@dataclass(frozen=True)
class Renderer:
    """How one renderer process is held, as the kernel has it (proc(5), status)."""

    pid: int
    seccomp: str
    no_new_privileges: bool
    process_namespaces: int
    user_id: str

    @property
    def confined(self) -> bool:
        """Whether its system calls are filtered and it can gain no rights."""
        return self.seccomp == _FILTER and self.no_new_privileges


def renderers(browser: int | None, proc: Path = PROC) -> tuple[Renderer, ...]:
    """Return the renderer processes below the browser with this process id, while it runs."""
    if browser is None:
        return ()
    pids = [int(name) for name in os.listdir(proc) if name.isdigit()]  # noqa: PTH208 - quick
    found = [pid for pid in pids if _is_renderer(proc, pid)]
    held = [(pid, _status(proc, pid)) for pid in found if _is_below(pid, browser, proc)]
    return tuple(_renderer(pid, status) for pid, status in held if "Seccomp" in status)


def _status(proc: Path, pid: int) -> dict[str, str]:
    try:
        text = (proc / str(pid) / "status").read_text("utf-8", "replace")
    except OSError:
        return {}
    return {
        name: value.strip()
        for name, _, value in (line.partition(":") for line in text.splitlines())
    }


def _is_renderer(proc: Path, pid: int) -> bool:
    try:
        with open(f"{proc}/{pid}/cmdline", "rb") as source:  # noqa: PTH123 - quick
            return b"--type=renderer" in source.read()
    except OSError:
        return False


def _is_below(pid: int, above: int, proc: Path) -> bool:
    for _ in range(64):
        if pid == above:
            return True
        pid = int(_status(proc, pid).get("PPid", "0"))
        if pid == 0:
            return False
    return False


def _renderer(pid: int, status: Mapping[str, str]) -> Renderer:
    return Renderer(
        pid=pid,
        seccomp=status.get("Seccomp", ""),
        no_new_privileges=status.get("NoNewPrivs") == "1",
        process_namespaces=max(1, len(status.get("NSpid", "").split())),
        user_id=status.get("Uid", "").split("\t")[0],
    )


def sandbox_row(*, wanted: bool, found: Iterable[Renderer]) -> Row:
    """Return whether the sandbox that the order asks for was really in force."""
    held = list(found)
    data: dict[str, Any] = {
        "asked_for": "on" if wanted else "off",
        "renderers": [
            {
                "seccomp": {"0": "none", "1": "strict", _FILTER: "filter"}.get(r.seccomp, "?"),
                "no_new_privileges": r.no_new_privileges,
                "process_namespaces": r.process_namespaces,
                "user_id": r.user_id,
            }
            for r in held
        ],
    }
    if not wanted:
        return differs(
            "sandbox",
            "按设置关闭了沙箱（MARKSEAL_NO_SANDBOX=1）。",
            "The sandbox was off, by setting (MARKSEAL_NO_SANDBOX=1).",
            **data,
        )
    if not held:
        return not_checked(
            "sandbox",
            "要求启用沙箱，但未能在 /proc 中找到渲染进程。",
            "It was asked for, but no renderer was found in /proc.",
            **data,
        )
    if not all(r.confined for r in held):
        return differs(
            "sandbox",
            "要求启用沙箱，但有渲染进程未受限制。",
            "It was asked for, but a renderer was not confined.",
            **data,
        )
    return checked(
        "sandbox",
        f"沙箱实际生效：{len(held)} 个渲染进程均受系统调用过滤，且不能提升权限。",
        f"In force: all {len(held)} renderers have filtered system calls and can gain no rights.",
        **data,
    )


def flags_row(flags: Iterable[str]) -> Row:
    """Return the flags of the running process; ``differs`` when they switch a protection off."""
    listed = list(flags)
    if not listed:
        return not_checked(
            "browser_flags",
            "未能在 /proc 中找到浏览器进程。",
            "The process was not found in /proc.",
        )
    data = {"flags": listed}
    loose = [f for f in listed if f.split("=")[0] in _WEAKENING and not f.endswith("=")]
    if loose:
        return differs(
            "browser_flags",
            f"{len(listed)} 个参数，其中削弱保护的：{'、'.join(loose)}。",
            f"{len(listed)} flags; these weaken a protection: {', '.join(loose)}.",
            **data,
        )
    return checked("browser_flags", f"{len(listed)} 个参数。", f"{len(listed)} flags.", **data)


_WEAKENING = frozenset(
    {
        "--disable-web-security",
        "--ignore-certificate-errors",
        "--ignore-certificate-errors-spki-list",
        "--no-sandbox",
        "--disable-seccomp-filter-sandbox",
        "--load-extension",
        "--allow-running-insecure-content",
    }
)


def policies_row(folders: Iterable[Path] = POLICY_FOLDERS) -> Row:
    """Return the policy files that this machine lays on the browser (they can add roots)."""
    found = [
        {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for folder in folders
        for path in sorted(folder.glob("*.json"))
    ]
    if found:
        return differs(
            "browser_policies",
            f"本机对浏览器设有 {len(found)} 个策略文件。",
            f"This machine lays {len(found)} policy files on the browser.",
            files=found,
        )
    return checked("browser_policies", "没有策略文件。", "There are no policy files.")


def user_certificates_row(home: Path) -> Row:
    """Return whether the user's own certificate store (NSS) holds anything the browser trusts."""
    store = home / ".pki/nssdb/cert9.db"
    if not store.exists():
        return checked(
            "user_certificates", "用户没有自装的证书。", "The user has no certificate store."
        )
    digest = hashlib.sha256(store.read_bytes()).hexdigest()
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro&immutable=1", uri=True)) as link:
            count = int(link.execute("SELECT count(*) FROM nssPublic").fetchone()[0])
    except sqlite3.Error as error:
        return not_checked(
            "user_certificates",
            f"证书库无法读取（{error}）。",
            f"The store could not be read ({error}).",
            sha256=digest,
        )
    data = {"sha256": digest, "objects": count}
    if count:
        return differs(
            "user_certificates",
            f"用户证书库中有 {count} 项自装内容。",
            f"The user's store holds {count} things of its own.",
            **data,
        )
    return checked("user_certificates", "用户证书库为空。", "The user's store is empty.", **data)


def system_roots_row(path: Path = Path("/etc/ssl/certs/ca-certificates.crt")) -> Row:
    """Return hash and count of the system's roots, which timestamp clients use."""
    data = path.read_bytes()
    count = data.count(b"-----BEGIN CERTIFICATE-----")
    return checked(
        "system_roots",
        f"{count} 个根证书。",
        f"{count} roots.",
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        count=count,
    )


def root_store_row(version: str | None) -> Row:
    """Return which version of Chromium's own root store judged the site's certificates."""
    if version:
        return checked(
            "root_store",
            f"浏览器内置根证书库第 {version} 版。",
            f"Version {version} of the browser's own root store.",
            version=version,
        )
    return not_checked(
        "root_store",
        "本次取证的浏览器日志未给出根证书库版本（例如没有加密连接）。",
        "The browser's log of this capture names no version (no TLS connection, for one).",
    )
