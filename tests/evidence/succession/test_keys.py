"""Keys: handed over, revoked by recovery keys typed from paper, killed in between, refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desk.cli import main
from evidence.errors import EvidenceError, InputError, ProofError
from evidence.format.entry import Attempt, CaseClosed, KeyChange, RecoveryChange, parse_entry
from evidence.format.entry.signing import countersign, sign_entry, verify_signatures
from evidence.format.paperkey import print_key
from evidence.format.times import format_time
from evidence.home import EvidenceHome
from evidence.succession.export import export_trust
from evidence.succession.keys import (
    list_keys,
    prepare_revocation,
    revoke_signer,
    rotate_signer,
)
from evidence.succession.recovery import (
    make_recovery_keys,
    read_statement,
    renew_recovery_keys,
    replace_recovery_keys,
    sign_statement,
    write_statement,
)
from tests.evidence.succession.conftest import Office, typed
from tests.evidence.succession.rig import home_at, now, seal, verdict, words


class Killed(Exception):
    """Stands for the end of the process."""


def raw(home: EvidenceHome) -> bytes:
    return home.signer().public_key().public_bytes_raw()


def entries(home: EvidenceHome) -> list[KeyChange]:
    store = home.open_log().store
    found = [parse_entry(data) for _, data in store.entries(store.newest().size)]
    return [entry for entry in found if isinstance(entry, KeyChange)]


def test_a_rotated_key_seals_on_and_both_seals_verify(office: Office, tmp_path: Path) -> None:
    home, before = office.home, raw(office.home)
    changed = rotate_signer(home, now=now())
    assert (changed.old, changed.new) == (before, raw(home))
    assert (home.keys / "signer.pem").stat().st_mode & 0o777 == 0o600
    assert not (home.keys / "signer.next.pem").exists()
    (entry,) = entries(home)
    assert verify_signatures(entry) == {changed.old, changed.new}
    seal(home, office.exhibits, 2)
    export_trust(home, tmp_path / "newer", now=now())
    for number in (1, 2):
        dossier = office.exhibits / f"{number}.dossier.zip"
        assert verdict(dossier, tmp_path / "newer/trust")["exit"] == 0
    older = verdict(office.exhibits / "2.dossier.zip", office.handed_out)
    assert older["exit"] != 0
    assert "trust folder" in words(older)
    assert [row.state for row in list_keys(home) if row.role == "signer"] == ["current", "former"]
    assert home.audit_log().clean


@pytest.mark.soak
def test_exhibits_of_three_keys_verify_with_one_trust_folder(office: Office) -> None:
    for number in (2, 3):
        rotate_signer(office.home, now=now())
        seal(office.home, office.exhibits, number)
    for number in (1, 2, 3):
        dossier = office.exhibits / f"{number}.dossier.zip"
        assert verdict(dossier, office.home.trust)["exit"] == 0
    assert [item.start is None for item in office.home.ledger().signers] == [True, False]
    assert office.home.audit_log().clean
    print("soak: exhibits of three signing keys in a row valid with one trust folder")


@pytest.mark.parametrize("point", ["next key", "logged", "ledger written", "key replaced"])
def test_a_change_killed_anywhere_is_finished_by_the_next(office: Office, point: str) -> None:
    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    home, before = office.home, raw(office.home)
    with pytest.raises(Killed):
        rotate_signer(home, now=now(), fault=kill)
    if point == "key replaced":
        assert home.stale_trust() == ["policy.toml", "signer.pem"] or home.stale_trust()
        home.update_trust(now=now(), why="update")
    else:
        rotate_signer(home, now=now())
    assert [entry.old for entry in entries(home)] == [before]
    assert home.stale_trust() == []
    assert [item.public for item in home.ledger().signers] == [before]


def test_an_exhibit_that_is_not_in_place_yet_stops_the_change(office: Office) -> None:
    work = office.home.work / f"{1:032x}"
    (work / "done.json").rename(work / "aside.json")
    with pytest.raises(InputError, match="not yet in place"):
        rotate_signer(office.home, now=now())
    assert entries(office.home) == []


def revoked(office: Office, tmp_path: Path, keys: tuple[int, ...]) -> Path:
    """Draw up a revocation from a minute ago on and sign it with the keys of these numbers."""
    path = tmp_path / "revoke.json"
    start = now() - timedelta(minutes=1)
    write_statement(path, prepare_revocation(office.home, effective=start))
    for number in keys:
        sign_statement(path, office.sheets[number])
    return path


def test_a_stolen_key_is_revoked_and_its_later_seals_fail(office: Office, tmp_path: Path) -> None:
    home = office.home
    thief = (home.keys / "signer.pem").read_bytes()
    path = tmp_path / "revoke.json"
    start = now().replace(microsecond=0)  # tokens state whole seconds
    write_statement(path, prepare_revocation(home, effective=start))
    seal(home, office.exhibits, 2)  # by whoever has the key, after the revocation's time
    for number in (2, 0):
        sign_statement(path, office.sheets[number])
    changed = revoke_signer(home, read_statement(path), now=now())
    assert (home.keys / "signer.pem").read_bytes() != thief
    seal(home, office.exhibits, 3)
    export_trust(home, tmp_path / "newer", now=now())
    found = {
        number: verdict(office.exhibits / f"{number}.dossier.zip", tmp_path / "newer/trust")
        for number in (1, 2, 3)
    }
    assert {number: item["exit"] for number, item in found.items()} == {1: 0, 2: 1, 3: 0}
    assert "revoked" in words(found[2])
    (kept,) = (tmp_path / "newer/trust/succession").iterdir()
    ledger = home.ledger()
    assert len(read_statement(kept).proved(ledger.recovery, ledger.need)) == 2
    assert raw(home) == changed.new
    rows = [row for row in list_keys(home) if row.role == "signer"]
    assert [(row.state, row.end) for row in rows] == [("current", None), ("revoked", start)]


def test_too_few_or_foreign_signatures_revoke_nothing(office: Office, tmp_path: Path) -> None:
    path = revoked(office, tmp_path, (1,))
    stranger = " ".join(print_key(Ed25519PrivateKey.generate().private_bytes_raw()))
    sign_statement(path, stranger)
    before = raw(office.home)
    with pytest.raises(ProofError, match="1 signatures"):
        revoke_signer(office.home, read_statement(path), now=now())
    assert raw(office.home) == before
    assert entries(office.home) == []


def test_a_changed_statement_is_refused(office: Office, tmp_path: Path) -> None:
    path = revoked(office, tmp_path, (0, 1))
    value = json.loads(path.read_bytes())
    value["statement"]["effective"] = "2020-01-01T00:00:00.000000Z"
    path.write_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    with pytest.raises(EvidenceError, match="signature"):
        revoke_signer(office.home, read_statement(path), now=now())


def test_a_lost_key_is_replaced(office: Office, tmp_path: Path) -> None:
    (office.home.keys / "signer.pem").unlink()
    assert [row.state for row in list_keys(office.home)[:2]] == ["missing", "current"]
    path = revoked(office, tmp_path, (0, 2))
    revoke_signer(office.home, read_statement(path), now=now())
    seal(office.home, office.exhibits, 2)
    found = verdict(office.exhibits / "2.dossier.zip", office.home.trust)
    assert found["exit"] == 0


def test_the_sheets_are_the_only_place_of_the_secrets(tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    made = make_recovery_keys(home, tmp_path / "sheets", of=5, need=3, now=now())
    assert len(made.sheets) == 5
    assert {path.stat().st_mode & 0o777 for path in made.sheets} == {0o600}
    assert (tmp_path / "sheets").stat().st_mode & 0o777 == 0o700
    secrets = [typed(path).replace(" ", "") for path in made.sheets]
    assert len(set(secrets)) == 5
    for path in home.path.rglob("*"):
        if path.is_file():
            assert not any(secret.encode() in path.read_bytes() for secret in secrets)
    assert len(home.ledger().recovery) == 5
    with pytest.raises(InputError, match="already"):
        make_recovery_keys(home, tmp_path / "more", of=5, need=3, now=now())
    with pytest.raises(InputError, match="--of"):
        make_recovery_keys(home_at(tmp_path / "b"), tmp_path / "c", of=2, need=3, now=now())


def test_the_audit_names_a_revocation_that_no_recovery_key_signed(office: Office) -> None:
    """An insider with every key but those on paper revokes in the log."""
    home, own = office.home, Ed25519PrivateKey.generate()
    statement = prepare_revocation(home, effective=now()).signed_by(own)
    with home.open_log().writing() as session:
        entry = statement.content.entry(statement.signatures, prev=session.previous(), time=now())
        session.append([entry.to_bytes()])
    (finding,) = home.audit_log().findings
    assert (finding.code, finding.entry) == ("signature", 2)
    assert "recovery keys" in finding.en


def test_a_key_that_others_can_read_is_refused(office: Office) -> None:
    (office.home.keys / "signer.pem").chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        rotate_signer(office.home, now=now())


@pytest.mark.soak
def test_a_seal_logged_after_the_revocation_fails_whatever_its_time(
    office: Office, tmp_path: Path
) -> None:
    """The thief has the key and writes to our own log; his tokens state a time before."""
    home = office.home
    stolen = (home.keys / "signer.pem").read_bytes()
    path = tmp_path / "revoke.json"
    write_statement(path, prepare_revocation(home, effective=now() + timedelta(hours=1)))
    for sheet in office.sheets[:2]:
        sign_statement(path, sheet)
    seal(home, office.exhibits, 2)
    revoke_signer(home, read_statement(path), now=now())
    ours, trusted = (home.keys / "signer.pem").read_bytes(), home.trust / "signer.pem"
    public = trusted.read_bytes()
    (home.keys / "signer.pem").write_bytes(stolen)
    trusted.write_bytes((home.trust / home_signers(home)[0]).read_bytes())
    lie = home.trust / "policy.toml"
    truth = lie.read_text()
    lie.write_text(re.sub(r"\n\[\[(revoked|signers)\]\]\n(.+\n)+", "\n", truth))
    seal(home, office.exhibits, 3)
    (home.keys / "signer.pem").write_bytes(ours)
    trusted.write_bytes(public)
    lie.write_text(truth)
    seal(home, office.exhibits, 4)
    export_trust(home, tmp_path / "newer", now=now())
    found = [
        verdict(office.exhibits / f"{n}.dossier.zip", tmp_path / "newer/trust")
        for n in (1, 2, 3, 4)
    ]
    assert [one["exit"] for one in found] == [0, 0, 1, 0]
    assert "revoked by entry 4" in words(found[2])


def home_signers(home: EvidenceHome) -> list[str]:
    return sorted(str(p.relative_to(home.trust)) for p in home.trust.glob("signers/*.pem"))


def test_a_seal_of_the_very_second_of_the_revocation_fails(office: Office, tmp_path: Path) -> None:
    home = office.home
    kept = seal(home, office.exhibits, 2)
    facts = verdict(kept.dossier, office.handed_out)["facts"]
    (stamped,) = [datetime.fromisoformat(token["time"]) for token in facts["tokens"]]
    path = tmp_path / "revoke.json"
    late = stamped + timedelta(milliseconds=900)
    write_statement(path, prepare_revocation(home, effective=late))
    for sheet in office.sheets[:2]:
        sign_statement(path, sheet)
    revoke_signer(home, read_statement(path), now=now())
    told = verdict(kept.dossier, home.trust)
    assert told["exit"] == 1
    assert "no trusted timestamp proves" in words(told)
    policy = home.trust / "policy.toml"
    written = re.sub(
        r'(\[\[revoked\]\]\n.+\nfrom = ").+"', rf'\g<1>{format_time(late)}"', policy.read_text()
    )
    policy.write_text(written)
    assert verdict(kept.dossier, home.trust)["exit"] == 1, "a fraction in the policy helps nobody"


def test_a_closing_signed_with_a_revoked_key_is_named(office: Office, tmp_path: Path) -> None:
    home = office.home
    stolen = home.signer()
    path = tmp_path / "revoke.json"
    write_statement(path, prepare_revocation(home, effective=now() + timedelta(hours=1)))
    for sheet in office.sheets[:2]:
        sign_statement(path, sheet)
    revoke_signer(home, read_statement(path), now=now())
    assert home.audit_log().clean
    with home.open_log().writing() as session:
        attempt = parse_entry(session.entry(0))
        assert isinstance(attempt, Attempt)
        closing = CaseClosed(
            case_tag=attempt.case_tag, prev=session.previous(), time=now(), attempts=1, sealed=1,
            failed=0, nothing_found=0, signer="0" * 64,
        )  # fmt: skip
        session.append([sign_entry(closing, stolen).to_bytes()])
    assert [finding.code for finding in home.audit_log().findings] == ["signature"]


def test_recovery_keys_are_renewed_by_those_of_before(office: Office, tmp_path: Path) -> None:
    home, path = office.home, tmp_path / "renew.json"
    (tmp_path / "taken").touch()
    refused = ["--statement", str(tmp_path / "taken"), "--out", str(tmp_path / "unwanted")]
    made = ["keys", "recovery", "--of", "5", "--need", "3", "--home", str(home.path)]
    assert main([*made, *refused]) == 64
    assert list((tmp_path / "unwanted").iterdir()) == [], "sheets of keys that never count"
    sheets, statement = renew_recovery_keys(home, tmp_path / "new", of=5, need=3, now=now())
    write_statement(path, statement)
    new = [typed(sheet) for sheet in sheets]
    with pytest.raises(ProofError, match="needs 2"):
        replace_recovery_keys(home, read_statement(path), now=now())
    for sheet in new[:3]:
        sign_statement(path, sheet)
    with pytest.raises(ProofError, match="needs 2"):
        replace_recovery_keys(home, read_statement(path), now=now())
    for sheet in office.sheets[1:]:
        sign_statement(path, sheet)
    done = replace_recovery_keys(home, read_statement(path), now=now())
    assert replace_recovery_keys(home, read_statement(path), now=now()).index == done.index
    assert (home.ledger().need, len(home.ledger().recovery)) == (3, 5)
    assert home.audit_log().findings == []
    revoke = tmp_path / "revoke.json"
    later = ["--from", "2099-01-01T00:00:00Z", "--out", str(revoke), "--home", str(home.path)]
    assert main(["keys", "statement", "signer", *later]) == 64
    write_statement(revoke, prepare_revocation(home, effective=now()))
    for sheet in office.sheets:
        sign_statement(revoke, sheet)
    with pytest.raises(ProofError, match="needs 3"):
        revoke_signer(home, read_statement(revoke), now=now())
    for sheet in new[2:]:
        sign_statement(revoke, sheet)
    revoke_signer(home, read_statement(revoke), now=now())
    assert home.audit_log().findings == []
    export_trust(home, tmp_path / "newer", now=now())
    assert len(list((tmp_path / "newer/trust/recovery").iterdir())) == 5
    assert len(list((tmp_path / "newer/trust/succession").iterdir())) == 2


def test_recovery_keys_that_the_old_ones_did_not_sign_are_named(
    office: Office, tmp_path: Path
) -> None:
    home = office.home
    keys = [Ed25519PrivateKey.generate() for _ in range(2)]
    with home.open_log().writing() as session:
        raw = tuple(key.public_key().public_bytes_raw() for key in keys)
        draft = RecoveryChange(prev=session.previous(), time=now(), need=2, keys=raw)
        both = [countersign(draft.signed, key) for key in keys]
        ordered = tuple(sorted(both, key=lambda item: item.key))
        session.append([replace(draft, signatures=ordered).to_bytes()])
    assert [finding.code for finding in home.audit_log().findings] == ["signature"]
