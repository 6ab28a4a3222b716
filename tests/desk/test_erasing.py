"""The end of an exhibit's content in the desk: a basis, two others, no hold; and only once."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.db import connection
from pytest_django.fixtures import Settings

from desk.cases.models import ErasureRequest, Exhibit
from desk.cases.selectors import (
    dossier_of,
    erased,
    erasure_for,
    erasures_awaiting,
    erasures_for,
    kept_of,
)
from desk.cases.services.erasing import (
    Ground,
    approve_erasure,
    block_abandoned,
    end_erasure,
    hold_exhibit,
    release_hold,
    request_erasure,
    retry_erasure,
    run_erase,
)
from desk.cases.services.request import request_preservation
from desk.errors import AlreadyDecided, BadInput, DeskError, NotAllowed, NotFound, NotPossible
from desk.jobs.models import Job
from desk.jobs.work import Work
from desk.leads.services.triage import shortlist
from desk.register.models import User
from desk.register.services import add_user
from evidence.home import EvidenceHome
from evidence.keeping.erasures import open_backups
from evidence.keeping.exhibit import Kept
from evidence.keeping.holds import hold
from evidence.keeping.store import FolderStore
from evidence.seal import open_home
from evidence.verify import verify_file
from tests.desk.conftest import LeadMaker, Town
from tests.desk.test_keeping import now
from tests.evidence.builder import CAPTURE_ID, NAME
from tests.evidence.keeping.homes import seal_into

pytestmark = pytest.mark.django_db(transaction=True)
PURPOSE = Ground("pipl-purpose-ended", "目的已实现")


@pytest.fixture(scope="module")
def kept_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with one exhibit, encrypted at rest; tests work on copies."""
    folder = tmp_path_factory.mktemp("erasing")
    home = open_home(folder / "home", clock=now)
    seal_into(home, home.path / "exhibits" / CAPTURE_ID, folder)
    FolderStore(home).put(Kept(home.path / "exhibits" / CAPTURE_ID, NAME))
    return home.path


@pytest.fixture
def sealed(
    town: Town, make_lead: LeadMaker, tmp_path: Path, kept_home: Path, settings: Settings
) -> Exhibit:
    """Return an exhibit of the town's bureau that was really sealed, encrypted at rest."""
    settings.MARKSEAL_HOME = Path(shutil.copytree(kept_home, tmp_path / "home"))
    asked = request_preservation(
        lead=shortlist(lead=make_lead(), actor=town.officer), actor=town.officer
    )
    Exhibit.objects.filter(pk=asked.pk).update(
        state="sealed", sealed_at=now(), wacz=f"{NAME}.wacz", dossier=f"{NAME}.dossier.zip",
        dossier_sha256="ab" * 32, manifest_sha256="cd" * 32, log_index=1, title="页面标题",
        capture_id=CAPTURE_ID, folder=f"exhibits/{CAPTURE_ID}",
    )  # fmt: skip
    return Exhibit.objects.get(pk=asked.pk)


@pytest.fixture
def third(town: Town) -> User:
    """Return a third officer of the bureau."""
    return add_user(
        name="third", role="officer", organisation=town.bureau, password="a long password"
    )[0]


def jobs() -> list[Job]:
    return list(Job.objects.filter(kind="erase").order_by("pk"))


def run() -> None:
    for job in jobs():
        run_erase(Work(job.payload))


def kinds(exhibit: Exhibit) -> list[str]:
    return list(exhibit.custody.values_list("kind", flat=True))


