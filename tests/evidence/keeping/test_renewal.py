"""Renewal, with the years handed in: what ends, what is renewed in time, and what was not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.authority import stamp
from evidence.errors import SealError
from evidence.format.policy import WeakAlgorithm
from evidence.format.renewal import Renewals
from evidence.format.stampednote import stamped_note
from evidence.format.tlogproof import TlogProof
from evidence.keeping.due import due
from evidence.keeping.renewing import Renewed, renew
from tests.evidence.builder import NAME
from tests.evidence.keeping.authorities import Dated, years
from tests.evidence.keeping.years import SEALED, Years, begin

DAY = timedelta(days=1)
WEAK = WeakAlgorithm("sha256", datetime(2034, 1, 1, tzinfo=UTC))


def again(world: Years, *by: Dated, always: bool = False) -> Renewed | None:
    return renew(
        world.exhibit, trust=world.trust, authorities=by, clock=lambda: world.now, always=always
    )


def status(world: Years) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for claim in world.verify().claims:
        found.setdefault(claim.id, set()).add(claim.status.value)
    return found


def test_a_token_counts_until_its_certificate_ends(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.at(years(SEALED, 3))
    assert world.verify().exit_code == 0
    world.at(years(SEALED, 3) + DAY)
    verdict = world.verify()
    assert verdict.exit_code == 3
    assert status(world)["timestamp"] == status(world)["order"] == {"not_checked"}
    assert any("count until" in claim.en and "有效" in claim.zh for claim in verdict.claims)


@pytest.mark.parametrize("dossier", [True, False])
def test_renewed_in_time_it_stands_after_the_first_authority_ended(
    tmp_path: Path, dossier: bool
) -> None:
    world = begin(tmp_path)
    world.at(years(SEALED, 3) - 20 * DAY)
    done = again(world, world.add("second", 6))
    assert done is not None
    assert (done.kind, done.authorities) == ("timestamp", ("second",))
    world.at(years(SEALED, 5))
    verdict = world.verify(dossier=dossier)
    assert verdict.exit_code == 0, [claim.en for claim in verdict.claims]
    assert [one["kind"] for one in verdict.facts["renewals"]] == ["timestamp"]
    assert verdict.facts["renew_before"].startswith("2035-02")


def test_seal_expire_renew_and_hash_again_before_sha256_is_weak(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.at(years(SEALED, 3) - 20 * DAY)
    again(world, world.add("second", 10))
    world.weak = (WEAK,)
    world.at(WEAK.start - 60 * DAY)
    assert due(world.exhibit, world.trust, now=world.now).again
    done = again(world, world.add("third", 10))
    assert done is not None
    assert done.kind == "hash_tree"
    world.at(WEAK.start + 3000 * DAY)
    verdict = world.verify()
    assert verdict.exit_code == 0, [claim.en for claim in verdict.claims]
    assert [one["kind"] for one in verdict.facts["renewals"]] == ["timestamp", "hash_tree"]
    assert [one["algorithm"] for one in verdict.facts["renewals"]] == ["sha256", "sha512"]


def test_without_hashing_again_a_weak_digest_proves_nothing(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.at(years(SEALED, 3) - 20 * DAY)
    again(world, world.add("second", 20))
    world.weak = (WEAK,)
    world.at(WEAK.start - DAY)
    assert world.verify().exit_code == 0
    world.at(WEAK.start)
    verdict = world.verify()
    assert verdict.exit_code == 3
    assert status(world)["timestamp"] == status(world)["inclusion"] == {"not_checked"}
    assert any("SHA256 weak" in claim.en for claim in verdict.claims)


def test_hashed_again_too_late_proves_nothing(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.weak = (WeakAlgorithm("sha256", SEALED + 100 * DAY),)
    world.at(SEALED + 101 * DAY)
    with pytest.raises(SealError, match="can no longer be renewed"):
        again(world, world.add("second", 10))


def test_an_authority_that_signs_with_the_weak_digest_gains_nothing(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.weak = (WeakAlgorithm("sha256", SEALED + 400 * DAY),)
    world.at(SEALED + 300 * DAY)
    with pytest.raises(SealError, match="no configured authority"):
        again(world, world.add("second", 10, signing="sha256"))
    assert not world.exhibit.path(f"{NAME}.renewal.json").exists()


def test_an_authority_that_ends_sooner_gains_nothing(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.at(years(SEALED, 3) - 20 * DAY)
    with pytest.raises(SealError, match="stands until"):
        again(world, world.add("second", 0.01))


def test_renewed_after_the_end_is_too_late(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.at(years(SEALED, 3) + DAY)
    with pytest.raises(SealError, match="can no longer be renewed"):
        again(world, world.add("second", 10))


def test_alarms_180_90_and_30_days_before(tmp_path: Path) -> None:
    world = begin(tmp_path)
    trust, end = world.trust, years(SEALED, 3)
    wanted = {181: None, 180: 180, 91: 180, 90: 90, 31: 90, 30: 30, 0: 30, -1: 0}
    for days, alarm in wanted.items():
        assert due(world.exhibit, trust, now=end - days * DAY).alarm == alarm, days
    world.at(end - 181 * DAY)
    assert again(world, world.add("second", 10)) is None


def test_two_authorities_are_required_and_one_is_not_enough(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.at(years(SEALED, 3) - 20 * DAY)
    second, third = world.add("second", 10), world.add("third", 10)
    again(world, second, third)
    world.at(years(SEALED, 4))
    assert world.verify().exit_code == 0
    world.tokens = 2
    assert world.verify().exit_code == 3


def test_an_unknown_authority_is_not_believed(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.at(years(SEALED, 3) - 20 * DAY)
    second = world.add("second", 10)
    again(world, second)
    world.others.clear()
    world.at(years(SEALED, 4))
    verdict = world.verify()
    assert verdict.exit_code == 3
    assert verdict.facts["renewals"][0]["trusted"] is False


def test_every_altered_byte_of_the_renewals_is_found(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.weak = (WEAK,)
    world.at(years(SEALED, 3) - 20 * DAY)
    again(world, world.add("second", 20))
    world.at(WEAK.start - 60 * DAY)
    again(world, world.add("third", 20))
    path = world.exhibit.path(f"{NAME}.renewal.json")
    good = path.read_bytes()
    for at in range(0, len(good), 97):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        verdict = world.verify(dossier=False)
        assert verdict.exit_code == 1, at
        assert path.name in verdict.places
    held = Renewals.parse(good, "renewal")
    assert held.to_bytes() == good
    path.write_bytes(Renewals(held.tokens, held.renewals[::-1]).to_bytes())
    assert world.verify(dossier=False).exit_code == 1
    path.write_bytes(Renewals(held.tokens, held.renewals[1:]).to_bytes())
    assert world.verify(dossier=False).exit_code == 1


def test_a_file_that_was_hashed_again_is_compared(tmp_path: Path) -> None:
    world = begin(tmp_path)
    world.weak = (WEAK,)
    world.at(WEAK.start - 6 * 365 * DAY)
    again(world, world.add("second", 20), always=True)
    path = world.exhibit.path(f"{NAME}.attempt.json")
    path.write_bytes(path.read_bytes().replace(b'"number":1', b'"number":2'))
    assert "attempt.json" in " ".join(c.en for c in world.verify(dossier=False).claims)


def test_tokens_over_the_checkpoint_are_renewed_with_the_others(tmp_path: Path) -> None:
    world = begin(tmp_path)
    proof = world.exhibit.path(f"{NAME}.outcome.tlog-proof").read_bytes()
    note = stamped_note(TlogProof.parse(proof).checkpoint)
    token = stamp(world.first, note, clock=lambda: world.now)
    for end, data in (("tsq", token.request), ("tsr", token.response)):
        world.exhibit.path(f"{NAME}.checkpoint.local.{end}").write_bytes(data)
    world.at(years(SEALED, 3) - 20 * DAY)
    again(world, world.add("second", 10))
    data = world.exhibit.path(f"{NAME}.renewal.json").read_bytes()
    assert Renewals.parse(data, "renewal").tokens == ("checkpoint.local", "local")
    world.at(years(SEALED, 5))
    for dossier in (True, False):
        verdict = world.verify(dossier=dossier)
        assert verdict.exit_code == 0, [claim.en for claim in verdict.claims]
    world.exhibit.path(f"{NAME}.checkpoint.local.tsr").unlink()
    assert world.verify(dossier=False).exit_code != 0
