"""An erased exhibit keeps the revocation data of its tokens, and its verdict checks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.authority.revocation import RevocationData
from evidence.home import EvidenceHome
from evidence.keeping.exhibit import Kept
from evidence.keeping.renewing import renew
from evidence.verify import verify_file
from evidence.verify.trust import load_trust
from tests.evidence.builder import NAME
from tests.evidence.keeping.erasure import erased, second_authority
from tests.evidence.keeping.homes import now

Told = list[tuple[str, str | None]]


def judged(home: EvidenceHome, kept: Kept, claim: str = "revocation") -> tuple[int, Told]:
    """Return exit code of the verdict, and what it says of the claim."""
    verdict = verify_file(kept.path(f"{NAME}.erasure.json"), trust=home.trust)
    told = [(c.status.value, c.where) for c in verdict.claims if c.id == claim]
    return verdict.exit_code, told


@pytest.mark.parametrize(
    ("listed", "due"),
    [
        ("good", (3, [("valid", None)])),
        ("none", (3, [("not_checked", None)])),
        ("revoked", (1, [("invalid", "revocation/trial.1.crl")])),
        ("forged", (1, [("invalid", "revocation/trial.1.crl")])),
    ],
)
def test_the_data_of_the_first_tokens_outlives_the_content(
    tmp_path: Path, listed: str, due: tuple[int, Told]
) -> None:
    home, kept = erased(tmp_path, listed)
    assert not kept.path(f"{NAME}.dossier.zip.atrest").exists()
    code, told = judged(home, kept)
    assert (code, told[:1]) == due
    if listed == "good":
        kept.path("revocation/trial.1.crl").unlink()
        assert judged(home, kept) == (3, [("not_checked", None)])


@pytest.mark.parametrize(("listed", "status"), [(True, "valid"), (False, "not_checked")])
def test_that_of_its_renewals_is_checked_too(tmp_path: Path, listed: bool, status: str) -> None:
    home, kept = erased(tmp_path, "good")
    second = second_authority(home)
    renew(
        kept,
        trust=load_trust(home.trust),
        authorities=[second],
        clock=now,
        revocation=lambda *_: [RevocationData("crl", second.listing())] if listed else [],
        always=True,
    )
    where = None if listed else f"{NAME}.renewal.json"
    assert (status, where) in judged(home, kept)[1]


def test_a_token_that_was_altered_is_invalid(tmp_path: Path) -> None:
    home, kept = erased(tmp_path, "good")
    path = kept.path(f"{NAME}.trial.tsr")
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    code, told = judged(home, kept, "timestamp")
    assert (code, told[0]) == (1, ("invalid", path.name))