def test_one_asks_two_others_approve_and_the_content_ends(
    sealed: Exhibit, town: Town, third: User
) -> None:
    row = request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    with pytest.raises(NotAllowed, match="does not approve it"):
        approve_erasure(request=row, actor=town.officer)
    approve_erasure(request=row, actor=town.second_officer)
    approve_erasure(request=row, actor=town.second_officer)
    row.refresh_from_db()
    assert (row.state, row.approvals.count(), jobs()) == ("requested", 1, [])
    approve_erasure(request=row, actor=third)
    assert len(jobs()) == 1
    for _ in range(2):
        run()
    row.refresh_from_db()
    sealed.refresh_from_db()
    assert (row.state, sealed.title) == ("done", "")
    assert row.log_index is not None
    assert erased(sealed)
    with pytest.raises(NotFound):
        dossier_of(sealed)
    assert kinds(sealed).count("content_erased") == 1
    assert kinds(sealed).count("erasure_approved") == 2
    assert [a.name for a in row.approvals.all()] == ["second", "third"]
    home = EvidenceHome(Path(conf.MARKSEAL_HOME))
    assert len(open_backups(home)) == 1
    verdict = verify_file(kept_of(sealed).path(sealed.wacz), trust=home.trust).to_json()
    assert not [claim for claim in verdict["claims"] if claim["status"] == "invalid"]
    assert "内容已删除" in verdict["headline"]["zh"]
    for again in (
        lambda: approve_erasure(request=row, actor=town.second_officer),
        lambda: run_erase(Work({"request": row.pk})),
    ):
        again()
    with pytest.raises(NotPossible, match="erased already"):
        request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    with pytest.raises(NotPossible, match="erased already"):
        hold_exhibit(exhibit=sealed, actor=town.officer, reason="迟了")


def test_people_of_other_places_may_do_nothing(sealed: Exhibit, town: Town) -> None:
    row = request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    for stranger in (town.other_officer, town.notary, town.auditor, town.owner, town.administrator):
        for step in (
            lambda who=stranger: request_erasure(exhibit=sealed, actor=who, ground=PURPOSE),
            lambda who=stranger: approve_erasure(request=row, actor=who),
            lambda who=stranger: end_erasure(request=row, actor=who, reason="x"),
            lambda who=stranger: retry_erasure(request=row, actor=who),
            lambda who=stranger: hold_exhibit(exhibit=sealed, actor=who, reason="x"),
            lambda who=stranger: release_hold(exhibit=sealed, actor=who, reason="x"),
        ):
            with pytest.raises(NotAllowed):
                step()  # type: ignore[no-untyped-call]
    for reader in (town.officer, town.second_officer, town.auditor):
        assert erasure_for(reader, row.pk) == row
    for stranger in (town.other_officer, town.notary, town.owner, town.administrator):
        assert not erasures_for(stranger).exists()
        with pytest.raises(NotFound):
            erasure_for(stranger, row.pk)


def test_a_hold_stands_against_every_step(sealed: Exhibit, town: Town, third: User) -> None:
    held = hold_exhibit(exhibit=sealed, actor=town.officer, reason="诉讼中")
    assert hold_exhibit(exhibit=sealed, actor=third, reason="又一次") == held
    assert kinds(sealed).count("held") == 1
    with pytest.raises(NotPossible, match="held"):
        request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    release_hold(exhibit=sealed, actor=third, reason="结案")
    with pytest.raises(NotPossible, match="no hold"):
        release_hold(exhibit=sealed, actor=third, reason="结案")
    row = request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    hold_exhibit(exhibit=sealed, actor=town.officer, reason="复议")
    with pytest.raises(NotPossible, match="held"):
        approve_erasure(request=row, actor=third)
    release_hold(exhibit=sealed, actor=town.officer, reason="复议结束")
    for person in (third, town.second_officer):
        approve_erasure(request=row, actor=person)
    home = EvidenceHome(Path(conf.MARKSEAL_HOME))
    hold(home, kept_of(sealed), reason="检察院调阅", by="张三", now=now())
    run()
    row.refresh_from_db()
    assert row.state == "blocked"
    assert "检察院调阅" in row.error_zh
    assert dossier_of(sealed).is_file()
    with pytest.raises(NotPossible):
        retry_erasure(request=row, actor=town.officer)
    release_hold(exhibit=sealed, actor=town.officer, reason="已归还")
    retry_erasure(request=row, actor=town.officer)
    with pytest.raises(AlreadyDecided):
        retry_erasure(request=row, actor=town.officer)
    run()
    row.refresh_from_db()
    assert (row.state, row.tries, row.error_zh) == ("done", 2, "")


