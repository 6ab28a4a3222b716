"""The machine itself: processes, user, virtualisation, disk, memory, operating system."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidence.environment.rows import Row, checked, differs, not_checked, printable, read_text, run

PROC = Path("/proc")
LOW_DISK = 1 << 30
LOW_MEMORY = 200 << 20
_KERNEL_WORKER = re.compile(r"^kworker/.*")
_SCANNERS = ("clamdscan", "clamscan")
_MACHINE_FILES = ("sys_vendor", "product_name")


def processes(proc: Path = PROC) -> dict[str, int]:
    """Return how many processes of each name run; raises OSError without a /proc."""
    names: Counter[str] = Counter()
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            raw = (folder / "comm").read_bytes()
        except OSError:
            continue  # it ended between the two calls
        name = printable(raw.decode("utf-8", "replace").strip(), 64)
        names[_KERNEL_WORKER.sub("kworker", name)] += 1
    return dict(sorted(names.items()))


def processes_row(before: Mapping[str, int], after: Mapping[str, int]) -> Row:
    """Return the row; names of which there were more afterwards are listed, and not judged."""
    came = {name: n - before.get(name, 0) for name, n in after.items() if n > before.get(name, 0)}
    data = {"before": dict(before), "after": dict(after), "more": came}
    count, later = sum(before.values()), sum(after.values())
    return checked(
        "processes",
        f"取证前 {count} 个进程，取证后 {later} 个；其间增加：{'、'.join(came) or '无'}。",
        f"{count} processes before, {later} after; more of: {', '.join(came) or 'none'}.",
        **data,
    )


def antivirus_row(path: str | None = None) -> Row:
    """Return whether a scanner is there; no scan is made during a capture."""
    for name in _SCANNERS:
        found = shutil.which(name, path=path)
        if found:
            said = run([found, "--version"], seconds=5).stdout.strip()[:200]
            return not_checked(
                "antivirus",
                f"本机装有 {said or name}，但取证时未做查杀。",
                f"{said or name} is installed, but no scan is made during a capture.",
                version=printable(said, 200),
            )
    return not_checked("antivirus", "本机未安装 ClamAV。", "ClamAV is not on this machine.")


def image_row(
    release: Path = Path("/etc/os-release"),
    boot: Path = Path("/proc/sys/kernel/random/boot_id"),
    installed: Path = Path("/var/lib/dpkg/status"),
) -> Row:
    """Return system, kernel, start of the machine, and a digest of the packages installed."""
    text = read_text(release)
    named = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    name = named.get("PRETTY_NAME", "").strip('"') or "Linux"
    data = {
        "os": name,
        "os_release_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "kernel": platform.release(),
        "kernel_build": platform.version(),
        "machine": platform.machine(),
        "boot_id": read_text(boot).strip(),
        "packages_sha256": _hash(installed),
    }
    return checked(
        "image",
        f"{name}，内核 {data['kernel']}，{data['machine']}。",
        f"{name}, kernel {data['kernel']}, {data['machine']}.",
        **data,
    )


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError:
        return "not checked"


def user_row(name: str, number: int) -> Row:
    """Return the row; a capture as root is as it should not be."""
    data = {"user": name, "user_id": number}
    if number == 0:
        return differs(
            "user",
            f"以 root 身份（{name}）运行。",
            f"Run as root ({name}); an ordinary user is safer.",
            **data,
        )
    return checked("user", f"普通用户 {name}。", f"Ordinary user {name}.", **data)


def user_name() -> str:
    """Return the name of the user this runs as, or the number without one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def virtualisation_row(
    path: str | None = None, dmi: Path = Path("/sys/class/dmi/id"), marker: Path = Path("/")
) -> Row:
    """Return the kind of virtual machine or container, as systemd or the DMI table names it."""
    tool = shutil.which("systemd-detect-virt", path=path)
    if tool:
        kind = run([tool], seconds=5).stdout.strip()
        if kind:
            data = {"kind": kind, "by": "systemd-detect-virt"}
            return _virtual(kind, data)
    if (marker / ".dockerenv").exists() or (marker / "run/.containerenv").exists():
        return _virtual("container", {"kind": "container", "by": "marker file"})
    named = " ".join(read_text(dmi / n).strip() for n in _MACHINE_FILES if (dmi / n).exists())
    if named:
        return _virtual(named, {"kind": named, "by": "DMI"})
    return not_checked(
        "virtualisation", "本机未提供虚拟化信息。", "Nothing on this machine tells it."
    )


def _virtual(kind: str, data: Mapping[str, Any]) -> Row:
    if kind == "none":
        return checked("virtualisation", "物理机。", "A machine of its own, not virtual.", **data)
    return checked("virtualisation", f"{kind}。", f"{kind}.", **data)


def disk_row(folder: Path) -> Row:
    """Return the space left where the capture is written; under 1 GiB is too little."""
    usage = shutil.disk_usage(folder)
    data = {"free_bytes": usage.free, "total_bytes": usage.total}
    left = f"{usage.free / (1 << 30):.1f} GiB"
    if usage.free < LOW_DISK:
        return differs("disk", f"剩余空间仅 {left}。", f"Only {left} are left.", **data)
    return checked("disk", f"剩余空间 {left}。", f"{left} are left.", **data)


def memory_row(path: Path = PROC / "meminfo") -> Row:
    """Return total and available memory (proc(5), kB turned into bytes)."""
    fields = dict(line.split(":", 1) for line in read_text(path).splitlines() if ":" in line)
    total, free = (int(fields[n].split()[0]) * 1024 for n in ("MemTotal", "MemAvailable"))
    data = {"total_bytes": total, "available_bytes": free}
    left = f"{free / (1 << 30):.1f} GiB"
    if free < LOW_MEMORY:
        return differs("memory", f"可用内存仅 {left}。", f"Only {left} are available.", **data)
    return checked("memory", f"可用内存 {left}。", f"{left} are available.", **data)
