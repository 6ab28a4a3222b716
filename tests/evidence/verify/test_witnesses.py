"""The claim *witness*: k of n, one who is no party, wrong, early and foreign cosignatures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.errors import TrustError
from evidence.format.names import Sidecars
from evidence.format.note import NoteSignature
from evidence.format.policy import CLAIMS
from evidence.verify.report import print_report
from tests.evidence.builder import NAME, zipped
from tests.evidence.verify.conftest import Bench, places
from tests.evidence.verify.trusting import (
    Notary,
    claims,
    cosigned,
    text_of,
    trusting,
    verdict_on,
)

NOTARY = Notary(41, "宁波市某公证处", "notary")
BRAND = Notary(42, "品牌方", "party")
REQUIRED = (*CLAIMS, "witness")


@pytest.fixture
def now(bench: Bench) -> datetime:
    return (bench.draft.now + timedelta(seconds=10)).replace(microsecond=0)


def test_a_trusted_witness_is_proved_with_name_relation_and_time(
    bench: Bench, tmp_path: Path, now: datetime
) -> None:
    parts = cosigned(bench.draft, NOTARY.line(text_of(bench.draft), now))
    trust = trusting(bench, tmp_path / "trust", NOTARY, require=REQUIRED, independent=True)
    verdict = verdict_on(zipped(parts), trust, tmp_path)
    assert verdict.exit_code == 0
    assert [status for status, _ in claims(verdict, "witness")] == ["valid"]
    told = verdict.facts["witnesses"][0]
    assert (told["name"], told["relation"]) == ("宁波市某公证处", "notary")
    assert told["time"] == now.astimezone(UTC).isoformat(timespec="microseconds").replace(
        "+00:00", "Z"
    )
    report = print_report(verdict)
    assert "见证人 Witness" in report
    assert "witnesses were not checked" not in report


def test_a_cosigned_dossier_is_valid_for_those_who_know_no_witness(
    bench: Bench, tmp_path: Path, now: datetime
) -> None:
    parts = cosigned(bench.draft, NOTARY.line(text_of(bench.draft), now))
    verdict = verdict_on(zipped(parts), bench.trust, tmp_path)
    assert verdict.exit_code == 0
    assert claims(verdict, "witness") == []
    assert "that witnesses cosigned the log (not checked)" in print_report(verdict)


@pytest.mark.parametrize("required", [True, False])
def test_too_few_is_not_checked_and_counts_only_if_required(
    bench: Bench, tmp_path: Path, now: datetime, required: bool
) -> None:
    parts = cosigned(bench.draft, NOTARY.line(text_of(bench.draft), now))
    more = {"cosignatures": 2} | ({"require": REQUIRED} if required else {})
    trust = trusting(bench, tmp_path / "trust", NOTARY, BRAND, **more)
    verdict = verdict_on(zipped(parts), trust, tmp_path)
    assert verdict.exit_code == (3 if required else 0)
    assert claims(verdict, "witness") == [
        ("not_checked", "1 of 2 witnesses cosigned the checkpoint.")
    ]


def test_a_dossier_without_any_is_incomplete_where_one_is_required(
    bench: Bench, tmp_path: Path
) -> None:
    trust = trusting(bench, tmp_path / "trust", NOTARY, require=REQUIRED)
    assert verdict_on(bench.draft.pack(), trust, tmp_path).exit_code == 3


def test_a_party_alone_is_not_independent(bench: Bench, tmp_path: Path, now: datetime) -> None:
    text = text_of(bench.draft)
    trust = trusting(bench, tmp_path / "trust", NOTARY, BRAND, require=REQUIRED, independent=True)
    alone = verdict_on(zipped(cosigned(bench.draft, BRAND.line(text, now))), trust, tmp_path)
    assert alone.exit_code == 3
    assert "independent" in claims(alone, "witness")[0][1]
    both = cosigned(bench.draft, BRAND.line(text, now), NOTARY.line(text, now))
    assert verdict_on(zipped(both), trust, tmp_path).exit_code == 0


def test_one_witness_twice_is_one(bench: Bench, tmp_path: Path, now: datetime) -> None:
    text = text_of(bench.draft)
    lines = [NOTARY.line(text, now + timedelta(seconds=n)) for n in range(3)]
    trust = trusting(bench, tmp_path / "trust", NOTARY, BRAND, require=REQUIRED, cosignatures=2)
    assert verdict_on(zipped(cosigned(bench.draft, *lines)), trust, tmp_path).exit_code == 3


def test_a_wrong_cosignature_of_a_trusted_witness_is_named(
    bench: Bench, tmp_path: Path, now: datetime
) -> None:
    other = text_of(bench.draft).replace("\n7\n", "\n8\n")
    assert other != text_of(bench.draft)
    line = NOTARY.line(other, now)
    trust = trusting(bench, tmp_path / "trust", NOTARY)
    verdict = verdict_on(zipped(cosigned(bench.draft, line)), trust, tmp_path)
    assert verdict.exit_code == 1
    assert places(verdict) == {Sidecars(NAME).outcome_proof}
    assert claims(verdict, "witness")[0][0] == "invalid"
    moved = NoteSignature(line.name, line.key_id, line.value[:-1])
    assert verdict_on(zipped(cosigned(bench.draft, moved)), trust, tmp_path).exit_code == 1


def test_a_cosignature_from_before_the_entry_is_wrong(
    bench: Bench, tmp_path: Path, now: datetime
) -> None:
    line = NOTARY.line(text_of(bench.draft), now - timedelta(hours=1))
    trust = trusting(bench, tmp_path / "trust", NOTARY)
    verdict = verdict_on(zipped(cosigned(bench.draft, line)), trust, tmp_path)
    assert verdict.exit_code == 1
    assert "before the outcome was logged" in claims(verdict, "witness")[0][1]
    lenient = trusting(bench, tmp_path / "lenient", NOTARY, clock_bound=timedelta(hours=2))
    assert verdict_on(zipped(cosigned(bench.draft, line)), lenient, tmp_path).exit_code == 0


def test_a_stranger_under_a_trusted_name_is_nobody(
    bench: Bench, tmp_path: Path, now: datetime
) -> None:
    stranger = Notary(43, NOTARY.name, "notary")
    stranger.key = type(stranger.key)(NOTARY.key.name, stranger.key.public)
    parts = cosigned(bench.draft, stranger.line(text_of(bench.draft), now))
    trust = trusting(bench, tmp_path / "trust", NOTARY, require=REQUIRED)
    assert verdict_on(zipped(parts), trust, tmp_path).exit_code == 3


def test_one_key_in_two_roles_is_no_trust_folder(bench: Bench, tmp_path: Path) -> None:
    twin = Notary(41, "同一人", "none")
    twin.key = type(twin.key)("witness.example/99", twin.key.public)
    trust = trusting(bench, tmp_path / "twice", NOTARY, twin)
    with pytest.raises(TrustError):
        verdict_on(bench.draft.pack(), trust, tmp_path)
    log = Notary(2, "日志", "none")
    trust = trusting(bench, tmp_path / "log", log)
    with pytest.raises(TrustError):
        verdict_on(bench.draft.pack(), trust, tmp_path)
    (tmp_path / "log" / log.listed().vkey).write_text("nonsense")
    with pytest.raises(TrustError):
        verdict_on(bench.draft.pack(), tmp_path / "log", tmp_path)
