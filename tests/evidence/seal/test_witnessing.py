"""Sealing with witnesses: optional ones delay nothing, required ones are waited for."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from evidence.errors import InputError, RolledBack
from evidence.format.cosignature import find_witnessed
from evidence.format.note import SignedNote
from evidence.format.tlogproof import TlogProof
from evidence.log import audit
from evidence.seal import Status
from evidence.witness.client import fetch_newest
from evidence.witness.comparing import compare_with_witnesses
from tests.evidence.seal.rig import Recorded, home_at, run, verdict
from tests.evidence.seal.witnessed import configure, log_key, require, witness_of

pytestmark = pytest.mark.browser
DEAD = "http://127.0.0.1:9"


def test_a_required_witness_is_in_the_dossier(recorded: Recorded, tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    with witness_of(home, tmp_path / "witness") as witness:
        configure(home, witness)
        require(home, witness)
        result = run(recorded, home.path, tmp_path / "out" / "A.wacz")
    assert result.status is Status.SEALED
    found = verdict(tmp_path / "out/A.dossier.zip", home.trust)
    assert found["exit"] == 0
    assert found["facts"]["witnesses"][0]["name"] == "宁波市某公证处"
    proof = TlogProof.parse((tmp_path / "out/A.outcome.tlog-proof").read_bytes())
    assert find_witnessed(SignedNote.parse(proof.checkpoint), [witness.key])
    assert audit(home.log).clean


def test_a_witness_that_is_down_delays_nothing_unless_required(
    recorded: Recorded, tmp_path: Path
) -> None:
    home = home_at(tmp_path / "home")
    with witness_of(home, tmp_path / "witness") as witness:
        pass
    configure(home, witness, url=DEAD)
    assert run(recorded, home.path, tmp_path / "out" / "A.wacz").status is Status.SEALED


def test_a_required_witness_that_is_down_is_waited_for(recorded: Recorded, tmp_path: Path) -> None:
    home, out = home_at(tmp_path / "home"), tmp_path / "out" / "A.wacz"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with witness_of(home, tmp_path / "witness") as witness:
        pass
    configure(home, witness, url=f"http://127.0.0.1:{port}")
    require(home, witness)
    waiting = run(recorded, home.path, out)
    assert waiting.status is Status.AWAITING_TIMESTAMP
    assert "宁波市某公证处" in waiting.waiting_for[0]
    assert not (out.parent / "A.dossier.zip").exists()
    with witness_of(home, tmp_path / "witness", listen=("127.0.0.1", port)):
        assert run(recorded, home.path, out).status is Status.SEALED
    assert verdict(out.parent / "A.dossier.zip", home.trust)["exit"] == 0
    report = audit(home.log)
    assert (report.clean, report.sealed) == (True, 1)


def test_a_required_witness_that_nobody_configured_is_named(
    recorded: Recorded, tmp_path: Path
) -> None:
    home = home_at(tmp_path / "home")
    with witness_of(home, tmp_path / "witness") as witness:
        pass
    require(home, witness)
    waiting = run(recorded, home.path, tmp_path / "out" / "A.wacz")
    assert "witnesses.toml" in waiting.waiting_for[0]


def test_an_attempt_is_witnessed_before_its_page_is_captured(
    recorded: Recorded, tmp_path: Path
) -> None:
    """Dropped with its outcome, before anything was sealed, it still shows."""
    home = home_at(tmp_path / "home")
    seen: list[int] = []

    def look(point: str) -> None:
        if point == "capture begins":
            newest = fetch_newest(witness.asked(), log_key(home), proxy=None, seconds=5)
            seen.append(newest.size if newest else -1)
            raise KeyboardInterrupt

    with witness_of(home, tmp_path / "witness") as witness:
        configure(home, witness)
        shutil.copytree(home.path, tmp_path / "copy", symlinks=True)
        with pytest.raises(KeyboardInterrupt):
            run(recorded, home.path, tmp_path / "out" / "A.wacz", fault=look)
        assert seen == [1]
        shutil.rmtree(home.path)
        shutil.copytree(tmp_path / "copy", home.path, symlinks=True)
        report = audit(home.log)
        assert report.clean
        compare_with_witnesses(home.open_log().store, [witness.asked()], report, proxy=None)
        assert [finding.code for finding in report.findings] == ["rollback"]


@pytest.mark.parametrize("point", ["log shown", "checkpoint cosigned", "dossier built"])
def test_stopped_around_a_cosignature_it_goes_on(
    recorded: Recorded, tmp_path: Path, point: str
) -> None:
    home, out = home_at(tmp_path / "home"), tmp_path / "out" / "A.wacz"

    def stop(reached: str) -> None:
        if reached == point:
            raise RuntimeError(point)

    with witness_of(home, tmp_path / "witness") as witness:
        configure(home, witness)
        require(home, witness)
        with pytest.raises(RuntimeError):
            run(recorded, home.path, out, fault=stop)
        assert not (out.parent / "A.dossier.zip").exists()
        assert run(recorded, home.path, out).status is Status.SEALED
    assert verdict(out.parent / "A.dossier.zip", home.trust)["exit"] == 0
    report = audit(home.log)
    assert (report.clean, report.sealed) == (True, 1)


def test_settings_that_cannot_be_read_are_told_before_anything_is_logged(
    recorded: Recorded, tmp_path: Path
) -> None:
    home = home_at(tmp_path / "home")
    (home.path / "witnesses.toml").write_text("[[witnesses]]\nname = 1\n")
    with pytest.raises(InputError):
        run(recorded, home.path, tmp_path / "out" / "A.wacz")
    assert home.open_log().store.newest().size == 0


def test_a_log_put_back_from_a_copy_seals_nothing(recorded: Recorded, tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    with witness_of(home, tmp_path / "witness") as witness:
        configure(home, witness)
        run(recorded, home.path, tmp_path / "out" / "A.wacz")
        shutil.copytree(home.path, tmp_path / "copy", symlinks=True)
        run(recorded, home.path, tmp_path / "out" / "B.wacz", capture_id="cd" * 16)
        run(recorded, home.path, tmp_path / "out" / "C.wacz", capture_id="ef" * 16)
        shutil.rmtree(home.path)
        shutil.copytree(tmp_path / "copy", home.path, symlinks=True)
        with pytest.raises(RolledBack) as error:
            run(recorded, home.path, tmp_path / "out" / "D.wacz", capture_id="12" * 16)
    assert "宁波市某公证处" in error.value.zh
    assert not (tmp_path / "out/D.dossier.zip").exists()
