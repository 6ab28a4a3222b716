"""Bad days: the machine gone after the last backup, all keys lost, the log's key stolen."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.errors import EvidenceError, InputError, ProofError
from evidence.format.entry import Succession, parse_entry
from evidence.format.statement import Gap
from evidence.home import EvidenceHome
from evidence.succession.backup import back_up
from evidence.succession.export import export_trust
from evidence.succession.gap import Loss, prepare_gap
from evidence.succession.keys import rotate_signer
from evidence.succession.recovery import read_statement, sign_statement, write_statement
from evidence.succession.restore import restore
from evidence.succession.successor import Opened, open_successor
from tests.evidence.succession.conftest import Office
from tests.evidence.succession.rig import home_at, now, seal, verdict, words
from tests.evidence.succession.test_backup import OPEN, WRAP


def succeed(
    office: Office,
    home: EvidenceHome,
    path: Path,
    loss: Loss,
    *,
    known: tuple[Path, ...] = (),
    trust: Path | None = None,
) -> tuple[Gap, Opened]:
    """Draw up the statement, sign it with two keys from paper, open the successor log."""
    statement = prepare_gap(home, loss, now=now(), known=known, trust=trust)
    write_statement(path, statement)
    with pytest.raises(ProofError, match="0 signatures"):
        open_successor(home, read_statement(path), now=now(), trust=trust)
    for number in (2, 1):
        sign_statement(path, office.sheets[number])
    opened = open_successor(home, read_statement(path), now=now(), trust=trust)
    assert isinstance(statement.content, Gap)
    return statement.content, opened


def first_entry(home: EvidenceHome) -> Succession:
    entry = parse_entry(home.open_log().store.entry(0, home.open_log().store.newest().size))
    assert isinstance(entry, Succession)
    return entry


def exits(folder: Path, trust: Path) -> dict[str, int]:
    """Return the verdict's exit code for every dossier in a folder."""
    return {p.name: verdict(p, trust)["exit"] for p in sorted(folder.glob("*.dossier.zip"))}


def test_the_machine_is_gone_after_the_last_backup(office: Office, tmp_path: Path) -> None:
    back_up(office.home, tmp_path / "one.backup", WRAP, now=now())
    handed = tmp_path / "handed"
    seal(office.home, handed, 2)
    shutil.rmtree(office.home.path)
    known = handed / "2.dossier.zip"
    found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN, known=[known])
    assert found.ahead is not None
    loss = Loss("backup-older", "kept", now())
    gap, opened = succeed(office, found.home, tmp_path / "gap.json", loss)
    assert (gap.kept, gap.size) == (2, 4)
    entry = first_entry(found.home)
    assert (entry.old_origin, entry.old_size, entry.old_root) == (gap.old.name, 4, gap.root)
    assert entry.statement_sha256 == gap.digest
    assert opened.former is not None
    assert (opened.former / "checkpoint").exists()
    seal(found.home, handed, 3)
    export_trust(found.home, tmp_path / "newer", now=now())
    newer = tmp_path / "newer/trust"
    assert exits(handed, newer) == {"2.dossier.zip": 0, "3.dossier.zip": 0}
    older = verdict(handed / "3.dossier.zip", office.handed_out)
    assert older["exit"] == 1
    assert "newer trust folder" in words(older)
    assert list((newer / "succession").iterdir())
    assert found.home.audit_log().clean


@pytest.mark.soak
def test_all_is_lost_but_paper_trust_folder_and_dossiers(office: Office, tmp_path: Path) -> None:
    handed = tmp_path / "handed"
    seal(office.home, handed, 2)
    shutil.rmtree(office.home.path)
    home = home_at(tmp_path / "new")
    loss = Loss("all-lost", "lost", now())
    known = (handed / "2.dossier.zip",)
    gap, opened = succeed(
        office, home, tmp_path / "gap.json", loss, known=known, trust=office.handed_out
    )
    assert (gap.kept, gap.size, opened.former) == (0, 4, None)
    assert first_entry(home).old_origin == gap.old.name
    seal(home, handed, 3)
    export_trust(home, tmp_path / "newer", now=now())
    newer = tmp_path / "newer/trust"
    assert exits(handed, newer) == {"2.dossier.zip": 0, "3.dossier.zip": 0}
    assert home.ledger().recovery


