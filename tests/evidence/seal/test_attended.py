"""An attended capture is sealed as one exhibit that names who was there, and verifies."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desk.commands.capturing import attended_by
from egress.process import guard
from evidence.capture import check_url, find_browser
from evidence.format.declared import SENTENCES
from evidence.format.private import NETLOG, WARC
from evidence.seal import PreserveOrder, Status, preserve
from evidence.seal.apart import apart_from
from evidence.seal.private import read_key
from evidence.seal.unlock import find_part, open_part
from evidence.verify import verify_file
from tests.evidence.capture.pages import serving
from tests.evidence.capture.screen import Person, need_a_screen, screen
from tests.evidence.capture.test_attended import PAGES, PASSWORD, signs_in_and_marks
from tests.evidence.seal.rig import CASE, ID, home_at, now

pytestmark = pytest.mark.browser


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    need_a_screen()
    with screen() as found:
        monkeypatch.setenv("DISPLAY", found)
        yield found


def test_an_attended_capture_is_one_exhibit_with_both_names(display: str, tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    lines, typed = os.pipe()
    heard, words = os.pipe()
    person = Person(display, heard, typed)
    acting = threading.Thread(target=signs_in_and_marks, args=(person,))
    with serving(PAGES) as address, guard(tmp_path / "journal", allow_loopback=True) as way:
        wanted = PreserveOrder(
            url=check_url(address),
            case=CASE,
            out=tmp_path / "A.wacz",
            capture_id=ID,
            requested_by="张某",
            second_person="李某",
            sandbox=False,
            attended=True,
            recording=True,
        )
        wanted = replace(wanted, limits=replace(wanted.limits, seconds=600.0))
        acting.start()
        result = preserve(
            wanted,
            home=home,
            proxy=way.address,
            journal=way.journal,
            browser=find_browser(),
            clock=now,
            take=attended_by(apart_from(home), wanted, lines=lines, words=words),
        )
        acting.join()
    assert (result.status, result.fidelity) == (Status.SEALED, "redacted")
    assert SENTENCES["attended"] in result.declared
    assert result.dossier is not None
    verdict = verify_file(result.dossier, trust=home.trust)
    assert verdict.exit_code == 0, [c.to_json() for c in verdict.claims]
    assert verdict.facts["attended"] == {"by": "张某", "second": "李某"}
    files = open_part(find_part(result.wacz), read_key(home, ID), tmp_path / "private")
    assert {path.name for path in files} == {WARC, NETLOG}
    assert PASSWORD.encode() not in result.dossier.read_bytes()
