"""A pasted link, or the text an app shares (淘口令 and the like): the title and link in it.

Nothing is fetched, and a short link is not followed: what it leads to is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from crawler.errors import TipWrong
from crawler.listing import Listing
from crawler.paths import normal, origin
from crawler.price import Price, read_price

_LINK = re.compile(r"https?://[^\s|\u3000-\u303f\uff00-\uffef\u4e00-\u9fff<>\"'「」]+", re.I)
_BARE = re.compile(
    r"(?<![\w@./-])(?:[\w-]+\.)+(?:com|cn|net|hk|tb)/[^\s\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+",
    re.I,
)
_APPS = (
    ("goofish", re.compile(r"闲鱼|goofish|(?:^|\.)2\.taobao\.com", re.I)),
    ("taobao", re.compile(r"淘宝|天猫|taobao|tmall|tb\.cn", re.I)),
    ("jd", re.compile(r"京东|jd\.com|jd\.hk|//3\.cn|jingxi", re.I)),
    ("pinduoduo", re.compile(r"拼多多|yangkeduo|pinduoduo|pdd", re.I)),
    ("1688", re.compile(r"1688|阿里巴巴", re.I)),
    ("douyin", re.compile(r"抖音|douyin", re.I)),
    ("xiaohongshu", re.compile(r"小红书|xiaohongshu|xhslink", re.I)),
    ("kuaishou", re.compile(r"快手|kuaishou|kwai", re.I)),
)
_IDS = ("id", "goods_id", "goodsId", "itemId", "item_id", "offerId", "sku", "wareId")
_NUMBERED = re.compile(r"/(?:offer|product|item|goods)?/?(\d{6,})(?:\.html)?(?:$|[/?#])")
_SIGN = r"[￥¥$€₤₳¢¤฿₵￡()]"
_CODE = re.compile(rf"\d{{0,3}}{_SIGN}\s*(?:[A-Z]{{2}}\d{{4}}\s+)?([A-Za-z0-9]{{8,14}})\s*{_SIGN}")
_QUOTED = re.compile(r"「([^」]+)」|『([^』]+)』|“([^”]{4,})”")
_BRACED = re.compile(r"【([^】]+)】|\[([^\]]{4,})\]")
_NO_TITLE = re.compile(
    r"^(?:淘宝|天猫|闲鱼|京东|拼多多|1688|阿里巴巴|抖音(?:商城)?|小红书|快手|Tmall|Taobao|JD)$"
    r"|(?:旗舰|专卖|专营|自营|官方|商)店$|退货|优惠券|点击|复制|红包|满\d+减",
    re.I,
)
_TALK = re.compile(
    r"(?:复制|復·?制|點|点击|长按|打开|咑閞|打開).{0,60}?"
    r"(?:打开|查看|咑閞|淘[^\s]{0,3}[寳宝]|搜索|APP|淘口令|购买)[^\n，,]*"
    r"|我(?:在|剛|刚|正)[^\n【「]{0,12}(?:发现|發現|发布|看到)了?(?:一个|一件)?(?:不错的商品|好物)?[，,:：]?"
    r"|(?:赶)?快来看看?吧?|分享给你|看看|[A-Z]{2}\d{3,5}(?=\s|$)|(?:全国)?包邮\s*$|\b\d\d/\d\d\b|\b\w+@\w+\.\w+\b"
    r"|^\s*\d+(?:\.\d+)?\s*(?=复制|【|https?)",
    re.I,
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")
_PRICE = re.compile(
    r"(?:券后价?|到手价?|售价|价格|仅需?|只要)\s*[:：]?\s*([￥¥]?\s*\d[\d.]*\s*元?)|[￥¥]\s*(\d[\d.]*)(?![\dA-Za-z￥¥])"
)


@dataclass(frozen=True)
class Tip:
    """What a pasted text says: its link, the platform and item it names, title, price, code."""

    url: str | None
    platform: str
    item_id: str | None
    title: str | None
    price: Price | None
    code: str | None

    def listing(self) -> Listing:
        """Return the tip as a listing; raise TipWrong if it names no item, or no title."""
        key = self.item_id or self.url or self.code
        if key is None:
            raise TipWrong(
                "The text holds neither a link nor a share code; paste it whole.",
                "文本中没有链接或口令；请完整粘贴。",
            )
        if self.title is None:
            raise TipWrong(
                f"The text names {key} but no title; open it in a browser, save the page, and give "
                "that to: markseal extract.",
                f"文本只有 {key}，没有商品标题；请在浏览器中打开并保存页面，"
                "再用 markseal extract 读取。",
            )
        return Listing(
            id=f"{self.platform}:{key}",
            title=self.title,
            platform=self.platform,
            item_id=key,
            url=self.url,
            price=self.price.amount if self.price else None,
            currency=self.price.currency if self.price else None,
            attributes={"口令": self.code} if self.code else {},
        )


def read_tip(text: str) -> Tip:
    """Return what a pasted text says of one item; what it does not say is None."""
    link = _LINK.search(text) or _BARE.search(text)
    url = link[0].rstrip(".,;)") if link else None
    if url and "://" not in url:
        url = f"https://{url}"
    url = url if url and origin(url) else None
    code = _CODE.search(text)
    rest = _LINK.sub(" ", text.replace(link[0], " ") if link else text)
    rest = rest.replace(code[0], " ") if code else rest
    return Tip(
        url=normal(url) if url else None,
        platform=_platform(url, text),
        item_id=_item(url) if url else None,
        title=_title(rest),
        price=_price(rest),
        code=code[1] if code else None,
    )


def _platform(url: str | None, text: str) -> str:
    said = "".join(found[1] or "" for found in _BRACED.finditer(text))
    for where in (urlsplit(url).netloc if url and "tb.cn" not in url else "", said, text):
        found = next((name for name, sign in _APPS if sign.search(where)), None)
        if found:
            return found
    return (urlsplit(url).hostname or "tip") if url else "tip"


def _item(url: str) -> str | None:
    parts = urlsplit(url)
    given = parse_qs(parts.query)
    named = next((given[name][0] for name in _IDS if given.get(name)), None)
    if named and re.fullmatch(r"[\w-]{5,40}", named):
        return named
    found = _NUMBERED.search(parts.path)
    return found[1] if found else None


def _title(text: str) -> str | None:
    quoted = [next(filter(None, found.groups())) for found in _QUOTED.finditer(text)]
    braced = [next(filter(None, found.groups())) for found in _BRACED.finditer(text)]
    inner = [title for whole in quoted for title in _BRACED.findall(whole) for title in title]
    plain = _BRACED.sub(" ", _QUOTED.sub(" ", text))
    lines = [_TALK.sub(" ", line) for line in plain.splitlines()]
    for words in (*inner, *quoted, *braced, *lines):
        title = " ".join(_TALK.sub(" ", _PRICE.sub(" ", words)).split()).strip(
            "，,。.!！:：;；|-\"'（）() "
        )
        long = len(title) >= 3 or _CHINESE.fullmatch(title)
        if long and not _NO_TITLE.search(title) and re.search(r"[^\W\d_]{2}", title):
            return title
    return None


def _price(text: str) -> Price | None:
    found = _PRICE.search(text)
    return read_price(found[1] or f"￥{found[2]}") if found else None
