"""The page of an exhibit, its pictures and its dossier; every view and download is recorded."""

from __future__ import annotations

import io

from PIL import Image

from desk.cases.models import Exhibit
from tests.console.conftest import Sessions
from tests.console.world import World


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
