"""A log followed from outside: it may grow, and nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import InputError, Unreachable
from evidence.format import jcs
from evidence.format.entry import CaseClosed
from evidence.format.entry.signing import sign_entry
from evidence.format.note import NoteKey
from evidence.format.tiles import pack_entries, unpack_entries
from evidence.monitor import Asked, FolderSource, HttpSource, StateFile
from tests.evidence.log.fixtures import START, attempt, failed, hexed, sealed
from tests.evidence.log.test_attacks import erasing, handed, package_of
from tests.evidence.log.test_audit import begun
from tests.evidence.log.test_insider import SIGNER, SIGNERS, closing, key_change
from tests.evidence.monitor.fixtures import Stand, bundle, dripping, plain, served

LATE = START + timedelta(hours=3)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand.at(tmp_path)


@pytest.mark.parametrize("steps", [(0, 1, 1), (255, 1, 1), (300, 300, 1), (5, 0, 700, 256)])
def test_a_log_that_grows_is_followed_step_by_step(stand: Stand, steps: tuple[int, ...]) -> None:
    total = 0
    for count in steps:
        if count:
            stand.grow(count)
        total += count
        found = stand.look()
        assert found.report.clean
        assert found.report.size == found.report.attempts == total
        assert found.before == total - count


def test_over_http_it_is_the_same(stand: Stand) -> None:
    with served(stand.log.folder) as url:
        for _ in range(3):
            stand.grow(150)
            assert stand.look(HttpSource(url)).report.clean


def test_many_edges_are_looked_at_again(stand: Stand) -> None:
    for count in (255, 1, 255, 1, 256, 100):
        stand.grow(count)
        assert stand.look().report.clean
    assert stand.look().before == 868


def test_another_tree_of_a_size_that_was_seen_is_a_fork_for_ever(stand: Stand) -> None:
    stand.grow(3)
    other = stand.copy("other")
    stand.grow(1)
    other.grow(1, case="another")
    assert stand.codes() == []
    found = other.look()
    assert [finding.code for finding in found.report.findings] == ["fork"]
    assert len(found.state.contradictions) == 1
    again = stand.look()
    assert [finding.code for finding in again.report.findings] == ["fork"], "it stays found"


@pytest.mark.parametrize(("common", "apart", "then"), [(3, 2, 4), (300, 300, 400), (10, 0, 900)])
def test_another_history_that_is_longer_is_a_fork(
    stand: Stand, common: int, apart: int, then: int
) -> None:
    stand.grow(common)
    other = stand.copy("other")
    stand.grow(1 + apart)
    other.grow(1, case="another")
    other.grow(then)
    assert stand.codes() == []
    found = other.look().report.findings
    assert [finding.code for finding in found] == ["fork"]
    assert found[0].entry is None or found[0].entry <= common
    assert stand.file.load(stand.log.key).head is not None
    assert stand.file.load(stand.log.key).head.size == common + 1 + apart  # type: ignore[union-attr]


def test_a_rollback_is_named_and_the_state_stays(stand: Stand) -> None:
    stand.grow(5)
    old = stand.copy("old")
    stand.grow(2)
    assert stand.codes() == []
    before = stand.file.path.read_bytes()
    assert old.codes() == ["rollback"]
    assert stand.file.path.read_bytes() == before
    assert stand.codes() == [], "the log came back"


def test_a_shorter_log_is_a_rollback_of_what_was_only_shown(stand: Stand) -> None:
    """What the log signed counts from the moment it was shown, read or not."""
    stand.grow(5)
    old = stand.copy("old")
    stand.grow(2)
    ahead = stand.copy("ahead")
    shutil.rmtree(ahead.log.folder / "tile")
    with pytest.raises(Unreachable, match="is not there"):
        ahead.look()
    assert old.codes() == ["rollback"]
    assert stand.codes() == []


def test_what_was_only_shown_must_come_true(stand: Stand) -> None:
    stand.grow(5)
    other = stand.copy("other")
    stand.grow(2)
    shown = stand.copy("shown")
    shutil.rmtree(shown.log.folder / "tile")
    with pytest.raises(Unreachable):
        shown.look()
    other.grow(4, case="another")
    assert other.codes() == ["fork"]


def test_a_wrong_key_and_a_forged_checkpoint_are_no_signature(stand: Stand) -> None:
    stand.grow(3)
    path = stand.log.folder / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n3\n", b"\n4\n", 1))
    assert stand.codes() == ["checkpoint"]


def test_a_broken_chain_and_a_missing_number_stay_found(stand: Stand) -> None:
    stand.grow(3)
    with stand.log.writing() as session:
        session.append([attempt(hexed("elsewhere"), 9)])
    assert stand.codes() == ["chain", "number"]
    stand.numbers["case"] = 9
    stand.grow(1)
    assert stand.codes() == ["chain", "number"]
    assert stand.look().report.findings[0].entry == 3


def test_numbers_are_followed_over_many_looks(stand: Stand) -> None:
    for case in ("one", "two", "one"):
        stand.grow(2, case=case)
        assert stand.codes() == []
    stand.numbers["two"] = 7
    stand.grow(1, case="two")
    assert stand.codes() == ["number"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_changed_entry_is_named(stand: Stand, number: int) -> None:
    stand.grow(400)
    path = bundle(stand.log.folder, number)
    entries = unpack_entries(path.read_bytes())
    entries[7] = entries[7].replace(b'"number":', b'"number":1', 1)
    path.write_bytes(pack_entries(entries))
    found = [(f.code, f.entry) for f in stand.look().report.findings if f.code == "leaf"]
    assert found == [("leaf", number * 256 + 7)]
    assert stand.file.load(stand.log.key).head is None


def test_a_torn_bundle_and_a_short_tile_are_named(stand: Stand) -> None:
    stand.grow(300)
    entries = bundle(stand.log.folder, 0)
    whole = entries.read_bytes()
    entries.write_bytes(whole[:-9])
    assert stand.codes() == ["entries"]
    entries.write_bytes(whole)
    tile = stand.log.folder / "tile" / "0" / "000"
    hashes = tile.read_bytes()
    tile.write_bytes(hashes[:-32])
    assert stand.codes() == ["tile"]
    tile.write_bytes(hashes[:-1] + b"\0")
    assert stand.codes() == ["tile"]
    tile.write_bytes(hashes)
    assert stand.codes() == [], "a copy that was not whole is no lasting alarm"


def test_an_entry_rewritten_in_the_unfinished_bundle_is_named(stand: Stand) -> None:
    stand.grow(10)
    assert stand.codes() == []
    stand.grow(1)
    path = bundle(stand.log.folder)
    entries = unpack_entries(path.read_bytes())
    entries[4] = attempt(hexed("x"), 5)
    path.write_bytes(pack_entries(entries))
    found = stand.look().report.findings
    assert [(finding.code, finding.entry) for finding in found] == [("leaf", 4)]


def test_a_checkpoint_from_elsewhere_is_held_against_the_log(stand: Stand) -> None:
    stand.grow(20)
    other = stand.copy("other")
    early = (stand.log.folder / "checkpoint").read_bytes()
    stand.grow(300)
    other.grow(2, case="another")
    forged = (other.log.folder / "checkpoint").read_bytes()
    assert stand.look(asked=Asked(checkpoints=[("dossier", early)])).report.clean
    found = stand.look(asked=Asked(checkpoints=[("dossier", forged)])).report.findings
    assert [finding.code for finding in found] == ["fork"]
    assert "dossier" in found[0].en
    late = (stand.log.folder / "checkpoint").read_bytes()
    fresh = Stand(stand.folder, other.log, type(stand.file)(stand.folder / "fresh.json"))
    found = fresh.look(asked=Asked(checkpoints=[("dossier", late)])).report.findings
    assert [finding.code for finding in found] == ["rollback"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (plain(500), "status 500"),
        (plain(302, Location="http://127.0.0.1:9/"), "redirects are not followed"),
        (plain(404), "is not there"),
        (plain(200, b"<!doctype html><p>sign in"), "no log"),
        (plain(200, b"x" * 70_000), "larger than"),
        (plain(200, b"x", Content_Length="99999999999"), "larger than"),
        (plain(200, b"short", Content_Length="500"), "could not be read"),
        (plain(200, b"x", Content_Encoding="gzip"), "encoding"),
        (dripping, "within 0.5 seconds"),
    ],
)
def test_what_cannot_be_read_is_no_fork(stand: Stand, answer: object, said: str) -> None:
    stand.grow(2)
    assert stand.codes() == []
    before = stand.file.path.read_bytes()
    spoilt = served(stand.log.folder, {"checkpoint": answer})  # type: ignore[dict-item]
    with spoilt as url, pytest.raises(Unreachable, match=said):
        stand.look(HttpSource(url, seconds=0.5))
    assert stand.file.path.read_bytes() == before


def test_nobody_listens(stand: Stand) -> None:
    with pytest.raises(Unreachable, match="could not be read"):
        stand.look(HttpSource("http://127.0.0.1:9/log", seconds=2))


def test_a_partial_tile_that_became_whole_is_read_all_the_same(stand: Stand) -> None:
    stand.grow(200)
    checkpoint = (stand.log.folder / "checkpoint").read_bytes()
    stand.grow(200)
    shutil.rmtree(stand.log.folder / "tile" / "0" / "000.p", ignore_errors=True)
    shutil.rmtree(stand.log.folder / "tile" / "entries" / "000.p", ignore_errors=True)
    (stand.log.folder / "checkpoint").write_bytes(checkpoint)
    with served(stand.log.folder) as url:
        assert stand.look(HttpSource(url)).report.size == 200
    assert stand.look(FolderSource(stand.log.folder)).report.clean


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_damaged_state_is_refused_and_not_begun_anew(stand: Stand, cut: int) -> None:
    stand.grow(3)
    assert stand.codes() == []
    data = stand.file.path.read_bytes()
    stand.file.path.write_bytes(data[:cut])
    with pytest.raises(InputError, match="damaged"):
        stand.look()
    assert stand.file.path.read_bytes() == data[:cut]


def test_every_flipped_byte_of_the_state_is_noticed(stand: Stand) -> None:
    stand.grow(2)
    assert stand.codes() == []
    data = stand.file.path.read_bytes()
    for at in range(0, len(data), 7):
        stand.file.path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(InputError):
            stand.file.load(stand.log.key)


def test_the_state_of_another_log_is_refused(stand: Stand, tmp_path: Path) -> None:
    stand.grow(1)
    assert stand.codes() == []
    value = json.loads(stand.file.path.read_bytes())
    assert value["format"] == "markseal-monitor/3"
    with pytest.raises(InputError, match="another log"):
        stand.file.load(NoteKey("other/log", bytes(32)))


def test_two_monitors_at_one_state_do_not_work_at_once(stand: Stand) -> None:
    stand.grow(1)
    other = StateFile(stand.file.path)
    with (
        stand.file.held(),
        pytest.raises(InputError, match="Another monitor"),
        other.held(seconds=0.1),
    ):
        pass


def test_an_unchecked_revocation_is_told_and_remembered(stand: Stand) -> None:
    """Without recovery keys the revoked key's later closing is told as not checked."""
    stand.grow(1)
    with stand.log.writing() as session:
        stranger = key_change("revoked", session.previous(), SIGNERS[0], b"n" * 32, STRANGER)
        session.append([stranger])
    asked = Asked(signers=SIGNERS)
    first = stand.look(asked=asked)
    assert [(f.code, f.entry) for f in first.report.unchecked] == [("recovery", 1)]
    with stand.log.writing() as session:
        first_one = begun(session.entry(0))
        session.append([failed(session.previous(), first_one, 0)])
        session.append([closing(1, session.previous(), failed=1)])
    second = stand.look(asked=asked)
    assert [(f.code, f.entry) for f in second.report.unchecked] == [("revocation", 3)]
    assert (second.report.findings, second.report.exit_code) == ([], 3)


