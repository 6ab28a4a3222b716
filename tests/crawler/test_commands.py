"""``markseal crawl`` and ``markseal extract`` as people type them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from desk.cli import main
from tests.crawler.shop import Shop, open_shop

HERE = Path(__file__).parent / "fixtures"


@dataclass(frozen=True)
class Done:
    """What a command came back with."""

    returncode: int
    stdout: str
    stderr: str


class Markseal(Protocol):
    """The command line, inside this process."""

    def __call__(self, *words: str, loopback: bool = True) -> Done: ...


@pytest.fixture
def markseal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Markseal:
    def run(*words: str, loopback: bool = True) -> Done:
        monkeypatch.setenv("MARKSEAL_ALLOW_LOOPBACK", "1" if loopback else "0")
        capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capsys.readouterr()
        return Done(code, told.out, told.err)

    return run


def shop_like_oscar() -> Shop:
    page = (HERE / "oscar" / "english" / "response.html").read_bytes()
    links = "".join(
        f"<article class=product_pod><h3><a href=/catalogue/a_{n}/>a</a></h3></article>"
        for n in (1, 2)
    )
    return Shop(
        faults={
            "/catalogue/": (200, {}, f"<html><body>{links}</body></html>".encode()),
            "/catalogue/a_1/": (200, {}, page),
            "/catalogue/a_2/": (200, {}, page),
        }
    )


def test_crawl_writes_a_whole_file_or_none(markseal: Markseal, tmp_path: Path) -> None:
    out = tmp_path / "l.jsonl"
    with open_shop(shop_like_oscar()) as shop:
        done = markseal("crawl", shop.url, "--recipe", "oscar", "--out", str(out))
        streamed = markseal("crawl", "oscar", "--start", shop.url, "--limit", "1", "--out", "-")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert sorted(row["item_id"] for row in rows) == ["1", "2"]
    assert list(tmp_path.iterdir()) == [out]
    assert "采集完成" in done.stderr
    assert done.stdout == ""
    assert json.loads(streamed.stdout)["title"] == "Steel flask"


def test_what_cannot_be_read_is_one_sentence(markseal: Markseal, tmp_path: Path) -> None:
    out = str(tmp_path / "l.jsonl")
    with open_shop(Shop(robots="User-agent: *\nDisallow: /")) as shop:
        told = [
            markseal("crawl", shop.url, "--recipe", "oscar", "--out", out),
            markseal("crawl", shop.url, "--recipe", "oscar", "--out", out, loopback=False),
            markseal("crawl", "http://127.0.0.1:1/", "--out", out),
        ]
    for done, word in zip(told, ("robots.txt", "loopback", "cannot be reached"), strict=True):
        assert done.returncode == 1
        assert word in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 2
    assert list(tmp_path.iterdir()) == []


def test_usage(markseal: Markseal, tmp_path: Path) -> None:
    out = str(tmp_path / "l.jsonl")
    assert markseal("crawl", "nothing", "--out", out).returncode == 64
    assert markseal("crawl", "oscar", "--out", out).returncode == 64
    assert markseal("crawl", "oscar", "--limit", "0", "--out", out).returncode == 64
    assert markseal("crawl", "oscar", "--colour", "--out", out).returncode == 64
    assert "Example" in markseal("crawl", "--help").stdout.title()


def test_extract_prints_one_line(markseal: Markseal) -> None:
    page = str(HERE / "oscar" / "item" / "response.html")
    url = "http://127.0.0.1:8431/catalogue/2330200001056_3/"
    done = markseal("extract", page, "--url", url)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    row = json.loads(line)
    assert row["state"] == "ok"
    assert row["listings"][0]["title"] == "苔小狸盲盒 森林聚会系列 单个"
    assert set(row["listings"][0]) >= {"id", "price", "images", "attributes", "gtin"}
    wall = markseal(
        "extract",
        str(HERE / "general" / "slider" / "response.html"),
        "--url",
        "https://dian.example/1",
    )
    assert json.loads(wall.stdout) == {"state": "verification", "listings": []}
    assert markseal("extract", "/none", "--url", "https://a.example/").returncode == 1
