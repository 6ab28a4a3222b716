"""Processes, packages, user, space: each probe on real files and real small programs."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.environment import clocks, machine, packages
from evidence.environment.rows import Status, attempt
from evidence.environment.standing import from_text, identity, program_of, standing
from evidence.errors import FormatError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def tool(folder: Path, name: str, script: str) -> str:
    """Write a small program of that name; return the folder as a search path."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(folder)


def test_a_process_that_came_meanwhile_is_named(tmp_path: Path) -> None:
    before = machine.processes()
    program = shutil.copy("/bin/sleep", tmp_path / "ms-newcomer")
    child = subprocess.Popen([program, "60"])
    try:
        while Path(f"/proc/{child.pid}/comm").read_text() != "ms-newcomer\n":
            time.sleep(0.01)
        row = machine.processes_row(before, machine.processes())
    finally:
        child.kill()
        child.wait()
    assert row.data["more"].get("ms-newcomer") == 1
    assert row.status is Status.CHECKED


def test_without_proc_processes_are_not_checked(tmp_path: Path) -> None:
    row = attempt(
        "processes", lambda: machine.processes_row({}, machine.processes(tmp_path / "none"))
    )
    assert row.status is Status.NOT_CHECKED


def test_a_scanner_is_named_when_there_is_one_and_is_never_claimed_to_have_run(
    tmp_path: Path,
) -> None:
    assert machine.antivirus_row(str(tmp_path)).status is Status.NOT_CHECKED
    path = tool(tmp_path, "clamscan", "echo ClamAV 1.4/27000")
    row = machine.antivirus_row(path)
    assert (row.status, row.data["version"]) == (Status.NOT_CHECKED, "ClamAV 1.4/27000")


DPKG_QUERY = 'case "$*" in *--search*) echo "chromium: $2";; *Status*) echo installed;; esac'


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("", Status.CHECKED),
        ("??5?????? c /etc/chromium/policies", Status.CHECKED),
        ("missing     /usr/share/doc/chromium/copyright", Status.CHECKED),
        ("??5??????   /usr/lib/chromium/chromium", Status.DIFFERS),
        ("missing     /usr/lib/chromium/resources.pak", Status.DIFFERS),
    ],
)
def test_a_changed_file_of_a_package_differs(tmp_path: Path, said: str, status: Status) -> None:
    tool(tmp_path, "dpkg-query", DPKG_QUERY)
    path = tool(tmp_path, "dpkg", f"echo '{said}'")
    row = packages.packages_row("chromium", path)
    assert row.status is status
    assert "chromium" in row.data["packages"]


def test_a_verification_that_fails_or_hangs_is_not_checked(tmp_path: Path) -> None:
    path = tool(tmp_path, "dpkg", "echo dpkg: no such database >&2; exit 2")
    assert "no such database" in packages.packages_row("chromium", path).en
    assert packages.packages_row(None, str(tmp_path / "none")).status is Status.NOT_CHECKED


def test_a_program_without_a_package_is_said_to_have_none(tmp_path: Path) -> None:
    path = tool(tmp_path, "dpkg-query", "exit 1")
    assert packages.owner(Path("/opt/x"), path) is None
    assert packages.package_row(Path("/opt/x"), None).status is Status.NOT_CHECKED


def test_our_own_code_has_a_digest_and_a_place() -> None:
    row = packages.code_row("markseal 1")
    assert row.status is Status.CHECKED
    assert len(row.data["code_sha256"]) == 64


@pytest.fixture
def wheel(tmp_path: Path) -> list[importlib.metadata.PackagePath]:
    """The files of an installed wheel, as its RECORD lists them."""
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/a.py").write_text("a = 1\n")
    (tmp_path / "evidence/b.py").write_text("b = 1\n")
    info = tmp_path / "markseal-1.dist-info"
    info.mkdir()
    rows = []
    for name in ("evidence/a.py", "evidence/b.py"):
        raw = hashlib.sha256((tmp_path / name).read_bytes()).digest()
        digest = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},6\n")
    (info / "RECORD").write_text("".join(rows) + "markseal-1.dist-info/RECORD,,\n")
    files = importlib.metadata.Distribution.at(info).files or []
    return [f for f in files if f.hash]


def test_a_wheel_is_held_against_its_record(
    wheel: list[importlib.metadata.PackagePath], tmp_path: Path
) -> None:
    row = packages.code_row("markseal 1", recorded=wheel)
    assert (row.status, row.data["recorded_files"]) == (Status.CHECKED, 2)
    (tmp_path / "evidence/a.py").write_text("a = 2\n")
    row = packages.code_row("markseal 1", recorded=wheel)
    assert (row.status, row.data["changed"]) == (Status.DIFFERS, ["evidence/a.py"])
    (tmp_path / "evidence/b.py").unlink()
    assert packages.changed(wheel) == ["evidence/a.py", "evidence/b.py"]


def test_the_libraries_of_the_capture_are_held_against_their_records() -> None:
    row = packages.libraries_row(["rfc8785", "no-such-library"])
    assert row.status is Status.CHECKED
    assert row.data["without_record"] == ["no-such-library"]
    assert packages.libraries_row(["no-such-library"]).status is Status.NOT_CHECKED


def test_a_source_trees_commit_is_read_without_git(tmp_path: Path) -> None:
    place = tmp_path / ".git"
    (place / "refs/heads").mkdir(parents=True)
    assert packages.commit(tmp_path) is None
    (place / "HEAD").write_text("ref: refs/heads/main\n")
    (place / "packed-refs").write_text(f"# pack\n{'b' * 40} refs/heads/main\n")
    assert packages.commit(tmp_path) == "b" * 40
    (place / "refs/heads/main").write_text("a" * 40 + "\n")
    assert packages.commit(tmp_path) == "a" * 40


