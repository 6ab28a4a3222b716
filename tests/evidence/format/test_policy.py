"""``policy.toml``: what /2 adds is read strictly, printed exactly, and never printed as /1."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evidence.errors import TrustError
from evidence.format.policy import (
    CLAIMS,
    FormerLog,
    Policy,
    RevokedKey,
    TrustedAuthority,
    TrustedSigner,
    TrustedWitness,
)
from evidence.format.policytext import parse_policy

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL = Policy(
    (*CLAIMS, "witness", "revocation", "case", "review"),
    2,
    "log.vkey",
    "signer.pem",
    (TrustedAuthority("one", "authorities/one.pem", False),),
    cosignatures=1,
    independent=True,
    witnesses=(
        TrustedWitness("宁波市某公证处", "witnesses/notary.vkey", "notary"),
        TrustedWitness("品牌方", "witnesses/brand.vkey", "party"),
    ),
    revocation=True,
    clock_bound=timedelta(seconds=90),
    signers=(
        TrustedSigner("signers/old.pem", None, NOON),
        TrustedSigner("signers/next.pem", NOON, NOON + timedelta(days=1)),
    ),
    revoked=(RevokedKey("ab" * 32, NOON),),
    logs=(FormerLog("logs/first.vkey", 17, "cd" * 32),),
    recovery=2,
    recovery_keys=("recovery/1.pem", "recovery/2.pem", "recovery/3.pem"),
)


def test_everything_of_the_second_format_is_read_back() -> None:
    assert FULL.format == "markseal-trust/2"
    assert parse_policy(FULL.to_text()) == FULL


def test_a_policy_without_any_of_it_stays_of_the_first_format() -> None:
    plain = Policy(CLAIMS, 1, "log.vkey", "signer.pem", ())
    assert plain.format == "markseal-trust/1"
    assert Policy(("package", "case"), 1, "l", "s", ()).format == "markseal-trust/2"


def test_listed_witnesses_without_a_number_take_one() -> None:
    assert parse_policy(FULL.to_text().replace("cosignatures = 1\n", "")).cosignatures == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("markseal-trust/2", "markseal-trust/1"),
        ("cosignatures = 1", "cosignatures = 3"),
        ("cosignatures = 1", "cosignatures = 0"),
        ("cosignatures = 1", "cosignatures = true"),
        ("cosignatures = 1", "witnesses = 1"),
        ("independent = true", "independent = 1"),
        ('relation = "notary"', 'relation = "friend"'),
        ('relation = "notary"', 'relation = "operator"'),
        ('name = "宁波市某公证处"', 'name = "品牌方"'),
        ('name = "品牌方"', 'name = "\\u0007"'),
        ("witnesses/brand.vkey", "../brand.vkey"),
        ("clock_bound_seconds = 90", "clock_bound_seconds = 0"),
        ("recovery = 2", "recovery = 4"),
        ("recovery = 2", "recovery = 0"),
        ("recovery = 2\n", ""),
        ('from = "2026-03-01T12:00:00.000000Z"', 'from = "2026-03-01"'),
        ('from = "2026-03-01T12:00:00.000000Z"', 'from = "2026-04-01T12:00:00.000000Z"'),
        ('from = "2026-03-01T12:00:00.000000Z"', "other = 1"),
        ("ab" * 32, "AB" * 32),
        ("until_size = 17", "until_size = -1"),
        ("cd" * 32, "cd"),
        ('key = "recovery/1.pem"', 'file = "recovery/1.pem"'),
    ],
)
def test_wrong_policies_are_refused(old: str, new: str) -> None:
    text = FULL.to_text()
    assert old in text
    with pytest.raises(TrustError) as error:
        parse_policy(text.replace(old, new, 1))
    assert error.value.zh.startswith("policy.toml")


def test_a_required_witness_must_be_listed() -> None:
    with pytest.raises(TrustError):
        parse_policy(Policy((*CLAIMS, "witness"), 1, "l", "s", ()).to_text())
