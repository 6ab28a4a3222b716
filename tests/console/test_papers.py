"""The papers as PDF, asked for on the notary's page and printed by a real browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from evidence.papers import check_certificate
from tests.console.conftest import Sessions
from tests.console.test_notary import upload
from tests.evidence.builder import NAME, Draft
from tests.evidence.builder import World as Installation

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.mark.parametrize("word", ["report", "certificate"])
def test_a_paper_is_printed_of_what_was_handed_in(
    tmp_path: Path,
    settings: Settings,
    session: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    word: str,
) -> None:
    if os.geteuid() == 0:
        monkeypatch.setenv("MARKSEAL_NO_SANDBOX", "1")
    installation = Installation.create(tmp_path / "keys")
    trust = installation.trust(tmp_path / "home" / "trust")
    settings.MARKSEAL_HOME = trust.parent
    data = Draft(installation).seal().pack()
    given = {"file": upload(f"{NAME}.dossier.zip", data), "paper": f"{word}-pdf"}
    answer = session("notary").post("/verify/", given)
    assert answer["Content-Type"] == "application/pdf", answer.content[:500].decode()
    assert f'filename="{NAME}.{word}.pdf"' in answer["Content-Disposition"]
    assert answer.content.startswith(b"%PDF-")
    assert not list((trust.parent / "incoming").iterdir())
    if word == "certificate":
        dossier, paper = tmp_path / f"{NAME}.dossier.zip", tmp_path / "certificate.pdf"
        dossier.write_bytes(data)
        paper.write_bytes(answer.content)
        assert check_certificate(paper, dossier, trust=trust).exit_code == 0
