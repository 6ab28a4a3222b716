"""The small wheel of the verifier: nothing of the service in it, and enough to verify."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from release.verifier import NEEDED, ROOM, pins, sources
from tests.evidence.tamper.good import DOSSIER, Good

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_is_the_verifier_under_a_name_of_its_own() -> None:
    files = dict(sources())
    assert all(name.startswith(f"{ROOM}/") for name in files)
    assert f"{ROOM}/verify/steps.py" in files
    assert f"{ROOM}/format/VERIFY-1.txt" in files
    for name, data in files.items():
        if name.endswith(".py"):
            imports = re.findall(r"^\s*(?:from|import) (\w+)", data.decode(), re.M)
            assert not {"evidence", "desk", "egress", "django"} & set(imports), name
            assert "evidence.format" not in data.decode(), name


def test_every_library_is_pinned_with_hashes() -> None:
    found = pins()
    assert set(found) == set(NEEDED)
    assert all("--hash=sha256:" in text and ";" not in text for text in found.values())


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=cwd, env={"PATH": "", "LANG": "C.UTF-8"}, capture_output=True, text=True
    )


@pytest.mark.soak
def test_it_is_installed_and_verifies_without_a_network_or_our_code(tmp_path: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    made = [sys.executable, "-m", "release.verifier", "--out", str(tmp_path / "offline")]
    subprocess.run([*made, "--python", version], check=True, cwd=ROOT)
    wheels = {path.name for path in (tmp_path / "offline").glob("*.whl")}
    assert any("win_amd64" in name for name in wheels)
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = ["-m", "pip", "--python", python, "install", "--quiet", "--no-index"]
    installed = run(
        sys.executable, *install, "-f", ".", "markseal-verify", cwd=tmp_path / "offline"
    )
    assert installed.returncode == 0, installed.stderr
    good = Good(tmp_path / "good")
    (tmp_path / DOSSIER).write_bytes(good.draft.pack())
    for command in ((tmp_path / "venv/bin/markseal-verify",), (python, "-m", ROOM)):
        done = run(*command, DOSSIER, "--trust", good.trust, "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["verdict"] == "valid"
    (tmp_path / DOSSIER).write_bytes(good.draft.pack()[:-1])
    assert run(python, "-m", ROOM, DOSSIER, cwd=tmp_path).returncode == 1
    print(f"soak: {len(wheels)} wheels, installed without an index and verified")
