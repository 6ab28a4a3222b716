"""Two languages: the English is complete, the binary is in step, and pages do not mix them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import timezone

from desk.cases.models import Verification
from evidence.verify import verify_file
from tests.console import catalogue
from tests.console.conftest import Sessions
from tests.console.test_pages import Reader
from tests.console.world import World, add_capture
from tests.evidence.builder import Draft
from tests.evidence.builder import World as Installation

HAN = re.compile(r"[\u4e00-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]{2,}")
HOLES = re.compile(r"%\(\w+\)s")
# Words that are names, units or commands in either language.
ALLOWED_LATIN = {
    "markseal", "English", "UTC", "SHA", "SM", "URL", "VERIFY", "txt", "openssl", "FILE", "DIR",
    "python", "evidence", "verify", "trust", "zip", "wacz", "dossier", "robots", "DEMO", "CNY",
    "https", "shop", "example", "item", "new", "second", "preserved", "ml", "officer", "owner",
    "notary", "watch", "add", "class", "wss", "websocket", "stream", "rules", "tables", "text",
    "KB", "bytes", "help", "ZIP", "WebM", "MHTML", "WebSocket", "HTML", "erase", "open", "backups",
    "toml", "authorities", "MB", "log", "auditor", "PDF", "OpenAPI",
    # of the world of the tests: a code in brackets, and a reason nobody put into words yet
    "loopback", "sentence", "not", "known", "yet", "img", "ERR_CERT_DATE_INVALID", "Cookie",
}  # fmt: skip
# In English pages legal terms stand beside their English, and data stays as it is.
ALLOWED_HAN = {"列入核查", "固证封装", "中文"}
DATA = (
    "霁泷", "澜岫", "保温杯", "不锈钢", "便携水杯", "大橙子批发", "旗舰店", "甬线", "证",
    "宁波霁泷家居用品有限公司", "甬城市场监管局", "甬城公证处", "演示店铺", "全部", "家居用品",
    "水具", "双层真空", "保温十二小时", "颜色随机", "批量价另询", "霁泷旗舰店", "张三", "李四",
)  # fmt: skip
PAGES = {
    "owner": ("/", "/leads/", "/leads/{lead}/", "/marks/", "/marks/new/", "/marks/{mark}/"),
    "officer": (
        "/", "/leads/", "/leads/{lead}/", "/leads/{short}/", "/exhibits/", "/exhibits/{exhibit}/",
        "/sources/", "/sources/new/", "/keeping/", "/exhibits/{exhibit}/keeping/", "/chain/",
        "/account/", "/account/tokens/", "/notices/",
    ),
    "auditor": ("/keeping/", "/exhibits/{exhibit}/keeping/"),
    "notary": ("/", "/notices/", "/exhibits/", "/exhibits/{exhibit}/", "/verify/", "/chain/"),
    "administrator": ("/", "/chain/", "/people/"),
    None: ("/sign-in/", "/nowhere/"),
}  # fmt: skip
PREFIX = re.compile(r"[0-9a-f]{16}…")
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


def test_every_string_has_its_english() -> None:
    known = {(str(item.id), item.context): str(item.string) for item in catalogue.translated()}
    missing = [key for key in catalogue.wanted() if not known.get(key)]
    assert not missing, "run python -m tests.console.catalogue and translate"


def test_no_string_is_left_over() -> None:
    wanted = catalogue.wanted()
    left = [m.id for m in catalogue.translated() if m.id and (m.id, m.context) not in wanted]
    assert not left


def test_the_binary_is_in_step() -> None:
    assert catalogue.compiled(catalogue.translated()) == catalogue.MO.read_bytes()


def test_translations_keep_their_holes_and_their_language() -> None:
    for message in catalogue.translated():
        if not message.id:
            continue
        source, english = str(message.id), str(message.string)
        assert sorted(HOLES.findall(source)) == sorted(HOLES.findall(english)), source
        assert set(HAN.findall(english)) <= ALLOWED_HAN, english
        assert "infring" not in english or "authority" in english, english


class Said(Reader):
    """What a page says itself: what is quoted (``translate="no"``) is left out."""

    quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.quoted or ("translate", "no") in attrs:
            self.quoted += tag not in VOID
        else:
            super().handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.quoted -= self.quoted > 0 and tag not in VOID

    def handle_data(self, data: str) -> None:
        if not self.quoted:
            super().handle_data(data)


def _text(session: Sessions, person: str | None, address: str, language: str) -> str:
    reader = Said()
    reader.feed(session(person, language=language).get(address).content.decode())
    said = [reader.text]
    for _, attrs in reader.tags:
        said += [attrs.get(name) or "" for name in ("aria-label", "alt", "title", "placeholder")]
    return PREFIX.sub("", "\n".join(said))


def _addresses(world: World, person: str | None) -> list[str]:
    assert world.exhibit is not None
    rows = {
        "lead": world.leads["new"].pk,
        "short": world.leads["shortlisted"].pk,
        "mark": world.marks["mine"].pk,
        "exhibit": world.exhibit.pk,
    }
    return [page.format(**rows) for page in PAGES[person]]


@pytest.mark.parametrize("person", PAGES)
def test_no_english_in_the_chinese_pages(
    person: str | None, session: Sessions, world: World
) -> None:
    for address in _addresses(world, person):
        words = set(LATIN.findall(_text(session, person, address, "zh-hans")))
        assert words <= ALLOWED_LATIN | {"shortlisted", "dismissed", "administrator"}, address


@pytest.mark.parametrize("person", PAGES)
def test_no_chinese_in_the_english_pages(
    person: str | None, session: Sessions, world: World
) -> None:
    for address in _addresses(world, person):
        words = set(HAN.findall(_text(session, person, address, "en")))
        left = {word for word in words - ALLOWED_HAN if not word.startswith(DATA)}
        assert not left, address


def test_the_switch_keeps_the_page_and_is_remembered(session: Sessions, world: World) -> None:
    client = session("officer")
    answer = client.post("/language/", {"language": "en", "next": "/leads/"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/leads/"
    assert '<html lang="en">' in answer.content.decode()


def test_the_comparison_and_the_verdict_of_others_speak_one_language(
    session: Sessions, world: World, tmp_path: Path
) -> None:
    later = add_capture(world, tmp_path / "keys", "39")
    keys = Installation.create(tmp_path / "others")
    path = tmp_path / "x.dossier.zip"
    path.write_bytes(Draft(keys).seal().pack())
    told = verify_file(path, trust=keys.trust(tmp_path / "trust")).to_json()
    notary = world.people["notary"]
    row = Verification.objects.create(
        organisation=notary.memberships.get().organisation, actor=notary, at=timezone.now(),
        name=path.name, size=9, sha256="ab" * 32, exit_code=1, verdict=told | {"foreign": True},
    )  # fmt: skip
    for address in (f"/exhibits/{later.pk}/comparison/", f"/verify/{row.pk}/"):
        latin = set(LATIN.findall(_text(session, "notary", address, "zh-hans")))
        assert latin <= ALLOWED_LATIN | {"ZIP", "exhibit", "local"}, address
        han = set(HAN.findall(_text(session, "notary", address, "en"))) - ALLOWED_HAN
        assert not {word for word in han if not word.startswith(DATA)}, address