def test_the_system_is_named_with_digests(tmp_path: Path) -> None:
    (tmp_path / "release").write_text('PRETTY_NAME="Debian GNU/Linux 12"\n')
    (tmp_path / "boot").write_text("0-1-2\n")
    row = machine.image_row(tmp_path / "release", tmp_path / "boot", tmp_path / "none")
    assert (row.data["os"], row.data["packages_sha256"]) == ("Debian GNU/Linux 12", "not checked")


def test_virtual_machines_are_named_by_whoever_knows(tmp_path: Path) -> None:
    path = tool(tmp_path / "bin", "systemd-detect-virt", "echo kvm")
    assert machine.virtualisation_row(path).data["kind"] == "kvm"
    none = str(tmp_path / "none")
    (tmp_path / "dmi").mkdir()
    assert machine.virtualisation_row(none, tmp_path / "dmi", tmp_path).status is Status.NOT_CHECKED
    (tmp_path / "dmi/sys_vendor").write_text("QEMU\n")
    assert machine.virtualisation_row(none, tmp_path / "dmi", tmp_path).data["kind"] == "QEMU"
    (tmp_path / ".dockerenv").touch()
    assert machine.virtualisation_row(none, tmp_path / "dmi", tmp_path).data["kind"] == "container"


def test_root_little_memory_and_odd_tables_are_told(tmp_path: Path) -> None:
    assert machine.user_row("root", 0).status is Status.DIFFERS
    assert machine.user_row("li", 1000).status is Status.CHECKED
    assert machine.disk_row(tmp_path).data["total_bytes"] > 0
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8000000 kB\nMemAvailable: 100000 kB\n")
    assert machine.memory_row(meminfo).status is Status.DIFFERS
    meminfo.write_text("MemTotal: many\n")
    assert attempt("memory", lambda: machine.memory_row(meminfo)).status is Status.NOT_CHECKED


def look(wall: str, monotonic: str) -> dict[str, str]:
    return {"wall": f"2026-01-01T00:00:{wall}Z", "monotonic": monotonic}


def test_a_clock_that_was_set_during_the_capture_differs() -> None:
    same = clocks.clock_row(look("00.000000", "5.0"), look("10.100000", "15.1"))
    assert (same.status, same.data["difference_seconds"]) == (Status.CHECKED, "0.000000")
    moved = clocks.clock_row(look("00.000000", "5.0"), look("10.000000", "25.0"))
    assert (moved.status, moved.data["difference_seconds"]) == (Status.DIFFERS, "-10.000000")


def test_the_kernels_word_on_synchronisation_is_kept() -> None:
    assert clocks.sync_row(lambda: (0, 0x2001, 500)).status is Status.CHECKED
    assert clocks.sync_row(lambda: (0, 0x40, 500)).status is Status.DIFFERS
    assert clocks.sync_row(lambda: (5, 0, 500)).status is Status.DIFFERS
    assert clocks.sync_row(lambda: (9, 0, 500)).status is Status.NOT_CHECKED
    real = attempt("time_sync", clocks.sync_row)
    assert real.data or real.status is Status.NOT_CHECKED


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    path = tmp_path / "browser"
    path.write_bytes(b"\x7fELF one")
    return path


def test_a_standing_look_is_kept_for_an_hour_and_for_this_very_file(
    browser: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "kept/standing.json"
    first = standing(browser, clock=lambda: NOW, cache=cache)
    assert from_text(cache.read_text()) == first
    assert cache.stat().st_mode & 0o077 == 0
    soon, late = NOW + timedelta(minutes=59), NOW + timedelta(minutes=61)
    assert standing(browser, clock=lambda: soon, cache=cache).looked == NOW
    assert standing(browser, clock=lambda: late, cache=cache).looked == late
    browser.write_bytes(b"\x7fELF two")
    again = standing(browser, clock=lambda: late, cache=cache)
    assert again.browser_sha256 != first.browser_sha256
    assert again.holds(browser, late)
    assert not again.holds(browser, NOW)
    assert not again.holds(None, late)


def test_a_kept_look_that_was_tampered_with_or_cannot_be_kept_is_made_anew(
    tmp_path: Path,
) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"\x7fELF three")
    cache = tmp_path / "standing.json"
    cache.write_text('{"looked":"soon"}')
    assert standing(other, clock=lambda: NOW, cache=cache).looked == NOW
    with pytest.raises(FormatError):
        from_text('{"looked":"soon"}')
    with pytest.raises(FormatError):
        from_text("")
    cache.unlink()
    cache.mkdir()
    third = tmp_path / "third"
    third.write_bytes(b"\x7fELF four")
    assert standing(third, clock=lambda: NOW, cache=cache).browser_sha256


def test_the_program_behind_a_start_script_is_found(tmp_path: Path) -> None:
    script = tmp_path / "chromium"
    script.write_text("#!/bin/sh\n")
    (tmp_path / "chrome").write_bytes(b"\x7fELF")
    assert program_of(script) == tmp_path / "chrome"
    assert program_of(tmp_path / "none") == tmp_path / "none"
    assert identity(tmp_path / "none") == {"path": str(tmp_path / "none")}
    assert program_of(Path(sys.executable)) == Path(sys.executable).resolve()
    assert os.access(program_of(Path(sys.executable)), os.X_OK)
