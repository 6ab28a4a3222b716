"""The state of a page: an ordinary one, or a login, a verification, an empty or a gone one.

A hint from status, address, words and what is on the page, not a finding. It goes before all else
that is said of a capture, so precision comes first: a listing with a 登录 link in its header, a
coupon pane or a review that speaks of a captcha stays a listing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page

from evidence.browser.world import evaluate

_SHORT = 1500
_TINY = 400

_LOGIN_PATH = re.compile(
    r"/(?:login|signin|sign-in|sign_in|log-in|passport|member/login|accounts?/login|user/login"
    r"|uc/login|auth/login|minilogin|mini_login)(?:[/._?-]|\Z)",
    re.IGNORECASE,
)
_LOGIN_HOST = re.compile(
    r"(?:\A|\.)(?:login|passport|signin|sso|account|accounts)\.", re.IGNORECASE
)
_LOGIN_TITLE = re.compile(
    r"\A\W*(?:用户|会员|账号|帐号|账户|请|欢迎|扫码|密码|手机|快捷)?登[录陆]|登录(?:页面|中心|界面)?\W*\Z"
    r"|\A\W*(?:sign|log) ?in\b|\b(?:sign|log) ?in\W*\Z|\A\W*member login",
    re.IGNORECASE,
)
_LOGIN_WORDS = re.compile(
    r"密码登录|扫码登录|短信登录|验证码登录|账号登录|账户登录|帐号登录|用户登录|会员登录|忘记密码"
    r"|请(?:您)?(?:先)?登录|登录后|免费注册|forgot (?:your )?password|(?:log|sign) ?in",
    re.IGNORECASE,
)
_LOGIN_ASKED = re.compile(
    r"请(?:您)?先?登录(?:后|以|再|$|。|！|，)|登录后(?:方可|才能|即可|可以?|再)?(?:查看|可见|继续|访问|浏览|购买)"
    r"|需要?登录(?:后|才)|尚未登录|未登录或登录已(?:过期|失效)"
    r"|(?:please |you (?:must|need to) )(?:log|sign) ?in|(?:log|sign) ?in (?:to|before) "
    r"(?:continue|view|see|access|proceed)|login required|session (?:has )?expired",
    re.IGNORECASE | re.MULTILINE,
)
_VERIFY = re.compile(
    r"滑动验证|拖动(?:下方|左边|右边)?(?:的)?滑块|按住滑块|向右滑动|完成拼图|安全验证|人机验证|访问验证|身份验证后"
    r"|请完成(?:以下|下方|下列)?验证|点击按钮进行验证|依次点击|请输入(?:图中|图片中|下图中)?(?:的)?(?:字符|验证码)"
    r"|验证后(?:即可)?继续|您的(?:访问|操作|网络环境)(?:存在)?异常|检测到(?:您的)?(?:网络|访问|流量)(?:环境)?(?:存在)?异常"
    r"|verify (?:that )?you(?:'| a)re (?:a )?human|are you (?:a )?(?:human|robot)|not a robot"
    r"|unusual traffic|checking (?:if the site connection is secure|your browser)"
    r"|complete the (?:captcha|security check|puzzle)|enter the characters you see"
    r"|security (?:check|verification)|press (?:&|and) hold|human verification",
    re.IGNORECASE,
)
_VERIFY_TITLE = re.compile(
    r"\A\W*(?:验证|安全验证|访问验证|人机验证|滑动验证|验证码(?:拦截)?|安全检测|安全检查)\W*\Z"
    r"|(?:安全|访问|人机|滑动|身份)验证|验证码拦截|captcha|just a moment|attention required"
    r"|security (?:check|verification)|robot check|pardon our interruption|access denied",
    re.IGNORECASE,
)
_VERIFY_ADDRESS = re.compile(
    r"captcha|/punish|x5secdata|/_____tmd_____|/challenge|cdn-cgi/challenge|/risk_handler"
    r"|/verify(?:center)?(?:[/._?-]|\Z)|/antibot|/anti-?spider|/sec/check|/robot",
    re.IGNORECASE,
)
_WHAT = r"(?:商品|宝贝|页面|网页|店铺|链接|内容|信息|活动|资源|文件|服务)"
_GONE = re.compile(
    _WHAT
    + r"(?:或许|可能)?(?:已经?|被)?(?:(?:不存在|找不到|没有找到)(?=了|或|，|,|。|！|!|\s|\Z|啦)"
    r"|下架|失效|删除|被删除|过期|转移|关闭)"
    r"|(?:找不到|没有找到|未找到)(?:您|你)?(?:要?(?:查看|访问|浏览|找)的?)?(?:该|这个|此|相关)?(?:商品|宝贝|页面|网页|店铺)"
    r"|(?:商品|宝贝)(?:过期|走丢)不见?了|页面(?:走丢|丢失|飞走|去火星)"
    r"|(?:page|item|product|listing|shop|store)"
    r"(?: you (?:requested|are looking for|were looking for))? (?:was |is |could |can ?)?"
    r"(?:not be found|not found|does(?:n't| not) exist|no longer available|no longer exists"
    r"|has been removed|has ended|unavailable)"
    r"|(?:this|the) (?:item|product|listing) (?:is|was) (?:no longer available|removed|unavailable)"
    r"|(?:can't|cannot|couldn't|could not) find (?:the|that|this) (?:page|item|product)"
    r"|discontinued product",
    re.IGNORECASE,
)
_NOT_FOUND_TITLE = re.compile(
    r"\b404\b|页面不存在|商品不存在|找不到页面|not found|page (?:missing|removed)", re.IGNORECASE
)
_FRAME_LINE = re.compile(r"^\[frame [^\]\n]*\]$", re.MULTILINE)
_STANDS_IN = re.compile(
    r"\W*(?:(?:(?:页面|数据|内容|努力|正在|拼命|玩命)*(?:加载|载入|跳转)(?:中|着)?|请?(?:稍候|稍等|等待)"
    r"(?:片刻|一下)?|请(?:先)?(?:启用|开启|打开)(?:浏览器的?)?\s*javascript(?:后再?(?:访问|试|继续))?"
    r"|loading|redirecting|please wait|one moment(?: please)?"
    r"|(?:you need to|please) (?:enable|turn on) javascript(?: to (?:run this app|continue))?"
    r")\W*)+",
    re.IGNORECASE,
)
"""What a page says before it has anything to say; not one word of its own."""


@dataclass(frozen=True)
class Signs:
    """What is on a page, as far as it tells its state.

    ``over`` is what lies over the middle of the window: ``login``, ``verification`` or nothing.
    ``challenge`` is a verification widget of some size; ``product`` is markup that says so.
    ``shadow`` is text in shadow roots, which the page's own text leaves out; ``controls`` are
    fields and buttons; ``pictures`` those of some size, backgrounds of a page without text too.
    ``seen`` is the text that a person can read: neither tiny, transparent, of the ground's colour,
    clipped away nor off the page; None where it was not measured; ``frames`` are frames of a size
    to be read. ``styled`` is what style sheets write, looked for on a page without another word.
    """

    url: str = ""
    passwords: int = 0
    over: str = ""
    challenge: bool = False
    prices: int = 0
    buys: int = 0
    product: bool = False
    pictures: int = 0
    links: int = 0
    headings: str = ""
    controls: int = 0
    shadow: str = ""
    seen: str | None = None
    frames: int = 0
    styled: str = ""

    @property
    def listing(self) -> bool:
        """Whether goods are on the page: a price, and markup or a way to buy."""
        return self.prices > 0 and (self.product or self.buys > 0)

    @property
    def offers(self) -> bool:
        """Whether the page has so much of a shop that words alone say nothing against it."""
        return self.listing or self.prices >= 3 or self.product


@cache
def _script() -> str:
    return files("evidence.capture").joinpath("signs.js").read_text("utf-8").partition("\n")[2]


def measure(page: Page) -> Signs:
    """Return the signs of a page; none where they cannot be had (a document that is no HTML)."""
    try:
        found: dict[str, Any] = dict(evaluate(page, _script()))
    except Error as error:
        if "context was destroyed" in error.message:
            raise
        return Signs(page.url)
    return Signs(
        url=page.url,
        passwords=int(found["passwords"]),
        over=str(found["over"]),
        challenge=bool(found["challenge"]),
        prices=int(found["prices"]),
        buys=int(found["buys"]),
        product=bool(found["product"]),
        pictures=int(found["pictures"]),
        links=int(found["links"]),
        headings=str(found["headings"]),
        controls=int(found["controls"]),
        shadow=str(found["shadow"]),
        seen=str(found["seen"]),
        frames=int(found["frames"]),
        styled=str(found["styled"]),
    )


def note_of(title: str, text: str, status: int, signs: Signs) -> str | None:
    """Return what a page looks like if not an ordinary one; None for an ordinary one.

    One of ``gone``, ``http-error``, ``verification``, ``login``, ``empty``. Only words that a
    person can read count, so that a page cannot declare itself gone in letters nobody sees.
    """
    whole, text = text, _readable(text, signs)
    if status in (404, 410):
        return "gone"
    if _is_verification(title, text, signs, refused=status in (403, 405, 429, 503)):
        return "verification"
    if status == 401:
        return "login"
    if status >= 400:
        return "http-error"
    if _is_login(title, text, signs):
        return "login"
    if _is_gone(title, text, signs):
        return "gone"
    return "empty" if _is_empty(whole, signs) else None


def _readable(text: str, signs: Signs) -> str:
    """Return what of the page's text a person can read; text of frames if there is one to read."""
    if signs.seen is None:
        return text
    frame = _FRAME_LINE.search(text) if signs.frames else None
    return signs.seen + ("\n" + text[frame.start() :] if frame else "")


