"""``markseal crawl`` and ``markseal extract`` as people type them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from desk.cli import main
from tests.crawler.shop import Shop, open_shop, order_for

HERE = Path(__file__).parent / "fixtures"
OVERRIDE = """format = "markseal-override/1"
number = "甬监〔2026〕1"
basis = "《电子商务法》第二十五条"
approved_by = "李某"
expires = 2099-12-31T18:00:00+08:00
"""


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("http://[::1",), "https://host/path"),
        (("ftp://a.example/",), "https://host/path"),
        (("http://a.example/", "--recipe", "oscar", "--query", "  "), "keyword is empty"),
        (("http://a.example/", "--recipe", "none"), "There is no recipe"),
    ],
)
def test_an_order_that_cannot_be_leaves_nothing_behind(
    markseal: Markseal, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = markseal("crawl", *words, "--out", str(tmp_path / "l.jsonl"))
    assert done.returncode == 64
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_broken_recipe_is_said_in_both_languages(markseal: Markseal, tmp_path: Path) -> None:
    recipe = tmp_path / "broken.toml"
    recipe.write_text("x = [")
    out = tmp_path / "l.jsonl"
    done = markseal("crawl", "http://a.example/", "--recipe", str(recipe), "--out", str(out))
    assert done.returncode == 65
    assert done.stderr.count("Invalid value") == 2
    assert list(tmp_path.iterdir()) == [recipe]


@pytest.mark.parametrize("limit", ["-1", "0", "many"])
def test_a_limit_says_what_it_takes(markseal: Markseal, tmp_path: Path, limit: str) -> None:
    done = markseal("crawl", "oscar", "--limit", limit, "--out", str(tmp_path / "l.jsonl"))
    assert done.returncode == 64
    assert "须为正整数 / a whole number above 0" in done.stderr


def test_a_forbidding_platform_is_crawled_under_an_override_only(
    markseal: Markseal, tmp_path: Path
) -> None:
    recipe, paper, out = tmp_path / "closed.toml", tmp_path / "o.toml", tmp_path / "l.jsonl"
    with open_shop(Shop(robots="User-agent: *\nDisallow: /")) as shop:
        order_for(shop, tmp_path)
        small = (tmp_path / "recipes" / "small.toml").read_text("utf-8")
        recipe.write_text(small.replace('name = "small"', 'name = "closed"\ncrawl = false'))
        words = ("crawl", shop.url, "--recipe", str(recipe), "--out", str(out))
        assert "legal basis" in markseal(*words).stderr
        words += ("--override", str(paper))
        paper.write_text(OVERRIDE.replace("+08:00", ""))
        assert "time zone" in markseal(*words).stderr
        paper.write_text(OVERRIDE.replace("2099", "2020"))
        stopped = markseal(*words)
        assert (stopped.returncode, shop.asked) == (1, [])
        assert "expired at 2020-12-31 10:00 UTC" in stopped.stderr
        assert not out.exists()
        paper.write_text(OVERRIDE)
        done = markseal(*words)
    assert done.returncode == 0, done.stderr
    assert "其中 15 个页面依例外批准读取" in done.stderr
    assert len(out.read_text("utf-8").splitlines()) == 12


def test_refused_addresses_say_what_to_do(markseal: Markseal, tmp_path: Path) -> None:
    out = str(tmp_path / "l.jsonl")
    own = markseal("crawl", "http://127.0.0.1:1/", "--out", out, loopback=False)
    assert "MARKSEAL_ALLOW_LOOPBACK=1" in own.stderr
    private = markseal("crawl", "http://192.168.1.1/", "--out", out)
    assert "give a public address" in private.stderr


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"PK\x03\x04\x14\x00"]
)
def test_what_is_no_page_is_refused(markseal: Markseal, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "saved"
    file.write_bytes(data)
    done = markseal("extract", str(file), "--url", "https://a.example/")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "not a page" in done.stderr


@pytest.mark.parametrize("url", ["http://[::1", "nonsense", ""])
def test_extract_wants_an_address(markseal: Markseal, url: str) -> None:
    page = str(HERE / "oscar" / "item" / "response.html")
    done = markseal("extract", page, "--url", url)
    assert done.returncode == 64
    assert "https://host/path" in done.stderr


def test_a_saved_page_may_say_its_own_address(markseal: Markseal, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    note = "<!-- saved from url=(0028)https://shop.example/item/1 -->"
    file.write_text(f"<html>{note}<body><h1>保温杯</h1><p class=price>￥59</p></body></html>")
    row = json.loads(markseal("extract", str(file)).stdout)
    assert row["listings"][0]["url"] == "https://shop.example/item/1"
    file.write_text("<html><body><h1>保温杯</h1></body></html>")
    done = markseal("extract", str(file))
    assert done.returncode == 64
    assert "--url" in done.stderr


def test_a_recipe_is_begun_tried_and_checked(markseal: Markseal, tmp_path: Path) -> None:
    page = tmp_path / "saved.html"
    page.write_text("<html><body><h1>保温杯</h1><p class=price>￥59</p></body></html>")
    url = "https://shop.example/item/1"
    words = ("recipe", "new", "shop", "--page", str(page), "--url", url, "--into", str(tmp_path))
    assert markseal(*words).returncode == 0
    recipe = str(tmp_path / "shop.toml")
    assert "1 个样例" in markseal("recipe", "check", recipe).stdout
    assert markseal(*words).returncode == 1
    tried = markseal("recipe", "try", recipe, str(page), "--url", url)
    assert "price" in tried.stdout
    assert "Plain HTTP is enough" in tried.stdout
    case = tmp_path / "fixtures" / "shop" / "first" / "listing.json"
    case.write_text(case.read_text("utf-8").replace("59", "60"), "utf-8")
    wrong = markseal("recipe", "check", recipe)
    assert wrong.returncode == 65
    assert "first" in wrong.stderr


def test_a_recipe_is_tried_on_a_live_page(markseal: Markseal) -> None:
    with open_shop(Shop(robots="User-agent: *\nDisallow: /all")) as shop:
        done = markseal("recipe", "try", "general", f"{shop.url}item/4", "--json")
        barred = markseal("recipe", "try", "general", f"{shop.url}all")
    assert json.loads(done.stdout)["examples"]["price"] == "4.50"
    assert barred.returncode == 1
    assert "robots.txt" in barred.stderr
    assert markseal("recipe", "try", "jd", "https://item.jd.com/1.html").returncode == 1


def test_lists_and_tips_become_listings(
    markseal: Markseal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKSEAL_HOME", str(tmp_path / "home"))
    table = tmp_path / "l.csv"
    table.write_text("甲,乙\n甬舟保温杯,59\n,1\n", "utf-8")
    words = ("listings", str(table), "--platform", "jd", "--out", "-")
    assert markseal(*words).returncode == 65
    named = markseal(*words, "--column", "title=甲", "--column", "price=乙")
    assert json.loads(named.stdout)["price"] == "59"
    assert "1 listing read (" in named.stderr
    assert "having no title: 1 row (3)" in named.stderr
    assert markseal(*words).stdout == named.stdout
    assert markseal(*words, "--column", "colour=甲").returncode == 64
    tip = markseal("tip", "https://3.cn/1A-b", "甬舟", "雨伞")
    assert json.loads(tip.stdout)["title"] == "甬舟 雨伞"
    assert markseal("tip", "https://3.cn/1A-b").returncode == 65
