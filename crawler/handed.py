"""Lists handed over by platforms: which column is which field, and rows as listings.

The mapping of a list is found by its headings, corrected by a person, and remembered under
the headings, so that the next list of the same form needs no word.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from crawler.errors import ListFileWrong
from crawler.extraction import read_availability
from crawler.listing import Listing
from crawler.price import read_currency, read_price
from crawler.sheet import Row

FIELDS = tuple(one.name for one in fields(Listing) if one.name not in ("id", "attributes"))
_HEADINGS = {
    "item_id": "商品id|商品编号|宝贝id|商品号|链接id|itemid|goodsid|skuid|offerid|productid|nid",
    "title": "标题|商品标题|商品名称|宝贝标题|宝贝名称|品名|名称|商品|title|name|productname"
    "|goodsname|rawtitle|subject|itemname",
    "url": "链接|商品链接|网址|宝贝链接|商品网址|地址链接|商品url|url|link|detailurl|href",
    "description": "描述|商品描述|详情|简介|description|desc",
    "brand": "品牌|商标|brand|brandname",
    "price": "价格|单价|售价|现价|销售价|成交价|商品价格|券后价|价格元|售价元|单价元"
    "|price|saleprice|viewprice|currentprice",
    "list_price": "原价|市场价|吊牌价|划线价|listprice|originalprice|marketprice",
    "currency": "币种|货币|currency",
    "availability": "库存状态|在售状态|状态|availability|stockstatus",
    "sku": "货号|款号|sku|skucode|型号",
    "gtin": "条形码|条码|商品条码|gtin|ean|upc|barcode",
    "shop": "店铺|店铺名|店铺名称|商铺|网店名称|shop|shopname|store|storename|mallname|nick",
    "shop_url": "店铺链接|店铺网址|店铺地址|shopurl|storeurl",
    "seller_id": "卖家id|商家id|店铺id|sellerid|userid|memberid|mallid|shopid",
    "seller_name": "卖家|商家|卖家昵称|商家名称|掌柜|公司|公司名称|企业名称|经营者|seller"
    "|sellername|companyname|sellernick",
    "ship_from": "发货地|所在地|产地|地区|发货地址|location|shipfrom|itemloc",
    "sales": "销量|月销量|成交量|付款人数|已售|sales|sold|viewsales|salesvolume",
    "category": "类目|分类|品类|category|categoryname",
    "classes": "类别|尼斯分类|国际分类|classes|niceclass",
    "images": "图片|主图|图片链接|主图链接|商品图片|image|images|picurl|pic|picture|imageurl",
}
_BY_HEADING = {word: name for name, words in _HEADINGS.items() for word in words.split("|")}


@dataclass(frozen=True)
class Handed:
    """A list read: its listings, and the numbers of the rows left out for want of a title."""

    listings: tuple[Listing, ...]
    left_out: tuple[int, ...]
    columns: Mapping[str, str]


def guess_columns(headings: Iterable[str]) -> dict[str, str]:
    """Return a field for each heading that is known, the first heading of each field."""
    columns: dict[str, str] = {}
    for heading in headings:
        plain = re.sub(r"[^\w\u4e00-\u9fff]|_", "", heading.rpartition(".")[2]).lower()
        name = heading if heading in FIELDS else _BY_HEADING.get(plain)
        if name is not None:
            columns.setdefault(name, heading)
    return columns


def headings_of(rows: Iterable[tuple[int, Row]]) -> list[str]:
    """Return the headings of a table, in order."""
    return list(dict.fromkeys(heading for _, row in rows for heading in row))


def read_rows(
    rows: list[tuple[int, Row]],
    *,
    name: str,
    platform: str,
    columns: Mapping[str, str],
    unit: str = "main",
) -> Handed:
    """Return the rows of a list as listings; raise ListFileWrong if no column is the title.

    Columns that are no field become attributes. Prices are read as on pages; ``unit`` is
    ``main`` or ``cent`` (分). Not checked: that the list is true or whole.
    """
    if "title" not in columns:
        known = ", ".join(headings_of(rows)[:30])
        raise ListFileWrong(
            f"No column of {name} is known as the title; name it, as in --column title=HEADING "
            f"(headings: {known}).",
            f"清单 {name} 中未找到标题列；请指明，例如 --column title=列名（列名有：{known}）。",
        )
    missing = [heading for heading in columns.values() if heading not in headings_of(rows)]
    if missing:
        raise ListFileWrong(
            f"{name} has no column {missing[0]}; headings: {', '.join(headings_of(rows)[:30])}.",
            f"清单 {name} 没有“{missing[0]}”列；列名有：{'、'.join(headings_of(rows)[:30])}。",
        )
    listings: list[Listing] = []
    left_out: list[int] = []
    for number, row in rows:
        listing = _listing(row, number, platform=platform, columns=columns, unit=unit)
        if listing is None:
            left_out.append(number)
        else:
            listings.append(listing)
    return Handed(tuple(listings), tuple(left_out), dict(columns))


def _listing(
    row: Row, number: int, *, platform: str, columns: Mapping[str, str], unit: str
) -> Listing | None:
    read = {name: row[heading] for name, heading in columns.items() if row.get(heading)}
    if not read.get("title"):
        return None
    url = read.get("url")
    price = read_price(read.get("price"), unit=unit)
    before = read_price(read.get("list_price"), unit=unit)
    item_id = read.get("item_id") or _id_in(url) or read.get("sku") or f"row-{number}"
    currency = read_currency(read.get("currency")) or (price.currency if price else None)
    used = set(columns.values())
    words = ("description", "brand", "sku", "gtin", "shop", "shop_url", "seller_id", "seller_name")
    more = ("ship_from", "sales", "category", "classes")
    return Listing(
        id=f"{platform}:{item_id}",
        title=read["title"],
        platform=platform,
        item_id=item_id,
        url=url,
        price=price.amount if price else None,
        list_price=before.amount if before else None,
        currency=currency,
        availability=read_availability(read.get("availability")),
        images=tuple(re.findall(r"https?://[^\s,;，；|]+", read.get("images", ""))),
        attributes={k: v for k, v in row.items() if k not in used},
        **{name: read.get(name) for name in (*words, *more)},
    )


def _id_in(url: str | None) -> str | None:
    if not url or not url.startswith(("http://", "https://", "//")):
        return None
    found = re.search(
        r"[?&](?:id|goods_id|itemId|item_id|offerId)=(\w{5,})|/(\d{6,})(?:\.html)?", url
    )
    return (found[1] or found[2]) if found else None


class ColumnMemory:
    """The mappings a person has used, in one JSON file, by the headings of the list."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, headings: list[str]) -> dict[str, str]:
        """Return the mapping last used for a list of these headings, or {}."""
        found = self._all().get(_key(headings), {})
        return {name: heading for name, heading in found.items() if name in FIELDS}

    def keep(self, headings: list[str], columns: Mapping[str, str]) -> None:
        """Remember a mapping; the file is replaced whole."""
        rows = {**self._all(), _key(headings): dict(columns)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
        part.replace(self._path)

    def _all(self) -> dict[str, dict[str, str]]:
        """Return what is remembered; raise ListFileWrong rather than write over what is broken."""
        try:
            rows = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._wrong() from error
        if not isinstance(rows, dict):
            raise self._wrong()
        return rows

    def _wrong(self) -> ListFileWrong:
        return ListFileWrong(
            f"The remembered columns in {self._path} cannot be read; restore or remove that file.",
            f"无法读取已记住的列名对应关系 {self._path}；请恢复或移走该文件。",
        )


def _key(headings: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(headings)).encode()).hexdigest()[:32]
