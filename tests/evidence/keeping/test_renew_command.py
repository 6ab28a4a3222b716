"""``markseal renew`` as an operator runs it, on an exhibit of the trial authority."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.cli import main
from evidence.format.policy import POLICY, WeakAlgorithm
from evidence.format.policytext import parse_policy
from evidence.seal import open_home
from evidence.verify import verify_file
from tests.evidence.builder import NAME
from tests.evidence.keeping.authorities import Dated
from tests.evidence.keeping.test_renewal_http import served
from tests.evidence.keeping.years import Years, begin

DAY = timedelta(days=1)


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


@pytest.mark.soak
def test_sealed_expired_renewed_by_another_and_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A seals two years ago and ends in 60 days; B renews; then SHA-256 is declared weak."""
    monkeypatch.setenv("MARKSEAL_ALLOW_LOOPBACK", "1")
    now = datetime.now(UTC)
    sealed, end = now - 730 * DAY, now + 60 * DAY
    first = Dated("local", sealed - DAY, end, sealed)
    world = Years(tmp_path / "world", first, now=sealed)
    world.seal(at=sealed)
    home = open_home(tmp_path / "home", clock=lambda: now)
    place = home.path / "exhibits" / "one"
    shutil.copytree(world.exhibit.folder, place)
    world.at(now)
    second = world.add("second", 30)
    world.folder.rename(tmp_path / "kept")
    world = replace(world, folder=tmp_path / "kept")
    shutil.copytree(world.trusted(), home.trust, dirs_exist_ok=True)
    assert main(["renew", "--due", "--home", str(home.path)]) == 1
    assert "within 90 days" in capsys.readouterr().out
    with served(second) as url:
        (home.authority / "second.pem").write_bytes(second.roots)
        (home.authority / "authorities.toml").write_text(
            f'[[authorities]]\nname = "second"\nurl = "{url}"\nroots = "second.pem"\n'
        )
        assert main(["renew", "--home", str(home.path)]) == 0
        assert "已续期至" in capsys.readouterr().out
        file = place / f"{NAME}.dossier.zip"
        after = verify_file(file, trust=home.trust, clock=lambda: end + DAY)
        assert after.exit_code == 0, [claim.en for claim in after.claims]
        weak = now + 20 * DAY
        policy = home.trust / POLICY
        held = parse_policy(policy.read_text("utf-8"))
        policy.write_text(_with(held, weak=(WeakAlgorithm("sha256", weak),)), encoding="utf-8")
        assert main(["renew", "--due", "--home", str(home.path)]) == 1
        assert "within 30 days；需重新计算摘要" in capsys.readouterr().out
        assert main(["renew", "--home", str(home.path)]) == 0
        assert "hash_tree" in capsys.readouterr().out
    for moment in (end + DAY, weak + 365 * DAY):
        verdict = verify_file(file, trust=home.trust, clock=lambda moment=moment: moment)  # type: ignore[misc]
        assert verdict.exit_code == 0, [claim.en for claim in verdict.claims]
    assert main(["renew", "--due", "--home", str(home.path)]) == 0
    print("soak: renewed by markseal renew; valid after the first authority and SHA-256 ended")
