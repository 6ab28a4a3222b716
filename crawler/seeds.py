"""From an order to the recipe that serves it and the pages it starts from."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from crawler.errors import OrderWrong
from crawler.frontier import Target, posted
from crawler.order import CrawlOrder
from crawler.paths import body_for, normal, with_query
from crawler.recipe import GENERAL, Recipe, find_recipe, named_recipe


def recipe_of(order: CrawlOrder) -> Recipe:
    """Return the recipe an order names, else the one that matches its address, else the general."""
    if order.start_url:
        check_address(order.start_url)
    if order.source:
        return named_recipe(order.source, order.recipes)
    if order.start_url is None:
        raise OrderWrong("A crawl needs a source or an address.", "采集需要来源名称或网址。")
    return find_recipe(order.start_url, order.recipes) or GENERAL


def seeds_of(order: CrawlOrder, recipe: Recipe) -> list[Target]:
    """Return the pages a crawl starts from; raise OrderWrong if there can be none.

    A keyword goes to the site's search; an address with a path is read as it is (an item if
    the recipe says so); a bare site, or where the recipe starts, is read as the recipe says.
    """
    if not recipe.crawls and order.override is None:
        raise OrderWrong(
            f"The recipe {recipe.name} is not verified live and its sites forbid robots: it reads "
            "what is handed over (markseal extract FILE --url URL); there is no crawl without an "
            "override (legal basis, approving officer, expiry).",
            f"配方 {recipe.name} 未经实站核验，且该平台不允许自动采集；只能读取已有材料"
            "（markseal extract 文件 --url 网址）；没有例外批准（法律依据、"
            "批准人、到期时间）不能采集。",
        )
    home = order.start_url or _home(recipe)
    check_address(home)
    if order.limit is not None and order.limit < 1:
        raise OrderWrong("The limit must be at least 1.", "数量上限至少为 1。")
    if order.query is not None:
        if not order.query.strip():
            raise OrderWrong(
                "The keyword is empty; give one, or leave --query out to read the whole site.",
                "关键词为空；请填写关键词，或不带 --query 以读取全站。",
            )
        if recipe.search is None:
            raise OrderWrong(
                f"The recipe {recipe.name} has no keyword search; leave the query out.",
                f"配方 {recipe.name} 没有关键词搜索，请不要指定关键词。",
            )
        path = with_query(recipe.search.url, order.query, recipe.search.encoding)
        body = recipe.search.body or recipe.body
        body = body_for(body, order.query) if body else None
        return [Target(posted(normal(urljoin(home, path)), body), "list")]
    starts = ("/", *recipe.start)
    if normal(home) in {normal(urljoin(home, one)) for one in starts} and (
        whole := _whole(home, recipe)
    ):
        return whole
    if recipe.follow_all:
        return [Target(normal(home), "any")]
    is_item = recipe.items.url is not None and recipe.items.url.search(home) is not None
    return [Target(normal(home), "item" if is_item else "list")]


def _whole(home: str, recipe: Recipe) -> list[Target]:
    """Return where a crawl of the whole site starts: lists, sitemaps, pages named one by one."""
    body = body_for(recipe.body, "") if recipe.body else None
    return [
        *(Target(posted(normal(urljoin(home, one)), body), "list") for one in recipe.start),
        *(Target(normal(urljoin(home, one)), "sitemap") for one in recipe.sitemaps),
        *(Target(normal(urljoin(home, one)), "item") for one in recipe.pages),
    ]


def _home(recipe: Recipe) -> str:
    named = (*recipe.start, *recipe.sitemaps, *recipe.pages)
    absolute = [url for url in named if url.startswith(("http://", "https://"))]
    if absolute:
        return absolute[0]
    raise OrderWrong(
        f"The recipe {recipe.name} serves any site of its kind: give an address, "
        f"as in: markseal crawl http://shop.example/ --recipe {recipe.name}.",
        f"配方 {recipe.name} 适用于同类站点，请给出网址，"
        f"例如：markseal crawl http://shop.example/ --recipe {recipe.name}。",
    )


def check_address(url: str) -> None:
    """Raise OrderWrong unless this is a whole http or https address without a password."""
    try:
        parts = urlsplit(url)
        bad = parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc
        bad = bad or (parts.port is not None and not 0 < parts.port < 65536)
    except ValueError:
        bad = True
    if bad:
        raise OrderWrong(
            f"The address {url} is not an http or https address; write it as https://host/path.",
            f"网址 {url} 不是有效的 http 或 https 地址；请写成 https://主机/路径 的形式。",
        )


def check_order(order: CrawlOrder) -> None:
    """Raise a CrawlError when the order cannot be carried out; nothing is written or fetched."""
    seeds_of(order, recipe_of(order))
