"""A capture with a session file, in a real browser: signed in, and its token nowhere to be read."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from egress.process import Guard, guard
from evidence.browser.order import Login
from evidence.capture import CaptureOrder, PageNotCaptured, Reason, Snapshot, capture
from evidence.capture.markup import unpacked_texts
from evidence.capture.veil import Veil
from evidence.format.names import ARCHIVE, CAPTURE, PRIVATE, REPLAY
from evidence.format.private import NETLOG, WARC, decrypt
from evidence.replay.check import check
from evidence.replay.reasons import NOT_PUBLISHED
from tests.evidence.capture.test_capture import order, record_of, warc_records
from tests.evidence.netlog.raw import Raw, Say, raw_server
from tests.evidence.netlog.test_browser import reply

pytestmark = pytest.mark.browser
TOKEN = "Zx9/planted+T0ken=71"
STORED = "k33p-me-Secret-000111"
KEY = bytes(range(32))
FORMS = [
    TOKEN,
    quote(TOKEN, safe=""),
    quote(TOKEN),
    base64.b64encode(b"u:" + TOKEN.encode()).decode()[4:-4],
    base64.b64encode(TOKEN.encode()).decode()[:-4],
    TOKEN.encode().hex(),
    json.dumps(TOKEN).replace("/", "\\/")[1:-1],
    STORED,
    "geheim-99",
]
PAGE = f"""<!doctype html><meta charset=utf-8><title>已登录 {TOKEN}</title>
<p>甬江春茶，欢迎回来，这是登录后才能看到的商品页面。</p><p>{TOKEN}</p>
<a href="/next?t={quote(TOKEN, safe="")}">下一页</a><img src="/p.png?t={quote(TOKEN, safe="")}">
<input type=hidden name=pin value="4711-4711"><script>
fetch('/packed'); fetch('/api', {{method: 'POST', body: JSON.stringify({{t: document.title}})}});
fetch('/enter', {{method: 'POST', body: 'user=wang&password=geheim-99'}});
document.body.append(localStorage.getItem('accessToken'));
</script>"""


def script(method: str, target: str) -> Say:
    path = target.partition("?")[0]
    if path == "/":
        fresh = b"Set-Cookie: next=fr3sh-0000-aaaa-bbbb; HttpOnly; Path=/"
        return Say((reply(PAGE.encode(), b"Content-Type: text/html", fresh),))
    if path == "/packed":
        basic = base64.b64encode(b"u:" + TOKEN.encode()).decode()
        body = json.dumps({"session": TOKEN, "basic": basic}).encode() * 50
        return Say((reply(gzip.compress(body), b"Content-Encoding: gzip"),))
    return Say((reply(b"ok " + TOKEN.encode(), b"Content-Type: text/plain"),))


@pytest.fixture(scope="module")
def way_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    journal = tmp_path_factory.mktemp("guard") / "journal.jsonl"
    with guard(journal, allow_loopback=True) as running:
        yield running


@pytest.fixture(scope="module")
def taken(
    way_out: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Snapshot, Raw]]:
    folder = tmp_path_factory.mktemp("login")
    with raw_server(script) as raw:
        port = raw.address.rpartition(":")[2]
        state = {
            "cookies": [
                {"name": "sid", "value": TOKEN, "domain": "127.0.0.1", "path": "/",
                 "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
            ],
            "origins": [
                {"origin": f"http://127.0.0.1:{port}",
                 "localStorage": [{"name": "accessToken", "value": STORED}]}
            ],
        }  # fmt: skip
        session = folder / "session.json"
        session.write_text(json.dumps(state))
        asked = order(f"{raw.address}/", way_out, login=Login(session, ("pin",)), private_key=KEY)
        yield capture(asked, folder / "taken", software="markseal test"), raw


def test_a_page_that_cannot_be_masked_is_in_the_encrypted_part_alone(
    way_out: Guard, tmp_path: Path
) -> None:
    packed = gzip.compress("<title>茶</title><p>甬江春茶 ¥128</p>".encode())
    named = packed[:3] + b"\x08" + packed[4:10] + TOKEN.encode() + b"\0" + packed[10:]
    fields = (b"Content-Type: text/html; charset=utf-8", b"Content-Encoding: gzip")
    state = {"cookies": [{"name": "sid", "value": TOKEN, "domain": "127.0.0.1", "path": "/"}]}
    (tmp_path / "session.json").write_text(json.dumps(state))
    login = Login(tmp_path / "session.json")
    with raw_server(lambda *_: Say((reply(named, *fields),))) as raw:
        asked = order(f"{raw.address}/", way_out, login=login, private_key=KEY)
        snapshot = capture(asked, tmp_path / "taken", software="t")
        check(snapshot, asked)
    lines = [en for _, en in snapshot.declared]
    assert any("the page's own exchange has a secret" in line for line in lines)
    record = record_of(snapshot)
    kept_back = [one["url"] for one in record["not_recorded"] if one["what"] == "not published"]
    assert kept_back[0] == f"{raw.address}/"
    assert "甬江春茶" in (tmp_path / "taken/evidence/text.txt").read_text("utf-8")
    for name, data in every_file(tmp_path / "taken"):
        assert TOKEN.encode() not in data, name
    with (snapshot.folder / PRIVATE).open("rb") as source:
        plain = b"".join(decrypt(source, KEY))
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        assert named in gzip.decompress(archive.read(WARC))
    replay = json.loads((tmp_path / "taken" / REPLAY).read_bytes())
    assert replay["reason"] == NOT_PUBLISHED.to_json()


def every_file(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "private.bin":
            data = path.read_bytes()
            yield path.name, data
            for text in unpacked_texts(data):
                yield f"{path.name} unpacked", text
            if path.suffix == ".gz":
                yield f"{path.name} unpacked", gzip.decompress(data)


def test_the_browser_was_signed_in(taken: tuple[Snapshot, Raw]) -> None:
    _, raw = taken
    assert f"Cookie: sid={TOKEN}".encode() in raw.of("/")[0].request


def test_the_token_is_in_no_file_that_is_handed_out(taken: tuple[Snapshot, Raw]) -> None:
    snapshot, _ = taken
    files = dict(every_file(snapshot.folder))
    assert len(files) > 10
    for name, data in files.items():
        for form in FORMS:
            assert form.encode() not in data, (name, form)
    for place in snapshot.places:
        assert TOKEN not in place.url
        assert quote(TOKEN, safe="") not in place.url
    assert TOKEN not in snapshot.title + snapshot.final_url
    for _, block in warc_records(snapshot):
        head, _, body = block.partition(b"\r\n\r\n")
        if b"\r\nContent-Encoding: gzip" in head:
            body = zlib.decompress(body, 31)
        assert TOKEN.encode() not in body


def test_it_says_what_was_masked_and_how_exact_it_is(taken: tuple[Snapshot, Raw]) -> None:
    snapshot, _ = taken
    record = record_of(snapshot)
    assert snapshot.fidelity == record["fidelity"] == "redacted"
    assert "captured with a login" in record["headline"]["en"]
    told = {(row["file"], row["what"]) for row in record["masked"]}
    assert (ARCHIVE, "Cookie: sid") in told
    assert (ARCHIVE, "Set-Cookie: next") in told
    assert (ARCHIVE, "field password") in told
    assert (ARCHIVE, "stored decoded (gzip)") in told
    assert ("evidence/dom.html", "field pin") in told
    assert (CAPTURE, "plain") in told
    assert ("evidence/screenshot.png", "not searched") in told
    assert ("evidence/page.pdf", "not searched") in told


def test_the_pdf_of_a_page_that_shows_the_token_is_its_picture(taken: tuple[Snapshot, Raw]) -> None:
    snapshot, _ = taken
    pdf = (snapshot.folder / "evidence/page.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert b"/Subtype /Image" in pdf
    assert b"/Font" not in pdf


def test_masking_changes_no_length_and_nothing_else(taken: tuple[Snapshot, Raw]) -> None:
    snapshot, raw = taken
    sent = raw.of("/")[0].response
    records = [block for fields, block in warc_records(snapshot) if block.startswith(b"HTTP/1.1")]
    found = next(block for block in records if b"conTent" in block or b"\xe7\x94\xac" in block)
    assert len(found) == len(sent)
    differ = {found[n : n + 1] for n in range(len(sent)) if sent[n] != found[n]}
    assert differ == {b"*"}


def test_the_exact_bytes_open_with_the_key(taken: tuple[Snapshot, Raw]) -> None:
    snapshot, raw = taken
    with (snapshot.folder / PRIVATE).open("rb") as source:
        plain = b"".join(decrypt(source, KEY))
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        exact = gzip.decompress(archive.read(WARC))
        log = archive.read(NETLOG)
        sizes = {name: archive.getinfo(name).file_size for name in archive.namelist()}
    assert raw.of("/")[0].request in exact
    assert raw.of("/")[0].response in exact
    assert base64.b64encode(TOKEN.encode())[:-4] in log or TOKEN.encode() in log
    told = {part["name"]: part["size"] for part in record_of(snapshot)["private"]}
    assert told == sizes


def test_a_session_file_that_cannot_be_used_is_one_sentence(way_out: Guard, tmp_path: Path) -> None:
    asked = order("http://127.0.0.1:9/", way_out, login=Login(tmp_path / "none.json"))
    with pytest.raises(PageNotCaptured) as caught:
        capture(replace(asked, private_key=KEY), tmp_path / "taken", software="t")
    assert caught.value.reason is Reason.AUTHENTICATION
    assert "session file" in caught.value.en


@pytest.mark.parametrize("query", [f"t={quote(TOKEN, safe='')}", "pin=4711"])
def test_an_address_that_holds_a_secret_is_refused(
    way_out: Guard, tmp_path: Path, query: str
) -> None:
    cookie = {"name": "sid", "value": TOKEN, "domain": "h", "path": "/", "httpOnly": True}
    (tmp_path / "session.json").write_text(json.dumps({"cookies": [cookie]}))
    login = Login(tmp_path / "session.json", ("pin",))
    asked = order(f"http://127.0.0.1:9/?{query}", way_out, login=login, private_key=KEY)
    with pytest.raises(PageNotCaptured, match="holds a secret") as caught:
        capture(asked, tmp_path / "taken", software="t")
    assert TOKEN not in caught.value.en
    partial = (tmp_path / "taken/partial.json").read_bytes()
    assert quote(TOKEN, safe="").encode() not in partial


def test_what_leaks_is_removed_and_the_capture_fails(tmp_path: Path) -> None:
    cookie = {"name": "sid", "value": TOKEN, "domain": "h", "path": "/", "httpOnly": True}
    (tmp_path / "session.json").write_text(json.dumps({"cookies": [cookie]}))
    login = Login(tmp_path / "session.json")
    asked = CaptureOrder("http://h/", tmp_path, None, None, login=login, private_key=KEY)
    veil = Veil.of(asked, tmp_path / ".spool")
    assert veil is not None
    (tmp_path / "taken/evidence").mkdir(parents=True)
    (tmp_path / "taken/evidence/screenshot.png").write_text(f"tEXt{TOKEN}")
    with pytest.raises(PageNotCaptured, match=r"screenshot\.png") as caught:
        veil.require_clean(tmp_path / "taken")
    assert caught.value.reason is Reason.UNSOUND
    assert list((tmp_path / "taken").iterdir()) == []
