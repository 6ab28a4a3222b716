"""A planted token is in no file that is handed out; the exact bytes open with the key alone."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest
import zstandard
from hpack import Encoder
from hyperframe.frame import DataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.browser.order import Login
from evidence.capture.bodies import body_of
from evidence.capture.login import read_login
from evidence.capture.private import seal_private
from evidence.capture.redaction import Redactor
from evidence.errors import CaptureError, InputError
from evidence.format.private import BLOCK, NETLOG, WARC
from evidence.netlog import Wire, WireExchange, read_netlog
from tests.evidence.netlog.build import Builder, pieces
from tests.evidence.netlog.test_frames import ASK, asked, headers
from tests.evidence.netlog.test_frames import wire as http2_wire

TOKEN = "Zx9/planted+T0ken=71"
STATE = {
    "cookies": [
        {"name": "sid", "value": TOKEN, "domain": "h", "path": "/", "expires": -1,
         "httpOnly": True, "secure": False, "sameSite": "Lax"},
        {"name": "lang", "value": "zh-CN", "domain": "h", "path": "/"},
    ],
    "origins": [{"origin": "http://h", "localStorage": [{"name": "theme", "value": "dark"}]}],
}  # fmt: skip


def session(folder: Path, value: object = STATE) -> Login:
    path = folder / "session.json"
    path.write_text(json.dumps(value))
    return Login(path, ("pin",))


def wire(folder: Path, *exchanges: tuple[bytes, bytes], url: str = "http://h/a") -> Wire:
    build = Builder()
    source = build.connect(socks="h:80")
    for request, response in exchanges:
        _, job = build.asked(url)
        build.use(source, job)
        build.sent(source, request)
        build.came(source, response)
        build.done(source)
    return read_netlog(build.write(folder / "log.json"), folder / "spool")


def redactor(folder: Path, found: Wire) -> Redactor:
    made = Redactor(read_login(session(folder)), ("pin",), folder / "masked")
    made.learn(found.exchanges)
    return made


def get(*fields: bytes) -> bytes:
    return b"GET /a HTTP/1.1\r\nHost: h\r\n" + b"".join(one + b"\r\n" for one in fields) + b"\r\n"


def ok(body: bytes, *fields: bytes) -> bytes:
    lines = b"".join(one + b"\r\n" for one in fields)
    return b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


def masked(folder: Path, request: bytes, response: bytes) -> tuple[WireExchange, Redactor]:
    found = wire(folder, (request, response))
    made = redactor(folder, found)
    return made.exchange(found.exchanges[0]), made


def test_values_of_cookies_and_credentials_go_and_the_rest_stays(tmp_path: Path) -> None:
    token = TOKEN.encode()
    request = get(b"Cookie: lang=zh-CN; sid=" + token, b"Authorization: Bearer short1", b"X: y")
    fields = (b"Set-Cookie: sid=" + token + b"; Path=/; HttpOnly", b"set-cookie:a=1;Secure")
    one, made = masked(tmp_path, request, ok(b"body", *fields))
    sent, came = one.request.read(), one.response.read()
    assert sent == request.replace(b"zh-CN", b"*****").replace(token, b"*" * 20).replace(
        b"short1", b"******"
    )
    assert came == ok(b"body", *fields).replace(token, b"*" * 20).replace(b"a=1", b"a=*")
    told = {row["what"]: row["places"] for row in made.masked()}
    assert told == {
        "Cookie: lang": 1,
        "Cookie: sid": 1,
        "Authorization": 1,
        "Set-Cookie: sid": 1,
        "set-cookie: a": 1,
    }
    assert TOKEN not in json.dumps(made.masked())


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nX-%s: 1\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 %s\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK %s\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;e=%s\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT-%s: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: %s=1\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/%s\r\nContent-Length: 1\r\n\r\nx",
    ],
)
def test_the_token_in_a_name_or_a_reason_is_masked(tmp_path: Path, response: bytes) -> None:
    one, made = masked(tmp_path, get(), response % TOKEN.encode())
    assert TOKEN.encode() not in one.response.read()
    assert one.response.size == len(response) - 2 + len(TOKEN)
    assert not made.is_readable(one)


def test_an_exchange_in_which_the_token_is_still_to_be_read_is_known(tmp_path: Path) -> None:
    found = wire(tmp_path, (get(), ok(b"tok=" + TOKEN.encode())))
    made = redactor(tmp_path, found)
    assert made.is_readable(found.exchanges[0])
    assert not made.is_readable(made.exchange(found.exchanges[0]))
    trailing = replace(found.exchanges[0], response=found.exchanges[0].request)
    trailing = replace(trailing, trailers=((f"T-{TOKEN}", f"a{TOKEN}b"),))
    assert made.is_readable(trailing)
    assert not made.is_readable(made.exchange(trailing))
    assert made.exchange(trailing).trailers == (("T-" + "*" * 20, "a" + "*" * 20 + "b"),)


def test_an_exchange_without_secrets_keeps_its_very_bytes(tmp_path: Path) -> None:
    found = wire(tmp_path, (get(), ok(gzip.compress(b"nothing"), b"Content-Encoding: gzip")))
    assert redactor(tmp_path, found).exchange(found.exchanges[0]) == found.exchanges[0]


FORMS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "percent": lambda text: quote(text, safe="").encode(),
    "json": lambda text: json.dumps({"t": text}).replace("/", "\\/").encode(),
    "base64": lambda text: base64.b64encode(b"u:" + text.encode()),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["body", "target", "referer", "location", "post"])
def test_the_token_is_found_wherever_it_went(tmp_path: Path, form: str, place: str) -> None:
    text = FORMS[form](TOKEN)
    if form == "json":
        text = text.replace(b" ", b"")
    request, response = get(), ok(b"hello")
    if place == "body":
        response = ok(b"<a href=" + text + b">")
    elif place == "target":
        request = b"GET /a?x=" + text + b" HTTP/1.1\r\nHost: h\r\n\r\n"
    elif place == "referer":
        request = get(b"Referer: http://h/?" + text)
    elif place == "location":
        response = ok(b"", b"Location: /?" + text)
    else:
        body = b"a=" + text
        request = b"POST /a HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    one, made = masked(tmp_path, request, response)
    assert (one.request.size, one.response.size) == (len(request), len(response))
    core = text.strip(b"=")[4:-4]
    assert core not in one.request.read() + one.response.read() + one.url.encode()
    assert made.masked()


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_coded_body_with_the_token_is_stored_decoded(
    tmp_path: Path, coding: str, chunked: bool
) -> None:
    plain = b"before " + TOKEN.encode() + b" after" * 5000
    packed = CODINGS[coding](plain)
    name = b"Content-Encoding: " + coding.encode()
    response = ok(packed, name, b"X: 1")
    if chunked:
        half = len(packed) // 2
        parts = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (packed[:half], packed[half:]))
        response = b"HTTP/1.1 200 OK\r\n" + name + b"\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        response += parts + b"0\r\n\r\n"
    one, made = masked(tmp_path, get(), response)
    head = one.response.read(0, one.response_head)
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(packed)
    assert b"\r\nX-Orig-" + name + b"\r\nX: 1\r\nX-Orig-" + length + b"\r\n" in head
    assert head.endswith(b"Content-Length: %d\r\n\r\n" % len(plain))
    assert one.response.read(one.response_head) == plain.replace(TOKEN.encode(), b"*" * 20)
    assert f"stored decoded ({coding})" in {row["what"] for row in made.masked()}


def test_a_body_that_cannot_be_decoded_is_masked_whole(tmp_path: Path) -> None:
    one, made = masked(tmp_path, get(), ok(b"\x00\x01 who knows", b"Content-Encoding: rot13"))
    assert one.response.read(one.response_head) == b"*" * 12
    assert "unreadable, masked whole" in {row["what"] for row in made.masked()}


def test_a_coded_body_that_was_cut_off_leaves_nothing_to_be_worked_out(tmp_path: Path) -> None:
    body = zstandard.compress(b"x" * 3000 + TOKEN.encode() + b" more and more")[:-6]
    coded = (b"Content-Encoding: zstd", b"X: y")
    one, made = masked(tmp_path, get(), ok(body, *coded))
    assert set(one.response.read(one.response_head)) <= set(b"*\r\n")
    assert "unreadable, masked whole" in {row["what"] for row in made.masked()}


def test_chunk_framing_stays_and_the_token_across_chunks_goes(tmp_path: Path) -> None:
    token = TOKEN.encode()
    chunks = b"A;e=" + token + b"\r\nab" + token[:8] + b"\r\n10\r\n" + token[8:] + b"tail\r\n0\r\n"
    response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    response += b"X-Token: " + token + b"\r\n\r\n"
    one, _ = masked(tmp_path, get(), response)
    body = one.response.read(one.response_head)
    stars = b"*" * 20
    expected = b"A;e=" + stars + b"\r\nab********\r\n10\r\n" + b"*" * 12 + b"tail\r\n0\r\n"
    assert body == expected + b"X-Token: " + stars + b"\r\n\r\n"


@pytest.mark.parametrize("content", [b"5\r\nhello\r\n", b""])
def test_a_session_that_begins_in_a_trailer_is_masked(tmp_path: Path, content: bytes) -> None:
    value = b"q7w8e9r0t1y2u3i4"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n"
    end = b"0\r\nSet-Cookie: tr=" + value + b"; Path=/; HttpOnly\r\nX-Sum: 1\r\n\r\n"
    one, made = masked(tmp_path, get(), head + content + end)
    assert one.response.read() == head + content + end.replace(value, b"*" * len(value))
    assert made.finds(value.decode())


def test_rarer_fields_that_hold_secrets_are_masked(tmp_path: Path) -> None:
    fields = (
        b"Set-Cookie2: old=a1b2c3d4; Version=1",
        b'Authentication-Info: nextnonce="abc", qop=auth',
    )
    one, _ = masked(tmp_path, get(b"Cookie2: $Version=1"), ok(b"x", *fields))
    assert b"a1b2c3d4" not in one.response.read()
    assert b"nextnonce" not in one.response.read()


def test_a_password_inside_a_cookie_in_base64_is_found(tmp_path: Path) -> None:
    pair = base64.b64encode("店员:pass-word-9".encode())
    page = "<p>您的口令 pass-word-9</p>".encode()
    one, _ = masked(tmp_path, get(), ok(page, b"Set-Cookie: id=" + pair + b"; HttpOnly"))
    assert b"pass-word-9" not in one.response.read()


def test_named_fields_are_masked_in_their_places_and_elsewhere(tmp_path: Path) -> None:
    body = (
        b'{"pin":"778899x","n":{"pin": 12}} \\"pin\\":\\"q\\" pin: \'abc\' <input name=pin'
        b' type=hidden value="v1"> <meta content="v2" name="pin"> ?pin=55&a=pin%3D66%26b'
        b" spin=1 pinned=2 and 778899x again"
    )
    form = b'--x\r\nContent-Disposition: form-data; name="pin"\r\n\r\nmulti\r\n--x--'
    request = b"POST /a?pin=4711&b=1 HTTP/1.1\r\nPIN: 99\r\nContent-Length: %d\r\n\r\n" % len(form)
    one, made = masked(tmp_path, request + form, ok(body))
    assert one.request.read() == request.replace(b"4711", b"****").replace(
        b"PIN: 99", b"PIN: **"
    ) + form.replace(b"multi", b"*****")
    changed = one.response.read(one.response_head)
    assert changed == (
        b'{"pin":"*******","n":{"pin": **}} \\"pin\\":\\"*\\" pin: \'***\' <input name=pin'
        b' type=hidden value="**"> <meta content="**" name="pin"> ?pin=**&a=pin%3D**%26b'
        b" spin=1 pinned=2 and ******* again"
    )
    assert "field pin" in {row["what"] for row in made.masked()}


@pytest.mark.parametrize(
    "sent",
    [
        b"user=wang&loginPassword=geheim-%26-99&x=1",
        b'{"user":"wang","password":"geheim-&-99"}',
        b'--b\r\nContent-Disposition: form-data; name="pwd"\r\n\r\ngeheim-&-99\r\n--b--',
    ],
)
def test_a_password_that_is_sent_is_masked_without_being_named(tmp_path: Path, sent: bytes) -> None:
    request = b"POST /a HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent
    answer = ok(b'you said geheim-&-99; {"password": "forgotten?"}')
    found = wire(tmp_path, (request, answer))
    made = Redactor(None, (), tmp_path / "masked")
    made.learn(found.exchanges)
    one = made.exchange(found.exchanges[0])
    assert b"geheim" not in one.request.read() + one.response.read()
    assert b"wang" in one.request.read() or b"pwd" in one.request.read()
    assert b"forgotten?" in one.response.read()


def test_a_session_that_begins_on_the_way_is_learnt(tmp_path: Path) -> None:
    fresh = b"fr3sh-0000-aaaa-bbbb"
    found = wire(
        tmp_path,
        (get(), ok(b"in", b"Set-Cookie: new=" + fresh + b"; HttpOnly")),
        (get(b"Cookie: new=" + fresh), ok(b"your session: " + fresh)),
    )
    made = Redactor(None, (), tmp_path / "masked")
    made.learn(found.exchanges)
    for one in map(made.exchange, found.exchanges):
        assert fresh not in one.request.read() + one.response.read()


def test_text_records_and_the_page_itself_are_masked(tmp_path: Path) -> None:
    made = Redactor(read_login(session(tmp_path)), ("pin",), tmp_path / "masked")
    assert (
        made.text("evidence/dom.html", f"<p>{TOKEN}</p>".encode()) == b"<p>" + b"*" * 20 + b"</p>"
    )
    record = made.record("evidence/capture.json", {"u": [f"/?{quote(TOKEN)}", 1, None], "pin": "x"})
    assert record == {"u": ["/?" + "*" * len(quote(TOKEN)), 1, None], "pin": "x"}
    parts = (
        b"From: x\r\nSubject: =?utf-8?Q?" + TOKEN.encode().hex("=").encode() + b"?=\r\n"
        b'Content-Type: multipart/related;\r\n\tboundary="b"\r\n\r\n'
        b"\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"Zx9/plan=\r\nted+T0ken=3D71 y"
        b"\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(b"p" + TOKEN.encode())
        + b"\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\nkept\r\n--b--\r\n"
    )
    page = made.mhtml("evidence/page.mhtml", parts)
    assert b"ted+T0ken" not in page
    assert b"*" * 20 + b" y" in page
    assert page.endswith(b"binary\r\n\r\nkept\r\n--b--\r\n")
    stream = zlib.compress(b"(" + TOKEN.encode() + b") Tj" * 9)
    pdf = b"%PDF /URI (http://h/" + TOKEN.encode() + b")\nstream\n" + stream + b"\nendstream\n"
    changed = made.pdf("evidence/page.pdf", pdf)
    assert len(changed) == len(pdf)
    assert TOKEN.encode() not in changed
    inside = zlib.decompressobj().decompress(changed.split(b"stream\n")[1])
    assert inside == b"(" + b"*" * 20 + b") Tj" * 9


def test_the_address_that_was_asked_for_is_not_blotted_out(tmp_path: Path) -> None:
    found = wire(tmp_path, (get(b"Cookie: last=item-a1b2c3d4"), ok(b"item-a1b2c3d4")))
    made = Redactor(None, (), tmp_path / "m", spare="http://h/item-a1b2c3d4")
    made.learn(found.exchanges)
    one = made.exchange(found.exchanges[0])
    assert one.response.read().endswith(b"item-a1b2c3d4")
    assert b"a1b2c3d4" not in one.request.read()


@pytest.mark.parametrize("hidden", ["raw", "gz", "mhtml", "pdf"])
def test_a_leak_stops_the_capture_and_names_the_file(tmp_path: Path, hidden: str) -> None:
    made = Redactor(read_login(session(tmp_path)), (), tmp_path / ".masked")
    (tmp_path / "session.json").unlink()
    (tmp_path / ".spool").mkdir()
    (tmp_path / ".spool/log").write_text(TOKEN)
    (tmp_path / "fine.txt").write_text("nothing")
    made.require_clean(tmp_path)
    data = TOKEN.encode()
    content = {
        "raw": data,
        "gz": gzip.compress(b"x" * 999 + data),
        "mhtml": b'a: boundary="b"\r\n\r\n\r\n--b\r\n\r\nZx9/plan=\r\nted+T0ken=3D71\r\n--b--',
        "pdf": b"stream\n" + zlib.compress(data * 3) + b"\nendstream",
    }
    (tmp_path / f"x.{hidden}").write_bytes(content[hidden])
    with pytest.raises(CaptureError, match=f"x.{hidden}") as caught:
        made.require_clean(tmp_path)
    assert TOKEN not in str(caught.value)
    made.require_clean(tmp_path, apart=[f"x.{hidden}"])


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "list of cookies"),
        ({"cookies": {}}, "list of cookies"),
        ({"cookies": [1]}, r"cookies\[0\]"),
        ({"cookies": [{"name": "a", "value": 1}]}, r"cookies\[0\].value"),
        ({"cookies": [{"name": "a", "value": "b"}]}, "domain and path"),
        ({"cookies": [], "more": 1}, "more is not known"),
        ({"cookies": [{**STATE["cookies"][0], "sameSite": "x"}]}, "sameSite"),
        ({"cookies": [{**STATE["cookies"][0], "expires": "x"}]}, "expires"),
        ({"cookies": [{**STATE["cookies"][0], "secure": 1}]}, "secure"),
        ({"cookies": [{**STATE["cookies"][0], "odd": 1}]}, "odd"),
        ({"cookies": [], "origins": 1}, "origins"),
        ({"cookies": [], "origins": [{}]}, r"origins\[0\].origin"),
        ({"cookies": [], "origins": [{"origin": "o", "localStorage": [{}]}]}, "localStorage"),
    ],
)
def test_a_session_file_that_is_wrong_names_the_place(
    tmp_path: Path, value: object, place: str
) -> None:
    with pytest.raises(InputError, match=place) as caught:
        read_login(session(tmp_path, value))
    assert TOKEN not in caught.value.en + caught.value.zh
    assert str(tmp_path) not in caught.value.en


def test_a_session_file_that_is_missing_or_no_json(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_login(Login(tmp_path / "none.json"))
    with pytest.raises(InputError, match="cannot be read"):
        read_login(Login(tmp_path))
    (tmp_path / "x.json").write_bytes(b"\xff{")
    with pytest.raises(InputError, match="not JSON"):
        read_login(Login(tmp_path / "x.json"))


def test_the_encrypted_part_opens_with_openssl_and_the_key_alone(tmp_path: Path) -> None:
    log, exact = tmp_path / "netlog.json", tmp_path / "exact.warc.gz"
    log.write_bytes(TOKEN.encode() * 100_000)
    exact.write_bytes(gzip.compress(TOKEN.encode()))
    key, target = bytes(range(32)), tmp_path / "private.bin"
    told = [part.to_json() for part in seal_private([(WARC, exact), (NETLOG, log)], target, key)]
    whole, opened = target.read_bytes(), tmp_path / "private.zip"
    (tmp_path / "body").write_bytes(whole[BLOCK:])
    subprocess.run(
        ["openssl", "enc", "-d", "-aes-256-ctr", "-K", key.hex(), "-iv", whole[:BLOCK].hex(),
         "-in", str(tmp_path / "body"), "-out", str(opened)],
        check=True,
    )  # fmt: skip
    with zipfile.ZipFile(opened) as archive:
        assert archive.testzip() is None
        for part, path in zip(told, (exact, log), strict=True):
            data = archive.read(part["name"])
            assert data == path.read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (part["size"], part["sha256"])
    assert TOKEN.encode() not in whole
    assert {path.name for path in tmp_path.iterdir()} == {
        "netlog.json", "exact.warc.gz", "private.bin", "private.zip", "body",
    }  # fmt: skip


def test_without_a_key_nothing_is_written(tmp_path: Path) -> None:
    for key in (None, b"short"):
        with pytest.raises(CaptureError, match="no key"):
            seal_private([], tmp_path / "private.bin", key)
    with pytest.raises(CaptureError, match="could not be written"):
        seal_private([("a", tmp_path / "none")], tmp_path / "private.bin", bytes(32))
    assert not (tmp_path / "private.bin").exists()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=6),
    st.lists(st.integers(1, 200), max_size=8),
    st.booleans(),
)
def test_masking_changes_no_length_and_no_other_byte(
    texts: list[bytes], cuts: list[int], chunked: bool
) -> None:
    body = TOKEN.encode().join(texts)
    head = b"HTTP/1.1 200 OK\r\nX-A: " + TOKEN.encode() + b"\r\n"
    if chunked:
        parts = pieces(body, cuts)
        framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        response = head + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    else:
        response = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, made = masked(folder, get(), response)
        found = one.response.read()
        assert len(found) == len(response)
        assert {b for a, b in zip(response, found, strict=True) if a != b} <= {ord("*")}
        content = b"".join(body_of(one.response, one.response_head, literal=True).pieces())
        assert content == body.replace(TOKEN.encode(), b"*" * len(TOKEN))
        assert TOKEN not in json.dumps(made.masked())


def test_http2_is_masked_as_well(tmp_path: Path) -> None:
    fields = [*ASK, ("cookie", f"sid={TOKEN}"), ("cookie", "b=2")]
    answer = Encoder().encode([(":status", "200"), ("set-cookie", f"sid={TOKEN}; HttpOnly")])
    trailer = Encoder().encode([("x-sum", TOKEN), ("set-cookie", "tr=k1; Path=/")])
    down = [headers(1, answer), DataFrame(1, TOKEN[:9].encode()), DataFrame(1, TOKEN[9:].encode()),
            headers(1, trailer, "END_STREAM")]  # fmt: skip
    found = http2_wire(tmp_path, asked(1, fields=fields), down)
    one = redactor(tmp_path, found).exchange(found.exchanges[0])
    stars = b"*" * 20
    assert b"\r\ncookie: sid=" + stars + b"\r\ncookie: b=*\r\n" in one.request.read()
    assert b"set-cookie: sid=" + stars + b"; HttpOnly" in one.response.read()
    assert one.response.read(one.response_head) == stars
    assert one.trailers == (("x-sum", stars.decode()), ("set-cookie", "tr=**; Path=/"))
