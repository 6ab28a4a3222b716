"""Erasing: nothing without a basis, two people and no hold; what is left still verifies."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.cli import main
from evidence.errors import FormatError, InputError
from evidence.exhibitkeys import CONTENT, key_path
from evidence.format.digests import sha256_hex
from evidence.format.entry import Erasure, parse_entry
from evidence.format.erasure import commitment, erasure_names
from evidence.format.manifest import key_digest
from evidence.format.policy import POLICY, RevokedKey, WeakAlgorithm
from evidence.format.policytext import parse_policy
from evidence.home import EvidenceHome
from evidence.keeping.dated import ground, grounds, retention
from evidence.keeping.due import due
from evidence.keeping.erasing import EraseOrder, erase
from evidence.keeping.erasures import backups_ended, erased_ids, open_backups
from evidence.keeping.exhibit import Kept
from evidence.keeping.holds import hold, release
from evidence.keeping.store import FolderStore, in_the_clear
from evidence.seal import open_home
from evidence.verify import Verdict, verify_file
from evidence.verify.trust import load_trust
from tests.evidence.builder import CAPTURE_ID, NAME, SALT
from tests.evidence.keeping.homes import now, seal_into
from tests.evidence.keeping.years import begin

ORDER = EraseOrder("pipl-purpose-ended", ("张三", "李四"), "案件已结")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one exhibit, encrypted at rest; tests work on copies."""
    folder = tmp_path_factory.mktemp("erasing")
    home = open_home(folder / "home", clock=now)
    seal_into(home, home.path / "exhibits" / CAPTURE_ID, folder)
    FolderStore(home).put(Kept(home.path / "exhibits" / CAPTURE_ID, NAME))
    return home.path


@pytest.fixture
def home(sealed: Path, tmp_path: Path) -> EvidenceHome:
    return EvidenceHome(Path(shutil.copytree(sealed, tmp_path / "home")))


def exhibit(home: EvidenceHome) -> Kept:
    return Kept(home.path / "exhibits" / CAPTURE_ID, NAME)


def verdict(home: EvidenceHome) -> Verdict:
    path = exhibit(home).path(f"{NAME}.wacz")
    return verify_file(path, trust=home.trust)


def test_content_is_encrypted_at_rest_and_read_back(home: EvidenceHome) -> None:
    kept, store = exhibit(home), FolderStore(home)
    assert not kept.path(f"{NAME}.wacz").exists()
    held = kept.path(f"{NAME}.wacz.atrest")
    assert held.stat().st_mode & 0o077 == 0
    assert b"PK\x03\x04" not in held.read_bytes()[:200]
    with store.open(kept, f"{NAME}.wacz") as clear:
        data = clear.read()
    assert sha256_hex(data) == kept.outcome.package.sha256
    kept.path(f"{NAME}.wacz").write_bytes(data)
    store.put(kept)  # done again, as after an interruption
    assert not kept.path(f"{NAME}.wacz").exists()
    with store.open(kept, f"{NAME}.dossier.zip") as clear:
        assert clear.read() == b"the dossier"


def test_erased_content_is_gone_and_the_rest_verifies(home: EvidenceHome) -> None:
    kept = exhibit(home)
    assert home.audit_log().clean
    erased = erase(kept, ORDER, home=home, clock=now)
    assert not key_path(home, CAPTURE_ID, CONTENT).exists()
    left = {path.name for path in kept.folder.iterdir() if not path.name.startswith(".")}
    assert left == {f"{NAME}.{end}" for end in LEFT}
    assert home.audit_log().clean
    found = verdict(home)
    assert found.exit_code == 3
    assert found.headline_zh.startswith("试用：内容已删除")
    status = {claim.id: claim.status.value for claim in found.claims}
    assert status["package"] == status["manifest"] == status["signature"] == "not_checked"
    assert status["inclusion"] == status["timestamp"] == status["erasure"] == "valid", [
        claim.en for claim in found.claims
    ]
    claim = next(claim for claim in found.claims if claim.id == "erasure")
    assert "未予核查" in claim.zh
    assert "个人信息保护法" in claim.zh
    assert found.facts["erasure"]["basis"]["article"] == "47(1)"
    assert erased.index == found.facts["erasure"]["index"]
    assert "张三" not in "".join(path.read_text("utf-8", "replace") for path in files(kept))


LEFT = (
    "attempt.json", "attempt.tlog-proof", "outcome.json", "outcome.tlog-proof", "trial.tsq",
    "trial.tsr", "erasure.json", "erasure.tlog-proof", "erasure-request.json",
)  # fmt: skip


def files(kept: Kept) -> list[Path]:
    return [path for path in kept.folder.iterdir() if path.is_file()]


