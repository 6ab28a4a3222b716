"""Other people's vectors, each with its expected answer; read where they are, if they are there.

``MARKSEAL_TEST_VECTORS`` names a folder with ``merkle/**/*.json`` (transparency-dev/merkle) and
``jcs/testdata`` (RFC 8785); without it these tests are skipped.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import ProofError
from evidence.format import jcs
from evidence.format.merkle import verify_consistency, verify_inclusion
from evidence.format.subtree import verify_subtree_consistency, verify_subtree_inclusion

FOLDER = Path(os.environ.get("MARKSEAL_TEST_VECTORS", "/nonexistent"))
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="MARKSEAL_TEST_VECTORS names no folder with vectors"
)
KINDS = {"inclusion": 92, "consistency": 98, "subtreeinclusion": 204, "subtreeconsistency": 118}


def vectors(kind: str) -> list[tuple[Path, dict[str, Any]]]:
    found = sorted(FOLDER.glob(f"merkle/*/testdata/{kind}/**/*.json"))
    return [(path, json.loads(path.read_text("utf-8"))) for path in found]


def check(kind: str, given: dict[str, Any]) -> None:
    """Verify one vector; ProofError when it does not hold."""
    proof = [base64.b64decode(item) for item in given["proof"] or []]
    known = {
        name: base64.b64decode(given[name])
        for name in ("root", "root1", "root2", "leafHash")
        if name in given
    }
    if kind == "inclusion":
        verify_inclusion(
            known["leafHash"], given["leafIdx"], given["treeSize"], proof, known["root"]
        )
    elif kind == "consistency":
        verify_consistency(given["size1"], given["size2"], proof, known["root1"], known["root2"])
    elif kind == "subtreeinclusion":
        verify_subtree_inclusion(
            known["leafHash"], given["leafIdx"], given["start"], given["end"], proof, known["root"]
        )
    else:
        verify_subtree_consistency(
            given["start"], given["end"], given["size"], proof, known["root1"], known["root2"]
        )


@pytest.mark.parametrize("kind", KINDS)
def test_every_proof_has_the_expected_answer(kind: str) -> None:
    wrong, found = [], vectors(kind)
    for path, given in found:
        try:
            check(kind, given)
            refused = False
        except ProofError:
            refused = True
        if refused is not given["wantErr"]:
            wrong.append(str(path.relative_to(FOLDER)))
    assert wrong == []
    assert len(found) >= KINDS[kind] - 10


def test_canonical_json_is_that_of_the_vectors() -> None:
    found = sorted((FOLDER / "jcs/testdata/input").glob("*.json"))
    assert found
    for path in found:
        expected = (FOLDER / "jcs/testdata/output" / path.name).read_bytes().rstrip(b"\n")
        assert jcs.dumps(json.loads(path.read_text("utf-8"))) == expected, path.name
        assert jcs.loads(expected, path.name) == json.loads(path.read_text("utf-8"))
