"""Renewals that were made up: each is named, whatever trusted authority stamped it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.authority import stamp
from evidence.format.renewal import (
    HashTreeRenewal,
    Rehash,
    Renewal,
    Renewals,
    Stamped,
    TimestampRenewal,
    hash_tree_data,
)
from evidence.keeping.exhibit import open_plain
from evidence.keeping.renewing import rehashed
from tests.evidence.builder import NAME
from tests.evidence.keeping.authorities import Dated, years
from tests.evidence.keeping.years import SEALED, Years, begin

Files = list[tuple[str, Rehash]]


@pytest.fixture
def world(tmp_path: Path) -> Years:
    made = begin(tmp_path)
    made.at(years(SEALED, 2.9))
    made.add("second", 10)
    return made


def stamped(by: Dated, data: bytes, algorithm: str) -> Stamped:
    token = stamp(by, data, clock=lambda: by.now, algorithm=algorithm)
    return Stamped(by.name, algorithm, token.request, token.response)


def first(world: Years) -> list[bytes]:
    return [world.exhibit.path(f"{NAME}.local.tsr").read_bytes()]


def timestamp(world: Years) -> TimestampRenewal:
    return TimestampRenewal(stamped(world.others[0], b"".join(first(world)), "sha256"))


def hash_tree(world: Years, change: Callable[[Files], Files] = lambda files: files) -> Renewal:
    files = change(rehashed(world.exhibit, world.exhibit.papers(), open_plain))
    tokens, data = hash_tree_data(files, first(world))
    return HashTreeRenewal(tuple(sorted(files)), tokens, stamped(world.others[0], data, "sha512"))


def told(world: Years, one: Renewal) -> str:
    """Write the renewal, and return what is said of it by a verdict that must not be valid."""
    path = world.exhibit.path(f"{NAME}.renewal.json")
    path.write_bytes(Renewals(("local",), (one,)).to_bytes())
    verdict = world.verify(dossier=False)
    assert verdict.exit_code == 1
    wrong = [c for c in verdict.claims if c.status.value == "invalid"]
    assert {(c.id, c.where) for c in wrong} == {("timestamp", path.name)}
    return " ".join(c.en for c in wrong)


def test_honest_ones_are_valid(world: Years) -> None:
    path = world.exhibit.path(f"{NAME}.renewal.json")
    for one in (timestamp(world), hash_tree(world)):
        path.write_bytes(Renewals(("local",), (one,)).to_bytes())
        assert world.verify(dossier=False).exit_code == 0


def test_one_over_other_tokens(world: Years) -> None:
    other = stamped(world.others[0], b"another token", "sha256")
    assert "something else" in told(world, TimestampRenewal(other))


def test_one_whose_request_is_not_the_one_that_was_answered(world: Years) -> None:
    good, again = timestamp(world).token, timestamp(world).token
    assert "does not answer" in told(world, TimestampRenewal(replace(good, request=again.request)))
    assert "request" in told(world, TimestampRenewal(replace(good, request=b"no request")))


def test_one_that_says_another_algorithm(world: Years) -> None:
    good = timestamp(world).token
    assert "but for SHA-512" in told(world, TimestampRenewal(replace(good, algorithm="sha512")))


def test_one_that_leaves_a_file_out(world: Years) -> None:
    def without(files: Files) -> Files:
        return [one for one in files if one[0] != f"{NAME}.outcome.json"]

    assert f"does not cover {NAME}.outcome.json" in told(world, hash_tree(world, without))


@pytest.mark.parametrize("name", ["evidence/manifest.json", f"{NAME}.wacz", f"{NAME}.attempt.json"])
def test_one_that_hashed_another_file(world: Years, name: str) -> None:
    def other(files: Files) -> Files:
        return [(n, Rehash.of([b"another"]) if n == name else d) for n, d in files]

    assert f"{name} is not the file" in told(world, hash_tree(world, other))


def test_one_that_names_other_earlier_tokens(world: Years) -> None:
    good = hash_tree(world)
    assert isinstance(good, HashTreeRenewal)
    assert "other earlier tokens" in told(world, replace(good, tokens=Rehash.of([b"x"])))


def test_one_older_than_what_it_renews(world: Years) -> None:
    world.others[0].start = SEALED - timedelta(days=9)
    early = Dated("second", SEALED - timedelta(days=9), years(SEALED, 12), SEALED)
    early.now = SEALED - timedelta(days=1)
    world.others[0] = early
    assert "older than a token" in told(world, timestamp(world))


def test_one_by_a_forger_with_the_same_name(world: Years) -> None:
    forger = Dated("second", world.others[0].start, world.others[0].end, world.now)
    one = TimestampRenewal(stamped(forger, b"".join(first(world)), "sha256"))
    assert "does not verify" in told(world, one)
