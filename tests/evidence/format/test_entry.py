"""Log entries of the second format: every kind read back as printed; anything else refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import FormatError, ProofError
from evidence.format import jcs
from evidence.format.digests import Digests
from evidence.format.entry import (
    Attempt,
    CaseClosed,
    Entry,
    Erasure,
    Failed,
    Fresh,
    FreshToken,
    KeyChange,
    NothingFound,
    Sealed,
    Succession,
    parse_entry,
)
from evidence.format.entry.signing import countersign, sign_entry, verify_entry, verify_signatures

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
ID, TAG, PREV = "0" * 32, "1" * 64, "2" * 64
KEYS = sorted(
    (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 4)),
    key=lambda key: key.public_key().public_bytes_raw(),
)
OLD, NEW = (key.public_key().public_bytes_raw() for key in KEYS[:2])

CLOSED = sign_entry(CaseClosed(TAG, PREV, NOW, 4, 1, 2, 1, signer=TAG), KEYS[0])
ERASED = sign_entry(
    Erasure(PREV, NOW, 7, TAG, "court-order", TAG, ("3" * 64, "4" * 64), signer=TAG), KEYS[0]
)


def handover() -> KeyChange:
    draft = KeyChange("handover", "signer", PREV, NOW, OLD, NEW, NOW)
    both = sorted(KEYS[:2], key=lambda key: key.public_key().public_bytes_raw())
    return replace(draft, signatures=tuple(countersign(draft.signed, key) for key in both))


def revoked() -> KeyChange:
    draft = KeyChange("revoked", "log", PREV, NOW, OLD, None, NOW)
    return replace(draft, signatures=tuple(countersign(draft.signed, key) for key in KEYS[1:]))


def succession() -> Succession:
    draft = Succession("0" * 64, NOW, "markseal/old", 41, TAG, PREV)
    return replace(draft, signatures=tuple(countersign(draft.signed, key) for key in KEYS))


FRESH = Fresh("5" * 32, token=FreshToken("trial", b"\x30\x80not DER"))
ENTRIES: list[Entry] = [
    Attempt(ID, TAG, 1, PREV, NOW, TAG),
    Attempt(ID, TAG, 1, PREV, NOW, TAG, FRESH),
    Attempt(ID, TAG, 1, PREV, NOW, TAG, Fresh("5" * 32, no_token="unreachable")),
    Sealed(ID, TAG, 1, PREV, NOW, 5, TAG, PREV, Digests(5, TAG, PREV)),
    Sealed(ID, TAG, 1, PREV, NOW, 5, TAG, PREV, Digests(5, TAG, PREV), version=1),
    Failed(ID, TAG, 1, PREV, NOW, 5, "interrupted"),
    Failed(ID, TAG, 1, PREV, NOW, 5, "interrupted", version=1),
    NothingFound(ID, TAG, 1, PREV, NOW, 5, "name-not-found"),
    CLOSED,
    handover(),
    revoked(),
    ERASED,
    succession(),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_read_back_as_printed(entry: Entry) -> None:
    data = entry.to_bytes()
    assert parse_entry(data) == entry
    assert parse_entry(data).to_bytes() == data


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_every_field_is_needed_and_none_is_free(entry: Entry) -> None:
    value = jcs.loads(entry.to_bytes(), "entry")
    for name in value:
        for changed in ({k: v for k, v in value.items() if k != name}, {**value, name: {}}):
            with pytest.raises(FormatError):
                parse_entry(jcs.dumps(changed))
    with pytest.raises(FormatError, match="unknown field"):
        parse_entry(jcs.dumps({**value, "more": 1}))


def wrong(entry: Entry, **fields: object) -> None:
    value = jcs.loads(entry.to_bytes(), "entry")
    with pytest.raises(FormatError):
        parse_entry(jcs.dumps({**value, **fields}))


def test_what_does_not_add_up_is_refused() -> None:
    wrong(ENTRIES[1], no_token="unreachable")
    wrong(ENTRIES[2], no_token="Not a code")
    wrong(ENTRIES[1], format="markseal-entry/1")
    wrong(NothingFound(ID, TAG, 1, PREV, NOW, 5, "gone"), format="markseal-entry/1")
    wrong(CLOSED, format="markseal-entry/1")
    wrong(CLOSED, attempts=5)
    wrong(CLOSED, event="opened")
    wrong(handover(), new=None)
    wrong(handover(), role="person")
    wrong(handover(), signatures=[])
    wrong(handover(), signatures=[countersign(b"", KEYS[1]).to_json()])
    twice = [countersign(b"", KEYS[1]).to_json()] * 2
    wrong(revoked(), signatures=twice)
    wrong(ERASED, approvers=["3" * 64, "3" * 64])
    wrong(ERASED, approvers=["3" * 64])
    with pytest.raises(FormatError, match="at most"):
        Attempt(
            ID, TAG, 1, PREV, NOW, TAG, Fresh("5" * 32, FreshToken("trial", b"x" * 60_000))
        ).to_bytes()


def test_a_token_is_over_what_does_not_depend_on_the_place_in_the_log() -> None:
    first = Attempt(ID, TAG, 1, PREV, NOW, TAG, FRESH)
    assert first.stamped == replace(first, number=9, prev=TAG).stamped
    assert first.stamped == jcs.dumps(
        {"capture_id": ID, "case_tag": TAG, "fresh": "5" * 32, "url_commitment": TAG}
    )


def test_signatures_hold_for_every_field() -> None:
    key = KEYS[0].public_key()
    verify_entry(CLOSED, key)
    verify_entry(ERASED, key)
    with pytest.raises(ProofError, match="another signer"):
        verify_entry(CLOSED, KEYS[1].public_key())
    for changed in (replace(CLOSED, attempts=3, failed=1), replace(ERASED, outcome=8)):
        with pytest.raises(ProofError, match="does not verify"):
            verify_entry(changed, key)
    assert verify_signatures(handover()) == {OLD, NEW}
    assert len(verify_signatures(succession())) == 3
    moved = replace(revoked(), prev="9" * 64, time=datetime(2027, 1, 1, tzinfo=UTC))
    assert len(verify_signatures(moved)) == 2
    with pytest.raises(ProofError):
        verify_signatures(replace(revoked(), effective=datetime(2027, 1, 1, tzinfo=UTC)))
