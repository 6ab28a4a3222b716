"""The main job as three people do it, in a real browser, on a real shop.

An owner registers a mark; a watch reads the shop; the owner sees what is suspected; an
officer shortlists one lead by keyboard and preserves its page; a notary downloads the
dossier, verifies it, and an altered copy is refused by name. The pictures go into the
folder named by MARKSEAL_PICTURES (default build/pictures).
"""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo.processes import ROOT
from tests.acceptance.house import House, browser_path, until

PICTURES = Path(os.environ.get("MARKSEAL_PICTURES", ROOT / "build" / "pictures"))
BUREAU, OWNER, NOTARY = (
    "甬城市场监管局（演示）",
    "宁波霁泷家居用品有限公司（演示）",
    "甬城公证处（演示）",
)
MARK = "D02"
SCREEN = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

pytestmark = [pytest.mark.browser, pytest.mark.shop, pytest.mark.timeout(600)]


@dataclass
class Desk:
    """A person at a browser: a page, and an album for its pictures."""

    page: Page
    address: str

    def sign_in(self, name: str, password: str) -> None:
        """Sign in and wait for the first page."""
        self.page.goto(f"{self.address}/sign-in/")
        self.page.get_by_label("用户名").fill(name)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.locator("nav")).to_be_visible()

    def go(self, path: str) -> None:
        """Open a page of the console."""
        answer = self.page.goto(f"{self.address}{path}")
        assert answer is not None
        assert answer.status == 200, path

    def picture(self, name: str, *, whole: bool = False) -> None:
        """Keep a picture of the page; nothing may stick out at the side."""
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.page.wait_for_load_state()
        assert self.page.evaluate(over) <= 0, name
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)

    def in_english(self, path: str, name: str) -> None:
        """Keep a picture of the same page in English, and go back to Chinese."""
        self.page.get_by_role("button", name="English").click()
        self.go(path)
        self.picture(f"{name}-en")
        self.page.get_by_role("button", name="中文").click()
        expect(self.page.locator("html")).to_have_attribute("lang", "zh-Hans-CN")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a real browser of this machine."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser_path(), args=[*sandbox, "--lang=zh-CN"]
        )
        yield chromium
        chromium.close()


def _desk(browser: Browser, house: House, screen: dict[str, int] = SCREEN) -> Desk:
    context = browser.new_context(
        viewport=screen,  # type: ignore[arg-type]
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        accept_downloads=True,
    )
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    return Desk(page, house.address)


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "demo" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _other_marks(house: House, folder: Path) -> None:
    """Register the other marks of the demo from files, as an operator does."""
    for family in ("marks", "sellers"):
        rows = [row for row in _rows(f"{family}.csv") if row["mark_id"] != MARK]
        file = _write(folder / f"{family}.csv", rows)
        house.command(family, "import", str(file))


def _owner_registers(owner: Desk) -> None:
    mark = next(row for row in _rows("marks.csv") if row["mark_id"] == MARK)
    shops = [row["shop"] for row in _rows("sellers.csv") if row["mark_id"] == MARK]
    page = owner.page
    owner.picture("owner-home-empty")
    page.get_by_role("link", name="登记商标").first.click()
    page.get_by_label("商标名称").fill(mark["name"])
    page.get_by_label("注册号").fill(mark["mark_id"])
    page.get_by_label("尼斯分类").fill("46")
    page.get_by_label("类型").select_option(mark["kind"])
    page.get_by_label("授权店铺").fill("\n".join(shops))
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("“46”不是尼斯分类的类别号")
    owner.picture("owner-mark-new-error", whole=True)
    page.get_by_label("尼斯分类").fill(mark["classes"])
    owner.page.mouse.move(0, 0)
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("商标已登记")
    expect(page.get_by_role("heading", level=1)).to_have_text(mark["name"])


