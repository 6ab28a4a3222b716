"""The service's job: an exhibit waits while an authority is down, and is sealed when it is back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

import evidence.seal
from desk.cases.models import Exhibit
from desk.cases.selectors import dossier_of
from desk.cases.services import request_preservation
from desk.jobs.work import Later
from desk.leads.services import shortlist
from evidence.authority import create_local
from evidence.log import audit
from evidence.seal import Preserved, PreserveOrder
from evidence.verify import verify_file
from tests.desk.conftest import LeadMaker, Town
from tests.desk.test_cases import preserve
from tests.evidence.authority.places import Answer, Asked, granting, now, serving
from tests.evidence.seal.conftest import recorded  # noqa: F401 - a fixture
from tests.evidence.seal.rig import Recorded

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


def test_an_exhibit_waits_and_is_sealed(
    town: Town,
    make_lead: LeadMaker,
    recorded: Recorded,  # noqa: F811
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.MARKSEAL_HOME = tmp_path / "home"
    local = create_local(tmp_path / "far", now=now())
    folder = tmp_path / "home/authority"
    folder.mkdir(parents=True)
    (folder / "far.pem").write_bytes(local.roots)
    replies = [lambda asked: (200, "text/html", b"<html>")]

    def reply(asked: Asked) -> Answer:
        return replies[-1](asked)

    def really(order: PreserveOrder, **means: Any) -> Preserved:
        means |= {"proxy": None, "take": recorded, "pause": lambda seconds: None}
        return evidence.seal.preserve(order, **means)

    exhibit = request_preservation(
        lead=shortlist(lead=make_lead(), actor=town.officer), actor=town.officer
    )
    Exhibit.objects.filter(pk=exhibit.pk).update(url=recorded.url)
    with serving(reply) as url:
        (folder / "authorities.toml").write_text(
            f'[[authorities]]\nname = "far"\nurl = "{url}"\nroots = "far.pem"\n', encoding="utf-8"
        )
        for _ in range(2):
            with pytest.raises(Later):
                preserve(exhibit, really)
            exhibit.refresh_from_db()
            assert exhibit.state == "awaiting_timestamp"
        replies.append(granting(local))
        done = preserve(exhibit, really)
    assert done.state == "sealed"
    assert list(done.custody.values_list("kind", flat=True)).count("sealed") == 1
    dossier = tmp_path / done.dossier
    dossier.write_bytes(dossier_of(done).read_bytes())
    assert verify_file(dossier, trust=settings.MARKSEAL_HOME / "trust").exit_code == 0
    report = audit(settings.MARKSEAL_HOME / "log")
    assert (report.clean, report.attempts, report.sealed) == (True, 1, 1)
