"""Renewed timestamps and their revocation data: both verifiers say the same of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.authority.revocation import RevocationData
from evidence.format.policytext import parse_policy
from evidence.keeping.renewing import renew
from evidence.verify import verify_file
from tests.evidence.builder import NAME
from tests.evidence.keeping.authorities import Dated
from tests.evidence.keeping.erasure import erased
from tests.evidence.keeping.years import begin
from tests.verifier.driver import HtmlVerifier

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page() -> Iterator[HtmlVerifier]:
    with HtmlVerifier() as html:
        yield html


@pytest.mark.parametrize(
    ("listed", "status"),
    [("good", "valid"), ("none", "not_checked"), ("revoked", "invalid"), ("forged", "invalid")],
)
def test_both_say_the_same(page: HtmlVerifier, tmp_path: Path, listed: str, status: str) -> None:
    world = begin(tmp_path)
    inner = world.exhibit.folder / "revocation"
    inner.mkdir()
    (inner / "local.1.crl").write_bytes(world.first.listing())
    world.at(datetime(2026, 6, 1, 8, tzinfo=UTC))
    second: Dated = world.add("second", 10)
    data: dict[str, Callable[[], bytes]] = {
        "good": second.listing,
        "revoked": lambda: second.listing(world.now - timedelta(hours=2)),
        "forged": lambda: replace(second).listing(),
    }
    found = [RevocationData("crl", data[listed]())] if listed in data else []
    renew(
        world.exhibit, trust=world.trust, authorities=world.others, clock=lambda: world.now,
        revocation=lambda _name, _response: found, always=True,
    )  # fmt: skip
    policy = tmp_path / "trust" / "policy.toml"
    asked = replace(parse_policy(policy.read_text("utf-8")), revocation=True)
    policy.write_text(asked.to_text(), "utf-8")
    dossier = world.exhibit.path(f"{NAME}.dossier.zip")
    ours = verify_file(dossier, trust=policy.parent).to_json()
    theirs = page.verify([dossier], policy.parent)
    for verdict in (ours, theirs):
        said = {c["status"] for c in verdict["claims"] if c["id"] == "revocation"}
        assert status in said, verdict["claims"]
    assert ours["exit"] == theirs["exit"]
    assert ours["facts"]["renewals"] == theirs["facts"]["renewals"]


@pytest.mark.parametrize(
    ("listed", "status"),
    [("good", "valid"), ("none", "not_checked"), ("revoked", "invalid"), ("forged", "invalid")],
)
def test_both_say_the_same_of_what_was_erased(
    page: HtmlVerifier, tmp_path: Path, listed: str, status: str
) -> None:
    home, kept = erased(tmp_path, listed)
    ours = verify_file(kept.path(f"{NAME}.erasure.json"), trust=home.trust).to_json()
    theirs = page.verify([path for path in kept.folder.rglob("*") if path.is_file()], home.trust)
    for verdict in (ours, theirs):
        said = {c["status"] for c in verdict["claims"] if c["id"] == "revocation"}
        assert status in said, verdict["claims"]
    assert (ours["exit"], ours["facts"]["tokens"]) == (theirs["exit"], theirs["facts"]["tokens"])


def test_both_name_two_histories_of_what_was_erased(page: HtmlVerifier, tmp_path: Path) -> None:
    home, kept = erased(tmp_path, "good")
    path = kept.path(kept.sidecars.attempt_proof)
    path.write_bytes(home.open_log().proof(0)[1])
    ours = verify_file(kept.path(f"{NAME}.erasure.json"), trust=home.trust).to_json()
    theirs = page.verify([one for one in kept.folder.rglob("*") if one.is_file()], home.trust)
    for verdict in (ours, theirs):
        said = [(c["status"], c["where"]) for c in verdict["claims"] if c["id"] == "inclusion"]
        assert said == [("invalid", f"{NAME}.outcome.tlog-proof")]
