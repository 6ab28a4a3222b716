"""The notary's page: a dossier, or a WACZ with its papers; reports; what killed ones left."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings

from desk.cases.models import Entrustment, Exhibit, Verification
from desk.cases.services.papers import LEFT_OVER
from tests.console.conftest import Sessions
from tests.console.world import World, add_capture
from tests.evidence.builder import NAME, Draft
from tests.evidence.builder import World as Installation


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Draft, Path]:
    """Return a sealed draft and a data folder that trusts it."""
    folder = tmp_path_factory.mktemp("notary")
    installation = Installation.create(folder / "keys")
    draft = Draft(installation).seal()
    return draft, installation.trust(folder / "home" / "trust").parent


@pytest.fixture
def home(sealed: tuple[Draft, Path], settings: Settings, world: World) -> Path:
    settings.MARKSEAL_HOME = sealed[1]
    return sealed[1]


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_a_package_is_verified_with_the_papers_beside_it(
    home: Path, sealed: tuple[Draft, Path], session: Sessions
) -> None:
    draft, client = sealed[0], session("notary")
    beside = [upload(name, data) for name, data in draft.papers.items()]
    package = upload(f"{NAME}.wacz", draft.wacz)
    alone = client.post("/verify/", {"file": package}, follow=True)
    assert Verification.objects.latest("pk").exit_code == 3, alone.content.decode()[:500]
    package.seek(0)
    client.post("/verify/", {"file": [*beside, package]})
    row = Verification.objects.latest("pk")
    assert (row.exit_code, row.name, row.size) == (0, f"{NAME}.wacz", len(draft.wacz))
    page = client.get("/verify/").content.decode()
    assert row.tool.startswith("markseal ")
    assert row.tool in page
    assert not list((home / "incoming").iterdir())


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("a.dossier.zip", "b.dossier.zip"), "一次只核验一件证据"),
        (("a.wacz", "b.wacz"), "一次只核验一件证据"),
        (("a.wacz", "a.tsr", "A.tsr"), "重复"),
        (("a.wacz", "坏 名.tsr"), "不能作为附属文件"),
    ],
)
def test_files_that_do_not_go_together_are_refused(
    home: Path, session: Sessions, names: tuple[str, ...], said: str
) -> None:
    files = [upload(name, b"x") for name in names]
    answer = session("notary").post("/verify/", {"file": files})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Verification.objects.exists()


def test_a_report_is_made_of_what_was_handed_in(
    home: Path, sealed: tuple[Draft, Path], session: Sessions
) -> None:
    client = session("notary")
    answer = client.post(
        "/verify/", {"file": upload("a.dossier.zip", sealed[0].pack()), "paper": "report-html"}
    )
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    page = answer.content.decode()
    assert "核验报告" in page
    assert "甬城公证处 notary" in page
    assert Verification.objects.get().exit_code == 0
    assert not list((home / "incoming").iterdir())


def test_what_does_not_verify_gets_no_certificate(home: Path, session: Sessions) -> None:
    answer = session("notary").post(
        "/verify/", {"file": upload("a.zip", b"no zip"), "paper": "certificate-pdf"}, follow=True
    )
    page = answer.content.decode()
    assert "不出具存证凭证" in page
    assert "不是封装文件" in page
    wrong = session("notary").post("/verify/", {"file": upload("a.zip", b"x"), "paper": "rm -rf"})
    assert wrong.status_code == 422


def test_a_report_of_an_exhibit_goes_into_the_chain_of_custody(
    home: Path, sealed: tuple[Draft, Path], session: Sessions, world: World
) -> None:
    assert world.exhibit is not None
    folder = home / world.exhibit.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / world.exhibit.dossier).write_bytes(sealed[0].pack())
    address = f"/exhibits/{world.exhibit.pk}/papers/report-html/"
    answer = session("notary").get(address)
    assert "核验报告" in answer.content.decode()
    event = world.exhibit.custody.last()
    assert event is not None
    assert (event.kind, event.note) == ("downloaded", "e1.report.html")
    Exhibit.objects.update(dossier="gone.dossier.zip")
    assert session("notary").get(address).status_code == 404


def test_what_a_killed_verification_left_is_swept(home: Path, session: Sessions) -> None:
    old, young = home / "incoming" / "tmpold", home / "incoming" / "tmpyoung"
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "a.dossier.zip").write_bytes(b"x")
    past = time.time() - LEFT_OVER - 60
    os.utime(old, (past, past))
    session("notary").post("/verify/", {"file": upload("a.zip", b"x")})
    assert [path.name for path in (home / "incoming").iterdir()] == ["tmpyoung"]
    (young / "a.dossier.zip").unlink()
    young.rmdir()


def test_several_exhibits_are_entrusted_at_once_or_none(
    world: World, session: Sessions, tmp_path: Path
) -> None:
    assert world.exhibit is not None
    later = add_capture(world, tmp_path / "keys", "39")
    office = world.people["notary"].memberships.get().organisation
    Entrustment.objects.filter(exhibit=later).delete()
    officer = session("officer")
    page = officer.get("/exhibits/").content.decode()
    assert f'name="exhibit" value="{later.pk}"' in page
    assert 'name="exhibit"' not in session("notary").get("/exhibits/").content.decode()
    asked = {"exhibit": [world.exhibit.pk, later.pk], "office": office.pk}
    said = officer.post("/exhibits/entrust/", asked, follow=True).content.decode()
    assert "已将 1 个证据项委托" in said
    assert Entrustment.objects.filter(exhibit=later, office=office).count() == 1
    Entrustment.objects.all().delete()
    missing = asked | {"exhibit": [later.pk, 10**9]}
    assert officer.post("/exhibits/entrust/", missing).status_code == 404
    Exhibit.objects.filter(pk=later.pk).update(state="failed")
    said = officer.post("/exhibits/entrust/", asked, follow=True).content.decode()
    assert "只有已固证封装的证据项才能委托" in said
    assert session("other_officer").post("/exhibits/entrust/", asked).status_code == 404
    assert not Entrustment.objects.exists()
