"""Backup and restore: consistent while captures run, whole or nothing, proved when it is back."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.errors import EvidenceError, FormatError, InputError, ProofError, SealError
from evidence.format.backupfile import by_passphrase, with_passphrase
from evidence.home import EvidenceHome
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore
from evidence.log.durable import locked
from evidence.succession.backup import BackedUp, back_up
from evidence.succession.keys import rotate_signer
from evidence.succession.restore import Restored, restore
from tests.evidence.succession.conftest import Office
from tests.evidence.succession.rig import ROOT, now, seal, verdict

WORDS = "十二个字以上的口令 twelve"
WRAP, OPEN = by_passphrase(WORDS, log_n=14), with_passphrase(WORDS)


def saved(home: EvidenceHome, out: Path) -> BackedUp:
    return back_up(home, out, WRAP, now=now())


def contents(folder: Path) -> dict[str, bytes]:
    """Return the plain files below a folder but for locks."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "lock" not in path.name and "sqlite3" not in path.name
    }


def test_everything_comes_back_and_is_proved(office: Office, tmp_path: Path) -> None:
    made = saved(office.home, tmp_path / "one.backup")
    assert (made.log_size, made.unfinished) == (2, ())
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN)
    assert found.sound
    assert [item.exit_code for item in found.exhibits] == [0]
    before, after = contents(office.home.path), contents(tmp_path / "new")
    narrower = {name for name in before if ".p/" in name and name not in after}
    assert narrower == {"log/tile/0/000.p/1", "log/tile/entries/000.p/1"}
    assert set(before) - narrower == set(after)
    moved = {name for name in after if before[name] != after[name]}
    assert {Path(name).name for name in moved} <= {"order.json", "done.json", "checkpoint.seen"}
    assert (found.home.keys / "signer.pem").stat().st_mode & 0o777 == 0o600
    seal(found.home, found.home.path / "exhibits/first", 2)
    dossier = found.home.path / "exhibits/first/2.dossier.zip"
    assert verdict(dossier, office.handed_out)["exit"] == 0


def test_nothing_of_it_can_be_read_without_the_passphrase(office: Office, tmp_path: Path) -> None:
    saved(office.home, tmp_path / "one.backup")
    data = (tmp_path / "one.backup").read_bytes()
    for secret in (b"PRIVATE KEY", b"markseal-entry", b"order.json", b"PK\x03\x04"):
        assert secret not in data
    with pytest.raises(ProofError, match="does not open"):
        restore(tmp_path / "one.backup", tmp_path / "new", with_passphrase("another passphrase"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("change", ["cut", "flip", "tail"])
def test_a_damaged_backup_leaves_nothing_behind(
    office: Office, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "one.backup"
    saved(office.home, path)
    data = bytearray(path.read_bytes())
    if change == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes(
        bytes(data[:-20]) if change == "cut" else bytes(data) + b"x" * (change == "tail")
    )
    with pytest.raises((ProofError, FormatError)):
        restore(path, tmp_path / "new", OPEN)
    assert not [p for p in tmp_path.iterdir() if "new" in p.name]


def test_nothing_is_overwritten(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "one.backup"
    saved(office.home, path)
    with pytest.raises(InputError, match="exists already"):
        saved(office.home, path)
    with pytest.raises(InputError, match="not an empty folder"):
        restore(path, office.home.path, OPEN)
    with pytest.raises(InputError, match="inside the data folder"):
        saved(office.home, office.home.path / "evidence" / "two.backup")


def test_a_running_capture_goes_in_as_its_order_only(office: Office, tmp_path: Path) -> None:
    work = office.home.work / f"{1:032x}"
    running = office.home.work / f"{9:032x}"
    running.mkdir()
    (running / "order.json").write_bytes((work / "order.json").read_bytes())
    (running / "snapshot").mkdir()
    (running / "snapshot/half.png").write_bytes(b"half")
    with locked(running / "lock"):
        made = saved(office.home, tmp_path / "one.backup")
    assert made.unfinished == (running.name,)
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN)
    assert [p.name for p in (found.home.work / running.name).iterdir()] == ["order.json"]


def test_a_backup_is_never_ahead_of_its_log(office: Office, tmp_path: Path) -> None:
    """A page is sealed after the checkpoint was taken and before the files are read."""

    def meanwhile(point: str) -> None:
        if point == "snapshot taken":
            seal(office.home, office.exhibits, 2)

    made = back_up(office.home, tmp_path / "one.backup", WRAP, now=now(), fault=meanwhile)
    assert made.log_size == 2
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN)
    assert found.sound
    assert found.audit.size == 2
    assert len(found.exhibits) == 1
    assert not (found.home.work / f"{2:032x}").exists() or (
        [p.name for p in (found.home.work / f"{2:032x}").iterdir()] == ["order.json"]
    )


def test_content_at_rest_comes_back_with_its_keys_and_not_without(
    office: Office, tmp_path: Path
) -> None:
    FolderStore(office.home).put(Kept(office.exhibits, "1"))
    assert not (office.exhibits / "1.dossier.zip").exists()
    made = saved(office.home, tmp_path / "one.backup")
    assert made.keys == tmp_path / "one.backup.keys"
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN)
    assert (found.sound, found.keys, found.absent) == (True, True, ())
    made.keys.unlink()
    without = restore(tmp_path / "one.backup", tmp_path / "later", OPEN)
    assert (without.sound, without.keys) == (False, False)
    assert not list((tmp_path / "later/evidence/keys").glob("*/*.key"))


def test_what_is_left_is_backed_up_when_the_keys_are_lost(office: Office, tmp_path: Path) -> None:
    for name in ("log.pem", "signer.pem"):
        (office.home.keys / name).unlink()
    saved(office.home, tmp_path / "one.backup")
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN)
    assert [item.exit_code for item in found.exhibits] == [0]
    assert (found.audit.clean, found.audit.size) == (True, 2)


