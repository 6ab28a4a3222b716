"""Our log asks its witnesses: who is down delays nothing, who has seen more stops everything."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from evidence.errors import InputError, RolledBack, WitnessError
from evidence.format.checkpoint import Checkpoint
from evidence.format.cosignature import find_witnessed
from evidence.format.note import SignedNote
from evidence.format.policy import CLAIMS, Policy, TrustedWitness
from evidence.log import Log
from evidence.witness.asked import AskedWitness, Memory, load_asked
from evidence.witness.gather import Cosigned, Patience, gather_cosignatures, lacking
from tests.evidence.witness.fixtures import NOON, ORIGIN, grow, make_log, noon, serving

QUICK = Patience(5.0, 1, 10.0)


def gather(
    log: Log, *witnesses: AskedWitness, memory: Path, patience: Patience = QUICK
) -> Cosigned:
    return gather_cosignatures(
        log.store, witnesses, folder=memory, proxy=None, clock=noon, patience=patience
    )


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Serve one fixed answer to every request."""

    class Fixed(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Fixed) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_two_witnesses_cosign_one_checkpoint_as_it_grows(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    with (
        serving(tmp_path / "a", name="witness.example/a") as a,
        serving(tmp_path / "b", name="witness.example/b") as b,
    ):
        for size in (3, 3, 4, 6):
            while log.store.newest().size < size:
                grow(log, "more")
            found = gather(log, b.asked("乙"), a.asked("甲"), memory=tmp_path / "memory")
            assert found.missing == ()
            assert [w.key for w in found.witnessed] == [a.key, b.key]
            note = SignedNote.parse(found.head.note)
            assert note.signatures[0].name == log.origin
            assert Checkpoint.parse(note.text) == log.store.newest().checkpoint
            assert len(find_witnessed(note, [a.key, b.key])) == 2
    kept = Memory(tmp_path / "memory", ORIGIN).cosigned(log.key)
    assert kept is not None
    assert kept.note == found.head.note


def test_a_witness_that_is_down_is_named_and_left_alone_for_a_while(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with serving(tmp_path / "a") as a:
            down = AskedWitness("某公证处", a.key, url)
            first = gather(log, down, memory=tmp_path / "memory")
            assert "某公证处" in first.missing[0].zh
            assert first.head.note == log.store.newest().note
            again = gather(log, down, memory=tmp_path / "memory")
            assert "not asked again" in again.missing[0].en
            up = gather(log, a.asked(), memory=tmp_path / "memory", patience=Patience(5, 2, 10))
            assert len(up.witnessed) == 1


def test_a_log_that_was_rolled_back_stops_and_its_proof_is_kept(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    shutil.copytree(tmp_path / "log", tmp_path / "backup")
    with serving(tmp_path / "a") as a:
        grow(log, "one", "two")
        gather(log, a.asked(), memory=tmp_path / "memory")
        old = Log(tmp_path / "backup", log.origin, log.private)
        with pytest.raises(RolledBack) as error:
            gather(old, a.asked(), memory=tmp_path / "other")
        assert "5 entries" in error.value.en
        assert "only 3" in error.value.en
        assert len(list((tmp_path / "other").glob("*.ahead"))) == 1
        grow(old, "three", "four")
        with pytest.raises(RolledBack) as error:
            gather(old, a.asked(), memory=tmp_path / "other")
        assert "rewritten" in error.value.en
        grow(old, "five")
        with pytest.raises(RolledBack) as error:
            gather(old, a.asked(), memory=tmp_path / "other")
        assert "rewritten" in error.value.en


def test_a_stale_memory_does_no_harm(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    with serving(tmp_path / "a") as a:
        gather(log, a.asked(), memory=tmp_path / "memory")
        grow(log, "more")
        Memory(tmp_path / "memory", ORIGIN).keep_size(a.asked(), 1, noon())
        assert len(gather(log, a.asked(), memory=tmp_path / "memory").witnessed) == 1
        grow(log, "more")
        (tmp_path / "memory" / "cosigned").write_bytes(b"torn")
        (next((tmp_path / "memory").glob("*.size"))).write_bytes(b"torn")
        assert len(gather(log, a.asked(), memory=tmp_path / "memory").witnessed) == 1


def test_a_witness_that_lost_its_record_is_named(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    with serving(tmp_path / "a") as a:
        gather(log, a.asked(), memory=tmp_path / "memory")
    next((tmp_path / "a").glob("logs/*/latest")).write_bytes(b"none\n")
    grow(log, "more")
    with serving(tmp_path / "a") as a:
        found = gather(log, a.asked(), memory=tmp_path / "memory")
    assert found.witnessed == ()
    assert "lost its record" in found.missing[0].en


def test_a_clock_an_hour_off_is_no_cosignature(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    with serving(tmp_path / "a", clock=lambda: NOON - timedelta(hours=1)) as a:
        found = gather(log, a.asked(), memory=tmp_path / "memory")
    assert found.witnessed == ()
    assert "check both clocks" in found.missing[0].en


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (200, b"<html>hello</html>", "no cosignature"),
        (200, "— witness.example/x AAAAAAAAAAAAAAAA\n".encode(), "another key"),
        (200, b"x" * 100_000, "no cosignature"),
        (302, b"", "302"),
        (409, b"many\n", "409"),
        (500, "磁盘已满。 / No space.\n".encode(), "No space"),
    ],
)
def test_strange_answers_are_named(tmp_path: Path, status: int, body: bytes, word: str) -> None:
    log = make_log(tmp_path / "log", 3)
    with serving(tmp_path / "a") as a, answering(status, body) as url:
        found = gather(log, AskedWitness("某", a.key, url), memory=tmp_path / "memory")
    assert found.witnessed == ()
    assert word in found.missing[0].en


def test_a_witness_that_claims_more_than_it_can_show_still_stops_us(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    with serving(tmp_path / "a") as a, answering(409, b"1000\n") as url:
        with pytest.raises(RolledBack) as error:
            gather(log, AskedWitness("某", a.key, url), memory=tmp_path / "memory")
        assert "kept" not in error.value.en


def test_many_processes_ask_for_one_log(tmp_path: Path) -> None:
    """Writers that append and ask at once all get their checkpoint cosigned."""
    log = make_log(tmp_path / "log", 3)
    results: list[Cosigned] = []

    def work(number: int) -> None:
        grow(log, f"entry of {number}")
        results.append(gather(log, asked, memory=tmp_path / "memory"))

    with serving(tmp_path / "a") as a:
        asked = a.asked()
        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [len(found.witnessed) for found in results] == [1] * 6


def test_what_the_policy_still_lacks(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log", 3)
    with (
        serving(tmp_path / "a", name="witness.example/a") as a,
        serving(tmp_path / "b", name="witness.example/b") as b,
    ):
        both = gather(log, a.asked(), b.asked(), memory=tmp_path / "memory").witnessed
    (tmp_path / "a.vkey").write_text(a.key.text())
    (tmp_path / "b.vkey").write_text(b.key.text() + "\n")
    listed = (TrustedWitness("甲", "a.vkey", "party"), TrustedWitness("乙", "b.vkey", "notary"))

    def policy(count: int, *, independent: bool = False, required: bool = True) -> Policy:
        claims = (*CLAIMS, "witness") if required else CLAIMS
        return Policy(
            claims, 1, "l", "s", (), cosignatures=count, independent=independent, witnesses=listed
        )

    first, second = ([w for w in both if w.key == key] for key in (a.key, b.key))
    assert not lacking(policy(2), tmp_path, both)
    assert lacking(policy(2), tmp_path, first)
    assert not lacking(policy(1), tmp_path, first)
    assert lacking(policy(1, independent=True), tmp_path, first)
    assert not lacking(policy(1, independent=True), tmp_path, second)
    assert not lacking(policy(2, required=False), tmp_path, [])
    (tmp_path / "b.vkey").unlink()
    with pytest.raises(WitnessError):
        lacking(policy(1), tmp_path, both)


def test_the_witnesses_to_ask_are_read_strictly(tmp_path: Path) -> None:
    assert load_asked(tmp_path) == ()
    with serving(tmp_path / "a") as a:
        key = a.key
    row = (
        f'[[witnesses]]\nname = "某公证处"\nvkey = "{key.text()}"\n'
        'url = "http://127.0.0.1:1/"\nrelation = "notary"\n'
    )
    (tmp_path / "witnesses.toml").write_text(row, encoding="utf-8")
    assert load_asked(tmp_path) == (AskedWitness("某公证处", key, "http://127.0.0.1:1", "notary"),)
    for wrong in (
        row + row,
        row.replace("http:", "file:"),
        row.replace("notary", "friend"),
        row.replace("url", "uri"),
        row + "more = 1\n",
        "witnesses = 1",
        "=",
    ):
        (tmp_path / "witnesses.toml").write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError) as error:
            load_asked(tmp_path)
        assert "witnesses.toml" in error.value.zh