@pytest.mark.soak
def test_the_logs_key_and_the_signers_are_stolen(office: Office, tmp_path: Path) -> None:
    home, handed = office.home, tmp_path / "handed"
    thief = tmp_path / "thief"
    shutil.copytree(home.path, thief)
    stolen_at = now().replace(microsecond=0)  # tokens state whole seconds
    loss = Loss("log-key-stolen", "stolen", stolen_at)
    seal(EvidenceHome(thief), tmp_path / "forged", 8)
    succeed(office, home, tmp_path / "gap.json", loss)
    seal(home, handed, 3)
    export_trust(home, tmp_path / "newer", now=now())
    newer = tmp_path / "newer/trust"
    assert exits(home.path / "exhibits/first", newer) == {"1.dossier.zip": 0}
    assert exits(handed, newer) == {"3.dossier.zip": 0}
    forged = verdict(tmp_path / "forged/8.dossier.zip", newer)
    assert forged["exit"] == 1
    assert "revoked" in words(forged)


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    "point", ["ledger written", "log moved", "log key replaced", "succession logged"]
)
def test_an_opening_killed_anywhere_is_finished_by_the_next(
    office: Office, tmp_path: Path, point: str
) -> None:
    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    home, path = office.home, tmp_path / "gap.json"
    loss = Loss("log-key-stolen", "stolen", now() - timedelta(minutes=1))
    write_statement(path, prepare_gap(home, loss, now=now()))
    for sheet in office.sheets[:2]:
        sign_statement(path, sheet)
    with pytest.raises(Killed):
        open_successor(home, read_statement(path), now=now(), fault=kill)
    opened = open_successor(home, read_statement(path), now=now())
    assert first_entry(home).statement_sha256 == home.ledger().logs[0].statement
    assert home.open_log().store.newest().size == 1
    assert (len(home.ledger().logs), len(home.ledger().signers)) == (1, 1)
    assert home.stale_trust() == []
    assert opened.former is not None
    assert not list(home.keys.glob("*.next.*"))


def test_a_log_that_can_go_on_has_no_successor(office: Office) -> None:
    with pytest.raises(InputError, match="it can go on"):
        prepare_gap(office.home, Loss("backup-older", "kept", now()), now=now())


def test_two_checkpoints_of_one_size_are_a_fork_and_named(office: Office, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    shutil.copytree(office.home.path, twin)
    known = []
    for home, name in ((office.home, "a"), (EvidenceHome(twin), "b")):
        rotate_signer(home, now=now())
        known.append(tmp_path / name)
        known[-1].write_bytes(home.open_log().store.newest().note)
    with pytest.raises(InputError, match="forked"):
        prepare_gap(office.home, Loss("log-key-stolen", "kept", now()), now=now(), known=known)


def test_a_statement_of_another_home_is_refused(office: Office, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(office.home.path, other)
    path = tmp_path / "gap.json"
    loss = Loss("log-key-lost", "kept", now())
    write_statement(path, prepare_gap(EvidenceHome(other), loss, now=now()))
    for sheet in office.sheets[:2]:
        sign_statement(path, sheet)
    prepare_gap(office.home, loss, now=now())
    with pytest.raises(EvidenceError, match="another data folder"):
        open_successor(office.home, read_statement(path), now=now())


def test_without_recovery_keys_it_is_said_at_once_that_nobody_can_prove_it(tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    with pytest.raises(InputError, match="no recovery keys"):
        prepare_gap(home, Loss("log-key-stolen", "kept", now()), now=now())
    assert not list(home.keys.glob("*.next.*"))


def test_a_signing_key_that_is_gone_too_is_asked_for(office: Office) -> None:
    shutil.rmtree(office.home.keys)
    office.home.keys.mkdir()
    with pytest.raises(InputError, match="--signer lost"):
        prepare_gap(office.home, Loss("log-key-lost", "kept", now()), now=now())


def test_dossiers_of_earlier_logs_are_taken_as_well(office: Office, tmp_path: Path) -> None:
    home, first = office.home, office.exhibits / "1.dossier.zip"
    succeed(office, home, tmp_path / "one.json", Loss("log-key-stolen", "kept", now()))
    loss = Loss("log-key-lost", "kept", now())
    succeed(office, home, tmp_path / "two.json", loss, known=(first,))
    (tmp_path / "nothing").write_text("nothing")
    with pytest.raises(InputError, match="holds no checkpoint"):
        prepare_gap(home, loss, now=now(), known=[tmp_path / "nothing"])