def _picture_of_the_form(owner: Desk) -> None:
    owner.go("/marks/new/")
    mark = next(row for row in _rows("marks.csv") if row["mark_id"] == MARK)
    shops = [row["shop"] for row in _rows("sellers.csv") if row["mark_id"] == MARK]
    owner.page.get_by_label("商标名称").fill(mark["name"])
    owner.page.get_by_label("注册号").fill(mark["mark_id"])
    owner.page.get_by_label("尼斯分类").fill(mark["classes"])
    owner.page.get_by_label("类型").select_option(mark["kind"])
    owner.page.get_by_label("授权店铺").fill("\n".join(shops))
    owner.picture("owner-mark-new")


def _a_watch_reads_the_shop(house: House, shop: str) -> None:
    house.command(
        "watch", "add", f"{shop}/catalogue/", "--recipe", "oscar", "--name", "演示商城 · 全部商品"
    )
    until(
        lambda: house.rows("SELECT 1 FROM leads_run WHERE finished_at IS NOT NULL"),
        seconds=300,
        what="the first reading of the shop",
    )
    ((state, read, total, leads),) = house.rows(
        "SELECT state, listings, reported_total, new_leads FROM leads_run"
    )
    assert (state, read) == ("complete", len(_rows("catalogue.csv")))
    assert total == read
    assert leads > 0


def _owner_looks(owner: Desk) -> None:
    owner.go("/")
    owner.picture("owner-home")
    owner.go("/leads/")
    owner.picture("owner-leads")
    owner.page.get_by_role("link", name="商标", exact=True).click()
    owner.picture("owner-marks")
    owner.page.get_by_role("link", name="霁泷 JELOND").click()
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("霁泷 JELOND")
    owner.picture("owner-mark")
    owner.in_english("/leads/", "owner-leads")


def _officer_shortlists(officer: Desk) -> str:
    page = officer.page
    officer.picture("officer-home")
    officer.go("/leads/")
    officer.picture("officer-leads")
    officer.in_english("/leads/", "officer-leads")
    officer.go("/leads/?q=工厂尾单")
    page.locator("table a.title").first.click()
    expect(page.locator(".lead-listing mark").first).to_contain_text("霁泷")
    expect(page.locator(".listing-picture img")).to_be_visible()
    width = "document.querySelector('.listing-picture img').naturalWidth"
    until(lambda: page.evaluate(width), seconds=10, what="the listing's picture")
    officer.picture("officer-lead")
    address = page.url.removeprefix(officer.address)
    officer.in_english(address, "officer-lead")
    return address


def _officer_uses_the_keyboard(officer: Desk, address: str) -> None:
    page = officer.page
    page.get_by_placeholder("备注").fill("标题与商标相同 1 2")
    page.get_by_placeholder("备注").press("2")
    assert page.locator("details.choose[open]").count() == 0, "a field keeps its keys"
    page.get_by_placeholder("备注").fill("标题与商标相同，店铺不在授权名单")
    page.locator("body").press("Escape")
    page.evaluate("document.activeElement.blur()")
    composing = "new KeyboardEvent('keydown', {code: 'Digit1', isComposing: true, bubbles: true})"
    page.evaluate(f"document.body.dispatchEvent({composing})")
    page.keyboard.press("2")
    expect(page.locator(".choose-panel")).to_be_visible()
    officer.picture("officer-dismiss")
    page.keyboard.press("Escape")
    expect(page.locator(".choose-panel")).to_be_hidden()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("1")
    expect(page.get_by_role("status")).to_contain_text("不是认定")
    assert page.url.endswith(address)
    expect(page.locator(".trial-warning")).to_contain_text("不得作为正式证据使用")
    officer.picture("officer-preserve")
    officer.in_english(address, "officer-preserve")


