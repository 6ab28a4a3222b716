"""Literals of scripts, read as data; and the answers that are written as scripts."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.js_text import read_literal
from crawler.page import Page


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, 'b': 'x\\u4e2d\\'q', c: [1, 2,],} and more", {"a": 1, "b": "x中'q", "c": [1, 2]}),
        ("{a: !0, b: !1, c: void 0, d: undefined}", {"a": True, "b": False, "c": None, "d": None}),
        ("{a: .5, b: 0x1F, c: -3, d: 1e3}", {"a": 0.5, "b": 31, "c": -3, "d": 1000.0}),
        ("{a: function (x) { return {y: 1} }, b: new Date(1, 2)}", {"a": None, "b": None}),
        ("{a: 'x' + \"y\", /* no */ b: 2 // end\n}", {"a": "xy", "b": 2}),
        ("{true: 1, start: +new Date, l: [foo, 3]}", {"true": 1, "start": None, "l": [None, 3]}),
        ("'\\x41\\n'", "A\n"),
        ("{a: 1", None),
        ("alert(1)", None),
        ("", None),
    ],
)
def test_literals(text: str, value: Any) -> None:
    assert read_literal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a":[1]}',
        'cb({"a":[1]});',
        '/**/ typeof_x({"a":[1]})',
        "export const data = {'a': [1,],};",
        "window.data = {a: [1]};",
        "module.exports = {a: [1]}",
        'try{cb({"a":[1]});}catch(e){}',
    ],
)
def test_answers_in_disguise(text: str) -> None:
    assert Page(text.encode(), "https://a.example/").json == {"a": [1]}


@pytest.mark.parametrize(
    "text",
    [
        'x = {"a":1};',
        'window["x"] = {a: 1}',
        'x = JSON.parse("{\\"a\\":1}")',
        "x = JSON.parse(decodeURIComponent('%7B%22a%22%3A1%7D'))",
        "x = checked({a: 1})",
        "x({a: 1})",
        "var x; x = {a: 1}",
    ],
)
def test_inline_states(text: str) -> None:
    page = Page(f"<html><script>{text}</script></html>".encode(), "https://a.example/")
    assert page.inline("x") == {"a": 1}
    assert page.inline("y") is None
