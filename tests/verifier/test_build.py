"""The committed file is the one that the documents name, and is built from these sources."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.verify import verify_file
from tests.evidence.verify.test_old import OLD
from tests.verifier.driver import BUILT
from tests.verifier.firefox import find_firefox, verify_in_firefox

ROOT = Path(__file__).resolve().parents[2]
VERIFIER = ROOT / "verifier"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_hash_of_the_committed_file_is_published(name: str) -> None:
    digest = hashlib.sha256(BUILT.read_bytes()).hexdigest()
    assert digest in (ROOT / name).read_text("utf-8")


def test_the_file_forbids_every_network_and_holds_no_address_of_this_machine() -> None:
    page = BUILT.read_text("utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert set(rules) == {
        *("default-src", "script-src", "style-src", "worker-src", "base-uri", "form-action"),
    }
    assert rules["worker-src"] == "blob:"
    assert "unsafe" not in policy[1]
    assert str(ROOT) not in page
    assert "WebAssembly" not in page
    assert "subtle" not in page


def test_every_version_of_the_instructions_is_known_to_it() -> None:
    texts = sorted((ROOT / "evidence" / "format").glob("VERIFY-*.txt"))
    due = " ".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in texts)
    page = BUILT.read_text("utf-8")
    assert f'<meta name="verify-texts" content="{due}">' in page, "make verifier-html"


def test_the_lock_file_names_no_place_to_fetch_from() -> None:
    lock = json.loads((VERIFIER / "package-lock.json").read_text("utf-8"))
    assert all("resolved" not in package for package in lock["packages"].values())
    assert "registry" not in (VERIFIER / ".npmrc").read_text("utf-8").replace(
        "omit-lockfile-registry-resolved", ""
    )


def test_the_licences_of_what_is_bundled_are_in_it() -> None:
    page = BUILT.read_text("utf-8")
    for name in ("@noble/curves", "@noble/hashes", "smol-toml"):
        assert f"{name} " in page
    assert page.count("Permission is hereby granted, free of charge") >= 2
    assert "Redistributions in binary form" in page


@pytest.mark.soak
def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    copy = tmp_path / "verifier"
    shutil.copytree(VERIFIER, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    shutil.copytree(ROOT / "evidence" / "format", tmp_path / "evidence" / "format")
    for command in (["npm", "ci", "--silent"], ["npm", "run", "--silent", "check"]):
        subprocess.run(command, cwd=copy, check=True, timeout=600)
    for name in ("one.html", "two.html"):
        command = ["node", "build.mjs", str(tmp_path / name)]
        subprocess.run(command, cwd=copy, check=True, timeout=600, env={**os.environ, "TZ": "UTC"})
        assert (tmp_path / name).read_bytes() == BUILT.read_bytes()
    size = BUILT.stat().st_size
    sys.stdout.write(f"soak: the offline verifier built anew twice, equal; {size} bytes\n")


@pytest.mark.soak
@pytest.mark.skipif(find_firefox() is None, reason="Firefox is not installed")
def test_firefox_reaches_the_same_verdict(tmp_path: Path) -> None:
    dossier, trust = OLD / "old.dossier.zip", OLD / "trust"
    verdict, requests = verify_in_firefox(BUILT, [dossier], trust, tmp_path / "profile")
    due = verify_file(dossier, trust=trust).to_json()
    told = [(c["id"], c["status"]) for c in verdict["claims"]]
    assert told == [(c["id"], c["status"]) for c in due["claims"]]
    assert (verdict["exit"], verdict["facts"]) == (due["exit"], due["facts"])
    assert [url for url in requests if not url.startswith("blob:")] == []
    sys.stdout.write("soak: Firefox, file://, verdict as by the command; requests 0\n")
