"""The currency a sign means where several share it: by the page's language and domain."""

from __future__ import annotations

from urllib.parse import urlsplit

from crawler.page import Page
from crawler.price import read_currency

_DOLLARS = {
    "ar": "ARS",
    "au": "AUD",
    "ca": "CAD",
    "cl": "CLP",
    "co": "COP",
    "hk": "HKD",
    "mx": "MXN",
    "nz": "NZD",
    "sg": "SGD",
    "tw": "TWD",
}
_YUAN = {"tw": "TWD", "hk": "HKD"}


def local_currency(declared: str | None, price: str, page: Page) -> str | None:
    """Return the currency's code: the declared, else the price's own sign read in its country.

    The country is the last label of the page's host, or the region of its language (zh-TW).
    """
    if read_currency(declared):
        return declared
    country = _country(page)
    own = read_currency(price)
    if own == "USD" and "US" not in price:
        return _DOLLARS.get(country, own)
    if own == "CNY" and "元" in price:
        return _YUAN.get(country, own)
    if own == "CNY" and ("¥" in price or "￥" in price) and country == "jp":
        return "JPY"
    return own


def _country(page: Page) -> str:
    host = (urlsplit(page.url).hostname or "").rsplit(".", 1)[-1]
    if len(host) == 2 and host.isalpha():
        return host
    language = (page.tree.xpath("/html/@lang").get() or "").lower().replace("_", "-")
    if language.startswith(("zh-hant", "zh-tw")):
        return "tw"
    if language.startswith("ja"):
        return "jp"
    return language.rpartition("-")[2] if "-" in language else ""
