"""Sealing a recorded capture: what is written, what verifies, and what is refused."""

from __future__ import annotations

import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.authority import LocalAuthority
from evidence.capture import CaptureOrder, PageNotCaptured, Reason, Snapshot
from evidence.errors import CaptureFailed, InputError, SealError
from evidence.format.entry import Attempt, Failed, Sealed, parse_entry
from evidence.format.names import Sidecars
from evidence.log import audit
from evidence.seal import Preserved, PreserveOrder, Status, preserve, unfinished
from evidence.seal.closing import close_case
from evidence.seal.waiting import resume_all
from evidence.verify import verify_file
from evidence.verify.case import check_case
from evidence.verify.papers import Papers
from evidence.verify.trust import load_trust
from evidence.verify.verdict import Findings
from tests.evidence.authority.test_authority import server
from tests.evidence.seal.rig import CASE, ID, Recorded, home_at, now, order, run, verdict

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sealed(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    result = run(recorded, folder / "home", folder / "out" / "A.wacz")
    assert result.status is Status.SEALED
    assert result.trial
    return folder


def test_everything_is_in_place_and_nothing_else(sealed: Path) -> None:
    assert sorted(path.name for path in (sealed / "out").iterdir()) == [
        "A.attempt.json",
        "A.attempt.tlog-proof",
        "A.checkpoint.trial.tsq",
        "A.checkpoint.trial.tsr",
        "A.dossier.zip",
        "A.outcome.json",
        "A.outcome.tlog-proof",
        "A.trial.tsq",
        "A.trial.tsr",
        "A.wacz",
    ]


@pytest.mark.parametrize("name", ["A.dossier.zip", "A.wacz"])
def test_the_verifier_finds_everything_valid(sealed: Path, name: str) -> None:
    found = verdict(sealed / "out" / name, sealed / "home/trust")
    assert (found["exit"], found["verdict"], found["trial"]) == (0, "valid", True)
    assert found["headline"]["zh"].startswith("试用")
    facts = found["facts"]
    assert facts["not_earlier_than"]["trusted"]
    assert facts["not_earlier_than"]["time"][:19] <= facts["attempt"]["time"][:19]
    assert [item["trusted"] for item in facts["checkpoint_tokens"]] == [True]


def test_openssl_alone_confirms_token_and_signature(sealed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(sealed / "out/A.dossier.zip") as dossier:
        dossier.extractall(tmp_path)
    with zipfile.ZipFile(tmp_path / "A.wacz") as wacz:
        wacz.extractall(tmp_path)
    stamp = "openssl ts -verify -data evidence/manifest.json -in A.trial.tsr -CAfile authorities/"
    signature = (
        "openssl pkeyutl -verify -rawin -pubin -inkey signer.pem -in evidence/manifest.json "
        "-sigfile evidence/manifest.sig"
    )
    for command, answer in ((stamp + "trial.pem", "Verification: OK"), (signature, "Successfully")):
        result = subprocess.run(
            command.split(), cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert answer in result.stdout, result.stderr


def test_keys_are_for_the_owner_alone(sealed: Path) -> None:
    keys = sealed / "home/evidence/keys"
    assert keys.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o177 == 0 for path in keys.glob("*.pem"))


def test_a_key_that_others_can_read_is_refused(recorded: Recorded, tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    (home.keys / "signer.pem").chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        run(recorded, home.path, tmp_path / "A.wacz")


def test_the_same_id_again_returns_the_same_and_logs_nothing(
    recorded: Recorded, sealed: Path
) -> None:
    before = audit(sealed / "home/log").size
    again = run(recorded, sealed / "home", sealed / "out/A.wacz")
    assert again.status is Status.SEALED
    assert audit(sealed / "home/log").size == before


def test_an_existing_file_is_not_overwritten(recorded: Recorded, sealed: Path) -> None:
    before = audit(sealed / "home/log").size
    with pytest.raises(SealError, match="exists already"):
        run(recorded, sealed / "home", sealed / "out/A.wacz", capture_id="cd" * 16)
    assert audit(sealed / "home/log").size == before


def test_attempts_are_numbered_within_their_case(recorded: Recorded, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for number, case in enumerate((CASE, "other", CASE)):
        run(recorded, home, tmp_path / f"{number}.wacz", capture_id=f"{number:032x}", case=case)
    store = home_at(home).open_log().store
    entries = [parse_entry(data) for _, data in store.entries(6)]
    assert [entry.number for entry in entries[::2]] == [1, 1, 2]
    assert entries[0].case_tag == entries[4].case_tag != entries[2].case_tag
    raw = b"".join(data for _, data in store.entries(6))
    assert CASE.encode() not in raw
    assert recorded.url.encode() not in raw
    assert audit(home / "log").clean


@pytest.mark.parametrize(
    "change",
    [
        {"url": "ftp://example.com/"},
        {"url": "not an address"},
        {"url": "https://user:secret@example.com/"},
        {"out": Path("/tmp/x.zip")},
        {"out": Path("/tmp/封装.wacz")},
        {"capture_id": "xyz"},
        {"case": ""},
    ],
)
def test_bad_orders_are_one_sentence_and_nothing_is_logged(
    tmp_path: Path, change: dict[str, object]
) -> None:
    good = PreserveOrder("https://example.com/", CASE, tmp_path / "A.wacz", ID)
    home = home_at(tmp_path / "home")
    with pytest.raises(InputError) as caught:
        preserve(
            replace(good, **change),  # type: ignore[arg-type]
            home=home,
            proxy=None,
            journal=None,
            browser=Path("/nonexistent"),
        )
    assert caught.value.zh
    assert home.open_log().store.newest().size == 0


def test_a_failed_capture_is_logged_and_the_next_try_has_the_next_number(
    recorded: Recorded, tmp_path: Path
) -> None:
    def fail(order: CaptureOrder, folder: Path, *, software: str, clock: object) -> Snapshot:
        raise PageNotCaptured(Reason.REFUSED, "It was refused.", "已拒绝。")

    home = home_at(tmp_path / "home")
    wanted = order(recorded, tmp_path / "A.wacz")
    with pytest.raises(CaptureFailed, match="in the log"):
        preserve(
            wanted, home=home, proxy=None, journal=None, browser=Path("/nonexistent"), take=fail
        )
    assert not list(tmp_path.glob("A.*"))
    report = audit(home.log)
    assert (report.size, report.failed, report.open_attempts) == (2, 1, [])
    run(recorded, home.path, wanted.out)
    entries = [parse_entry(data) for _, data in home.open_log().store.entries(4)]
    assert [entry.number for entry in entries] == [1, 1, 2, 2]
    assert isinstance(entries[1], Failed)
    assert entries[1].reason == "refused"
    assert isinstance(entries[3], Sealed)


def test_without_a_token_it_waits_and_is_sealed_later(recorded: Recorded, tmp_path: Path) -> None:
    trial = home_at(tmp_path / "elsewhere")
    local = LocalAuthority(trial.authority)
    down = True

    def reply(request: bytes) -> tuple[int, str, bytes]:
        if down:
            return 503, "text/plain", b"busy"
        return 200, "application/timestamp-reply", local.answer(request)

    out = tmp_path / "out/A.wacz"
    with server(reply) as url:
        authority = tmp_path / "home/authority"
        authority.mkdir(parents=True)
        (authority / "far.pem").write_bytes(local.roots)
        (authority / "authorities.toml").write_text(
            f'[[authorities]]\nname = "far"\nurl = "{url}"\nroots = "far.pem"\n', encoding="utf-8"
        )
        waiting = run(recorded, tmp_path / "home", out)
        assert waiting.status is Status.AWAITING_TIMESTAMP
        assert (waiting.index, waiting.dossier) == (None, None)
        assert waiting.waiting_for
        assert all(" / The timestamp authority far" in text for text in waiting.waiting_for)
        names = sorted(path.name for path in out.parent.iterdir())
        assert names == ["A.attempt.json", "A.attempt.tlog-proof", "A.wacz"]
        assert audit(tmp_path / "home/log").open_attempts == [0]
        assert verdict(out, tmp_path / "home/trust")["exit"] == 3
        begun = parse_entry((out.parent / "A.attempt.json").read_bytes())
        assert isinstance(begun, Attempt)
        assert begun.fresh is not None
        assert begun.fresh.no_token == "busy"
        kept = out.read_bytes()
        home = home_at(tmp_path / "home")
        assert unfinished(home, url=recorded.url, case=CASE, out=out) == ID
        pauses: list[float] = []
        ((_, still),) = resume_all(home, proxy=None, clock=now, pause=pauses.append)
        assert isinstance(still, Preserved)
        assert still.status is Status.AWAITING_TIMESTAMP
        assert len(pauses) == 2
        down = False
        ((_, result),) = resume_all(home, proxy=None, clock=now)
        assert resume_all(home, proxy=None, clock=now) == []
    assert isinstance(result, Preserved)
    assert run(recorded, tmp_path / "home", out) == result
    assert result.status is Status.SEALED
    assert not result.trial
    assert out.read_bytes() == kept
    found = verdict(out, tmp_path / "home/trust")
    assert (found["exit"], found["facts"]["not_earlier_than"]) == (0, {"no_token": "busy"})
    assert unfinished(home, url=recorded.url, case=CASE, out=out) is None
    assert audit(tmp_path / "home/log").clean


def test_a_package_that_does_not_verify_is_never_put_in_place(
    recorded: Recorded, tmp_path: Path
) -> None:
    """The trust folder names another signer: our own verifier refuses, so nothing is sealed."""
    home = home_at(tmp_path / "home")
    other = home_at(tmp_path / "other")
    right = (home.trust / "signer.pem").read_bytes()
    (home.trust / "signer.pem").write_bytes((other.trust / "signer.pem").read_bytes())
    with pytest.raises(SealError, match="does not verify"):
        run(recorded, home.path, tmp_path / "A.wacz")
    assert not list(tmp_path.glob("A.*"))
    (home.trust / "signer.pem").write_bytes(right)
    assert run(recorded, home.path, tmp_path / "A.wacz").status is Status.SEALED
    assert audit(home.log).sealed == 1


def test_the_capture_id_of_another_page_is_refused(recorded: Recorded, sealed: Path) -> None:
    work = sealed / "home/evidence/work" / ID
    assert json.loads((work / "done.json").read_bytes())["status"] == "sealed"
    (work / "done.json").rename(work / "aside.json")
    with pytest.raises(SealError, match="another page"):
        run(recorded, sealed / "home", sealed / "out/A.wacz", case="another")
    (work / "aside.json").rename(work / "done.json")


def test_a_wrong_clock_stops_sealing_until_it_is_right(recorded: Recorded, tmp_path: Path) -> None:
    from datetime import timedelta

    home = home_at(tmp_path / "home")
    result = preserve(
        order(recorded, tmp_path / "A.wacz"),
        home=home,
        proxy=None,
        journal=None,
        browser=Path("/nonexistent"),
        clock=lambda: now() + timedelta(hours=1),
        take=recorded,
    )
    assert result.status is Status.AWAITING_TIMESTAMP
    assert "时钟" in result.waiting_for[0]


class Stopped(Exception):
    """A run that ends at a fault point."""


def test_a_dossier_made_after_the_case_was_closed_encloses_all_its_entries(
    recorded: Recorded, tmp_path: Path
) -> None:
    def stop(point: str) -> None:
        if point == "outcome logged":
            raise Stopped

    home, out = home_at(tmp_path / "home"), tmp_path / "out/A.wacz"
    with pytest.raises(Stopped):
        run(recorded, home.path, out, fault=stop)
    assert close_case(home, CASE, clock=now).entry.sealed == 1
    assert run(recorded, home.path, out).status is Status.SEALED
    dossier = out.with_name("A.dossier.zip")
    found = verify_file(dossier, trust=home.trust)
    assert found.exit_code == 0
    assert [c.status.value for c in found.claims if c.id == "case"] == ["valid"]
    assert found.facts["case_export"]["attempts"] == 1
    with zipfile.ZipFile(dossier) as whole:
        assert "A.case.json" in whole.namelist()
    with pytest.raises(InputError, match="was closed by log entry"):
        run(recorded, home.path, tmp_path / "B.wacz", capture_id="cd" * 16)
    foreign = home_at(tmp_path / "other")
    begun = Papers(Sidecars("A"), {"A.case.json": (tmp_path / "out/A.case.json").read_bytes()})
    for files, trust in (
        ({"A.attempt.json": b"{}"}, home.trust),
        ({"A.case.json": b"{}"}, home.trust),
        ({}, foreign.trust),
    ):
        findings = Findings(frozenset())
        check_case(Papers(begun.sidecars, {**begun.files, **files}), load_trust(trust), findings)
        assert findings.failed("case")
