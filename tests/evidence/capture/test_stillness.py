"""Pages that change, leave or lie while their records are taken; what each record then says."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from evidence.browser.finding import find_browser
from evidence.browser.order import CaptureOrder, Limits
from evidence.browser.steps import Steps
from evidence.capture.firstscreen import first_screen
from evidence.capture.page import Records, page_note, take_records
from evidence.capture.settling import settle
from evidence.capture.stillness import at_rest
from evidence.format.declared import CHANGED
from evidence.format.declared import STYLED as STYLED_LINE
from evidence.format.names import MHTML
from tests.evidence.capture.pages import serving

pytestmark = pytest.mark.browser
HEAD = "<!doctype html><meta charset=utf-8><title>店铺</title><body style='margin:0'>"
ABA = """<h1 id=x style="font-size:60px">甬舟 假货 19元</h1><div style="height:2000px"></div>
<script>const w = innerWidth; addEventListener('resize', () => { if (innerWidth !== w) return;
  x.textContent = '本店不售'; document.body.style.background = '#cfc';
  setTimeout(() => { x.textContent = '甬舟 假货 19元'; document.body.style.background = '' },
  120) });
for (const e of ['beforeprint', 'visibilitychange', 'blur']) addEventListener(e, () => x.remove());
</script>"""
FLIP = """<h1 id=x style="font-size:60px">开始</h1><div style="height:3000px"></div>
<script>let i = 0; setInterval(() => { i++; x.textContent = i % 2 ? 'AAAA' : 'BBBB';
  document.body.style.background = i % 2 ? '#fff' : '#fcc' }, 20);