def _is_empty(text: str, signs: Signs) -> bool:
    """Return whether a reader finds nothing: no letter or figure, no picture, nothing to fill in.

    How much there is does not count: a title and 已售罄 are a page. A page that only asks to wait
    has no word of its own, whatever turns on it meanwhile.
    """
    words = _FRAME_LINE.sub("", f"{text}\n{signs.shadow}\n{signs.styled}")
    if len(words) < _TINY and _STANDS_IN.fullmatch(words):
        return signs.pictures <= 1 and not signs.controls
    if any(character.isalnum() for character in words):
        return False
    return not (signs.pictures or signs.controls)


def _is_verification(title: str, text: str, signs: Signs, *, refused: bool) -> bool:
    if signs.over == "verification":
        return True
    if signs.offers or signs.passwords:
        return False
    short = len(text) < _SHORT
    named = _VERIFY_TITLE.search(title) or _VERIFY_TITLE.search(signs.headings.partition("\n")[0])
    asked = bool(_VERIFY.search(text[:_SHORT]))
    parts = urlsplit(signs.url)
    sent = bool(_VERIFY_ADDRESS.search(f"{parts.path}?{parts.query}"))
    if signs.challenge and short:
        return True
    if not short:
        return False
    return (asked and (bool(named) or sent or refused or len(text) < _TINY)) or (
        bool(named) and sent
    )