def test_an_altered_exhibit_is_named(office: Office, tmp_path: Path) -> None:
    dossier = office.exhibits / "1.dossier.zip"
    data = bytearray(dossier.read_bytes())
    data[len(data) // 3] ^= 1
    dossier.write_bytes(bytes(data))
    saved(office.home, tmp_path / "one.backup")
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN)
    assert not found.sound
    assert [item.exit_code for item in found.exhibits] == [1]


def test_a_log_that_is_behind_is_told_and_not_written_to(office: Office, tmp_path: Path) -> None:
    saved(office.home, tmp_path / "one.backup")
    rotate_signer(office.home, now=now())
    known = tmp_path / "newer"
    known.write_bytes(office.home.open_log().store.newest().note)
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN, known=[known])
    assert (found.sound, found.audit.size) == (False, 2)
    assert found.ahead is not None
    assert found.ahead.head.size == 3
    with pytest.raises(EvidenceError, match="rolled back"):
        seal(found.home, tmp_path / "more", 3)


def test_a_file_without_checkpoints_is_refused_as_known(office: Office, tmp_path: Path) -> None:
    saved(office.home, tmp_path / "one.backup")
    (tmp_path / "note.txt").write_text("nothing")
    with pytest.raises(InputError, match="holds no checkpoint"):
        restore(tmp_path / "one.backup", tmp_path / "new", OPEN, known=[tmp_path / "note.txt"])
    assert not (tmp_path / "new").exists()


CHILD = """
import os, signal, sys
from pathlib import Path
from evidence.home import EvidenceHome
from tests.evidence.succession.test_backup import WRAP, now
from evidence.succession.backup import back_up
def kill(point):
    if point == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
back_up(EvidenceHome(Path(sys.argv[1])), Path(sys.argv[2]), WRAP, now=now(), fault=kill)
"""


@pytest.mark.parametrize("point", ["draft whole"])
def test_a_killed_backup_leaves_no_file_of_its_name(
    office: Office, tmp_path: Path, point: str
) -> None:
    out = tmp_path / "one.backup"
    command = [sys.executable, "-c", CHILD, str(office.home.path), str(out), point]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    saved(office.home, out)
    assert restore(out, tmp_path / "new", OPEN).sound


def test_a_full_disk_is_one_sentence_and_leaves_nothing(office: Office, tmp_path: Path) -> None:
    FolderStore(office.home).put(Kept(office.exhibits, "1"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(SealError, match="nothing is there"):
            saved(office.home, tmp_path / "one.backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not [p for p in tmp_path.iterdir() if "backup" in p.name]


def test_the_database_goes_with_it(office: Office, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    from desk.commands.dumping import database_dump

    path = office.home.path / "markseal.sqlite3"
    with closing(sqlite3.connect(path)) as one:
        one.execute("PRAGMA journal_mode=WAL")
        one.execute("CREATE TABLE t (n)")
        one.execute("INSERT INTO t VALUES (7)")
        one.commit()
        dump = database_dump(office.home.path, "")
        back_up(office.home, tmp_path / "one.backup", WRAP, now=now(), dump=dump)
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN)
    assert isinstance(found, Restored)
    with closing(sqlite3.connect(found.home.path / "markseal.sqlite3")) as two:
        assert two.execute("SELECT n FROM t").fetchall() == [(7,)]
    shutil.rmtree(tmp_path / "new")
