"""The state of a page: what stands in the way is named, and a listing stays a listing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from evidence.browser.steps import Steps
from evidence.capture import find_browser
from evidence.capture.page import take_text
from evidence.capture.pagestate import Signs, measure, note_of

pytestmark = pytest.mark.browser

LONG = "这款茶叶产自宁波，经过多道工序精心制作，口感醇厚，回味甘甜，适合日常饮用与送礼。" * 60
SHOP = (
    "<title>明前龙井 春茶礼盒-甬江茶叶旗舰店</title>"
    "<div>亲，请<a href=/login>登录</a> <a>免费注册</a></div>"
    "<h1>明前龙井 春茶礼盒</h1><p>价格 <b>¥128.00</b></p><button>加入购物车</button>"
)
ENGLISH = (
    "<title>Tea caddy | Example shop</title><nav><a href=/login>Sign in</a> <a>Register</a></nav>"
    "<h1>Tea caddy</h1><p>$24.99</p><button>Add to cart</button>"
)
REVIEW = "<p>买家评价：商品不存在质量问题，验证码短信很快，登录后才能看到的优惠券也用上了。</p>"
PANE = (
    "<div style='position:fixed;left:300px;top:100px;width:700px;height:650px;background:#fff;"
    "z-index:9'>{}</div>"
)
COUPON = "<h3>新人专享券</h3><p>登录后领取 ¥20 优惠券</p><button>立即领取</button>"
COOKIES = "<h3>We value your privacy</h3><p>Sign in to manage cookies.</p><button>Accept</button>"

ORDINARY = {
    "a PDF within a page": "<embed type=application/pdf style='width:100%;height:600px'>",
    "a Chinese listing with a login link": SHOP + LONG,
    "a short Chinese listing": SHOP,
    "a listing whose reviews use the words": SHOP + REVIEW + LONG,
    "an English listing": ENGLISH,
    "a coupon pane over a listing": SHOP + PANE.format(COUPON),
    "a cookie pane over a listing": ENGLISH + PANE.format(COOKIES),
    "a listing with a login form in its header": SHOP + "<form>登录<input type=password></form>",
    "a listing with a newsletter captcha": ENGLISH + "<p>Complete the captcha to subscribe.</p>",
    "a shop's list of goods": "<title>全部商品</title><a>登录</a>" + "<p>茶 ¥10</p>" * 9,
    "an article on account security": "<title>如何设置安全验证</title><h1>帮助</h1>"
    + LONG
    + "拖动滑块完成安全验证，请输入验证码。",
    "an article that tells of a page that is gone": "<title>新闻</title>" + LONG + "该页面不存在。",
    "a title and a word": "<title>甬江春茶</title><p>已售罄</p>",
    "a word in a shadow root": "<title>x</title><div id=a></div><script>a.attachShadow({mode:"
    "'open'}).innerHTML='<style>p{color:red}</style><p>售完</p>'</script>",
    "a background alone": "<div style='height:300px;background:url(data:,x)'></div>",
    "words of a style sheet alone": "<style>p::before{content:'甲店 19元'}</style><p></p>",
    "a field alone": "<title>搜索</title><input placeholder=搜索宝贝>",
    "a picture alone": "<title>图</title><svg width=400 height=300></svg>",
    "a short notice": "<title>公告</title><p>本店春节期间正常发货，祝您新年快乐。</p>",
    "a licence page": "<title>证照</title><h1>营业执照</h1><p>名称：宁波某某茶业有限公司</p>",
}
STRANGE = {
    "login": {
        "a Chinese login page": "<title>用户登录</title><h2>密码登录</h2><form>账号<input>密码"
        "<input type=password><button>登录</button></form><a>忘记密码</a> <a>免费注册</a>",
        "a login by QR code": "<title>淘宝网 - 登录</title><h1>扫码登录</h1>"
        "<p>打开手机淘宝扫一扫登录</p><svg width=200 height=200></svg>",
        "a pane that asks for a login over a listing": SHOP
        + LONG
        + PANE.format("<h3>密码登录</h3><input><input type=password><button>登录</button>"),
        "a pane with a login by text message": SHOP
        + LONG
        + PANE.format("<h3>短信登录</h3><input placeholder=手机号><button>获取验证码</button>"),
        "a short refusal": "<title>提示</title><p>请先登录后再查看该商品。</p>",
        "an English login page": "<title>Sign in</title><h1>Sign in to continue</h1><form>"
        "<input><input type=password><button>Sign in</button></form>",
        "an English refusal": "<title>Members only</title><p>Please log in to view this item.</p>",
    },
    "verification": {
        "a slider": "<title>验证</title><div id=nc>请按住滑块，拖动到最右边</div>",
        "a jigsaw": "<title>安全验证</title><p>拖动下方滑块完成拼图</p>",
        "an interception": "<title>验证码拦截</title><p>亲，请拖动下方滑块完成验证</p>",
        "strange traffic": "<p>检测到您的网络环境存在异常，请完成以下验证后继续访问。</p>",
        "a pane over a listing": SHOP
        + LONG
        + PANE.format(
            "<div class=geetest_box style='width:400px;height:300px'>请依次点击图中文字</div>"
        ),
        "an English check": "<title>Just a moment...</title><p>Verify you are human by completing "
        "the action below.</p>",
        "a robot check": "<title>Robot Check</title><p>Enter the characters you see below</p>",
    },
    "gone": {
        "taken down": "<title>提示</title><p>很抱歉，您查看的商品不存在，可能已下架。</p>",
        "taken down, with other goods": "<title>商品已下架</title><h1>该商品已下架</h1>"
        + "<p>为您推荐 龙井 ¥20</p>" * 12,
        "no such page": "<title>404</title><h1>页面走丢了</h1><p>您访问的页面不存在！</p>",
        "a deleted item": "<title>提示</title><p>此宝贝已下架</p>",
        "an English one": "<title>Page not found</title><p>We can't find the page.</p>",
        "an ended item": "<title>Shop</title><h1>This product is no longer available</h1>",
    },
    "empty": {
        "nothing": "<title>x</title>",
        "blanks": "<title>x</title><p> &nbsp; </p>",
        "a page that waits": "<title>商城</title><svg width=90 height=90></svg><p>加载中…</p>",
        "marks of a style sheet": "<style>p::before{content:'— ·'}</style><p></p>",
        "unseen words of a style sheet": "<style>p{opacity:0}p::after{content:'甲'}</style><p></p>",
        "marks alone": "<title>x</title><p>{ } — · \ue601</p>",
    },
}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        yield browser.new_page(viewport={"width": 1366, "height": 900})
        browser.close()


def state(page: Page, html: str, status: int = 200) -> str | None:
    page.set_content(f"<!doctype html><meta charset=utf-8>{html}")
    text = take_text(page, Steps()).decode("utf-8")
    return note_of(page.title(), text, status, measure(page))


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_page_is_called_nothing_else(page: Page, name: str) -> None:
    assert state(page, ORDINARY[name]) is None


_GOODS = "<h1>甬舟 保温杯 19元</h1><p>材质 不锈钢 商品详情</p>"
_GONE_WORDS = "很抱歉，您查看的商品不存在，可能已下架或者被转移 404 页面不存在"
_HIDDEN = {
    "tiny": "font-size:1px",
    "colour of the ground": "color:#fff",
    "transparent": "color:transparent",
    "opacity": "opacity:.01",
    "clipped": "height:1px;overflow:hidden",
    "off the page": "position:absolute;left:-9999px",
    "clip": "position:absolute;clip:rect(0,0,0,0);width:1px;height:1px",
    "clip-path": "clip-path:inset(50%)",
    "invisible": "visibility:hidden",
}


@pytest.mark.parametrize("style", _HIDDEN.values(), ids=_HIDDEN)
def test_a_page_cannot_name_its_state_in_words_nobody_sees(page: Page, style: str) -> None:
    assert state(page, f"{_GOODS}<p style='{style}'>{_GONE_WORDS}</p>") is None
    assert state(page, f"{_GOODS}<h1 style='{style}'>{_GONE_WORDS}</h1>") is None
    box = f"<div style='{style}'><input type=password><p>请登录 账号登录 密码登录</p></div>"
    assert state(page, f"{_GOODS}{box}") is None
    assert state(page, f"<p>{_GONE_WORDS}</p>") == "gone"


def test_an_address_that_is_a_pdf_is_not_empty(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    Image.new("RGB", (400, 300), "teal").save(file)
    page.goto(file.as_uri())
    note = note_of(page.title(), "", 200, measure(page))
    page.goto("about:blank")
    assert note is None


CASES = [(kind, name) for kind, pages in STRANGE.items() for name in pages]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_what_stands_in_the_way_is_named(page: Page, kind: str, name: str) -> None:
    assert state(page, STRANGE[kind][name]) == kind


@pytest.mark.parametrize(
    ("status", "words", "note"),
    [
        (404, "任何文字都可以在这里出现，不影响结论如何。", "gone"),
        (410, "任何文字都可以在这里出现，不影响结论如何。", "gone"),
        (401, "任何文字都可以在这里出现，不影响结论如何。", "login"),
        (403, "您没有访问此页面的权限，请联系管理员处理。", "http-error"),
        (403, "请完成以下验证后继续访问：拖动滑块。", "verification"),
        (500, "服务器开小差了，请稍后再试一试，谢谢您。", "http-error"),
    ],
)
def test_the_status_is_heard_first(status: int, words: str, note: str) -> None:
    assert note_of("标题", words, status, Signs()) == note


WORDS: dict[str, str | None] = {
    "已售罄": None,
    "¥128": None,
    "缺货": None,
    "龙井 ¥128.00 已售罄": None,
    "本店已打烊": None,
    "Sold out": None,
    "$24.99": None,
    "OK": None,
    "Out of stock": None,
    "Hi": None,
    "加载中的茶叶": None,
    "Loading dock": None,
    "\n\n[frame https://h/a]\n缺货": None,
    "": "empty",
    " \n\t ": "empty",
    "…… ——": "empty",
    "{}": "empty",
    "\n\n[frame https://h/a]\n—": "empty",
    "加载中...": "empty",
    "正在加载，请稍候……": "empty",
    "请稍等": "empty",
    "Loading…": "empty",
    "Please wait...": "empty",
    "You need to enable JavaScript to run this app.": "empty",
}


@pytest.mark.parametrize("text", WORDS)
def test_a_page_is_empty_only_without_a_word_of_its_own(text: str) -> None:
    assert note_of("甬江春茶", text, 200, Signs()) == WORDS[text]


@pytest.mark.parametrize(
    ("url", "title", "text", "note"),
    [
        (
            "https://login.shop.example/member/login.jhtml",
            "商城",
            "手机号 密码登录 免费注册",
            "login",
        ),
        (
            "https://passport.shop.example/x",
            "欢迎登录",
            "扫码登录更安全，请使用手机扫描二维码",
            "login",
        ),
        (
            "https://shop.example/item?spm=login",
            "茶叶",
            "茶叶的介绍文字，这里没有其他内容可看。",
            None,
        ),
        (
            "https://shop.example/_____tmd_____/punish?x=1",
            "安全验证",
            "正在加载，请稍候……",
            "verification",
        ),
        ("https://shop.example/verify-your-tea/1", "Tea", "Tea that is verified by experts.", None),
    ],
)
def test_the_address_is_one_sign_of_several(
    url: str, title: str, text: str, note: str | None
) -> None:
    assert note_of(title, text, 200, Signs(url=url)) == note
