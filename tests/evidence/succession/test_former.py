"""What is left to do with exhibits of a log that ended: tell its history, erase their content."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evidence.home import EvidenceHome
from evidence.keeping.erasing import EraseOrder, erase
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore
from evidence.succession.export import export_trust
from evidence.succession.gap import Loss
from tests.evidence.succession.conftest import Office
from tests.evidence.succession.rig import now, seal, verdict, words
from tests.evidence.succession.test_successor import succeed

ORDER = EraseOrder("pipl-purpose-ended", ("张三", "李四"), "案件已结")


def erased(home: EvidenceHome, folder: Path, name: str) -> None:
    kept = Kept(folder, name)
    FolderStore(home).put(kept)
    erase(kept, ORDER, home=home, clock=now)


def test_an_exhibit_of_the_log_before_is_erased_and_says_so(office: Office, tmp_path: Path) -> None:
    home = office.home
    succeed(office, home, tmp_path / "gap.json", Loss("log-key-stolen", "kept", now()))
    seal(home, office.exhibits, 2)
    for name in ("1", "2"):
        erased(home, office.exhibits, name)
    export_trust(home, tmp_path / "newer", now=now())
    for name in ("1", "2"):
        told = verdict(office.exhibits / f"{name}.wacz", tmp_path / "newer/trust")
        assert told["exit"] == 3
        assert "内容已删除" in told["headline"]["zh"], words(told)
        assert {c["status"] for c in told["claims"] if c["id"] == "erasure"} == {"valid"}
    assert home.audit_log().findings == []
    lie = office.exhibits / "2.erasure.json"
    for end in (".erasure.json", ".erasure.tlog-proof"):
        shutil.copy(office.exhibits / f"1{end}", lie.with_name(f"2{end}"))
    told = verdict(office.exhibits / "2.wacz", tmp_path / "newer/trust")
    assert told["exit"] == 1
    assert "another log" in words(told)


@pytest.mark.soak
def test_another_history_signed_with_the_stolen_key_of_the_log_is_named(
    office: Office, tmp_path: Path
) -> None:
    """The thief has log and signer, and ends his history before the log's last entry."""
    home = office.home
    thief = tmp_path / "thief"
    shutil.copytree(home.path, thief)
    seal(home, office.exhibits, 2)
    seal(home, office.exhibits, 3)
    seal(EvidenceHome(thief), tmp_path / "forged", 8)
    succeed(office, home, tmp_path / "gap.json", Loss("log-key-stolen", "kept", now()))
    export_trust(home, tmp_path / "newer", now=now())
    newer = tmp_path / "newer/trust"
    (hashes,) = newer.glob("logs/*.hashes")
    assert len(hashes.read_bytes()) == 6 * 32
    for number in (1, 2, 3):
        assert verdict(office.exhibits / f"{number}.dossier.zip", newer)["exit"] == 0
    forged = verdict(tmp_path / "forged/8.dossier.zip", newer)
    assert forged["exit"] == 1
    assert "of another history" in words(forged)
    sums = (newer / "SHA256SUMS").read_text()
    assert f"logs/{hashes.name}" in sums
    hashes.write_bytes(b"short")
    assert verdict_code(office.exhibits / "1.dossier.zip", newer) == 64


def verdict_code(file: Path, trust: Path) -> int:
    from evidence.__main__ import main

    return main(["verify", str(file), "--trust", str(trust)])
