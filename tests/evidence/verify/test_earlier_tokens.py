"""How many tokens an exhibit needs when the requirement was raised after it was sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evidence.errors import TrustError
from evidence.format.policy import (
    CLAIMS,
    SECOND,
    EarlierTokens,
    Policy,
    TrustedAuthority,
)
from evidence.format.policytext import parse_policy

RAISED = datetime(2026, 6, 1, tzinfo=UTC)
BEFORE, AFTER = RAISED - timedelta(days=1), RAISED + timedelta(days=1)
AUTHORITY = TrustedAuthority("a", "a.pem", trial=False)
POLICY = Policy(CLAIMS, 3, "log.vkey", "signer.pem", (AUTHORITY,))
RAISED_TWICE = replace(
    POLICY, earlier=(EarlierTokens(1, RAISED - timedelta(hours=1)), EarlierTokens(2, RAISED))
)


@pytest.mark.parametrize(
    ("times", "needed"),
    [
        ([], 3),
        ([BEFORE], 1),
        ([AFTER], 3),
        ([RAISED], 3),
        ([RAISED - timedelta(minutes=1)], 3),
        ([RAISED - timedelta(minutes=1)] * 2, 2),
        ([RAISED - timedelta(minutes=1), AFTER], 3),
        ([BEFORE, AFTER, AFTER], 1),
    ],
)
def test_what_was_enough_then_is_enough(times: list[datetime], needed: int) -> None:
    assert RAISED_TWICE.needed(times) == needed
    assert POLICY.needed(times) == 3


def test_it_is_printed_and_read() -> None:
    assert RAISED_TWICE.format == SECOND
    assert parse_policy(RAISED_TWICE.to_text()) == RAISED_TWICE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tokens = 1\n", "tokens = 0\n"),
        ("before =", "until ="),
        ("2026-06-01T00:00:00.000000Z", "2026-06-01"),
    ],
)
def test_what_is_no_rule_is_refused(old: str, new: str) -> None:
    text = RAISED_TWICE.to_text()
    assert old in text
    with pytest.raises(TrustError):
        parse_policy(text.replace(old, new))
