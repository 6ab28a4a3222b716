"""An enclosed technical review is the one that the environment record names."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.format import jcs, names
from evidence.format.digests import sha256_hex
from tests.evidence.builder import Draft
from tests.evidence.rich import REVIEW, rich
from tests.evidence.tamper.good import WACZ
from tests.evidence.verify.conftest import Bench, places

SUBJECT = {"browser_sha256": "b" * 64, "code_sha256": "c" * 64}
FULL = REVIEW | {"subject": SUBJECT}


def environment(review: bytes | None, **changed: Any) -> dict[str, Any]:
    data = {"sha256": sha256_hex(review)} if review is not None else {}
    return {
        "format": "markseal-environment/2",
        "rows": [{"id": "review", "status": "checked", "data": data}],
        "browser": {"binary_sha256": "b" * 64},
        "software": {"code_sha256": "c" * 64},
        **changed,
    }


def faults(bench: Bench, review: bytes | None, record: dict[str, Any]) -> set[str]:
    draft: Draft = rich(bench.world, **{names.ENVIRONMENT: jcs.dumps(record)})
    if review is None:
        del draft.artefacts[names.REVIEW], draft.artefacts[names.REVIEW_SIGNATURE]
    else:
        draft.artefacts[names.REVIEW] = review
        draft.artefacts[names.REVIEW_SIGNATURE] = bench.world.signer.sign(review)
    return places(bench.verify(draft.seal().pack()))


def test_the_review_that_is_named_is_sound(bench: Bench) -> None:
    review = jcs.dumps(FULL)
    assert faults(bench, review, environment(review)) == set()
    assert faults(bench, None, environment(None)) == set()
    assert faults(bench, review, {"format": "markseal-environment/1"}) == set()


@pytest.mark.parametrize("result", ["passed", "failed"])
def test_a_review_that_was_left_out_is_missed(bench: Bench, result: str) -> None:
    named = environment(jcs.dumps(FULL | {"result": result}))
    assert faults(bench, None, named) == {f"{WACZ}!{names.ENVIRONMENT}"}


OTHER = jcs.dumps(FULL | {"started": "2026-01-01T03:04:05.000000Z"})
CHANGES: list[dict[str, Any]] = [
    {"browser": {"binary_sha256": "d" * 64}},
    {"software": {"code_sha256": "d" * 64}},
    {"browser": "none"},
    {"rows": []},
    {"rows": [5, {"id": "review", "data": "none"}]},
    {"rows": [{"id": "review", "data": {"sha256": sha256_hex(OTHER)}}]},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_review_of_another_day_browser_or_code_is_found(
    bench: Bench, change: dict[str, Any]
) -> None:
    review = jcs.dumps(FULL)
    record = environment(review, **change)
    assert faults(bench, review, record) == {f"{WACZ}!{names.REVIEW}"}
