"""The bad days as a person lives them: real captures, the commands alone, an empty data folder.

Nothing of the product is called but ``markseal`` and ``python -m evidence verify``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.evidence.succession.rig import ROOT

pytestmark = [pytest.mark.soak, pytest.mark.browser, pytest.mark.timeout(3600)]
CASE = "甬市监2026-1"
PAGE = "<!doctype html><meta charset=utf-8><title>山茶油 500ml</title><h1>山茶油</h1><p>39.9</p>"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@dataclass
class Person:
    """Somebody at a terminal, in a folder of their own, with the sheets of recovery keys."""

    folder: Path
    page: str
    home: Path = field(default=Path())
    taken: int = 0

    def __post_init__(self) -> None:
        self.home = self.folder / "home"

    def markseal(self, *words: str, given: str = "", code: int = 0) -> str:
        settings = {"MARKSEAL_ALLOW_LOOPBACK": "1", "MARKSEAL_DATABASE_URL": ""}
        if os.geteuid() == 0:
            settings["MARKSEAL_NO_SANDBOX"] = "1"
        done = subprocess.run(
            [sys.executable, "-m", "desk.cli", *words],
            cwd=self.folder,
            env={
                **os.environ, **settings, "MARKSEAL_HOME": str(self.home), "PYTHONPATH": str(ROOT),
            },
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def capture(self, *, code: int = 0) -> str:
        self.taken += code == 0
        name = f"item{self.taken + (code != 0)}.wacz"
        return self.markseal("capture", self.page, "--out", name, "--case", CASE, code=code)

    def dossier(self, number: int) -> str:
        return f"item{number}.dossier.zip"

    def recovery(self, folder: str = "sheets") -> None:
        self.markseal("keys", "recovery", "--of", "3", "--need", "2", "--out", folder)

    def sign(self, statement: str, *sheets: int, folder: str = "sheets") -> None:
        for number in sheets:
            text = (self.folder / folder / f"recovery-{number}-of-3.html").read_text("utf-8")
            typed = " ".join(re.findall("<b>([0-9A-Z]{5})</b>", text))
            self.markseal("keys", "sign-statement", statement, given=typed)

    def exits(self, trust: str) -> list[int]:
        """What the verifier alone says of every dossier that was handed out."""
        command = [sys.executable, "-m", "evidence", "verify"]
        return [
            subprocess.run(
                [*command, str(self.folder / self.dossier(n)), "--trust", str(self.folder / trust)],
                cwd=ROOT, capture_output=True, check=False,
            ).returncode
            for n in range(1, self.taken + 1)
        ]  # fmt: skip


@pytest.fixture
def person(tmp_path: Path, page: str) -> Person:
    return Person(tmp_path, page)


def test_the_machine_is_destroyed_ten_exhibits_after_the_last_backup(person: Person) -> None:
    for words in (
        ("genpkey", "-algorithm", "X25519", "-out", "backup.pem"),
        ("pkey", "-in", "backup.pem", "-pubout", "-out", "public.pem"),
    ):
        subprocess.run(["openssl", *words], cwd=person.folder, check=True, capture_output=True)
    person.capture()
    person.recovery()
    person.markseal("trust", "export", "--out", "first")
    person.markseal("backup", "--out", "day.backup", "--to", "public.pem")
    for _ in range(10):
        person.capture()
    shutil.rmtree(person.home)
    known = [w for n in range(2, 12) for w in ("--known", person.dossier(n))]
    restored = person.markseal(
        "restore", "day.backup", "--home", "home", "--key", "backup.pem", *known, code=1
    )
    assert "The log is behind" in restored
    assert "successor log" in person.capture(code=1)
    gap = person.markseal("succession", "prepare", "--reason", "backup-older", "--out", "gap.json")
    assert "2 entries are in hand; 20 are known to have been and are gone" in gap
    assert "Have 2 recovery keys sign it" in gap
    refused = person.markseal("succession", "open", "--statement", "gap.json", code=1)
    assert "markseal keys sign-statement" in refused
    person.sign("gap.json", 3, 1)
    person.markseal("succession", "open", "--statement", "gap.json")
    person.capture()
    attempt = (person.folder / "item12.attempt.json").read_text()
    assert '"number":12' in attempt
    person.markseal("case", "close", CASE)
    assert "no findings" in person.markseal("log", "audit")
    person.markseal("trust", "export", "--out", "second")
    assert person.exits("second/trust") == [0] * 12
    person.markseal("case", "export", CASE, "--out", "case.json")
    told = person.markseal("case", "verify", "case.json", "--trust", "second/trust", code=3)
    assert "The attempt number 11 was in the log" in told
    assert "is missing" not in told
    print("soak: 12 dossiers valid after the machine was gone, 20 lost entries and 10 lost numbers")
    print("soak: named, sealing went on with number 12")


def test_every_key_is_lost(person: Person) -> None:
    person.capture()
    person.recovery()
    person.markseal("trust", "export", "--out", "first")
    shutil.rmtree(person.home / "evidence/keys")
    assert "markseal succession" in person.capture(code=64)
    assert "missing" in person.markseal("keys", "list")
    prepare = ("succession", "prepare", "--reason", "log-key-lost", "--out", "gap.json")
    assert "--signer lost" in person.markseal(*prepare, code=64)
    person.markseal(*prepare, "--signer", "lost")
    person.sign("gap.json", 1, 2)
    person.markseal("succession", "open", "--statement", "gap.json")
    person.capture()
    person.markseal("trust", "export", "--out", "second")
    assert person.exits("second/trust") == [0, 0]
    assert '"number":2' in (person.folder / "item2.attempt.json").read_text()
    shutil.rmtree(person.home)
    lost = ("--signer", "lost", "--trust", "second/trust")
    known = ("--known", person.dossier(1), "--known", person.dossier(2))
    person.markseal(
        "succession", "prepare", "--reason", "all-lost", *lost, *known, "--out", "all.json"
    )
    person.sign("all.json", 2, 3)
    person.markseal("succession", "open", "--statement", "all.json", *lost[2:])
    person.capture()
    assert '"number":3' in (person.folder / "item3.attempt.json").read_text()
    assert "no findings" in person.markseal("log", "audit")
    person.markseal("trust", "export", "--out", "third")
    assert person.exits("third/trust") == [0, 0, 0]
    print("soak: all keys, then the whole data folder lost; 3 dossiers of 3 logs valid")


def test_the_signing_key_is_stolen_and_revoked(person: Person) -> None:
    person.capture()
    person.recovery()
    thief = Person(person.folder / "thief", person.page)
    thief.folder.mkdir()
    person.markseal("keys", "statement", "signer", "--out", "revoke.json")
    shutil.copytree(person.home, thief.home)
    thief.capture()
    person.sign("revoke.json", 1, 3)
    person.markseal("keys", "revoke", "signer", "--statement", "revoke.json")
    person.capture()
    assert "revoked" in person.markseal("keys", "list")
    assert "no findings" in person.markseal("log", "audit")
    person.markseal("trust", "export", "--out", "second")
    assert person.exits("second/trust") == [0, 0]
    shutil.copytree(person.folder / "second", thief.folder / "second")
    assert thief.exits("second/trust") == [1]
    renewed = ("--of", "3", "--need", "2", "--out", "new-sheets", "--statement", "renew.json")
    person.markseal("keys", "recovery", *renewed)
    person.sign("renew.json", 1, 2)
    person.markseal("keys", "renew-recovery", "--statement", "renew.json")
    assert "no findings" in person.markseal("log", "audit")
    person.capture()
    person.markseal("trust", "export", "--out", "third")
    assert person.exits("third/trust") == [0, 0, 0]
    print("soak: seals by the stolen key after its revocation fail, sealing went on; recovery keys")
    print("soak: renewed by those of before")