def test_the_approvers_can_be_opened_by_the_installation_alone(home: EvidenceHome) -> None:
    erase(exhibit(home), ORDER, home=home, clock=now)
    path = home.path / "evidence/erasures" / f"{CAPTURE_ID}.json"
    assert path.stat().st_mode & 0o077 == 0
    people = json.loads(path.read_bytes())["approvers"]
    entry = parse_entry(exhibit(home).path(erasure_names(NAME)[0]).read_bytes())
    assert isinstance(entry, Erasure)
    opened = tuple(commitment(one["salt"], one["name"]) for one in people)
    assert opened == entry.approvers


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (replace(ORDER, approvers=("张三", "张三")), "Two different people"),
        (replace(ORDER, approvers=("张三", " ")), "--approve"),
        (replace(ORDER, basis="because"), "There is no basis"),
        (replace(ORDER, basis="archives-disposal"), "not confirmed"),
        (replace(ORDER, basis="court-order"), "rests on a paper"),
        (replace(ORDER, basis="pipl-retention-ended"), "--class"),
        (
            replace(ORDER, basis="pipl-retention-ended", retention_class="case_file"),
            "not settled",
        ),
    ],
)
def test_nothing_is_erased_without_a_basis_and_two_people(
    home: EvidenceHome, order: EraseOrder, why: str
) -> None:
    size = home.open_log().store.newest().size
    with pytest.raises(InputError, match=why):
        erase(exhibit(home), order, home=home, clock=now)
    assert home.open_log().store.newest().size == size
    assert key_path(home, CAPTURE_ID, CONTENT).exists()


