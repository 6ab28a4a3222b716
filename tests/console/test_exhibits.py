"""The page of an exhibit, its pictures and its dossier; every view and download is recorded."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image

from desk.cases.models import Exhibit
from desk.cases.selectors import wacz_of
from desk.jobs.models import Job
from evidence.format import names
from tests.console.conftest import Sessions
from tests.console.world import World, add_capture


def _kinds(exhibit: Exhibit) -> list[str]:
    return [event.kind for event in exhibit.custody.all()]


def test_the_page_tells_what_is_kept_and_what_is_not(session: Sessions, world: World) -> None:
    assert world.exhibit is not None
    page = session("notary").get(f"/exhibits/{world.exhibit.pk}/").content.decode()
    assert "wss://x.example/" in page
    assert "<span>1212</span> <span>1212</span>" in page
    assert "试用" in page
    assert 'href="/leads/' not in page, "a notary has no leads"


def test_a_view_is_recorded_once_for_a_session(session: Sessions, world: World) -> None:
    assert world.exhibit is not None
    client = session("notary")
    for _ in range(3):
        client.get(f"/exhibits/{world.exhibit.pk}/")
    assert _kinds(world.exhibit).count("viewed") == 1
    session("officer").get(f"/exhibits/{world.exhibit.pk}/")
    assert _kinds(world.exhibit).count("viewed") == 2


def test_the_dossier_is_a_download_and_recorded(session: Sessions, world: World) -> None:
    assert world.exhibit is not None
    answer = session("notary").get(f"/exhibits/{world.exhibit.pk}/dossier/")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert b"".join(answer.streaming_content) == b"not a real dossier"
    assert _kinds(world.exhibit).count("downloaded") == 1
    event = world.exhibit.custody.last()
    assert event is not None
    assert event.actor == world.people["notary"]


def test_a_dossier_not_yet_sealed_is_not_there(session: Sessions, world: World) -> None:
    lead = world.leads["shortlisted"]
    client = session("officer")
    client.post(f"/leads/{lead.pk}/preserve/")
    exhibit = Exhibit.objects.get(lead=lead)
    assert client.get(f"/exhibits/{exhibit.pk}/").status_code == 200
    assert client.get(f"/exhibits/{exhibit.pk}/dossier/").status_code == 404
    assert client.get(f"/exhibits/{exhibit.pk}/screenshot/").status_code == 404
    assert session("notary").get(f"/exhibits/{exhibit.pk}/").status_code == 404


def test_the_screenshot_is_drawn_anew(session: Sessions, world: World) -> None:
    assert world.exhibit is not None
    answer = session("officer").get(f"/exhibits/{world.exhibit.pk}/screenshot/")
    assert answer["Content-Type"] == "image/png"
    assert "private" in answer["Cache-Control"]
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as picture:
        assert picture.size == (320, 400)


def test_what_is_declared_comes_before_the_verdict(session: Sessions, world: World) -> None:
    assert world.exhibit is not None
    page = session("notary").get(f"/exhibits/{world.exhibit.pk}/").content.decode()
    assert page.index("网站证书未通过验证") < page.index("核验结论")
    english = session("officer", language="en").get(f"/exhibits/{world.exhibit.pk}/")
    assert "the certificate did not verify" in english.content.decode()


def test_a_page_that_is_not_the_listing_is_never_shown_as_one(
    session: Sessions, world: World
) -> None:
    assert world.exhibit is not None
    Exhibit.objects.filter(pk=world.exhibit.pk).update(page_note="login")
    for address in (
        "/exhibits/",
        f"/exhibits/{world.exhibit.pk}/",
        f"/leads/{world.leads['preserved'].pk}/",
    ):
        page = session("officer").get(address).content.decode()
        assert "登录页" in page, address
    assert "网站证书有误" in session("notary").get("/exhibits/").content.decode()


@pytest.mark.parametrize(
    "told",
    [
        "取证期间有改动。",
        "未做病毒查杀",
        "离线重放后文字有差异，画面有 1.2% 不同。",
        "左 1、上 2，宽 30 × 高 40 · 页面显示时间",
        "<del>39</del>",
        "archive/data.warc.gz · 头部 · Cookie × 3",
        "img.example:443 (ERR_CERT_DATE_INVALID)",
        "逐字节：记录的就是线路上收发的原始字节",
        "未通过验证",
        "手机版页面 · 412x915",
        "有人值守：张三、李四",
        "带有登录状态",
        "有录屏",
        "通信帧未记录，共 12 字节",
        "由出口守卫拒绝（loopback）",
        "原文记载（a sentence not known yet）",
    ],
)
def test_the_page_tells_environment_replay_and_maskings(
    session: Sessions, world: World, told: str
) -> None:
    assert world.exhibit is not None
    assert told in session("officer").get(f"/exhibits/{world.exhibit.pk}/").content.decode()


def test_further_pictures_are_drawn_anew_and_others_are_not_there(
    session: Sessions, world: World
) -> None:
    assert world.exhibit is not None
    client = session("officer")
    answer = client.get(f"/exhibits/{world.exhibit.pk}/pictures/replay/")
    assert answer["Content-Type"] == "image/png"
    b"".join(answer.streaming_content)
    for key in ("licence", "moment-001", "manifest", "moment-1"):
        assert client.get(f"/exhibits/{world.exhibit.pk}/pictures/{key}/").status_code == 404


def test_the_same_page_again_is_another_exhibit_and_the_first_stays(
    session: Sessions, world: World
) -> None:
    assert world.exhibit is not None
    client = session("officer")
    answer = client.post(f"/exhibits/{world.exhibit.pk}/again/", {"mobile": "1"})
    fresh = Exhibit.objects.get(lead=world.exhibit.lead, state="requested")
    assert answer["Location"] == f"/exhibits/{fresh.pk}/"
    assert (fresh.mobile, fresh.recording) == (True, False)
    assert fresh.number.endswith("证02")
    assert Exhibit.objects.get(pk=world.exhibit.pk).state == "sealed"
    again = client.post(f"/exhibits/{world.exhibit.pk}/again/", follow=True)
    assert "该线索正在固证" in again.content.decode()
    assert Exhibit.objects.filter(lead=world.exhibit.lead).count() == 2


def test_two_captures_of_one_page_are_compared(
    session: Sessions, world: World, tmp_path: Path
) -> None:
    assert world.exhibit is not None
    first, second = world.exhibit, add_capture(world, tmp_path / "keys", "现价 39 元")
    page = session("officer").get(f"/exhibits/{second.pk}/comparison/").content.decode()
    assert "<del>现价 59 元</del>" in page
    assert "<ins>现价 39 元</ins>" in page
    assert "<select" not in page, "there is one earlier capture, and no choice"
    wacz_of(first).path.unlink()
    kept = session("notary").get(f"/exhibits/{second.pk}/comparison/").content.decode()
    assert "<ins>现价 39 元</ins>" in kept, "worked out once"
    assert session("officer").get(f"/exhibits/{first.pk}/comparison/").status_code == 404


def test_any_earlier_capture_can_be_chosen_and_no_later_one(
    session: Sessions, world: World, tmp_path: Path
) -> None:
    assert world.exhibit is not None
    first, second = world.exhibit, add_capture(world, tmp_path / "keys", "现价 39 元")
    third = add_capture(world, tmp_path / "more", "现价 29 元", after=second)
    client = session("officer")
    latest = client.get(f"/exhibits/{third.pk}/comparison/").content.decode()
    assert "<del>现价 39 元</del>" in latest, "the one before, when none is named"
    assert f'<option value="{second.pk}" selected>' in latest
    chosen = client.get(f"/exhibits/{third.pk}/comparison/?with={first.pk}").content.decode()
    assert "<del>现价 59 元</del>" in chosen
    for wrong in (str(third.pk), "999999", "x", "-1"):
        address = f"/exhibits/{third.pk}/comparison/?with={wrong}"
        assert client.get(address).status_code == 404, wrong
    backwards = client.get(f"/exhibits/{second.pk}/comparison/?with={third.pk}")
    assert backwards.status_code == 404


def test_what_cannot_be_compared_says_so(session: Sessions, world: World, tmp_path: Path) -> None:
    second = add_capture(world, tmp_path / "keys", "现价 39 元")
    wacz_of(second).path.write_bytes(b"no package")
    page = session("officer").get(f"/exhibits/{second.pk}/comparison/")
    assert page.status_code == 302
    assert page["Location"] == f"/exhibits/{second.pk}/"


def test_the_film_and_the_archived_page_are_downloads_and_recorded(
    session: Sessions, world: World
) -> None:
    assert world.exhibit is not None
    client = session("officer")
    for key, name in (("recording", names.RECORDING), ("page", names.MHTML)):
        answer = client.get(f"/exhibits/{world.exhibit.pk}/files/{key}/")
        assert answer["Content-Type"] == "application/octet-stream", "no page of ours"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["Content-Length"] == "4"
        assert b"".join(answer.streaming_content) in (b"film", b"page")
        event = world.exhibit.custody.last()
        assert event is not None
        assert (event.kind, event.note) == ("downloaded", name)
        assert event.sha256 in ("9a" * 32, "9c" * 32)
    assert client.get(f"/exhibits/{world.exhibit.pk}/files/manifest/").status_code == 404
    page = client.get(f"/exhibits/{world.exhibit.pk}/").content.decode()
    assert f"/exhibits/{world.exhibit.pk}/pictures/strip-001/" in page
    assert "下载封装内的一个文件" in page
    auditor = session("auditor").get(f"/exhibits/{world.exhibit.pk}/").content.decode()
    assert "/files/" not in auditor


def test_timestamps_that_could_not_be_renewed_are_told_on_the_first_page(
    session: Sessions, world: World
) -> None:
    assert world.exhibit is not None
    Job.objects.create(
        kind="renewal", key="renewal-1", lane="renewal", due_at=timezone.now(),
        error_zh="1 件证据待续期", error_en="1 exhibit is due",
    )  # fmt: skip
    for role in ("officer", "auditor", "administrator"):
        assert "1 件证据待续期" in session(role).get("/").content.decode(), role
    for role in ("owner", "notary"):
        assert "待续期" not in session(role).get("/").content.decode(), role
    Job.objects.update(error_zh="", error_en="")
    assert "待续期" not in session("officer").get("/").content.decode()