def _officer_preserves(officer: Desk) -> None:
    page = officer.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("e")
    expect(page.locator(".lead-rail .badge").first).to_have_text(
        "已固证封装", timeout=180_000
    )  # the page renews itself
    officer.picture("officer-sealed")
    page.locator(".lead-rail a").first.click()
    expect(page.get_by_role("heading", name="核验结论")).to_be_visible()
    page.get_by_label("公证机构").select_option(label=NOTARY)
    page.get_by_role("button", name="委托", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("公证人员现在可以查看")
    officer.picture("officer-exhibit")
    officer.go("/sources/")
    officer.picture("officer-sources")


def _notary_verifies(notary: Desk, folder: Path) -> Path:
    page = notary.page
    notary.picture("notary-home")
    page.locator("table a").first.click()
    expect(page.locator(".claims .badge.bad")).to_have_count(0)
    notary.picture("exhibit")
    notary.picture("exhibit-whole", whole=True)
    notary.in_english(page.url.removeprefix(notary.address), "exhibit")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载证据移交包").click()
    dossier = folder / download.value.suggested_filename
    download.value.save_as(dossier)
    _upload(notary, dossier)
    expect(page.locator(".verdict.valid h1")).to_contain_text("成立")
    expect(page.locator(".verdict .headline")).to_contain_text("试用")
    notary.picture("notary-verdict")
    notary.in_english(page.url.removeprefix(notary.address), "notary-verdict")
    return dossier


def _upload(notary: Desk, file: Path) -> None:
    notary.go("/verify/")
    notary.page.get_by_label("证据移交包").set_input_files(file)
    notary.page.get_by_role("button", name="开始核验").click()
    expect(notary.page.locator(".verdict")).to_be_visible(timeout=60_000)


def _alter(dossier: Path) -> Path:
    """Return a copy in which one byte of the screenshot has changed."""
    data = bytearray(dossier.read_bytes())
    with zipfile.ZipFile(dossier) as outer:
        wacz = next(item for item in outer.infolist() if item.filename.endswith(".wacz"))
        inner_start = _body(outer, wacz)
        with outer.open(wacz) as file, zipfile.ZipFile(file) as inner:
            shot = inner.getinfo("evidence/screenshot.png")
            data[inner_start + _body(inner, shot) + shot.file_size // 2] ^= 1
    altered = dossier.with_name("altered.dossier.zip")
    altered.write_bytes(data)
    return altered


def _body(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> int:
    """Return where the bytes of a stored entry begin: no extra field, as ours are."""
    assert archive.fp is not None
    return item.header_offset + 30 + len(item.filename.encode())


def _notary_refuses_an_altered_one(notary: Desk, dossier: Path) -> None:
    _upload(notary, _alter(dossier))
    expect(notary.page.locator(".verdict.invalid")).to_be_visible()
    expect(notary.page.locator(".claims")).to_contain_text("evidence/screenshot.png")
    notary.picture("notary-verdict-altered")
    notary.in_english(notary.page.url.removeprefix(notary.address), "notary-verdict-altered")
    notary.go("/verify/")
    notary.picture("notary-verify")


def test_from_a_mark_to_a_verdict(
    house: House, shop: str, browser: Browser, tmp_path: Path
) -> None:
    passwords = {
        "owner": house.account("owner", "owner", OWNER),
        "officer": house.account("officer", "officer", BUREAU),
        "notary": house.account("notary", "notary", NOTARY),
    }
    house.start()
    owner = _desk(browser, house)
    owner.page.goto(f"{house.address}/sign-in/")
    owner.picture("sign-in")
    owner.page.get_by_role("button", name="English").click()
    owner.picture("sign-in-en")
    owner.page.get_by_role("button", name="中文").click()
    owner.sign_in("owner", passwords["owner"])
    _owner_registers(owner)
    _picture_of_the_form(owner)
    _other_marks(house, tmp_path)
    _a_watch_reads_the_shop(house, shop)
    _owner_looks(owner)

    officer = _desk(browser, house)
    officer.sign_in("officer", passwords["officer"])
    address = _officer_shortlists(officer)
    _officer_uses_the_keyboard(officer, address)
    _officer_preserves(officer)

    notary = _desk(browser, house)
    notary.sign_in("notary", passwords["notary"])
    dossier = _notary_verifies(notary, tmp_path)
    _notary_refuses_an_altered_one(notary, dossier)

    phone = _desk(browser, house, PHONE)
    phone.sign_in("owner", passwords["owner"])
    phone.picture("owner-home-phone")
    phone.go("/leads/")
    phone.picture("owner-leads-phone")
    phone.go(address)
    phone.picture("owner-lead-phone")
    house.command("log", "audit")
