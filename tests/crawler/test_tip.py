"""What people paste: links, and the texts that apps share."""

from __future__ import annotations

import pytest

from crawler.errors import TipWrong
from crawler.tip import read_tip

TAOBAO = """【淘宝】7天无理由退货 https://m.tb.cn/h.gX1?tk=abc HU0025 「甬舟保温杯 500ml」
点击链接直接打开 或者 淘宝搜索直接打开"""
GOOFISH = """【闲鱼】https://m.tb.cn/h.5x?tk=Aa1 CZ321 「我在闲鱼发布了【自用甬舟保温杯】」
点击链接直接打开"""
CODE = """【甬舟保温杯大容量】http://m.tb.cn/h.3a 点击链接，再选择浏览器咑閞；
或復·制这段描述￥AbCd12Ef3Gh￥后到淘♂寳♀"""
JD = """【京东】https://3.cn/1A-b 「甬舟 雨伞」
点击链接直接打开"""
PDD = "甬舟保温杯 https://mobile.yangkeduo.com/goods.html?goods_id=6000001&page_from=23"
DOUYIN = """2.56 复制打开抖音，看看【甬舟官方旗舰店】甬舟保温杯 https://v.douyin.com/iA/
03/12 a@b.cd"""


@pytest.mark.parametrize(
    ("text", "platform", "item_id", "title"),
    [
        (TAOBAO, "taobao", None, "甬舟保温杯 500ml"),
        (GOOFISH, "goofish", None, "自用甬舟保温杯"),
        (CODE, "taobao", None, "甬舟保温杯大容量"),
        (JD, "jd", None, "甬舟 雨伞"),
        (PDD, "pinduoduo", "6000001", "甬舟保温杯"),
        (DOUYIN, "douyin", None, "甬舟保温杯"),
        ("item.taobao.com/item.htm?id=88000001 保温杯", "taobao", "88000001", "保温杯"),
        ("https://item.jd.com/100031.html 甬舟", "jd", "100031", "甬舟"),
        ('https://item.jd.com/100031.html|"甬舟雨伞" 包邮', "jd", "100031", "甬舟雨伞"),
        ("https://item.jd.com/1.html 雨伞架 https://item.jd.com/2.html", "jd", None, "雨伞架"),
        ("https://detail.1688.com/offer/550000000001.html", "1688", "550000000001", None),
        ("https://item.m.jd.com/product/100031.html?a=1", "jd", "100031", None),
    ],
)
def test_shared(text: str, platform: str, item_id: str | None, title: str | None) -> None:
    tip = read_tip(text)
    assert (tip.platform, tip.item_id, tip.title) == (platform, item_id, title)
    assert tip.url is not None


def test_a_tip_becomes_a_listing() -> None:
    text = "8￥ CZ0001 abcd1234efg￥ https://m.tb.cn/h.xx  苔小狸盲盒 券后价 ￥39.9"
    listing = read_tip(text).listing()
    assert (listing.title, listing.price, listing.currency) == ("苔小狸盲盒", "39.90", "CNY")
    assert listing.id == "taobao:https://m.tb.cn/h.xx"
    assert listing.attributes == {"口令": "abcd1234efg"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("这里什么都没有", "neither a link"),
        ("https://detail.1688.com/offer/55001.html", "no title"),
    ],
)
def test_what_is_no_tip_says_what_to_do(text: str, said: str) -> None:
    with pytest.raises(TipWrong, match=said):
        read_tip(text).listing()
