"""``markseal renew`` as an operator runs it, on an exhibit of the trial authority."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.cli import main
from evidence.format.policy import POLICY, WeakAlgorithm
from evidence.format.policytext import parse_policy
from evidence.seal import open_home
from tests.evidence.builder import NAME
from tests.evidence.keeping.years import begin


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation whose exhibit was stamped by an authority that ends in 2029."""
    place = open_home(tmp_path / "home", clock=lambda: datetime.now(UTC)).path
    world = begin(tmp_path / "world")
    shutil.copytree(world.exhibit.folder, place / "exhibits" / "one")
    trust = place / "trust"
    policy = parse_policy((trust / POLICY).read_text("utf-8"))
    world.trusted()
    shutil.copy(world.folder / "trust/authorities/local.pem", trust / "authorities/local.pem")
    theirs = parse_policy((world.folder / "trust" / POLICY).read_text("utf-8"))
    both = (*policy.authorities, *theirs.authorities)
    (trust / POLICY).write_text(_with(policy, authorities=both), encoding="utf-8")
    return place


def _with(policy: object, **changes: object) -> str:
    from dataclasses import replace

    return replace(policy, **changes).to_text()  # type: ignore[type-var,attr-defined]


def test_nothing_is_due(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["renew", "--due", "--home", str(home)]) == 0
    assert "1 exhibits, 0 due" in capsys.readouterr().out


def test_what_is_due_is_listed_and_renewed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = home / "trust" / POLICY
    soon = datetime.now(UTC) + timedelta(days=60)
    held = parse_policy(policy.read_text("utf-8"))
    weak = (WeakAlgorithm("sha256", soon),)
    policy.write_text(_with(held, weak=weak), encoding="utf-8")
    assert main(["renew", "--due", "--home", str(home), "--json"]) == 1
    row = json.loads(capsys.readouterr().out)["due"][0]
    assert (row["name"], row["alarm"], row["hash_again"]) == (NAME, 90, True)
    # the trial authority signs with SHA-256: it cannot help against that
    assert main(["renew", "--home", str(home)]) == 1
    told = capsys.readouterr().out
    assert "no configured authority" in told
    assert "未能续期" in told
    assert not (home / "exhibits/one" / f"{NAME}.renewal.json").exists()


def test_an_exhibit_is_named_by_its_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "exhibits/one" / f"{NAME}.wacz"
    assert main(["renew", str(path), "--home", str(home)]) == 0
    assert main(["renew", str(home / "none.wacz"), "--home", str(home)]) == 64
    assert "outcome" in capsys.readouterr().err
