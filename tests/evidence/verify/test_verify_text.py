"""VERIFY.txt executed exactly as written, with sh, unzip, openssl and coreutils alone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from evidence.format import names
from evidence.format.verifytext import render_verify_text
from tests.evidence.builder import NAME, zipped
from tests.evidence.verify.conftest import Bench
from tests.evidence.verify.crimes import flipped

TOOLS = ("sh", "unzip", "openssl", "sha256sum", "cut", "wc", "cat", "date")


def commands(artefacts: Iterable[str]) -> str:
    """Return the commands of the text, in order."""
    lines = render_verify_text(NAME, ["local"], artefacts).decode().splitlines()
    return "\n".join(line.removeprefix("$ ") for line in lines if line.startswith("$ "))


def run(
    folder: Path, dossier: bytes, trust: Path, artefacts: Iterable[str] = names.REQUIRED
) -> str:
    """Run the commands on a dossier in ``folder`` with only ``TOOLS`` on the path."""
    tools = folder / "bin"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found is None:
            pytest.fail(f"{tool} is missing on this machine")
        (tools / tool).symlink_to(found)
    (folder / f"{NAME}.dossier.zip").write_bytes(dossier)
    done = subprocess.run(
        [str(tools / "sh"), "-c", commands(artefacts)],
        capture_output=True,
        check=False,
        cwd=folder,
        env={"PATH": str(tools), "TRUST": str(trust)},
        timeout=60,
    )
    return done.stdout.decode() + done.stderr.decode()


def test_every_command_says_ok(bench: Bench, tmp_path: Path) -> None:
    text = run(tmp_path, bench.draft.pack(), bench.trust)
    assert "FAILED" not in text
    assert "not found" not in text
    for name in names.REQUIRED:
        assert f"OK {name}\n" in text
    for proved in ("signature", "token local", "attempt entry", "outcome names manifest"):
        assert f"OK {proved}\n" in text
    assert "OK outcome names package\n" in text


def test_every_optional_file_is_told_ok_too(bench: Bench, tmp_path: Path) -> None:
    text = run(tmp_path, bench.rich.pack(), bench.trust, bench.rich.artefacts)
    assert "FAILED" not in text
    for name in (*bench.rich.artefacts, "review"):
        assert f"OK {name}\n" in text


def test_a_review_by_another_key_fails(bench: Bench, tmp_path: Path) -> None:
    inner = bench.rich.inner | {names.REVIEW_SIGNATURE: b"x" * 64}
    parts = bench.rich.parts() | {f"{NAME}.wacz": zipped(inner)}
    text = run(tmp_path, zipped(parts), bench.trust, bench.rich.artefacts)
    assert "FAILED review\n" in text


@pytest.mark.parametrize("name", sorted(names.REQUIRED))
def test_an_altered_file_fails(bench: Bench, tmp_path: Path, name: str) -> None:
    wacz = zipped(bench.draft.inner | {name: flipped(bench.draft.inner[name])})
    text = run(tmp_path, zipped(bench.draft.parts() | {f"{NAME}.wacz": wacz}), bench.trust)
    assert f"FAILED {name}\n" in text
    assert "FAILED outcome names package\n" in text


def test_an_altered_manifest_fails_signature_token_and_log(bench: Bench, tmp_path: Path) -> None:
    data = bench.draft.inner[names.MANIFEST].replace(b"markseal test", b"markseal Test")
    wacz = zipped(bench.draft.inner | {names.MANIFEST: data})
    text = run(tmp_path, zipped(bench.draft.parts() | {f"{NAME}.wacz": wacz}), bench.trust)
    for failed in ("signature", "token local", "outcome names manifest"):
        assert f"FAILED {failed}\n" in text


def test_a_foreign_authority_fails(bench: Bench, tmp_path: Path) -> None:
    trust = bench.world.trust(tmp_path / "trust")
    (trust / "authorities/local.pem").write_bytes(bench.foreign.root)
    assert "FAILED token local\n" in run(tmp_path, bench.draft.pack(), trust)
