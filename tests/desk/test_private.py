"""Opening and ending an encrypted part is recorded with the exhibit, before it is done."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from desk.cases.models import Exhibit
from desk.cases.services import request_preservation
from desk.cli import main
from desk.leads.services import shortlist
from evidence.format import names
from evidence.format.private import WARC, write_private
from evidence.format.zipform import ZipPart
from evidence.home import EvidenceHome
from evidence.seal.private import key_path, make_key
from tests.desk.conftest import LeadMaker, Town
from tests.evidence.builder import CAPTURE_ID, World
from tests.evidence.rich import rich, stating


@pytest.mark.django_db
def test_each_opening_and_the_erasure_are_in_the_chain_of_custody(
    town: Town, make_lead: LeadMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = shortlist(lead=make_lead(), actor=town.officer)
    exhibit = request_preservation(lead=lead, actor=town.officer)
    Exhibit.objects.filter(pk=exhibit.pk).update(capture_id=CAPTURE_ID)
    home = EvidenceHome(tmp_path / "home")
    part = io.BytesIO()
    key = make_key(home, CAPTURE_ID)
    write_private(part, io.BytesIO(), [ZipPart(WARC, b"exact")], key)
    draft = rich(World.create(tmp_path / "world"))
    draft.artefacts[names.PRIVATE] = part.getvalue()
    draft.artefacts[names.CAPTURE] = stating({WARC: b"exact"})
    (tmp_path / "A.wacz").write_bytes(draft.seal().wacz)
    (home.path / "markseal.sqlite3").touch()
    monkeypatch.setenv("MARKSEAL_HOME", str(home.path))
    common = [str(tmp_path / "A.wacz"), "--by", "张三"]
    assert main(["private", "open", *common, "--out", str(tmp_path / "out")]) == 0
    assert main(["private", "erase", *common, "--yes"]) == 0
    assert not key_path(home, CAPTURE_ID).exists()
    events = list(exhibit.custody.values_list("kind", "note"))
    assert events[-2:] == [("opened", "张三"), ("erased", "张三")]
