"""Disks that are full or read-only, and captures that our own verifier would refuse."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.capture import CaptureOrder, Snapshot
from evidence.errors import CaptureFailed, InputError, LogError, PlaceError, SealError
from evidence.format.entry import Failed, parse_entry
from evidence.log import audit
from evidence.seal import Status, preserve
from tests.evidence.seal.rig import Recorded, home_at, order, run

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "point", ["order settled", "log: before checkpoint", "captured", "publish: before A.wacz"]
)
def test_a_full_disk_is_one_sentence_and_the_same_again_finishes_once(
    recorded: Recorded, tmp_path: Path, point: str
) -> None:
    def full(reached: str) -> None:
        if reached == point:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/some/file")

    home, out = home_at(tmp_path / "home"), tmp_path / "A.wacz"
    with pytest.raises(SealError, match="No space left") as caught:
        run(recorded, home.path, out, fault=full)
    assert "/some/file" in caught.value.zh
    assert run(recorded, home.path, out).status is Status.SEALED
    report = home.audit_log()
    assert (report.clean, report.sealed, report.open_attempts) == (True, 1, [])


def test_a_place_that_cannot_be_written_is_told_before_anything_is_logged(
    recorded: Recorded, tmp_path: Path
) -> None:
    home = home_at(tmp_path / "home")
    (tmp_path / "A.wacz").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PlaceError, match="exists already"):
        run(recorded, home.path, tmp_path / "A.wacz")
    locked = Path("/proc/self") if os.geteuid() == 0 else tmp_path / "locked"
    if not locked.exists():
        locked.mkdir(mode=0o500)
    with pytest.raises(PlaceError, match="cannot be written"):
        run(recorded, home.path, locked / "A.wacz")
    assert audit(home.log).size == 0


def test_a_capture_that_the_verifier_refuses_is_never_logged_as_sealed(
    recorded: Recorded, tmp_path: Path
) -> None:
    def unsound(order: CaptureOrder, folder: Path, *, software: str, clock: object) -> Snapshot:
        snapshot = recorded(order, folder, software=software, clock=clock)
        return replace(snapshot, title="t" * 100_000)

    home = home_at(tmp_path / "home")
    with pytest.raises(CaptureFailed, match="does not verify"):
        preserve(
            order(recorded, tmp_path / "A.wacz"),
            home=home,
            proxy=None,
            journal=None,
            browser=Path("/nonexistent"),
            take=unsound,
        )
    report = home.audit_log()
    assert (report.clean, report.sealed, report.failed, report.open_attempts) == (True, 0, 1, [])
    last = parse_entry(home.open_log().store.entry(1, 2))
    assert isinstance(last, Failed)
    assert last.reason == "unsound"
    assert not list(tmp_path.glob("A.*"))
    assert run(recorded, home.path, tmp_path / "A.wacz").status is Status.SEALED


def test_a_log_put_back_from_a_backup_is_not_continued(recorded: Recorded, tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    kept = {p: p.read_bytes() for p in home.log.rglob("*") if p.is_file()}
    run(recorded, home.path, tmp_path / "A.wacz")
    for path, data in kept.items():
        path.write_bytes(data)
    assert [f.code for f in home.audit_log().findings] == ["rollback"]
    with pytest.raises(LogError, match="rolled back"):
        run(recorded, home.path, tmp_path / "B.wacz", capture_id="cd" * 16)


def test_two_captures_into_one_file_do_not_overwrite_each_other(
    recorded: Recorded, tmp_path: Path
) -> None:
    home, out = home_at(tmp_path / "home"), tmp_path / "A.wacz"

    def second(reached: str) -> None:
        if reached == "capture begins":
            with pytest.raises(PlaceError, match="Another capture"):
                run(recorded, home.path, out, capture_id="cd" * 16)

    assert run(recorded, home.path, out, fault=second).status is Status.SEALED
    with pytest.raises(PlaceError, match="exists already"):
        run(recorded, home.path, out, capture_id="cd" * 16)
    report = home.audit_log()
    assert (report.sealed, report.attempts) == (1, 1)


@pytest.mark.parametrize("name", ["log.pem", "signer.pem"])
def test_a_lost_key_is_not_replaced_by_another(tmp_path: Path, name: str) -> None:
    home = home_at(tmp_path / "home")
    trusted = {p: p.read_bytes() for p in home.trust.rglob("*") if p.is_file()}
    (home.keys / name).unlink()
    with pytest.raises(InputError, match="back-up"):
        home_at(home.path)
    assert not (home.keys / name).exists()
    assert {p: p.read_bytes() for p in home.trust.rglob("*") if p.is_file()} == trusted