@pytest.mark.parametrize(
    ("name", "lacks"), [(2, ["erased"]), (1, ["erased", "doubtful", "handed"])]
)
def test_a_state_of_a_former_format_is_read(stand: Stand, name: int, lacks: list[str]) -> None:
    stand.grow(2)
    assert stand.codes() == []
    value = json.loads(stand.file.path.read_bytes())
    for field in (*lacks, "sha256"):
        del value[field]
    value["format"] = f"markseal-monitor/{name}"
    value["sha256"] = hashlib.sha256(jcs.dumps(value)).hexdigest()
    stand.file.path.write_bytes(jcs.dumps(value))
    stand.grow(1)
    assert stand.codes() == []
    assert json.loads(stand.file.path.read_bytes())["format"] == "markseal-monitor/3"


def test_an_erasure_is_remembered(stand: Stand) -> None:
    """One exhibit's content was erased in one look, and on another request in the next."""
    stand.grow(1)
    with stand.log.writing() as session:
        first = begun(session.entry(0))
        session.append([sealed(session.previous(), first, 0)])
    erased = erasing(1, package_of(stand.log, 1))
    found = []
    for _ in range(2):
        with stand.log.writing() as session:
            session.append([erased(session.previous())])
        found.append(stand.look(asked=Asked(signers=SIGNERS)).report.findings)
    assert [[(f.code, f.entry) for f in report] for report in found] == [[], [("erasure", 3)]]


def test_a_key_that_was_handed_over_is_remembered(stand: Stand) -> None:
    """The hand-over was read in one look, what the old key signs in another."""
    with stand.log.writing() as session:
        session.append([handed("s", "n")(session.previous())])
    asked = Asked(signers=SIGNERS)
    assert stand.look(asked=asked).report.findings == []
    with stand.log.writing() as session:
        entry = CaseClosed(hexed("none"), session.previous(), LATE, 0, 0, 0, 0, signer=hexed("x"))
        session.append([sign_entry(entry, SIGNER).to_bytes()])
    found = stand.look(asked=asked).report.findings
    assert [(f.code, f.entry) for f in found] == [("signature", 1)]


def test_a_backup_put_back_that_goes_on_is_a_fork(stand: Stand) -> None:
    stand.grow(3)
    backup = stand.copy("backup")
    stand.grow(2)
    assert stand.codes() == []
    backup.grow(1)
    assert stand.codes(FolderSource(backup.log.folder)) == ["rollback"]
    backup.grow(3, case="another")
    assert "fork" in stand.codes(FolderSource(backup.log.folder))
