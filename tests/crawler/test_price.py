"""Prices as people write them."""

from __future__ import annotations

import pytest

from crawler.price import Price, read_currency, read_price


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("¥59.00", "59.00", "CNY"),
        ("￥１２９.５０", "129.50", "CNY"),
        ("CN¥1,280.00", "1280.00", "CNY"),
        ("19.8元", "19.80", "CNY"),
        ("1.28万元", "12800.00", "CNY"),
        ("3万", "30000", None),
        ("券后 ¥ 0 .53", "0.53", "CNY"),
        ("¥3.50 - ¥6.80", "3.50", "CNY"),
        ("1 299,00 zł", "1299.00", "PLN"),
        ("1.299,00 €", "1299.00", "EUR"),
        ("3.350", "3350", None),
        ("0.125", "0.125", None),
        ("3.350元", "3.35", "CNY"),
        ("3.350 €", "3350", "EUR"),
        ("$1,249.5", "1249.50", "USD"),
        ("HK$88", "88", "HKD"),
        ("49.9", "49.90", None),
        ("JPY 1200", "1200", "JPY"),
    ],
)
def test_read(text: str, amount: str, currency: str | None) -> None:
    assert read_price(text) == Price(amount, currency)


@pytest.mark.parametrize("text", [None, "", "面议", "价格待定", "¥--", "Free"])
def test_no_number_no_price(text: str | None) -> None:
    assert read_price(text) is None


def test_cents() -> None:
    assert read_price("2650", unit="cent", currency="CNY") == Price("26.50", "CNY")


def test_a_word_in_capitals_is_no_currency() -> None:
    assert read_currency("THE BIG ONE 5") is None