def _is_login(title: str, text: str, signs: Signs) -> bool:
    if signs.over == "login":
        return True
    if signs.listing:
        return False
    parts = urlsplit(signs.url)
    sent = bool(_LOGIN_PATH.search(parts.path) or _LOGIN_HOST.search(parts.hostname or ""))
    first = signs.headings.partition("\n")[0]
    named = bool(_LOGIN_TITLE.search(title) or _LOGIN_TITLE.search(first))
    worded = bool(_LOGIN_WORDS.search(text))
    if signs.passwords:
        return named or sent or (worded and len(text) < _SHORT and not signs.offers)
    if signs.offers:
        return False
    if sent and (named or worded) and len(text) < _SHORT:
        return True
    if _LOGIN_TITLE.search(title) and _LOGIN_TITLE.search(first) and len(text) < _TINY:
        return True
    return bool(_LOGIN_ASKED.search(text)) and len(text) < (_SHORT if named else _TINY)


def _is_gone(title: str, text: str, signs: Signs) -> bool:
    if signs.listing:
        return False
    named = bool(_GONE.search(title) or _NOT_FOUND_TITLE.search(title))
    headed = bool(_GONE.search(signs.headings.partition("\n")[0]))
    if (named or headed) and not signs.buys:
        return True
    return not signs.buys and len(text) < _SHORT and bool(_GONE.search(text))
