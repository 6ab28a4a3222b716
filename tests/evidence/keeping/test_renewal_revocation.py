"""Revocation data of renewed timestamps: kept with the renewal, and verified like the first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from evidence.authority.revocation import RevocationData
from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.policy import Policy
from evidence.format.policytext import parse_policy
from evidence.format.renewal import Renewals
from evidence.keeping.due import due
from evidence.keeping.renewing import asked_once, renew
from evidence.verify import Verdict, verify_file
from evidence.verify.trust import load_trust
from tests.evidence.builder import NAME
from tests.evidence.keeping.authorities import Dated, years
from tests.evidence.keeping.years import SEALED, Years, begin


@pytest.fixture
def world(tmp_path: Path) -> Years:
    """An exhibit with the first authority's list beside it, due to be renewed by another."""
    made = begin(tmp_path)
    folder = made.exhibit.folder / "revocation"
    folder.mkdir()
    (folder / "local.1.crl").write_bytes(made.first.listing())
    made.at(years(SEALED, 2.9))
    made.add("second", 10)
    return made


def renewed(world: Years, *kept: tuple[str, bytes]) -> Path:
    """Renew the exhibit by the second authority, whose data on that day is ``kept``."""

    def fetch(name: str, response: bytes) -> Sequence[RevocationData]:
        assert (name, response[:1]) == ("second", b"\x30")
        return [RevocationData(kind, data) for kind, data in kept]

    made = renew(
        world.exhibit,
        trust=world.trust,
        authorities=world.others,
        clock=lambda: world.now,
        revocation=fetch,
    )
    assert made is not None
    return world.exhibit.path(f"{NAME}.renewal.json")


def judged(world: Years, *, required: bool = True) -> Verdict:
    """Return the verdict of ``now``, where the policy requires revocation data or does not."""
    path = world.trusted() / "policy.toml"
    policy: Policy = parse_policy(path.read_text("utf-8"))
    path.write_text(replace(policy, revocation=required).to_text(), "utf-8")
    return verify_file(
        world.exhibit.path(f"{NAME}.wacz"), trust=path.parent, clock=lambda: world.now
    )


def told(verdict: Verdict) -> list[tuple[str, str | None]]:
    return [(c.status.value, c.where) for c in verdict.claims if c.id == "revocation"]


def second(world: Years) -> Dated:
    return world.others[0]


def test_it_is_kept_with_the_renewal_and_counts(world: Years) -> None:
    path = renewed(world, ("crl", second(world).listing()))
    assert json.loads(path.read_bytes())["format"] == "markseal-renewal/2"
    world.at(years(SEALED, 5))
    verdict = judged(world)
    assert (verdict.exit_code, told(verdict)) == (0, [("valid", None)])


def test_without_it_a_policy_that_requires_it_is_not_met(world: Years) -> None:
    path = renewed(world)
    assert json.loads(path.read_bytes())["format"] == "markseal-renewal/1"
    verdict = judged(world)
    assert (verdict.exit_code, told(verdict)) == (3, [("not_checked", path.name)])
    assert judged(world, required=False).exit_code == 0


def test_what_could_not_be_had_is_asked_for_again(world: Years) -> None:
    world.others[0] = replace(second(world), point="http://lists.example/second.crl")
    path, asked = renewed(world), list[str]()
    assert judged(world).exit_code == 3

    def fetch(name: str, _response: bytes) -> Sequence[RevocationData]:
        asked.append(name)
        return [RevocationData("crl", second(world).listing())] if len(asked) > 1 else []

    trust = load_trust(world.folder / "trust")
    once = asked_once(fetch)
    assert due(world.exhibit, trust, now=world.now).lacking
    for ask in (once, once, fetch, fetch):
        made = renew(
            world.exhibit, trust=trust, authorities=(), clock=lambda: world.now, revocation=ask
        )
        if made is not None:
            assert (made.kind, made.authorities, asked) == (
                "revocation",
                ("second",),
                ["second"] * 2,
            )
    assert asked == ["second", "second"], "not again in a run, nor once it came"
    assert not due(world.exhibit, trust, now=world.now).lacking
    assert json.loads(path.read_bytes())["format"] == "markseal-renewal/2"
    assert (judged(world).exit_code, told(judged(world))) == (0, [("valid", None)])
    file = world.exhibit.path(f"{NAME}.dossier.zip")
    assert verify_file(file, trust=world.folder / "trust", clock=lambda: world.now).exit_code == 0
    assert not due(world.exhibit, world.trust, now=world.now).lacking, "where it is not required"


def before(world: Years) -> datetime:
    return world.now - timedelta(hours=2)


def test_revoked_before_it_renewed(world: Years) -> None:
    path = renewed(world, ("crl", second(world).listing(before(world))))
    verdict = judged(world, required=False)
    assert verdict.exit_code == 1
    assert ("invalid", path.name) in told(verdict)


def test_a_list_of_somebody_elses_making_is_named(world: Years) -> None:
    forger = replace(second(world))
    path = renewed(world, ("crl", forger.listing()))
    verdict = judged(world, required=False)
    assert verdict.exit_code == 1
    assert ("invalid", path.name) in told(verdict)
    assert any("not signed by the issuer" in c.en for c in verdict.claims)


def test_a_list_of_another_day_or_authority_covers_nothing(world: Years) -> None:
    path = renewed(world, ("crl", world.first.listing()))
    assert told(judged(world)) == [("not_checked", path.name)]


@pytest.mark.parametrize("change", ["format", "empty", "kind", "unknown"])
def test_the_format_is_strict(world: Years, change: str) -> None:
    path = renewed(world, ("crl", second(world).listing()))
    value = json.loads(path.read_bytes())
    assert Renewals.parse(path.read_bytes(), "it").to_bytes() == path.read_bytes()
    (row,) = value["renewals"][0]["token"]["revocation"]
    if change == "format":
        value["format"] = "markseal-renewal/1"
    elif change == "empty":
        value["renewals"][0]["token"]["revocation"] = []
    else:
        row[change] = "pem"
    with pytest.raises(FormatError):
        Renewals.parse(jcs.dumps(value), "it")
