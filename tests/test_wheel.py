"""The wheel, installed in an empty environment, works from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("crawler", "matcher", "evidence", "egress", "desk", "config")


def run(command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in names:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    done = run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--no-index", "--wheel-dir", str(folder), str(source)],
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return next(folder.glob("markseal-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel alone; its dependencies are lent by path."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    done = run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps",
         "--no-index", str(wheel)],
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def lend_dependencies(installed: Path) -> None:
    """Put the test environment's libraries on the path, without our editable install."""
    site = next((installed / "venv" / "lib").glob("python*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", "utf-8")


def test_the_wheel_carries_every_file_of_its_packages(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *PACKAGES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    expected = {name for name in names if (ROOT / name).is_file() and not name.endswith(".md")}
    assert expected - packed == set()
    assert "scheduler.py" in packed


def test_help_works_from_another_folder(installed: Path, tmp_path: Path) -> None:
    lend_dependencies(installed)
    done = run([str(installed / "venv" / "bin" / "markseal"), "--help"], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "verify" in done.stdout


def test_the_installed_code_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    lend_dependencies(installed)
    python = str(installed / "venv" / "bin" / "python")
    script = (
        "from importlib.util import find_spec as find; "
        "print(*(find(name).origin for name in ('desk.cli', 'scheduler', 'evidence', 'matcher')))"
    )
    done = run([python, "-c", script], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(installed)) == 4


def test_commands_work_from_another_folder(installed: Path, tmp_path: Path) -> None:
    lend_dependencies(installed)
    command = str(installed / "venv" / "bin" / "markseal")
    settings = run([command, "settings"], cwd=tmp_path)
    assert settings.returncode == 0, settings.stderr
    assert "MARKSEAL_HOME" in settings.stdout
    (tmp_path / "not-a-package.txt").write_text("nothing", "utf-8")
    verdict = run([command, "verify", "not-a-package.txt"], cwd=tmp_path)
    assert verdict.returncode == 2, verdict.stdout + verdict.stderr
