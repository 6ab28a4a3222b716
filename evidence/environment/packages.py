"""Whether the programs are as their makers shipped them: system packages, and our own code."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import shutil
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from evidence.environment.rows import Row, checked, differs, not_checked, printable, run

SECONDS = 20.0
ROOT = Path(__file__).resolve().parent.parent
_TOOL = ("evidence", "egress")
_SUPPORT = ("openssl", "libssl3", "libssl3t64", "ca-certificates", "libnss3")
_LEFT_OUT = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/")
_LIBRARIES = ("playwright", "cryptography", "rfc8785", "rfc3161-client", "pillow", "hpack")
_LIMIT = 50
Recorded = list[importlib.metadata.PackagePath]


def owner(path: Path, tools: str | None = None) -> str | None:
    """Return the package that owns a file (dpkg or rpm), or None; raises OSError."""
    dpkg, rpm = shutil.which("dpkg-query", path=tools), shutil.which("rpm", path=tools)
    if dpkg:
        said = run([dpkg, "--search", str(path)], seconds=SECONDS)
        if said.returncode == 0:
            return said.stdout.splitlines()[0].partition(": ")[0].split(",")[0]
    elif rpm:
        said = run([rpm, "-qf", str(path)], seconds=SECONDS)
        if said.returncode == 0:
            return said.stdout.splitlines()[0].strip()
    return None


def package_row(binary: Path, name: str | None, tools: str | None = None) -> Row:
    """Return which package the browser came in, with its version."""
    if name is None:
        return not_checked(
            "browser_package",
            "该程序不属于任何系统软件包（可能由 Playwright 下载）。",
            "No system package owns it (a download of Playwright's, it may be).",
        )
    dpkg = shutil.which("dpkg-query", path=tools)
    version = ""
    if dpkg:
        asked = [dpkg, "--show", "--showformat=${Version} ${Architecture}", name]
        version = run(asked, seconds=SECONDS).stdout.strip()
    data = {"package": name, "version": printable(version, 100), "file": binary.name}
    return checked("browser_package", f"{name} {version}。", f"{name} {version}.", **data)


def packages_row(browser: str | None, tools: str | None = None) -> Row:
    """Return whether the files of the packages that matter are as they were shipped.

    The packages' own checksums (MD5 in dpkg) find accidents and careless changes; who can
    change the list of checksums too is not found.
    """
    names = [n for n in (browser, owner(Path(sys.executable).resolve(), tools)) if n]
    dpkg, rpm = shutil.which("dpkg", path=tools), shutil.which("rpm", path=tools)
    if dpkg:
        names += [n for n in _SUPPORT if _is_installed(n, tools)]
        command = [dpkg, "--verify"]
    elif rpm:
        names += [n for n in ("openssl-libs", "ca-certificates", "nss") if _is_installed(n, tools)]
        command = [rpm, "-V"]
    else:
        return not_checked(
            "packages", "本系统没有 dpkg 或 rpm。", "This system has neither dpkg nor rpm."
        )
    wanted = list(dict.fromkeys(names))
    said = run([*command, *wanted], seconds=SECONDS)
    if said.stderr.strip() and not said.stdout.strip():
        why = printable(said.stderr.strip().splitlines()[0], 200)
        return not_checked("packages", f"未能核验（{why}）。", f"Not possible ({why}).")
    return _judge(wanted, said.stdout.splitlines())


def _is_installed(name: str, tools: str | None) -> bool:
    dpkg = shutil.which("dpkg-query", path=tools)
    if dpkg:
        asked = [dpkg, "--show", "--showformat=${db:Status-Status}", name]
        return run(asked, seconds=SECONDS).stdout.strip() == "installed"
    rpm = shutil.which("rpm", path=tools)
    return rpm is not None and run([rpm, "-q", name], seconds=SECONDS).returncode == 0


def _judge(names: list[str], lines: Iterable[str]) -> Row:
    """``??5?????? c /path``: 5 is a digest that differs, ``missing`` a file that is gone."""
    changed, settings, absent = [], [], []
    for line in (printable(item, 300).strip() for item in lines):
        path = "/" + line.partition(" /")[2]
        if line.startswith("missing") and path.startswith(_LEFT_OUT):
            absent.append(path)
        elif " c /" in line:
            settings.append(path)
        elif line:
            changed.append(line)
    data: dict[str, Any] = {
        "packages": names,
        "changed": changed[:_LIMIT],
        "settings_changed": settings[:_LIMIT],
        "documentation_absent": len(absent),
    }
    if changed:
        return differs(
            "packages",
            f"软件包中有 {len(changed)} 个文件与发布时不同。",
            f"{len(changed)} files are not as their packages shipped them.",
            **data,
        )
    return checked(
        "packages",
        f"{len(names)} 个软件包的文件与发布时一致。",
        f"The files of {len(names)} packages are as shipped.",
        **data,
    )


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return one SHA-256 over every file of the capture tool and its guard, in name order.

    Raises OSError when a folder or file of them cannot be read: half a digest is none.
    """
    digest = hashlib.sha256()
    for room in _TOOL:
        for path in sorted(_files(ROOT.parent / room)):
            digest.update(path.relative_to(ROOT.parent).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if path.name != "__pycache__":
                yield from _files(path)
        elif path.is_file():
            yield path


def code_row(software: str, *, recorded: Recorded | None = None) -> Row:
    """Return our own code's digest, held against the wheel's RECORD or named by its commit.

    ``recorded`` are the files of that RECORD; default: those of this installation.
    """
    data: dict[str, Any] = {"software": software, "code_sha256": code_digest()}
    ours = [f for f in recorded or files_of("markseal") if f.parts[0] in _TOOL]
    if ours:
        wrong = changed(ours)
        data |= {"recorded_files": len(ours), "changed": wrong[:_LIMIT]}
        if wrong:
            return differs(
                "code",
                f"{software}：{len(wrong)} 个文件与安装时不同。",
                f"{software}: {len(wrong)} files are not as installed.",
                **data,
            )
        return checked(
            "code",
            f"{software}，{len(ours)} 个文件与安装清单（RECORD）一致。",
            f"{software}, {len(ours)} files as in the wheel's RECORD.",
            **data,
        )
    data["commit"] = commit(ROOT.parent) or "not known"
    return checked(
        "code",
        f"{software}，由源代码运行，摘要已记录，提交 {data['commit'][:12]}。",
        f"{software}, run from its source; digest recorded; commit {data['commit'][:12]}.",
        **data,
    )


def libraries_row(names: Iterable[str] = _LIBRARIES) -> Row:
    """Return whether the libraries the capture rests on are as their wheels' RECORDs say."""
    held = {name: files_of(name) for name in names}
    wrong = [str(path) for files in held.values() for path in changed(files)]
    absent = [name for name, files in held.items() if not files]
    data: dict[str, Any] = {
        "libraries": {name: len(files) for name, files in held.items() if files},
        "without_record": absent,
        "changed": wrong[:_LIMIT],
    }
    if wrong:
        return differs(
            "libraries",
            f"{len(wrong)} 个库文件与安装时不同。",
            f"{len(wrong)} files are not as installed.",
            **data,
        )
    count = sum(map(len, held.values()))
    if not count:
        return not_checked(
            "libraries", "未找到各库的安装清单。", "The libraries have no RECORD here.", **data
        )
    return checked(
        "libraries",
        f"{len(held) - len(absent)} 个库的 {count} 个文件与安装清单（RECORD）一致。",
        f"{count} files of {len(held) - len(absent)} libraries are as in their RECORDs.",
        **data,
    )


def files_of(name: str) -> Recorded:
    """Return the files of an installed distribution that its RECORD gives a digest of."""
    try:
        files = importlib.metadata.distribution(name).files or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [f for f in files if f.hash is not None and f.suffix != ".pyc"]


def changed(files: Iterable[importlib.metadata.PackagePath]) -> list[str]:
    """Return the names of the files that do not have their recorded digest, or are gone."""
    return [str(f) for f in files if not _as_recorded(Path(str(f.locate())), f.hash)]


def _as_recorded(path: Path, recorded: importlib.metadata.FileHash | None) -> bool:
    if recorded is None:
        return False
    try:
        with path.open("rb") as source:
            raw = hashlib.file_digest(source, recorded.mode).digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == recorded.value


def commit(folder: Path) -> str | None:
    """Return the commit that a source tree stands at, read from its .git, or None."""
    place = folder / ".git"
    try:
        head = (place / "HEAD").read_text("ascii").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (place / name).exists():
            return (place / name).read_text("ascii").strip()
        packed = (place / "packed-refs").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)