(function f() { document.body.style.color = i % 2 ? '#000' : '#111'; requestAnimationFrame(f) })();
</script><style>@keyframes k { from { background: #f00 } to { background: #00f } }
i { display: block; height: 50px; animation: k .1s infinite }</style><i></i>"""
LEAVES = """<h1>甬舟 假货 19元</h1><div style="height:3000px"></div><script>
addEventListener('resize', () => location.replace('/empty'));
onbeforeprint = () => location.reload();
</script>"""
REFRESHED = "<meta http-equiv=refresh content='1;url=/empty'><h1>甬舟 假货 19元</h1>"
PROMISED = """<h1 id=x>一</h1><script>(async () => { for (;;) { await (await fetch('/n')).text();
x.textContent = 'n' + performance.now() } })()</script>"""
_AGAIN = "(async () => { let n = 0; for (;;) { await (await fetch('/n')).text(); DO } })()"
RULED = "<h1 style='font-size:60px'>甬舟 假货</h1><style id=s></style><script>"
RULED += _AGAIN.replace(
    "DO", "s.sheet.insertRule(`h1 { color: ${n++ % 2 ? 'red' : 'blue'} }`, n - 1)"
)
DRAWN = "<h1>甬舟</h1><canvas id=c></canvas><script>const g = c.getContext('2d');"
DRAWN += _AGAIN.replace("DO", "g.fillStyle = n++ % 2 ? 'red' : 'blue'; g.fillRect(0, 0, 99, 99)")
WORKED = """<canvas id=c width=300 height=300></canvas><script>let drawn = 0;
const worker = new Worker(URL.createObjectURL(new Blob([`onmessage = e => {
  const g = e.data.getContext('2d'); let n = 0;
  setInterval(() => { g.fillStyle = 'hsl(' + n++ * 37 + ' 90% 50%)'; g.fillRect(0, 0, 300, 300);
    postMessage(n) }, 15) }`])));
worker.onmessage = e => { drawn = e.data }; const o = c.transferControlToOffscreen();
worker.postMessage(o, [o])</script>"""
STYLED = "<style>h1::before { content: '乙店 假货 19元' }</style><h1></h1>"
TYPED = "<h1>甬舟</h1><input autofocus value=茶><video></video>"
HANGS = (
    "<h1>甬舟 假货</h1><div style='height:3000px'></div><script>onresize=()=>{for(;;);}</script>"
)
ASKS = """<style>@media (scripting: none) { h1 { display: none } }</style><h1>甬舟 假货</h1>
<noscript>没有脚本</noscript>"""
WITHOUT = "<h1>甬舟 假货</h1><noscript>请打开脚本</noscript><div style='height:3000px'></div>"
SHADOW = """<h1>店</h1><div id=h></div><x-card><template shadowrootmode=open><p>声明的 77</p>
<slot></slot></template>插入的</x-card><p>价格 <input id=i value=0> 元</p><textarea id=t></textarea>
<select><option>红<option id=o>绿</select><input type=password id=p><input placeholder=请搜索>
<div style="display:none"><input value=藏起来的></div>
<input value=mima style="-webkit-text-security:disc">
<iframe src="/inner" width=300 height=80></iframe><iframe src="/inner" hidden></iframe><script>
const s = h.attachShadow({mode: 'closed'}); s.innerHTML = '<p>封闭的 88</p><div id=k></div>';
s.getElementById('k').attachShadow({mode: 'closed'}).innerHTML = '<b>内层 99</b>';
i.value = '十九'; t.value = '改过的'; o.selected = true; p.value = 'geheim';
let d = document.body;
for (let n = 0; n < 1200; n++) d = d.appendChild(document.createElement('div'));
d.textContent = '很深的';</script>"""
INNER = """<p>框架</p><div id=q></div><script>
q.attachShadow({mode: 'closed'}).innerHTML = '<p>框架内封闭的'</script>"""
VIRTUAL = """<style>body { height: 6000px; position: relative }
div { position: absolute; font-size: 40px } </style><b>每件 10 元</b><script>
const list = document.body.appendChild(document.createElement('section'));
const draw = () => { list.innerHTML = ''; const first = Math.floor(scrollY / 100);
  for (let n = first; n < first + 10 && n < 60; n++) { const d = document.createElement('div');
    d.style.top = n * 100 + 'px'; d.textContent = '第 ' + n + ' 件商品'; list.append(d) } };
addEventListener('scroll', draw); draw()</script>"""
INSIDE = """<div style="height:300px;overflow-y:auto"><p style="height:3000px">上</p>下</div>
<div style="width:300px;height:150px;overflow-x:auto"><p style="width:2000px">左右</p></div>
<iframe srcdoc="<p style='height:2000px'>框" height=200></iframe>"""
WIDE = "<div style='width:9000px;height:90px'><b style='margin-left:8500px'>右 假货</b></div>"
GROWS = """<div id=l style="height:2500px">一</div><script>let n = 0, busy = false;
addEventListener('scroll', async () => { if (busy || n > 3) return;
  if (scrollY + innerHeight < document.documentElement.scrollHeight - 50) return; busy = true;
  await new Promise(done => setTimeout(done, 120)); await fetch('/n'); n++; busy = false;
  const d = document.createElement('div'); d.style.height = '900px'; d.textContent = '更多 ' + n;
  document.body.append(d) })</script>"""
PAGES: dict[str, str | bytes | int] = {
    "/aba": HEAD + ABA,
    "/flip": HEAD + FLIP,
    "/leaves": HEAD + LEAVES,
    "/refreshed": HEAD + REFRESHED,
    "/promised": HEAD + PROMISED,
    "/ruled": HEAD + RULED + "</script>",
    "/drawn": HEAD + DRAWN + "</script>",
    "/worked": HEAD + WORKED,
    "/styled": HEAD + STYLED,
    "/typed": HEAD + TYPED,
    "/titled": HEAD + f"<script>document.title = '长'.repeat({30_000})</script>甬舟",
    "/hangs": HEAD + HANGS,
    "/asks": HEAD + ASKS,
    "/without": HEAD + WITHOUT,
    "/shadow": HEAD + SHADOW,
    "/virtual": HEAD + VIRTUAL,
    "/inside": HEAD + INSIDE,
    "/wide": HEAD + WIDE,
    "/grows": HEAD + GROWS,
    "/inner": HEAD + INNER,
    "/empty": HEAD + "<h1>本店不售</h1>",
    "/n": "x",
    "/gbk": "<meta charset=gbk><title>国标</title><p>国标编码的商品</p>",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(PAGES) as found:
        yield found


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """One window of one browser, for page after page."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=str(find_browser()), chromium_sandbox=False, args=["--hide-scrollbars"]
        )
        yield browser.new_page(viewport={"width": 1000, "height": 700})
        browser.close()


ORDER = CaptureOrder(url="http://localhost/", browser=Path("-"), proxy=None, journal=None)
LIMITS = Limits(settle_seconds=2, scrolls=60)


def taken(page: Page, url: str, *, scroll: bool = False, **more: Any) -> tuple[Records, Steps]:
    steps = Steps()
    page.goto(url)
    if scroll:
        return take_records(page, ORDER, steps, settle(page, LIMITS, steps)), steps
    return take_records(page, ORDER, steps, **more), steps


def text_of(records: Records) -> str:
    return records.text.decode("utf-8")


def colour(records: Records, place: tuple[int, int]) -> tuple[int, ...]:
    with Image.open(BytesIO(records.screenshot)) as picture:
        return picture.convert("RGB").getpixel(place)  # type: ignore[return-value]


def told(records: Records) -> str:
    return "; ".join(en for _, en in records.lines)


def test_a_page_does_not_see_that_it_is_photographed(page: Page, address: str) -> None:
    records, steps = taken(page, f"{address}/aba")
    assert colour(records, (900, 500)) == (255, 255, 255)
    assert "19元" in text_of(records)
    assert records.lines == ()
    assert "page at rest" in {item["step"] for item in steps.items}
    assert page.evaluate("x.textContent") == "甬舟 假货 19元"


def test_a_page_that_flips_stands_still_in_every_record(page: Page, address: str) -> None:
    records, steps = taken(page, f"{address}/flip")
    first = "AAAA" in text_of(records)
    assert first == (b">AAAA</h1>" in records.dom)
    assert colour(records, (500, 2000)) == ((255, 255, 255) if first else (255, 204, 204))
    assert records.lines == (), steps.items[-1]
    page.wait_for_timeout(50)
    before = page.evaluate("i")
    page.wait_for_timeout(100)
    assert page.evaluate("i") > before  # and goes on afterwards


def test_what_a_worker_draws_stands_still_and_goes_on_afterwards(page: Page, address: str) -> None:
    page.goto(f"{address}/worked")
    page.wait_for_function("drawn > 3")
    session = page.context.new_cdp_session(page)
    with at_rest(page, Steps()):
        _, *later = [first_screen(session) for _ in range(5)]
    assert len(set(later)) == 1
    page.wait_for_function(f"drawn > {page.evaluate('drawn')}")
    session.detach()


def test_a_page_that_leaves_when_photographed_stays(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/leaves")
    assert (records.url, "19元" in text_of(records)) == (f"{address}/leaves", True)
    assert records.lines == ()


def test_a_page_that_leaves_by_itself_is_held_and_that_is_told(page: Page, address: str) -> None:
    records, steps = taken(page, f"{address}/refreshed")
    while "wanted to move" not in told(records):
        records = take_records(page, ORDER, steps)  # until the refresh falls into the records
    assert "19元" in text_of(records)
    assert "was held" in told(records)
    assert any("/empty" in item.get("note", "") for item in steps.items)


def test_what_changes_all_the_same_is_told(page: Page, address: str) -> None:
    records, steps = taken(page, f"{address}/promised")
    assert "the page changed while its records were taken" in told(records)
    assert "not at rest" in {item["step"] for item in steps.items}


@pytest.mark.parametrize("path", ["/ruled", "/drawn"])
def test_what_changes_but_no_node_of_the_document_is_told(
    page: Page, address: str, path: str
) -> None:
    records, steps = taken(page, address + path)
    for _ in range(5):  # two colours: it can end on that with which it began
        if records.lines:
            break
        records = take_records(page, ORDER, steps)
    assert records.lines == (CHANGED,)
    assert "first screen changed meanwhile" in {item["step"] for item in steps.items}


def test_a_caret_that_blinks_is_no_change(page: Page, address: str) -> None:
    records, steps = taken(page, f"{address}/typed")
    assert records.lines == (), steps.items


def test_words_of_style_sheets_are_told(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/styled")
    assert records.lines == (STYLED_LINE,)
    assert page_note(records, 200) is None


def test_a_page_that_cannot_be_kept_as_mhtml_is_told(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/titled")
    assert "could not be kept as an MHTML file" in told(records)
    assert MHTML not in records.files


def test_a_page_that_hangs_when_photographed_is_recorded(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/hangs")
    assert "甬舟 假货" in text_of(records)


def test_a_style_that_asks_for_scripts_sees_them_run(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/asks")
    assert "甬舟 假货" in text_of(records)
    assert "scripts were not stopped" in told(records)


def test_what_is_for_browsers_without_scripts_stays_unseen(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/without")
    assert "请打开脚本" not in text_of(records)
    assert b"adopted" not in records.dom
    assert records.lines == ()
    assert page.evaluate("document.adoptedStyleSheets.length") == 0


def test_shadow_trees_and_fields_are_in_the_text(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/shadow")
    text, dom = text_of(records), records.dom.decode("utf-8")
    for word in (
        "声明的 77",
        "插入的",
        "封闭的 88",
        "内层 99",
        "十九",
        "改过的",
        "绿",
        "请搜索",
        "很深的",
    ):
        assert word in text, word
    for word in ("geheim", "mima", "藏起来的", "红"):
        assert word not in text, word
    assert text.count("框架内封闭的") == 1
    assert text.index("价格 十九 元") < text.index("改过的") < text.index("很深的")
    assert "封闭的 88" in dom
    assert dom.count("<template shadowrootmode=") == 3
    assert records.lines == ()


def test_goods_of_a_virtual_list_are_kept_as_text(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/virtual", scroll=True)
    text = text_of(records)
    assert "[seen while scrolling, not on the page at the end: 50 lines]" in text
    assert all(f"第 {n} 件商品" in text for n in range(60))
    assert "50 lines shown while scrolling" in told(records)


def test_parts_that_scroll_by_themselves_are_told(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/inside")
    assert "3 parts of the page scroll by themselves" in told(records)


def test_a_picture_narrower_than_its_page_is_told(page: Page, address: str) -> None:
    records, steps = taken(page, f"{address}/wide")
    assert records.limits_hit == ("picture width",)
    assert "9000 pixels wide, its picture shows the first 8000" in told(records)
    note = next(item["note"] for item in steps.items if item["step"] == "screenshot")
    assert "width 9000 px, 8000 px shown" in note


def test_a_page_that_grows_at_its_end_is_followed(page: Page, address: str) -> None:
    steps = Steps()
    page.goto(f"{address}/grows")
    records = take_records(page, ORDER, steps, settle(page, LIMITS, steps))
    assert "更多 4" in text_of(records)
    assert "page grew" in {item["step"] for item in steps.items}


def test_the_document_says_its_coding(page: Page, address: str) -> None:
    records, _ = taken(page, f"{address}/gbk")
    assert records.dom.startswith(b"\xef\xbb\xbf<html>")
