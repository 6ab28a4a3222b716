"""The pages of keeping: holds, requests to erase, approvals, what an erased exhibit then says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings

from desk.cases.models import ErasureRequest, Exhibit
from desk.cases.services.erasing import run_erase
from desk.jobs.models import Job
from desk.jobs.work import Work
from evidence.format.digests import sha256_hex
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore
from evidence.seal import open_home
from tests.console.conftest import Sessions
from tests.console.world import World
from tests.evidence.builder import CAPTURE_ID, NAME
from tests.evidence.keeping.homes import now, seal_into


@pytest.fixture(scope="module")
def kept_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with one exhibit that was really sealed; tests work on copies."""
    folder = tmp_path_factory.mktemp("keeping")
    home = open_home(folder / "home", clock=now)
    seal_into(home, home.path / "exhibits" / CAPTURE_ID, folder)
    FolderStore(home).put(Kept(home.path / "exhibits" / CAPTURE_ID, NAME))
    return home.path


@pytest.fixture
def exhibit(world: World, kept_home: Path, tmp_path: Path, settings: Settings) -> Exhibit:
    """Return the world's exhibit, now a real one, without a request."""
    settings.MARKSEAL_HOME = Path(shutil.copytree(kept_home, tmp_path / "home"))
    ErasureRequest.objects.all().delete()
    Exhibit.objects.update(
        wacz=f"{NAME}.wacz", dossier=f"{NAME}.dossier.zip", capture_id=CAPTURE_ID,
        folder=f"exhibits/{CAPTURE_ID}",
    )  # fmt: skip
    return Exhibit.objects.get()


def test_from_the_request_to_the_words_content_is_erased(
    exhibit: Exhibit, session: Sessions, world: World
) -> None:
    address = f"/exhibits/{exhibit.pk}/keeping/"
    officer, clerk, auditor = session("officer"), session("clerk"), session("auditor")
    asked = clerk.post(
        f"/exhibits/{exhibit.pk}/erasure/", {"basis": "pipl-purpose-ended", "reason": "已实现"}
    )
    assert asked["Location"] == address
    row = ErasureRequest.objects.get()
    assert "您是申请人，不能批准" in clerk.get(address).content.decode()
    assert clerk.post(f"/erasures/{row.pk}/approve/").status_code == 403
    assert "待您批准" in officer.get("/keeping/").content.decode()
    assert "<button" not in auditor.get(address).content.decode().split("<main")[1]
    for _ in range(2):
        officer.post(f"/erasures/{row.pk}/approve/")
    page = officer.get(address).content.decode()
    assert "您已批准，尚待另一人批准" in page
    world.people["third"] = _third(exhibit)
    third = session("third")
    third.post(f"/erasures/{row.pk}/approve/")
    run_erase(Work(Job.objects.get(kind="erase").payload))
    page = officer.get(f"/exhibits/{exhibit.pk}/").content.decode()
    assert "内容已删除" in page
    assert "个人信息保护法" in page
    assert "47(1)" in page
    assert row.approvals.count() == 2
    assert "第三人（third）" in officer.get("/keeping/").content.decode()
    again = third.post(f"/erasures/{row.pk}/end/", {"reason": "晚了"}, follow=True)
    assert "刚刚被他人修改" in again.content.decode()


def _third(exhibit: Exhibit):  # type: ignore[no-untyped-def]
    from desk.register.services import add_user

    user, _ = add_user(
        name="third", role="officer", organisation=exhibit.organisation, password="a long password"
    )
    user.display_name = "第三人"
    user.save()
    return user


def test_a_hold_is_set_shown_and_lifted_with_a_reason(exhibit: Exhibit, session: Sessions) -> None:
    client, address = session("officer"), f"/exhibits/{exhibit.pk}/keeping/"
    assert client.post(f"/exhibits/{exhibit.pk}/hold/", {"reason": ""}).status_code == 422
    client.post(f"/exhibits/{exhibit.pk}/hold/", {"reason": "诉讼中"})
    for place in (address, "/keeping/"):
        page = client.get(place).content.decode()
        assert "诉讼中" in page
    assert "保全中" in client.get(f"/exhibits/{exhibit.pk}/").content.decode()
    assert 'name="basis"' not in client.get(address).content.decode()
    refused = client.post(
        f"/exhibits/{exhibit.pk}/erasure/", {"basis": "pipl-purpose-ended", "reason": "x"}
    )
    assert refused.status_code == 422
    assert "请先解除保全" in refused.content.decode()
    client.post(f"/exhibits/{exhibit.pk}/release/", {"reason": "结案"})
    page = client.get(address).content.decode()
    assert 'name="basis"' in page
    kinds = [event.kind for event in exhibit.custody.all()]
    assert (kinds.count("held"), kinds.count("hold_released")) == (1, 1)
    late = client.post(f"/exhibits/{exhibit.pk}/release/", {"reason": "再来"})
    assert "未被保全" in late.content.decode()
    assert session("other_officer").get("/keeping/").status_code == 200
    assert exhibit.number not in session("other_officer").get("/keeping/").content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"basis": "court-order"}, "须提供所依据的文书"),
        ({"basis": "pipl-retention-ended"}, "须选择证据类别"),
        ({"basis": "archives-disposal"}, "选择一个有效的选项"),
        ({"basis": "pipl-retention-ended", "retention_class": "self_help"}, "尚未确定"),
        ({}, "申请"),
    ],
)
def test_a_request_without_what_its_basis_needs_is_told_so(
    exhibit: Exhibit, session: Sessions, given: dict[str, str], said: str
) -> None:
    answer = session("officer").post(f"/exhibits/{exhibit.pk}/erasure/", {"reason": "x", **given})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ErasureRequest.objects.exists()


def test_of_a_paper_only_its_digest_is_kept(
    exhibit: Exhibit, session: Sessions, settings: Settings
) -> None:
    paper = SimpleUploadedFile("判决书.pdf", b"a ruling")
    session("officer").post(
        f"/exhibits/{exhibit.pk}/erasure/",
        {"basis": "court-order", "reason": "判决", "document": paper},
    )
    row = ErasureRequest.objects.get()
    assert row.document_sha256 == sha256_hex(b"a ruling")
    incoming = Path(settings.MARKSEAL_HOME) / "incoming"
    assert not list(incoming.iterdir())


def test_the_timetable_shows_what_is_unsure_as_such(exhibit: Exhibit, session: Sessions) -> None:
    page = session("auditor").get("/keeping/").content.decode()
    assert page.count("待核实，不适用") == 3
    assert "未立案线索的证据" in page
