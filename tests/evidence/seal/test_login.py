"""A page preserved with a login, from the order to the verdict: the token is in no file left."""

from __future__ import annotations

import base64
import gzip
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from egress.process import guard
from evidence.browser.order import Login
from evidence.capture import find_browser
from evidence.capture.markup import unpacked_texts
from evidence.format.names import PRIVATE
from evidence.seal import Preserved, PreserveOrder, preserve
from evidence.seal.private import read_key
from evidence.seal.unlock import find_part, open_part
from tests.evidence.capture.test_login import FORMS, STORED, TOKEN, script
from tests.evidence.netlog.raw import Raw, raw_server
from tests.evidence.seal.rig import CASE, ID, home_at, verdict

pytestmark = pytest.mark.browser


@dataclass
class Done:
    preserved: Preserved
    folder: Path
    raw: Raw


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    folder = tmp_path_factory.mktemp("login")
    cookie = {"name": "sid", "value": TOKEN, "domain": "127.0.0.1", "path": "/", "httpOnly": True}
    (folder / "secret").mkdir()
    (folder / "out").mkdir()
    session = folder / "secret/session.json"
    with raw_server(script) as raw, guard(folder / "j.jsonl", allow_loopback=True) as way:
        kept = {"name": "accessToken", "value": STORED}
        state = {"cookies": [cookie], "origins": [{"origin": raw.address, "localStorage": [kept]}]}
        session.write_text(json.dumps(state))
        preserved = preserve(
            PreserveOrder(
                url=f"{raw.address}/",
                case=CASE,
                out=folder / "out/A.wacz",
                capture_id=ID,
                sandbox=False,
                login=Login(session, ("pin",)),
            ),
            home=home_at(folder / "home"),
            proxy=way.address,
            journal=way.journal,
            browser=find_browser(),
        )
        yield Done(preserved, folder, raw)


def test_the_verdict_holds_and_says_first_that_there_was_a_login(done: Done) -> None:
    found = verdict(done.folder / "out/A.wacz", done.folder / "home/trust")
    assert found["verdict"] in ("valid", "not checked"), found
    assert "加密封存" in json.dumps(found, ensure_ascii=False)


def test_no_file_but_the_session_itself_holds_the_token(done: Done) -> None:
    forms = [form.encode() for form in FORMS]
    for path in sorted(done.folder.rglob("*")):
        if not path.is_file() or "secret" in path.parts:
            continue
        data = path.read_bytes()
        inside = [data]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                inside += [archive.read(name) for name in archive.namelist() if name != PRIVATE]
        inside += [text for part in inside for text in unpacked_texts(part)]
        for part in inside:
            for form in forms:
                assert form not in part, (path.name, form)


def test_the_exact_bytes_are_had_back_with_the_key(done: Done) -> None:
    home = home_at(done.folder / "home")
    out = done.folder / "secret/opened"
    part = find_part(done.folder / "out/A.wacz")
    files = open_part(part, read_key(home, part.capture_id), out)
    sent = done.raw.of("/")[0]
    exact = gzip.decompress(next(p for p in files if p.name.endswith(".gz")).read_bytes())
    assert sent.request in exact
    assert sent.response in exact
    assert quote(TOKEN, safe="").encode() in exact
    log = next(p for p in files if p.name.endswith(".json")).read_bytes()
    assert base64.b64encode(sent.response[:300]) in log
