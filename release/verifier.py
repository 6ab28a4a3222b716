"""``make verifier``: the verifier alone as a small wheel, and all it needs beside it.

``python -m release.verifier [--out dist/verifier] [--python 3.11 …] [--only-wheel]``. The folder
is for a computer without a network: one wheel ``markseal_verify``, which shares no file with the
wheel of the service, the wheels of its three libraries (and theirs) for Linux and Windows, each
of a hash that requirements.txt names, their SHA256SUMS, and a note on how to install.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "dist" / "verifier"
ROOM = "markseal_verify"
PARTS = ("errors.py", "format", "verify")
"""What of ``evidence`` goes into the wheel, as test_layout holds it together."""
DIRECT = ("cryptography", "rfc3161-client", "rfc8785")
NEEDED = (*DIRECT, "cffi", "pycparser")
PLATFORMS = {
    "linux": tuple(
        f"{name}_x86_64"
        for name in ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
    ),
    "windows": ("win_amd64",),
}
PYTHONS = ("3.11", "3.12", "3.13")
_OWN = re.compile(r"\bevidence\.(?=errors|format|verify)")
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)")
PROJECT = """\
[build-system]
requires = ["setuptools>=78"]
build-backend = "setuptools.build_meta"

[project]
name = "markseal-verify"
version = "{version}"
description = "Verifies sealed web evidence offline: no network, no browser, no service."
requires-python = ">=3.11"
license = "Apache-2.0"
license-files = ["LICENSE"]
authors = [{{ name = "The markseal authors" }}]
dependencies = {dependencies}

[project.scripts]
markseal-verify = "{room}.__main__:main"

[tool.setuptools.packages.find]
include = ["{room}*"]

[tool.setuptools.package-data]
"*" = ["*.txt", "py.typed"]
"""
NOTE = """\
证据核验程序（离线安装）/ The evidence verifier (installed without a network)
================================================================================

需要 Python 3.11 至 3.13（64 位）；在本文件夹中执行：
Needs Python 3.11 to 3.13 (64 bit); in this folder:

  Windows:
    py -m venv verifier
    verifier\\Scripts\\python -m pip install --no-index -f . markseal-verify
    verifier\\Scripts\\markseal-verify EXHIBIT.dossier.zip --trust TRUST
  Linux:
    python3 -m venv verifier
    verifier/bin/python -m pip install --no-index -f . markseal-verify
    verifier/bin/markseal-verify EXHIBIT.dossier.zip --trust TRUST

安装前可用 sha256sum -c SHA256SUMS（Windows 为 certutil -hashfile 文件 SHA256）核对各文件。
信任文件夹须另行取得。退出码：0 通过，1 不通过，2 不是封装，3 未全部核查。
Before installing, compare the files with SHA256SUMS. The trust folder is received separately.
Exit code: 0 valid, 1 invalid, 2 not a package, 3 not everything was checked.
"""


def sources() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of the wheel: those of ``evidence``, under its name."""
    yield f"{ROOM}/__init__.py", b'"""Verifies sealed web evidence offline."""\n'
    entry = f"from {ROOM}.verify.__main__ import main\n\nif __name__ == '__main__':\n"
    yield f"{ROOM}/__main__.py", (entry + "    raise SystemExit(main())\n").encode()
    for part in PARTS:
        place = ROOT / "evidence" / part
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            name = f"{ROOM}/{path.relative_to(ROOT / 'evidence').as_posix()}"
            if path.suffix == ".py":
                yield name, _OWN.sub(f"{ROOM}.", path.read_text("utf-8")).encode()
            elif path.suffix == ".txt":
                yield name, path.read_bytes()


def pins(names: Sequence[str] = NEEDED) -> dict[str, str]:
    """Return for each library its lines of requirements.txt, without markers."""
    found: dict[str, str] = {}
    text = (ROOT / "requirements.txt").read_text("utf-8")
    for block in re.split(r"\n(?=\S)", text):
        match = _PIN.match(block)
        if match and match[1] in names:
            hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}", block)
            found[match[1]] = " \\\n    ".join([f"{match[1]}=={match[2]}", *hashes])
    missing = set(names) - set(found)
    if missing:
        raise SystemExit(f"requirements.txt pins no {', '.join(sorted(missing))}")
    return found


def ranges() -> list[str]:
    """Return the ranges of versions of the direct dependencies, as requirements.in has them."""
    lines = (ROOT / "requirements.in").read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith(DIRECT)]


def build_wheel(out: Path) -> Path:
    """Write the wheel into ``out`` and return it; the same sources give the same bytes."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for inner, data in sources():
            (folder / inner).parent.mkdir(parents=True, exist_ok=True)
            (folder / inner).write_bytes(data)
        shutil.copy(ROOT / "LICENSE", folder)
        project = PROJECT.format(version=version, dependencies=ranges(), room=ROOM)
        (folder / "pyproject.toml").write_text(project, "utf-8")
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        command += ["--no-build-isolation", "--no-index", "--wheel-dir", str(out), str(folder)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
        subprocess.run(command, check=True, env=environment)
    return next(out.glob(f"{ROOM}-*.whl"))


def fetch(out: Path, pythons: Sequence[str]) -> None:
    """Fetch the wheels of the libraries with pip, from wherever it is set up to fetch."""
    with tempfile.TemporaryDirectory() as name:
        wanted = Path(name) / "requirements.txt"
        wanted.write_text("\n".join(pins().values()) + "\n", "utf-8")
        for platforms in PLATFORMS.values():
            for version in pythons:
                command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
                command += ["--require-hashes", "--only-binary=:all:", "--implementation", "cp"]
                command += ["--python-version", version, "--dest", str(out), "-r", str(wanted)]
                for platform in platforms:
                    command += ["--platform", platform]
                subprocess.run(command, check=True)


def write_sums(out: Path) -> None:
    """Write the note and SHA256SUMS over all other files."""
    (out / "README.txt").write_text(NOTE, "utf-8", newline="\r\n")
    files = sorted(path for path in out.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (out / "SHA256SUMS").write_text("".join(lines), "utf-8")


def main() -> int:
    """Make the folder anew and name it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--python", nargs="+", default=PYTHONS)
    parser.add_argument("--only-wheel", action="store_true")
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    build_wheel(options.out)
    if not options.only_wheel:
        fetch(options.out, options.python)
    write_sums(options.out)
    count = len(list(options.out.glob("*.whl")))
    print(f"核验程序离线安装文件夹 / offline folder: {options.out} ({count} wheels)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