def test_a_hold_stands_in_the_way_until_it_is_released(home: EvidenceHome) -> None:
    kept = exhibit(home)
    hold(home, kept, reason="诉讼中", by="王五", now=now())
    with pytest.raises(InputError, match="is held"):
        erase(kept, ORDER, home=home, clock=now)
    release(home, kept, reason="已结案", by="王五", now=now())
    erase(kept, ORDER, home=home, clock=now)
    lines = (home.path / "evidence/holds/journal.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["held", "released"]


def test_an_installations_own_retention_is_used_and_dated(home: EvidenceHome) -> None:
    row = """format = "markseal-retention/1"
[[retention]]
class = "unfiled_lead"
zh = "未立案线索"
en = "unfiled"
years = 2
counted_from = "sealed"
title = "本局档案规定"
article = "3"
from = 2026-01-01
status = "verified"
source = "本局文件"
"""
    (home.path / "retention.toml").write_text(row, encoding="utf-8")
    order = replace(ORDER, basis="pipl-retention-ended", retention_class="unfiled_lead")
    with pytest.raises(InputError, match="is to be kept until"):
        erase(exhibit(home), order, home=home, clock=now)
    later = now() + timedelta(days=3 * 366)
    erase(exhibit(home), order, home=home, clock=lambda: later)
    assert erased_ids(home) == {CAPTURE_ID}


POINTS = ("erasure begun", "erasure logged", "papers in place", "content key ended")


@pytest.mark.parametrize("point", POINTS)
def test_interrupted_anywhere_it_is_finished_by_doing_it_again(
    home: EvidenceHome, point: str
) -> None:
    class Killed(Exception):
        pass

    def fault(at: str) -> None:
        if at == point:
            raise Killed

    with pytest.raises(Killed):
        erase(exhibit(home), ORDER, home=home, clock=now, fault=fault)
    ended = not key_path(home, CAPTURE_ID, CONTENT).exists()
    size = home.open_log().store.newest().size
    assert ended <= (size == 3)  # no key is ended that the log does not say so of
    erase(exhibit(home), ORDER, home=home, clock=now)
    erase(exhibit(home), ORDER, home=home, clock=now)
    assert home.open_log().store.newest().size == 3
    assert home.audit_log().clean
    assert verdict(home).headline_zh.startswith("试用：内容已删除")


def test_backups_stay_open_until_somebody_says_that_they_are_gone(home: EvidenceHome) -> None:
    erase(exhibit(home), ORDER, home=home, clock=now)
    assert [one.capture_id for one in open_backups(home)] == [CAPTURE_ID]
    backups_ended(home, by="赵六", now=now())
    assert open_backups(home) == []


@pytest.mark.parametrize("name", ["erasure.json", "erasure-request.json", "outcome.json"])
def test_altered_papers_of_an_erasure_are_named(home: EvidenceHome, name: str) -> None:
    kept = exhibit(home)
    erase(kept, ORDER, home=home, clock=now)
    path = kept.path(f"{NAME}.{name}")
    good = path.read_bytes()
    for at in range(0, len(good), 41):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        found = verdict(home)
        assert found.exit_code == 1, (at, [claim.en for claim in found.claims])
    path.unlink()
    assert verdict(home).exit_code in (3, 64) if name != "erasure.json" else True


def test_without_trust_nothing_is_trusted(home: EvidenceHome) -> None:
    erase(exhibit(home), ORDER, home=home, clock=now)
    found = verify_file(exhibit(home).path(f"{NAME}.erasure.json"), trust=None)
    assert found.exit_code == 3
    assert {claim.status.value for claim in found.claims} == {"not_checked"}


def test_every_row_of_the_data_has_a_source_and_unsure_ones_are_not_used() -> None:
    for one in grounds():
        assert one.source
        assert one.basis.title
    assert ground("pipl-unlawful", on=datetime(2026, 1, 1, tzinfo=UTC).date()).basis.article
    with pytest.raises(InputError, match="in force from"):
        ground("pipl-unlawful", on=datetime(2020, 1, 1, tzinfo=UTC).date())
    with pytest.raises(InputError, match="not settled"):
        retention("self_help").until(now())
    assert SALT


def test_the_command_erases_and_says_what_is_left_to_do(
    home: EvidenceHome, capsys: pytest.CaptureFixture[str]
) -> None:
    file, at = str(exhibit(home).path(f"{NAME}.wacz.atrest")), ["--home", str(home.path)]
    people = ["--approve", "张三", "--approve", "李四", "--reason", "已结"]
    words = ["erase", file, "--basis", "pipl-purpose-ended", *people, *at]
    assert main(words) == 64
    assert "Nothing was erased" in capsys.readouterr().err
    assert main(["hold", "set", file, "--reason", "诉讼", "--by", "王五", *at]) == 0
    assert main([*words, "--yes"]) == 64
    assert "release the hold first" in capsys.readouterr().err
    assert main(["hold", "list", *at]) == 0
    assert "诉讼" in capsys.readouterr().out
    assert main(["hold", "release", file, "--reason", "结案", "--by", "王五", *at]) == 0
    assert main([*words, "--yes"]) == 0
    assert "内容已删除" in capsys.readouterr().out
    assert main(["erase", "--open-backups", *at]) == 1
    assert main(["erase", "--backups-ended", "赵六", *at]) == 0
    assert main(["erase", "--open-backups", *at]) == 0
    gone = file.removesuffix(".atrest")
    assert main(["verify", gone, "--trust", str(home.trust)]) == 3
    assert "内容已删除" in capsys.readouterr().out
    assert main(["erase", "--list-bases", *at]) == 0
    assert "unsure, not used" in capsys.readouterr().out
    assert main(["retention", *at]) == 0
    assert main(["retention", file, "--class", "case_file", *at]) == 64


def test_what_another_installation_sealed_is_not_erased_here(
    home: EvidenceHome, tmp_path: Path
) -> None:
    world = begin(tmp_path / "theirs")
    with pytest.raises(InputError, match="another installation"):
        erase(world.exhibit, ORDER, home=home, clock=now)
    assert world.exhibit.path(f"{NAME}.wacz").is_file()


def test_encrypted_content_is_given_in_the_clear_for_a_block_only(home: EvidenceHome) -> None:
    kept = exhibit(home)
    with in_the_clear(home, kept.path(f"{NAME}.wacz")) as clear:
        assert sha256_hex(clear.read_bytes()) == kept.outcome.package.sha256
    assert not clear.exists()
    absent = kept.path("none.wacz")
    with in_the_clear(home, absent) as clear:
        assert clear == absent


def test_content_under_a_damaged_or_foreign_key_is_refused(home: EvidenceHome) -> None:
    kept, store = exhibit(home), FolderStore(home)
    path = key_path(home, CAPTURE_ID, CONTENT)
    path.write_bytes(b"00" * 32 + b"\n")
    with pytest.raises(FormatError, match="another key"):
        store.open(kept, f"{NAME}.wacz")
    path.write_bytes(b"nonsense")
    with pytest.raises(InputError, match="64 hex"):
        store.open(kept, f"{NAME}.wacz")
    path.unlink()
    with pytest.raises(InputError, match="no key"):
        store.open(kept, f"{NAME}.wacz")


def test_an_erasure_signed_by_a_revoked_or_former_key_is_told(home: EvidenceHome) -> None:
    erase(exhibit(home), ORDER, home=home, clock=now)
    policy = home.trust / POLICY
    held = parse_policy(policy.read_text("utf-8"))
    digest = key_digest(home.signer().public_key())
    revoked = (RevokedKey(digest, now() + timedelta(days=1)),)
    policy.write_text(replace(held, revoked=revoked).to_text(), encoding="utf-8")
    claim = next(claim for claim in verdict(home).claims if claim.id == "erasure")
    assert (claim.status.value, "revoked later" in claim.en) == ("not_checked", True)


def test_an_erased_exhibit_is_never_due_for_hashing_again(home: EvidenceHome) -> None:
    policy = home.trust / POLICY
    held = parse_policy(policy.read_text("utf-8"))
    weak = (WeakAlgorithm("sha256", now() + timedelta(days=20)),)
    policy.write_text(replace(held, weak=weak).to_text(), encoding="utf-8")
    before = due(exhibit(home), load_trust(home.trust), now=now())
    assert (before.alarm, before.again) == (30, True)
    erase(exhibit(home), ORDER, home=home, clock=now)
    after = due(exhibit(home), load_trust(home.trust), now=now())
    assert (after.alarm, after.again) == (None, False)
