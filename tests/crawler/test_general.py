"""What the general reader takes from a page, by the smallest page that shows it."""

from __future__ import annotations

import pytest

from crawler import extract
from crawler.general import read_general
from crawler.general.codes import is_gtin
from crawler.page import Page

URL = "https://shop.example/p/kettle-40291837.html"
LD = '<script type="application/ld+json">%s</script>'


def read(body: str, head: str = "", url: str = URL) -> dict[str, object]:
    page = f"<html><head><title>Steel kettle</title>{head}</head><body><main>{body}</main></body>"
    return read_general(Page(page.encode(), url))


@pytest.mark.parametrize(
    ("shown", "price"),
    [
        ("<p class=price>173<sup>34</sup> Lei</p>", "173.34 Lei"),
        ("<table><tr><td>特價</td><td><b>294</b> 元</td></tr></table>", "294 元"),
        ("<p class=price-old>40.00€</p><p class=price>36.00€</p>", "36.00€"),
        ("<p class=price><del>¥99</del> ¥59</p>", "¥59"),
        ("<p>運費 80 元</p>", None),
        ("<div class=price hidden>¥59</div>", None),
        ("<div class=related><span class=price>¥59</span></div>", None),
        ("<p class=price>30,000<sub>원</sub></p>", "30,000원"),
    ],
)
def test_the_price_that_is_seen(shown: str, price: str | None) -> None:
    assert read(f"<h1>Steel kettle</h1>{shown}").get("price") == price


def test_of_two_declared_prices_the_seen_one() -> None:
    ld = '{"@type":"Product","name":"Steel kettle","offers":{"price":"90","priceCurrency":"USD"}}'
    head = LD % ld + '<meta property="product:price:amount" content="400">'
    assert read("<h1>Steel kettle</h1><span class=price>$400</span>", head)["price"] == "400"


def test_declared_in_a_commented_section_with_a_trailing_comma() -> None:
    ld = (
        '/*<![CDATA[*/ {"@type":"Product","name":"Steel kettle","offers":{"price":"9.50",}} /*]]>*/'
    )
    assert read("<h1>Steel kettle</h1>", LD % ld)["price"] == "9.50"


def test_the_state_of_a_script_counts_for_the_title_alone() -> None:
    state = '{"a":[{"name":"Steel pan","price":5},{"name":"Steel kettle","price":{"value":7}}]}'
    head = f'<script id="__NEXT_DATA__" type="application/json">{state}</script>'
    assert read("<h1>Steel kettle</h1>", head)["price"] == "7"


@pytest.mark.parametrize(
    ("shown", "stock"),
    [
        ("<button>In den Warenkorb</button>", "InStock"),
        ("<button disabled>Add to cart</button><p>Sold out</p>", "OutOfStock"),
        ("<span>Non disponibile.</span><p>Non sappiamo se tornerà</p>", "OutOfStock"),
        (
            "<ul class=sizes><li class=size-s>Sold out</li></ul><button>加入购物车</button>",
            "InStock",
        ),
        ("<p>A kettle.</p>", None),
    ],
)
def test_whether_it_can_be_had(shown: str, stock: str | None) -> None:
    body = f"<h1>Steel kettle</h1><p class=price>€ 9,00</p>{shown}"
    assert read(body).get("availability") == stock


@pytest.mark.parametrize(
    ("shown", "sku"),
    [
        ("<p>Art.-Nr.: K-2201</p>", "K-2201"),
        ("<dl><dt>商品编号：</dt><dd>100012043978</dd></dl>", "100012043978"),
        ("<span data-qa=product-reference>1044/320</span>", "1044/320"),
        ("<form data-product-id=40291837></form>", "40291837"),
        ("<p>Made of steel 304</p>", None),
    ],
)
def test_the_shops_own_number(shown: str, sku: str | None) -> None:
    assert read(f"<h1>Steel kettle</h1><p class=price>€ 9,00</p>{shown}").get("sku") == sku


@pytest.mark.parametrize(
    ("digits", "right"),
    [
        ("4005556050178", True),
        ("4005556050179", False),
        ("0000000000000", False),
        ("96385074", True),
    ],
)
def test_check_digits(digits: str, right: bool) -> None:
    assert is_gtin(digits) is right


@pytest.mark.parametrize(
    ("url", "shown", "currency"),
    [
        ("https://a.example.tw/i/1", "特價 294 元", "TWD"),
        ("https://a.example/i/1", "售价 294 元", "CNY"),
        ("https://a.example.au/i/1", "Price $20", "AUD"),
        ("https://a.example.jp/i/1", "Price ¥2000", "JPY"),
    ],
)
def test_a_shared_sign_is_read_in_its_country(url: str, shown: str, currency: str) -> None:
    assert read(f"<h1>Steel kettle</h1><p class=price>{shown}</p>", url=url)["currency"] == currency


def test_addresses_that_are_none_do_no_harm() -> None:
    links = "<a href='http://[x'>1</a><img src='//[y'><link rel=canonical href='http://[z'>"
    ld = '{"@type":"Product","name":"Steel kettle","image":"http://[w","offers":{"price":"9"}}'
    body = f"<base href='http://[b'><html><h1>Steel kettle</h1>{links}{LD % ld}</html>"
    (listing,) = extract(body.encode(), URL, recipe=None).listings
    assert (listing.price, listing.images) == ("9", ())


def test_a_control_character_in_an_attributes_name_does_no_harm() -> None:
    head = '<meta property="product:price:amount" content="9" a\x01b="x">'
    assert read("<h1>Steel kettle</h1>", head)["price"] == "9"
