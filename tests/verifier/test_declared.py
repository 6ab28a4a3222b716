"""What must be declared is derived alike by both verifiers, address for address and line for line.

The page's own program (TypeScript, as it was built) is taken from the file and called.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from evidence.browser.finding import find_browser
from evidence.capture.telling import told_of_moments, told_of_parts, told_of_width
from evidence.format import names
from evidence.format.declared import (
    CHANGED,
    NOT_STOPPED,
    SENTENCES,
    STYLED,
    TOO_LARGE,
    at_odds,
    first_lines,
)
from evidence.format.elsewhere import shown_elsewhere
from tests.verifier.driver import BUILT

pytestmark = pytest.mark.browser
KEPT = "window.Blob = class extends Blob { constructor(parts, options) { super(parts, options); "
KEPT += "if (options && options.type === 'text/javascript') window.program = parts.join('') } };"
CALLS = """return {
  shown: pairs => pairs.map(([url, final_url]) => shownElsewhere({url, final_url})),
  odds: lines => lines.map(line => atOdds(line.map(([zh, en]) => ({zh, en})))),
  first: records => records.map(one => declaredBy(new Map(Object.entries(one))))};\n})()"""
ADDRESSES = (
    "https://shop.example/item.htm?id=1&a=%E8%8C%B6",
    "https://SHOP.example:443/item.htm/?id=1&a=茶&spm=9#top",
    "http://shop.example/item.htm?id=1&a=%e8%8c%b6",
    "http://shop.example:80/item.htm?a=%e8%8c%b6&id=1",
    "http://shop.example:443/item.htm?id=1",
    "https://shop.example:8443/item.htm?id=1",
    "https://user:pass@shop.example/item.htm?id=1",
    "https://shop.example@evil.test/item.htm?id=1",
    "https://shop.example.evil.test/item.htm?id=1",
    "https://shop.example/item.htm?id=1&&a",
    "https://shop.example/item.htm?id=1&id=2",
    "https://shop.example/item.htm??id=1",
    "https://shop.example?id=1",
    "https://shop.example/?id=1#/a?b",
    "https://shop.example//item.htm//?id=1",
    "https://shop.example/%2E/item.htm%3Fid=1",
    "https://shop.example/%e8%8c/%zz?%",
    "https://[::1]:443/a",
    "https://[::1]/a",
    "HTTPS://shop.example/\n?\n",
    "blob:https://shop.example/1",
    "about:blank",
    "https:/shop.example/",
    "https:///a",
    "茶://茶/茶",
    "x" * 300,
    "",
)


@pytest.fixture(scope="module")
def program() -> Iterator[Page]:
    """A page with the functions of the built verifier as ``verifier``."""
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=find_browser(), args=flags)
        page = browser.new_page()
        page.add_init_script(KEPT)
        page.goto(BUILT.as_uri())
        text = str(page.evaluate("window.program"))
        before, cut, _ = text.rpartition("  // src/worker.ts\n")
        assert cut
        page.goto("about:blank")
        begun = before.removeprefix('"use strict";\n')
        page.evaluate(f"() => {{ globalThis.verifier = {begun}{CALLS} }}")
        yield page
        browser.close()


def call(program: Page, name: str, cases: Any) -> Any:
    return program.evaluate(f"cases => verifier.{name}(cases)", cases)


def test_both_find_the_same_pages_shown_at_another_address(program: Page) -> None:
    pairs = [list(pair) for pair in product((*ADDRESSES, 7, None), repeat=2)]
    wanted = [shown_elsewhere({"url": url, "final_url": final}) for url, final in pairs]
    assert 100 < sum(one is not None for one in wanted) < len(pairs)
    for pair, ours, theirs in zip(pairs, wanted, call(program, "shown", pairs), strict=True):
        assert ours == theirs, pair


def test_both_know_the_same_lines_of_records_that_differ(program: Page) -> None:
    lines = [
        *SENTENCES.values(),
        *(CHANGED, NOT_STOPPED, STYLED, TOO_LARGE),
        *told_of_parts(passed=1, inside=20, missed=3),
        *told_of_width(9000, 8000),
        *told_of_moments({2: (CHANGED,)}),
        *told_of_moments(dict.fromkeys(range(1, 31), (TOO_LARGE,))),
        ("", "the page changed"),
    ]
    cases = [[list(line)] for line in lines] + [[], [list(line) for line in lines]]
    wanted = [at_odds([(zh, en) for zh, en in one]) for one in cases]
    assert call(program, "odds", cases) == wanted
    assert sum(wanted) == 12


def test_both_derive_the_same_lines_from_the_same_records(program: Page) -> None:
    captures: list[dict[str, Any]] = [
        {"page_note": "login", "page_state": "gone", "fidelity": "redacted"},
        {"byte_counts": "mismatch", "log_faults": ["x"], "limits_hit": ["bytes"]},
        {"not_recorded": [{"what": "licence page"}, 3], "certificate": {"verdict": "bad"}},
        {"declared": [{"zh": "甲", "en": "a"}, {"zh": "甲", "en": "a"}, {"zh": 1, "en": "x"}, 5]},
        {"declared": [{"zh": f"{n}" + "长" * 1001, "en": f"{n}"} for n in range(201)]},
        {"url": "https://a.test/1", "final_url": f"https://b.test/{'茶' * 250}"},
    ]
    environment = {"browser": {"sandbox": "off"}, "egress": {"proxy": "none"}}
    certificates = {"connections": [{"host": "b.test", "port": 443, "verdict": "ERR_X"}, 1]}
    files = (names.CAPTURE, names.ENVIRONMENT, names.CERTIFICATES, names.ATTENDED)
    cases = [dict(zip(files, parts, strict=True)) for parts in product(
        captures, ({}, environment), ({}, certificates), ({}, {"by": "张三"})
    )]  # fmt: skip
    told = call(program, "first", json.loads(json.dumps(cases)))
    for case, theirs in zip(cases, told, strict=True):
        ours = first_lines(*(case[name] for name in files))
        assert [{"zh": zh, "en": en} for zh, en in ours] == theirs
