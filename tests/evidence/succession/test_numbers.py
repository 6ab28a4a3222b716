"""The numbers of a case go on in a successor log, and its export holds the logs together."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.errors import InputError
from evidence.format.caseexport import CaseExport
from evidence.format.entry import Attempt, CaseContinued, parse_entry
from evidence.format.entry.signing import sign_entry
from evidence.home import EvidenceHome
from evidence.seal.closing import close_case, export_case
from evidence.succession.backup import back_up
from evidence.succession.export import export_trust
from evidence.succession.gap import Loss
from evidence.succession.restore import restore
from evidence.verify.case import verify_case_file
from evidence.verify.verdict import Verdict
from tests.evidence.succession.conftest import Office
from tests.evidence.succession.rig import CASE, home_at, now, seal
from tests.evidence.succession.test_backup import OPEN, WRAP
from tests.evidence.succession.test_successor import succeed


def entries(home: EvidenceHome) -> list[object]:
    store = home.open_log().store
    return [parse_entry(data) for _, data in store.entries(store.newest().size)]


def numbers(home: EvidenceHome) -> list[int]:
    return [entry.number for entry in entries(home) if isinstance(entry, Attempt)]


def exported(home: EvidenceHome, folder: Path, *, data: bytes | None = None) -> Verdict:
    folder.mkdir()
    export_trust(home, folder / "newer", now=now())
    (folder / "case.json").write_bytes(data or export_case(home, CASE))
    return verify_case_file(folder / "case.json", trust=folder / "newer/trust")


def told(verdict: Verdict) -> str:
    return " ".join(claim.en for claim in verdict.claims)


def test_numbers_go_on_and_one_export_holds_both_logs(office: Office, tmp_path: Path) -> None:
    home = office.home
    seal(home, office.exhibits, 2)
    succeed(office, home, tmp_path / "gap.json", Loss("log-key-stolen", "kept", now()))
    seal(home, office.exhibits, 3)
    seal(home, office.exhibits, 4)
    assert numbers(home) == [3, 4]
    continued = entries(home)[1]
    assert isinstance(continued, CaseContinued)
    assert (continued.attempts, continued.old_origin, continued.old_size) == (
        2, home.ledger().logs[0].key.name, 4,
    )  # fmt: skip
    open_still = exported(home, tmp_path / "open")
    assert open_still.exit_code == 3
    close_case(home, CASE, clock=now)
    assert home.audit_log().findings == []
    whole = exported(home, tmp_path / "closed")
    assert whole.exit_code == 0, told(whole)
    assert "4 attempts: 4 sealed" in told(whole)
    with pytest.raises(InputError, match="closed"):
        seal(home, office.exhibits, 5)


@pytest.mark.soak
def test_what_is_gone_is_named_and_no_number_is_given_twice(office: Office, tmp_path: Path) -> None:
    back_up(office.home, tmp_path / "one.backup", WRAP, now=now())
    handed = tmp_path / "handed"
    for number in (2, 3):
        seal(office.home, handed, number)
    shutil.rmtree(office.home.path)
    found = restore(
        tmp_path / "one.backup", tmp_path / "new", OPEN, known=[handed / "3.dossier.zip"]
    )
    succeed(office, found.home, tmp_path / "gap.json", Loss("backup-older", "kept", now()))
    seal(found.home, handed, 4)
    assert numbers(found.home) == [4]
    close_case(found.home, CASE, clock=now)
    assert found.home.audit_log().findings == []
    verdict = exported(found.home, tmp_path / "closed")
    assert verdict.exit_code == 3
    for number in (2, 3):
        assert f"The attempt number {number} was in the log" in told(verdict)


@pytest.mark.soak
def test_all_lost_but_a_dossier_the_case_keeps_its_tag(office: Office, tmp_path: Path) -> None:
    known = office.exhibits / "1.dossier.zip"
    handed = shutil.copy(known, tmp_path / "1.dossier.zip")
    before = entries(office.home)[0]
    shutil.rmtree(office.home.path)
    home = home_at(tmp_path / "new")
    loss = Loss("all-lost", "lost", now())
    succeed(
        office, home, tmp_path / "gap.json", loss, known=(Path(handed),), trust=office.handed_out
    )
    seal(home, tmp_path / "out", 2)
    first = next(entry for entry in entries(home) if isinstance(entry, Attempt))
    assert isinstance(before, Attempt)
    assert (first.case_tag, first.number) == (before.case_tag, 2)


@pytest.mark.soak
def test_a_case_that_ended_before_stays_closed_or_is_closed_now(
    office: Office, tmp_path: Path
) -> None:
    home = office.home
    shutil.copytree(home.path, tmp_path / "copy")
    for place, closed in ((home.path, True), (tmp_path / "copy", False)):
        here = EvidenceHome(place)
        if closed:
            close_case(here, CASE, clock=now)
        succeed(office, here, tmp_path / f"{closed}.json", Loss("log-key-lost", "kept", now()))
        if closed:
            with pytest.raises(InputError, match="was closed in the log"):
                seal(here, tmp_path / "out", 2)
            with pytest.raises(InputError, match="was closed in the log"):
                close_case(here, CASE, clock=now)
        else:
            close_case(here, CASE, clock=now)
        assert here.audit_log().findings == []
        assert exported(here, tmp_path / f"export-{closed}").exit_code == 0


def test_a_sequence_that_begins_anew_or_lies_is_named(office: Office, tmp_path: Path) -> None:
    home = office.home
    thief = EvidenceHome(tmp_path / "thief")
    shutil.copytree(home.path, thief.path)
    close_case(thief, CASE, clock=now)  # with the stolen keys, as if nothing had followed
    seal(home, office.exhibits, 2)
    succeed(office, home, tmp_path / "gap.json", Loss("log-key-stolen", "kept", now()))
    seal(home, office.exhibits, 3)
    close_case(home, CASE, clock=now)
    good = CaseExport.parse(export_case(home, CASE), "case")
    lies = {
        "does not fit the log before it": replace(
            good, former=(good.former[0],), rows=good.rows[1:]
        ),
        "is missing": replace(
            good, former=(replace(good.former[0], rows=good.former[0].rows[2:]),)
        ),
        "do not follow one another": replace(good, former=(*good.former, *good.former)),
        "was in the log": replace(good, former=()),
        "of another history": CaseExport.parse(export_case(thief, CASE), "case"),
    }
    for number, (words, lie) in enumerate(lies.items()):
        verdict = exported(home, tmp_path / str(number), data=lie.to_bytes())
        assert verdict.exit_code != 0, words
        assert words in told(verdict), told(verdict)
    (log_entry,) = [entry for entry in entries(home) if isinstance(entry, CaseContinued)]
    with home.open_log().writing() as session:
        again = replace(log_entry, prev=session.previous(), attempts=7)
        session.append([sign_entry(again, home.signer()).to_bytes()])
    assert [f.code for f in home.audit_log().findings] == ["continued"]
    value = json.loads(good.to_bytes())
    assert (value["format"], list(value["former"][0])) == (
        "markseal-case/2", ["checkpoint", "entries"],
    )  # fmt: skip