@pytest.mark.parametrize(
    ("ground", "said"),
    [
        (Ground("", "x"), "no basis"),
        (Ground("archives-disposal", "x"), "not confirmed"),
        (Ground("court-order", "x"), "rests on a paper"),
        (Ground("pipl-retention-ended", "x"), "needs the exhibit's class"),
        (Ground("pipl-retention-ended", "x", "unfiled_lead"), "not settled"),
        (Ground("pipl-purpose-ended", " "), "printable"),
        (Ground("pipl-purpose-ended", "a\nb"), "printable"),
    ],
)
def test_a_ground_that_cannot_be_used_is_refused(
    sealed: Exhibit, town: Town, ground: Ground, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        request_erasure(exhibit=sealed, actor=town.officer, ground=ground)
    assert not ErasureRequest.objects.exists()


def test_a_request_is_withdrawn_or_refused_and_another_may_follow(
    sealed: Exhibit, town: Town, third: User
) -> None:
    first = request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    with pytest.raises(NotPossible, match="open already"):
        request_erasure(exhibit=sealed, actor=third, ground=PURPOSE)
    assert end_erasure(request=first, actor=town.officer, reason="误提").state == "withdrawn"
    second = request_erasure(exhibit=sealed, actor=third, ground=PURPOSE)
    approve_erasure(request=second, actor=town.officer)
    assert end_erasure(request=second, actor=town.second_officer, reason="仍需").state == "refused"
    for step in (approve_erasure, retry_erasure):
        with pytest.raises(AlreadyDecided):
            step(request=second, actor=town.second_officer)
    with pytest.raises(AlreadyDecided):
        end_erasure(request=second, actor=third, reason="晚了")
    run()
    assert dossier_of(sealed).is_file()


def test_an_order_that_was_begun_and_never_logged_gives_way(
    sealed: Exhibit, town: Town, third: User
) -> None:
    """What a hold stopped does not speak for those who approve later."""
    first = request_erasure(exhibit=sealed, actor=third, ground=PURPOSE)
    for person in (town.officer, town.second_officer):
        approve_erasure(request=first, actor=person)
    home = EvidenceHome(Path(conf.MARKSEAL_HOME))
    hold(home, kept_of(sealed), reason="调阅", by="张三", now=now())
    run()
    end_erasure(request=ErasureRequest.objects.get(), actor=third, reason="撤回")
    release_hold(exhibit=sealed, actor=town.officer, reason="已归还")
    second = request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    for person in (town.second_officer, third):
        approve_erasure(request=second, actor=person)
    run()
    second.refresh_from_db()
    assert second.state == "done"
    path = home.path / "evidence" / "erasures" / f"{sealed.capture_id}.json"
    text = path.read_text("utf-8")
    assert '"third"' in text
    assert '"officer"' not in text


def test_many_who_press_at_once_make_one_erasure(sealed: Exhibit, town: Town, third: User) -> None:
    row = request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    said: list[str] = []

    def press(who: User) -> None:
        try:
            approve_erasure(request=row, actor=who)
        except DeskError as error:
            said.append(error.en)
        finally:
            connection.close()

    people = [town.second_officer, third] * 3 + [town.officer]
    threads = [threading.Thread(target=press, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    row.refresh_from_db()
    assert (row.state, row.approvals.count(), len(jobs())) == ("approved", 2, 1)
    assert len(said) == 1, "who asked was told so"


def test_what_awaits_an_officer_is_counted_for_nobody_else(
    sealed: Exhibit, town: Town, third: User
) -> None:
    row = request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    waiting = (town.second_officer, third)
    others = (town.officer, town.auditor, town.other_officer, town.notary, town.owner)
    assert [erasures_awaiting(who) for who in (*waiting, *others)] == [1, 1, 0, 0, 0, 0, 0]
    approve_erasure(request=row, actor=third)
    assert erasures_awaiting(third) == 0
    assert erasures_awaiting(town.second_officer) == 1


def test_a_job_that_was_laid_aside_blocks_the_request(
    sealed: Exhibit, town: Town, third: User
) -> None:
    row = request_erasure(exhibit=sealed, actor=town.officer, ground=PURPOSE)
    for person in (town.second_officer, third):
        approve_erasure(request=row, actor=person)
    assert block_abandoned() == 0
    Job.objects.filter(kind="erase").update(state="dead", error_zh="磁盘已满。", error_en="Full.")
    assert block_abandoned() == 1
    row.refresh_from_db()
    assert (row.state, row.error_zh) == ("blocked", "磁盘已满。")
    retry_erasure(request=row, actor=third)
    assert block_abandoned() == 0
    run()
    row.refresh_from_db()
    assert row.state == "done"
