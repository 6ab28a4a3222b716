"""A confined process is refused what it was not given, and what it starts is refused too."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evidence.worker import landlock
from evidence.worker.private import (
    PREFIX,
    Private,
    private_folder,
    read_answer,
    require_plain,
    take_over,
)
from evidence.worker.surroundings import environment, lend_fonts, user_fonts

ROOT = Path(__file__).resolve().parents[3]
needs_landlock = pytest.mark.skipif(landlock.abi() == 0, reason="this kernel has no Landlock")

TRY = """
import json, os, socket, subprocess, sys
from pathlib import Path
from evidence.worker import landlock as l
own, secret, port, other = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
rules = l.Ruleset(l.abi(), tcp=True)
for place in ("/usr", "/lib", "/lib64", "/bin", "/etc", sys.prefix, sys.base_prefix):
    rules.allow(Path(place), l.READ)
rules.allow(Path("/dev/null"), l.USE_DEVICE)
rules.allow(own, rules.files)
rules.allow_port(port)
assert not rules.allow(Path("/nowhere/at/all"), l.READ)
rules.enforce()
found = {}
def attempt(name, work):
    try:
        work()
    except OSError as error:
        found[name] = type(error).__name__
    else:
        found[name] = "done"
attempt("own file", lambda: (own / "a").write_text("x"))
attempt("secret file", lambda: secret.read_text())
attempt("secret folder", lambda: list(secret.parent.iterdir()))
attempt("new secret", lambda: (secret.parent / "b").write_text("x"))
attempt("remove secret", secret.unlink)
attempt("link to secret", lambda: os.link(secret, own / "linked"))
attempt("through a symbolic link", lambda: (os.symlink(secret, own / "s"), (own / "s").read_text()))
attempt("through our parent's root", lambda: Path(f"/proc/{os.getppid()}/root{secret}").read_text())
found["program"] = str(subprocess.run(["cat", str(secret)], capture_output=True).returncode)
attempt("harmless program", lambda: subprocess.run(["true"], check=True))
def connect(to):
    with socket.create_connection(("127.0.0.1", to), timeout=5):
        pass
attempt("allowed port", lambda: connect(port))
attempt("other port", lambda: connect(other))
attempt("signal to outside", lambda: os.kill(os.getppid(), 0))
print(json.dumps(found))
"""


@needs_landlock
def test_what_is_not_allowed_is_refused_by_the_kernel(tmp_path: Path) -> None:
    own, secret = tmp_path / "own", tmp_path / "keys" / "signer.pem"
    own.mkdir()
    secret.parent.mkdir()
    secret.write_text("secret")
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        ports = [str(s.getsockname()[1]) for s in (one, two)]
        command = [sys.executable, "-c", TRY, str(own), str(secret), *ports]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    version = landlock.abi()
    assert found.pop("program") == "1"
    assert found.pop("link to secret") != "done"
    assert found.pop("other port") == ("PermissionError" if version >= 4 else "done")
    assert found.pop("signal to outside") == ("PermissionError" if version >= 6 else "done")
    allowed = {"own file", "harmless program", "allowed port"}
    assert {name for name, outcome in found.items() if outcome == "done"} == allowed
    assert {v for k, v in found.items() if k not in allowed} == {"PermissionError"}
    assert secret.read_text() == "secret"


def test_a_link_in_a_finished_capture_is_seen(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/dom.html").write_text("x")
    assert require_plain(tmp_path) is None
    (tmp_path / "evidence/text.txt").symlink_to("/etc/passwd")
    assert require_plain(tmp_path) == "text.txt"
    (tmp_path / "evidence/text.txt").unlink()
    os.link(tmp_path / "evidence/dom.html", tmp_path / "evidence/twin")
    assert require_plain(tmp_path) in {"twin", "dom.html"}
    (tmp_path / "evidence/twin").unlink()
    os.mkfifo(tmp_path / "pipe")
    assert require_plain(tmp_path) == "pipe"


def test_only_plain_files_are_taken_over_and_read(tmp_path: Path) -> None:
    (tmp_path / "a/evidence").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "a/evidence/x").write_bytes(b"123")
    take_over(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b/evidence/x").read_bytes() == b"123"
    assert not (tmp_path / "a/evidence/x").exists()
    (tmp_path / "a/link").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        take_over(tmp_path / "a", tmp_path / "b")
    assert read_answer(tmp_path / "a/link", 10**6) is None
    assert read_answer(tmp_path / "nothing", 10) is None
    assert read_answer(tmp_path / "b/evidence/x", 2) is None
    assert read_answer(tmp_path / "b/evidence/x", 3) == b"123"


def test_the_surroundings_hold_no_setting_no_proxy_and_no_secret(tmp_path: Path) -> None:
    given = {
        "PATH": "/bin", "LC_ALL": "C.UTF-8", "TZ": "Asia/Shanghai", "HOME": "/root",
        "MARKSEAL_DATABASE_URL": "postgres://u:p@h/d", "MARKSEAL_HOME": "/x", "https_proxy": "p",
        "HTTP_PROXY": "p", "AWS_SECRET_ACCESS_KEY": "s", "LD_PRELOAD": "x", "DISPLAY": ":0",
        "PGPASSWORD": "s", "NODE_OPTIONS": "--inspect", "SSLKEYLOGFILE": "/x",
    }  # fmt: skip
    made = environment(Private(tmp_path), visible=False, environ=given)
    assert set(made) == {
        "PATH", "LC_ALL", "TZ", "HOME", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE",
    }  # fmt: skip
    assert made["HOME"] == str(tmp_path / "inside/home")
    assert environment(Private(tmp_path), visible=True, environ=given)["DISPLAY"] == ":0"


def test_fonts_that_a_person_installed_are_lent(tmp_path: Path) -> None:
    fonts = tmp_path / "person/.local/share/fonts"
    fonts.mkdir(parents=True)
    (fonts / "a.ttf").write_bytes(b"font")
    found = user_fonts({"HOME": str(tmp_path / "person")})
    assert found == (fonts,)
    (tmp_path / "inside/home").mkdir(parents=True)
    lend_fonts(Private(tmp_path), found)
    assert (tmp_path / "inside/home/.fonts/0/a.ttf").read_bytes() == b"font"
    assert user_fonts({}) == ()


def test_many_private_folders_at_once_do_not_sweep_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"{PREFIX}dead/inside").mkdir(parents=True)
    (tmp_path / f"{PREFIX}dead/lock").touch()

    def make(_: int) -> bool:
        with private_folder(None) as private:
            time.sleep(0.01)
            return private.inside.is_dir() and (private.inside / "tmp").is_dir()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(make, range(60)))
    assert list(tmp_path.iterdir()) == []
