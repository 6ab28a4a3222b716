"""Records of any content are refused or read, and never break the verifier."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import FormatError
from evidence.format import names
from evidence.format.declared import first_lines
from evidence.verify.agreement import check_agreement
from evidence.verify.contents import Contents
from evidence.verify.records import CHECKS
from evidence.verify.report import print_report
from evidence.verify.verdict import Findings, conclude
from tests.evidence.rich import ATTENDED, CAPTURE, REVIEW, replay

WORDS = ["declared", "zh", "en", "masked", "private", "rows", "id", "data", "review", "verdict",
         "bad", "certificate", "certificates", "connections", "chain", "der", "host", "port",
         "moments", "number", "picture", "regions", "text", "equal", "fidelity", "url", "result",
         "egress", "browser", "isolation", "page_note", "login", "format"]  # fmt: skip
LEAF = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(WORDS) | st.text(max_size=5)
VALUE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=20,
)
RECORD = st.dictionaries(st.sampled_from(WORDS), VALUE, max_size=6)
GOOD: dict[str, dict[str, Any]] = {
    names.CAPTURE: CAPTURE,
    names.ENVIRONMENT: {"rows": [{"id": "review", "data": {}}]},
    names.CERTIFICATES: {"format": "markseal-certificates/1"},
    names.REPLAY: replay(),
    names.ATTENDED: ATTENDED,
    names.REVIEW: REVIEW,
}


@pytest.mark.parametrize("name", sorted(CHECKS))
@settings(max_examples=60, deadline=None)
@given(record=RECORD, fidelity=st.sampled_from(["exact", "redacted", "decoded"]))
def test_any_record_is_refused_or_read(name: str, record: dict[str, Any], fidelity: str) -> None:
    value = GOOD[name] | record
    contents = Contents()
    with suppress(FormatError):
        CHECKS[name](value)
        contents.records[name] = value
    findings = Findings(frozenset({"package"}))
    check_agreement(contents, [*names.REQUIRED, name], fidelity, "x.wacz", findings)
    findings.declared = contents.declared
    findings.facts["fidelity"] = fidelity
    verdict = conclude("x.wacz", findings, trusted=True, trial=False)
    assert print_report(verdict)
    assert verdict.to_json()
    assert all(len(line) == 2 for line in first_lines(value, value, value, value))
