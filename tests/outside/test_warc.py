"""Readers that are not ours accept the archives that the command writes, and refuse a changed one.

warcio 1.8.1 crashes on any ``br`` answer beside brotli 1.2, which the service needs, so its check
runs where it finds nothing but itself. FastWARC gets an environment of its own.
"""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from tests.outside.conftest import DECODED, ODD, ODD_TLS, SHOP, SIGNED_IN, TOKEN, Captured

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parent.parent.parent
NOT_TAKEN_APART = {"bare-lf", "long"}
"""Answers whose header FastWARC does not take apart: bare line ends, and over its own limit."""
LONG = (ODD, ODD_TLS, DECODED, SIGNED_IN)


def changed(warc: Path, folder: Path) -> Path:
    """Return an archive like this one, but for one letter of a page's text."""
    data = gzip.decompress(warc.read_bytes())
    place = data.index("商品编号".encode())
    path = folder / "changed.warc"
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    return path


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with warcio and what it cannot do without, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    for name in ("warcio", "six"):
        whole = distribution(name)
        tops = {file.parts[0] for file in whole.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (folder / top).symlink_to(str(whole.locate_file(top)))
    return folder


def check(alone: Path, warc: Path) -> subprocess.CompletedProcess[str]:
    """Run ``warcio check``."""
    program = "from warcio.cli import main; main()"
    command = [sys.executable, "-S", "-c", program, "check", "-v", str(warc)]
    return subprocess.run(
        command, env={"PYTHONPATH": str(alone)}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "name", [SHOP, *(pytest.param(name, marks=pytest.mark.soak) for name in LONG)]
)
def test_warcio_accepts_every_record(captured: Captured, alone: Path, name: str) -> None:
    done = check(alone, captured(name).warc)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("WARC-Record-ID") == done.stdout.count("digest pass") > 20


def test_warcio_refuses_a_changed_record(captured: Captured, alone: Path, tmp_path: Path) -> None:
    done = check(alone, changed(captured(SHOP).warc, tmp_path))
    assert done.returncode != 0
    assert "digest failed" in done.stdout


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that has FastWARC, and nothing of ours."""
    folder = tmp_path_factory.mktemp("second") / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
    command += ["--disable-pip-version-check", "-r", str(ROOT / "requirements-outside.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return python


def read(python: Path, warc: Path) -> list[dict[str, Any]]:
    script = Path(__file__).with_name("second_reader.py")
    done = subprocess.run(
        [str(python), "-I", str(script), str(warc)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.soak
@pytest.mark.parametrize("name", [SHOP, *LONG])
def test_fastwarc_accepts_every_record(captured: Captured, second: Path, name: str) -> None:
    told = captured(name)
    records = read(second, told.warc)
    assert {record["block"] for record in records} == {True}
    apart = {record["uri"] for record in records if record.get("payload", True) is not True}
    assert {str(uri).rpartition("/")[2] for uri in apart} <= NOT_TAKEN_APART
    responses = [record for record in records if record["type"] == "response"]
    assert sorted(record["uri"] for record in responses) == sorted(
        line["url"] for line in told.index
    )
    known = {f"sha256:{record['sha256']}" for record in responses if record["payload"]}
    digests = {line["digest"] for line in told.index if line["url"] not in apart}
    assert digests <= known
    print(f"soak: {name}: FastWARC accepts {len(records)} records, {len(responses)} responses")


@pytest.mark.soak
def test_fastwarc_refuses_a_changed_record(
    captured: Captured, second: Path, tmp_path: Path
) -> None:
    records = read(second, changed(captured(SHOP).warc, tmp_path))
    assert [record["block"] for record in records].count(False) == 1
    assert len(records) == len(read(second, captured(SHOP).warc))


@pytest.mark.soak
def test_a_planted_token_is_nowhere_in_what_is_handed_out(captured: Captured) -> None:
    taken = captured(SIGNED_IN)
    warc = gzip.decompress(taken.warc.read_bytes())
    assert b"Cookie: session=" in warc
    files = [path for path in taken.inside.rglob("*") if path.is_file()]
    beside = [path for path in taken.wacz.parent.iterdir() if path.is_file()]
    for form in (
        TOKEN.encode(),
        base64.b64encode(TOKEN.encode())[:24],
        TOKEN.encode().hex().encode(),
    ):
        assert form not in warc
        assert [path.name for path in (*files, *beside) if form in path.read_bytes()] == []
