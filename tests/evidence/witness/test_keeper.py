"""The witness's decision on every kind of request, as c2sp.org/tlog-witness has it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import WitnessError
from evidence.format.addcheckpoint import AddCheckpoint, parse_cosignatures
from evidence.format.checkpoint import Checkpoint
from evidence.format.cosignature import find_witnessed
from evidence.format.merkle import consistency_proof
from evidence.format.note import NoteKey, SignedNote, sign_note
from evidence.log import Log
from evidence.witness.keeper import Answer, Witness
from evidence.witness.state import KEY, WitnessHome
from tests.evidence.witness.fixtures import LOG_KEY, NOON, ORIGIN, grow, keeper, make_log


def request(log: Log, old: int) -> bytes:
    """Return what an honest log sends."""
    head = log.store.newest()
    proof = consistency_proof(old, head.size, log.store.hashes(head.size)) if old else []
    return AddCheckpoint(old, tuple(proof), head.note).to_bytes()


def said(answer: Answer) -> tuple[int, str]:
    """Return status and first line."""
    return answer.status, answer.body.decode().split("\n")[0]


def test_a_log_is_followed_from_its_first_checkpoint_on(tmp_path: Path) -> None:
    witness, log = keeper(tmp_path / "w"), make_log(tmp_path / "log")
    old = 0
    for entries in (0, 1, 1, 6, 300):
        grow(log, *(f"{old} {n}" for n in range(0 if entries > 10 else entries)))
        with log.writing() as session:
            session.append([b"x"] * (entries if entries > 10 else 0))
        answer = witness.add_checkpoint(request(log, old))
        assert answer.status == 200, said(answer)
        head = log.store.newest()
        note = SignedNote(SignedNote.parse(head.note).text, parse_cosignatures(answer.body))
        assert find_witnessed(note, [witness.key])[0].time == NOON
        known = witness.log(ORIGIN)
        assert known is not None
        latest = known.latest()
        assert latest is not None
        assert latest.checkpoint == head.checkpoint
        assert find_witnessed(SignedNote.parse(latest.note), [witness.key])
        old = head.size


def test_the_same_checkpoint_may_be_cosigned_again(tmp_path: Path) -> None:
    witness, log = keeper(tmp_path / "w"), make_log(tmp_path / "log", 5)
    assert witness.add_checkpoint(request(log, 0)).status == 200
    again = AddCheckpoint(5, (), log.store.newest().note)
    assert witness.add_checkpoint(again.to_bytes()).status == 200
    with_proof = AddCheckpoint(5, (bytes(32),), log.store.newest().note)
    assert witness.add_checkpoint(with_proof.to_bytes()).status == 422


def test_another_size_than_it_knows_is_answered_with_its_own(tmp_path: Path) -> None:
    witness, log = keeper(tmp_path / "w"), make_log(tmp_path / "log", 5)
    assert witness.add_checkpoint(request(log, 0)).status == 200
    grow(log, "more")
    for old in (0, 3, 4, 6):
        answer = witness.add_checkpoint(request(log, old))
        assert (answer.status, answer.kind, answer.body) == (409, "text/x.tlog.size", b"5\n")


def test_it_never_goes_backwards(tmp_path: Path) -> None:
    witness, log = keeper(tmp_path / "w"), make_log(tmp_path / "log", 5)
    earlier = log.store.newest()
    grow(log, "more")
    assert witness.add_checkpoint(request(log, 0)).status == 200
    for old in (0, 5):
        back = AddCheckpoint(old, (), earlier.note).to_bytes()
        assert said(witness.add_checkpoint(back)) == (409, "6")
    assert witness.add_checkpoint(AddCheckpoint(6, (), earlier.note).to_bytes()).status == 400


def test_a_rewritten_log_is_refused_and_kept_as_proof(tmp_path: Path) -> None:
    witness, log = keeper(tmp_path / "w"), make_log(tmp_path / "log", 5)
    other = make_log(tmp_path / "other", 5, text="another")
    assert witness.add_checkpoint(request(log, 0)).status == 200
    same_size = AddCheckpoint(5, (), other.store.newest().note)
    assert said(witness.add_checkpoint(same_size.to_bytes())) == (409, "5")
    grow(other, "more")
    assert witness.add_checkpoint(request(other, 5)).status == 422
    assert len(list((tmp_path / "w").glob("logs/*/refused/*.note"))) == 2


def test_unknown_logs_and_wrong_signatures(tmp_path: Path) -> None:
    witness, log = keeper(tmp_path / "w"), make_log(tmp_path / "log", 5)
    head = log.store.newest().checkpoint
    stranger = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    unknown = sign_note(Checkpoint("other.example", 5, head.root).text(), "other.example", LOG_KEY)
    assert witness.add_checkpoint(AddCheckpoint(0, (), unknown.to_bytes()).to_bytes()).status == 404
    foreign = sign_note(head.text(), ORIGIN, stranger)
    assert witness.add_checkpoint(AddCheckpoint(0, (), foreign.to_bytes()).to_bytes()).status == 403
    changed = log.store.newest().note.replace(b"\n5\n", b"\n4\n")
    assert witness.add_checkpoint(AddCheckpoint(0, (), changed).to_bytes()).status == 403


@pytest.mark.parametrize("old", [0, 5])
def test_a_proof_that_does_not_verify_is_refused(tmp_path: Path, old: int) -> None:
    witness, log = keeper(tmp_path / "w"), make_log(tmp_path / "log", 5)
    if old:
        assert witness.add_checkpoint(request(log, 0)).status == 200
        grow(log, "more")
    wrong = AddCheckpoint(old, (bytes(32),) * 3, log.store.newest().note)
    assert witness.add_checkpoint(wrong.to_bytes()).status == 422
    if old:
        none = AddCheckpoint(old, (), log.store.newest().note)
        assert witness.add_checkpoint(none.to_bytes()).status == 422


def test_a_signed_empty_tree_with_another_root_is_refused(tmp_path: Path) -> None:
    witness = keeper(tmp_path / "w")
    note = sign_note(Checkpoint(ORIGIN, 0, bytes(32)).text(), ORIGIN, LOG_KEY)
    assert witness.add_checkpoint(AddCheckpoint(0, (), note.to_bytes()).to_bytes()).status == 422


@pytest.mark.parametrize("body", [b"", b"old 0\n\n", b"nonsense", b"old 0\n\na\nb\n\nc\n"])
def test_malformed_requests_are_one_sentence(tmp_path: Path, body: bytes) -> None:
    answer = keeper(tmp_path / "w").add_checkpoint(body)
    assert answer.status == 400
    assert answer.body.decode().count("\n") == 1


def test_a_lost_or_torn_record_stops_it(tmp_path: Path) -> None:
    witness, log = keeper(tmp_path / "w"), make_log(tmp_path / "log", 5)
    assert witness.add_checkpoint(request(log, 0)).status == 200
    latest = next((tmp_path / "w").glob("logs/*/latest"))
    whole = latest.read_bytes()
    for torn in (b"", whole[:40], whole.replace(b"\n5\n", b"\n1\n")):
        latest.write_bytes(torn)
        with pytest.raises(WitnessError):
            witness.add_checkpoint(request(log, 5))
    latest.unlink()
    with pytest.raises(WitnessError):
        witness.add_checkpoint(request(log, 0))


def test_it_does_not_go_back_in_time(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 5)
    assert keeper(tmp_path / "w").add_checkpoint(request(log, 0)).status == 200
    grow(log, "more")
    earlier = keeper(tmp_path / "w", clock=lambda: NOON - timedelta(seconds=1))
    assert earlier.add_checkpoint(request(log, 5)).status == 503
    assert keeper(tmp_path / "w").add_checkpoint(request(log, 5)).status == 200


def test_its_key_is_its_own(tmp_path: Path) -> None:
    home = WitnessHome(tmp_path)
    key, _ = home.prepare("witness.example/a")
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600
    assert home.prepare("another/name")[0] == key
    (tmp_path / KEY).chmod(0o644)
    with pytest.raises(WitnessError):
        home.prepare("witness.example/a")
    (tmp_path / KEY).unlink()
    with pytest.raises(WitnessError):
        home.prepare("witness.example/a")


def test_a_log_under_another_key_is_not_learned(tmp_path: Path) -> None:
    keeper(tmp_path)
    with pytest.raises(WitnessError):
        WitnessHome(tmp_path).learn([NoteKey(ORIGIN, bytes(32))])


def test_two_witnesses_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        WitnessHome(tmp_path).owned(),
        pytest.raises(WitnessError),
        WitnessHome(tmp_path).owned(),
    ):
        pass


def test_logs_are_kept_apart(tmp_path: Path) -> None:
    second = NoteKey("second.example", LOG_KEY.public_key().public_bytes_raw())
    witness = keeper(tmp_path / "w", [second])
    log = make_log(tmp_path / "log", 5)
    assert witness.add_checkpoint(request(log, 0)).status == 200
    other = Log(tmp_path / "second", second.name, LOG_KEY)
    with other.writing() as session:
        session.append([b"a", b"b"])
    assert witness.add_checkpoint(request(other, 0)).status == 200
    assert isinstance(witness, Witness)
    assert [log.key.name for log in witness.logs] == [ORIGIN, "second.example"]
