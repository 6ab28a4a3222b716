"""A case closed by a signed count, its export, and every way in which an export is not complete."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desk.cli import main
from evidence.errors import InputError
from evidence.format.caseexport import CaseExport
from evidence.format.digests import Digests
from evidence.format.entry import Attempt, CaseClosed, Fresh, parse_entry
from evidence.home import EvidenceHome
from evidence.log import audit
from evidence.seal.closing import close_case, export_case
from evidence.seal.entries import Logged, append_attempt, append_failed, append_sealed
from evidence.seal.workfolder import case_salt
from evidence.verify import Verdict
from evidence.verify.case import verify_case_file
from tests.evidence.seal.rig import home_at, now
from tests.evidence.seal.witnessed import configure, require, witness_of

CASE = "甬市监〔2026〕7号"


def begin(home: EvidenceHome, number: int, case: str = CASE) -> Logged:
    held = {
        "capture_id": f"{number:032x}",
        "case": case,
        "case_salt": case_salt(home, case),
        "url": "https://shop.example/",
        "url_salt": "1" * 64,
    }
    with home.open_log().writing() as session:
        return append_attempt(session, held, Fresh("2" * 32, no_token="unreachable"), now=now())


def end(home: EvidenceHome, attempt: Logged, reason: str = "") -> None:
    with home.open_log().writing() as session:
        if reason:
            append_failed(session, attempt, reason, now=now())
        else:
            append_sealed(session, attempt, b"{}", Digests(1, "3" * 64, "4" * 64), now=now())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> EvidenceHome:
    """A case with a sealed, a failed and a nameless attempt, another case between; closed."""
    made = home_at(tmp_path_factory.mktemp("case") / "home")
    for number, reason in enumerate(("", "timeout", "name_not_found")):
        end(made, begin(made, number), reason)
        end(made, begin(made, 10 + number, "another"), "timeout")
    close_case(made, CASE, clock=now)
    return made


def check(folder: Path, data: bytes, trust: Path | None) -> Verdict:
    path = folder / "A.case.json"
    path.write_bytes(data)
    return verify_case_file(path, trust=trust)


def test_the_closing_entry_states_the_count(home: EvidenceHome) -> None:
    again = close_case(home, CASE, clock=now)
    assert not again.anew
    entry = again.entry
    assert (entry.attempts, entry.sealed, entry.failed, entry.nothing_found) == (3, 1, 1, 1)
    assert audit(home.log).clean
    with pytest.raises(InputError, match="was closed by log entry"):
        begin(home, 99)


def test_an_open_attempt_or_an_unknown_case_cannot_be_closed(tmp_path: Path) -> None:
    made = home_at(tmp_path / "home")
    attempt = begin(made, 1)
    with pytest.raises(InputError, match="Attempt 1 of the case has no outcome"):
        close_case(made, CASE, clock=now)
    end(made, attempt, "timeout")
    with pytest.raises(InputError, match="no attempt of the case"):
        close_case(made, "never", clock=now)
    assert not (made.path / "evidence/cases" / "never").exists()
    assert close_case(made, CASE, clock=now).entry.attempts == 1


def test_an_export_verifies_by_itself(home: EvidenceHome, tmp_path: Path) -> None:
    data = export_case(home, CASE)
    export = CaseExport.parse(data, "x")
    assert export.to_bytes() == data
    assert len(export.rows) == 7
    found = check(tmp_path, data, home.trust)
    assert (found.exit_code, found.facts["case_export"]["attempts"]) == (0, 3)
    assert [claim.id for claim in found.claims] == ["case"]
    assert check(tmp_path, data, None).exit_code == 3


def test_a_required_witness_cosigns_the_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKSEAL_ALLOW_LOOPBACK", "1")
    made = home_at(tmp_path / "home")
    end(made, begin(made, 1), "timeout")
    with witness_of(made, tmp_path / "witness") as witness:
        require(made, witness)
        command = ["case", "export", CASE, "--home", str(made.path), "--out"]
        assert main([*command, str(tmp_path / "early.case.json")]) == 4
        assert "0 of 1 witnesses cosigned" in capsys.readouterr().out
        close_case(made, CASE, clock=now)
        configure(made, witness)
        assert main([*command, str(tmp_path / "good.case.json")]) == 0
    data = (tmp_path / "good.case.json").read_bytes()
    found = check(tmp_path, data, made.trust)
    assert (found.exit_code, found.facts["witnesses"][0]["relation"]) == (0, "notary")
    export = CaseExport.parse(data, "x")
    alone = replace(export, checkpoint=made.open_log().store.newest().note)
    assert check(tmp_path, alone.to_bytes(), made.trust).exit_code == 3


def test_an_open_case_is_not_complete(home: EvidenceHome, tmp_path: Path) -> None:
    found = check(tmp_path, export_case(home, "another"), home.trust)
    assert found.exit_code == 3
    assert "not closed" in found.claims[0].en


def without(*places: int) -> Callable[[CaseExport], CaseExport]:
    def cut(export: CaseExport) -> CaseExport:
        rows = [row for place, row in enumerate(export.rows) if place not in places]
        return replace(export, rows=tuple(rows))

    return cut


def forged_count(export: CaseExport) -> CaseExport:
    """The last attempt is left out and the closing entry says two: it is not in the log."""
    entry = parse_entry(export.rows[-1].entry)
    assert isinstance(entry, CaseClosed)
    lying = replace(entry, attempts=2, nothing_found=0)
    last = replace(export.rows[-1], entry=lying.to_bytes())
    return replace(export, rows=(*export.rows[:4], last))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without(2, 3), "attempt number 2 is missing"),
        (without(4, 5), "attempt number 3 is missing"),
        (without(0, 1), "attempt number 1 is missing"),
        (without(3), "counts other attempts"),
        (without(2), "its attempt is missing"),
        (lambda export: replace(export, case="other"), "not of this case"),
        (lambda export: replace(export, case_salt="0" * 64), "not of this case"),
        (forged_count, "Entry"),
        (lambda e: replace(e, rows=(replace(e.rows[0], index=1), *e.rows[2:])), "Entry 1"),
        (lambda e: replace(e, checkpoint=e.checkpoint.replace(b"\n13\n", b"\n14\n")), "wrong"),
    ],
)
def test_what_is_not_complete_is_named(
    home: EvidenceHome,
    tmp_path: Path,
    change: Callable[[CaseExport], CaseExport],
    sentence: str,
) -> None:
    export = CaseExport.parse(export_case(home, CASE), "x")
    found = check(tmp_path, change(export).to_bytes(), home.trust)
    assert found.exit_code == 1
    assert any(sentence in claim.en for claim in found.claims), [c.en for c in found.claims]


def test_the_closing_must_be_signed_by_a_trusted_key(home: EvidenceHome, tmp_path: Path) -> None:
    other = home_at(tmp_path / "other")
    trust = tmp_path / "trust"
    trust.mkdir()
    for path in home.trust.rglob("*"):
        target = trust / path.relative_to(home.trust)
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    (trust / "signer.pem").write_bytes((other.trust / "signer.pem").read_bytes())
    found = check(tmp_path, export_case(home, CASE), trust)
    assert found.exit_code == 1
    assert "closing entry" in found.claims[0].en


def test_an_export_names_doubled_and_missing_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody with the log's key logs the second attempt under the first one's number, too."""
    made = home_at(tmp_path / "home")
    first = begin(made, 1)
    end(made, first, "timeout")
    place = ["--home", str(made.path)]
    assert main(["case", "export", CASE, "--out", str(tmp_path / "a.case.json"), *place]) == 0
    begun = parse_entry(made.open_log().store.entry(0, 2))
    assert isinstance(begun, Attempt)
    with made.open_log().writing() as session:
        twice = replace(begun, capture_id="e" * 32, prev=session.previous())
        session.append([twice.to_bytes()])
        third = replace(begun, capture_id="f" * 32, number=3, prev=session.previous())
        session.append([third.to_bytes()])
    assert {f.code for f in audit(made.log).findings} == {"number"}
    capsys.readouterr()
    out = tmp_path / "b.case.json"
    assert main(["case", "export", CASE, "--out", str(out), *place]) == 1
    told = capsys.readouterr().out
    assert "The attempt number 1 occurs more than once." in told
    assert "第 1 次尝试的编号出现不止一次。" in told
    assert "The attempt number 2 is missing." in told
    assert out.exists()


def test_the_commands(
    home: EvidenceHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "A.case.json"
    place = ["--home", str(home.path)]
    assert main(["case", "close", CASE, *place]) == 0
    assert "3 attempts, 1 sealed, 1 failed, 1 without a page" in capsys.readouterr().out
    assert main(["case", "export", CASE, "--out", str(out), *place]) == 0
    assert main(["case", "export", CASE, "--out", str(out), *place]) == 64
    assert main(["case", "export", CASE, "--out", str(tmp_path / "none" / "A"), *place]) == 64
    capsys.readouterr()
    assert main(["case", "verify", str(out), "--trust", str(home.trust), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "valid"
    assert main(["case", "verify", str(out)]) == 3
