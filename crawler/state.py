"""What kind of answer a page is, before anything is read from it.

A login or slider page answers 200 and is never taken for "no such item".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from crawler.page import Page
from crawler.reading import Scope
from crawler.recipe_parts import Recipe
from crawler.selecting import select


class PageState(StrEnum):
    """ok, empty (a list without items), login, verification, gone, or blocked."""

    OK = "ok"
    EMPTY = "empty"
    LOGIN = "login"
    VERIFICATION = "verification"
    GONE = "gone"
    BLOCKED = "blocked"


_VERIFY = re.compile(
    r"滑动验证|拖动滑块|请按住滑块|安全验证|验证码|人机验证|访问验证|请完成验证|点击按钮进行验证"
    r"|captcha|are you (?:a )?(?:human|robot)|not a robot|unusual traffic|verify you are human"
    r"|checking your browser|just a moment|punish\?x5secdata|security check",
    re.I,
)
_LOGIN = re.compile(
    r"请(?:先|您)?登录|登录后(?:查看|可见|继续)|亲，请登录|扫码登录|密码登录|账号登录"
    r"|(?:please )?(?:log|sign) ?in to (?:continue|view|see)|please (?:log|sign) in",
    re.I,
)
_GONE = re.compile(
    r"(?:商品|宝贝|页面|您(?:查看|访问)的(?:商品|宝贝|页面))[^。]{0,12}(?:不存在|已下架|已删除|已失效|被删除)"
    r"|已下架或被删除|page not found|no longer available|item (?:has been )?removed"
    r"|product (?:not found|does not exist)",
    re.I,
)
_BLOCKED = re.compile(
    r"access denied|access to this page has been denied|request blocked|you have been blocked"
    r"|访问被(?:拒绝|阻断|拦截)|您的访问(?:过于频繁|被限制)|访问过于频繁|请求过于频繁",
    re.I,
)
_LOGIN_PATH = re.compile(r"/(?:login|signin|sign-in|passport|accounts/login|user/login)\b", re.I)
_EMPTY = re.compile(
    r"没有找到|未找到相关|暂无(?:商品|结果|数据)|抱歉，没有|no (?:products|results|items)"
    r"(?: were)?(?: found)?|0 results|nothing found",
    re.I,
)
_SMALL = 2500


def signed_state(page: Page, recipe: Recipe | None) -> PageState | None:
    """Return the state one of the recipe's own signatures says, or None."""
    if recipe is None:
        return None
    scope = Scope(page, recipe)
    for name, signatures in recipe.states.items():
        if any(_matches(scope, signature) for signature in signatures):
            return PageState(name)
    return None


def status_state(page: Page) -> PageState | None:
    """Return the state HTTP's status says, or None if it says nothing."""
    by_status = {401: PageState.LOGIN, 404: PageState.GONE, 410: PageState.GONE}
    if page.status in by_status:
        return by_status[page.status]
    if page.status in (403, 407, 418, 429, 451) or (page.status or 0) >= 500:
        if page.status in (403, 429) and _VERIFY.search(page.visible[:_SMALL]):
            return PageState.VERIFICATION
        return PageState.BLOCKED
    return None


def headline_state(page: Page) -> PageState | None:
    """Return the state a page's own title or heading says, or None.

    For a page of which only a title was read: "请登录" in the heading is no title of goods.
    """
    title = " ".join(page.tree.xpath("//title//text() | //h1//text()").getall())
    if _VERIFY.search(title):
        return PageState.VERIFICATION
    if _BLOCKED.search(title):
        return PageState.BLOCKED
    if _LOGIN.search(title) or _asks_password(page):
        return PageState.LOGIN
    return PageState.GONE if _GONE.search(title) else None


def worded_state(page: Page) -> PageState | None:
    """Return the state the words of a page without listings say, or None.

    Only for pages from which nothing could be read: a shop's header may say 请登录 on
    every page, so long pages are judged by their title and address alone.
    """
    if page.json is not None:
        return _json_state(page)
    words = page.visible
    title = " ".join(page.tree.xpath("//title//text() | //h1//text()").getall())
    near = words if len(words) < _SMALL else title
    if _VERIFY.search(near) or _VERIFY.search(title):
        return PageState.VERIFICATION
    if _BLOCKED.search(near):
        return PageState.BLOCKED
    if _LOGIN_PATH.search(urlsplit(page.url).path) or _LOGIN.search(near) or _asks_password(page):
        return PageState.LOGIN
    if _GONE.search(near):
        return PageState.GONE
    if _EMPTY.search(words):
        return PageState.EMPTY
    return None


def _asks_password(page: Page) -> bool:
    if not page.tree.xpath('//input[@type="password"]'):
        return False
    title = " ".join(page.tree.xpath("//title//text() | //h1//text()").getall())
    return len(page.visible) < _SMALL or bool(re.search(r"登录|log ?in|sign ?in", title, re.I))


def _json_state(page: Page) -> PageState | None:
    text = page.text[:4000]
    if re.search(r"FAIL_SYS_USER_VALIDATE|RGV587|captcha|punish|滑块|验证", text, re.I):
        return PageState.VERIFICATION
    if re.search(
        r"FAIL_SYS_SESSION|SESSION_EXPIRED|FAIL_SYS_TOKEN|need_?login|not_?login|请(?:先)?登录",
        text,
        re.I,
    ):
        return PageState.LOGIN
    if re.search(r"FAIL_SYS_ILLEGAL_ACCESS|FAIL_SYS_TRAFFIC_LIMIT|被挤爆|过于频繁", text):
        return PageState.BLOCKED
    return PageState.GONE if _GONE.search(text) else None


def _matches(scope: Scope, signature: Mapping[str, str]) -> bool:
    return all(_one(scope, key, what, signature) for key, what in signature.items())


def _one(scope: Scope, key: str, what: str, signature: Mapping[str, str]) -> bool:
    page = scope.page
    if key in ("css", "xpath"):
        return page.json is None and bool(select(key, what, page.index.root, page.index))
    if key == "url":
        return re.search(what, page.url) is not None
    if key == "json":
        found = [str(value) for value in scope.follow(what)]
        return signature["equals"] in found if "equals" in signature else bool(found)
    if key == "equals":
        return "json" in signature
    return re.search(what, page.text) is not None
