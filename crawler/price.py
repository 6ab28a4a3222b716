"""Prices as people write them, to a decimal string and an ISO 4217 code; never a guess.

price-parser reads western prices; what it misses is mended here: 元, ￥, full-width digits,
万, split digits, ranges (the lower end), and ``3.350``, which means thousands, except in a
currency where a point never parts them (3.350元).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from price_parser import Price as ParsedPrice

_SIGNS = (
    ("HK$", "HKD"),
    ("NT$", "TWD"),
    ("US$", "USD"),
    ("AU$", "AUD"),
    ("A$", "AUD"),
    ("CA$", "CAD"),
    ("C$", "CAD"),
    ("S$", "SGD"),
    ("R$", "BRL"),
    ("CN¥", "CNY"),
    ("JP¥", "JPY"),
    ("人民币", "CNY"),
    ("美元", "USD"),
    ("欧元", "EUR"),
    ("港元", "HKD"),
    ("港币", "HKD"),
    ("日元", "JPY"),
    ("円", "JPY"),
    ("RMB", "CNY"),
    ("元", "CNY"),
    ("块", "CNY"),
    ("¥", "CNY"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("₩", "KRW"),
    ("원", "KRW"),
    ("₪", "ILS"),
    ("₴", "UAH"),
    ("грн", "UAH"),
    ("б.р", "BYN"),
    ("руб", "RUB"),
    ("лв", "BGN"),
    ("Lei", "RON"),
    ("lei", "RON"),
    ("Ft", "HUF"),
    ("฿", "THB"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("$", "USD"),
)
_CODES = """
AED ARS AUD BGN BRL BYN CAD CHF CLP CNY COP CZK DKK EUR GBP HKD HRK HUF IDR ILS INR JPY KRW MXN MYR
NOK NZD PEN PHP PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR
"""
_POINTS = frozenset(("CNY", "GBP", "HKD", "TWD"))  # where a point never parts thousands
CODES = frozenset(_CODES.split())
_CODE = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")
_NUMBER = re.compile(r"\d[\d.,'’ \u00a0\u202f]*")
_SPLIT = re.compile(r"(?<=\d)\s+\.\s*(?=\d)|(?<=\d)\.\s+(?=\d)")
_WAN = re.compile(r"(\d+(?:\.\d+)?)\s*万")


@dataclass(frozen=True)
class Price:
    """An amount as a decimal string, and its currency's code if the text says it."""

    amount: str
    currency: str | None


def read_price(
    text: str | None, *, unit: str = "main", currency: str | None = None
) -> Price | None:
    """Return the first price in a text, or None if there is no number in it.

    ``unit`` is ``main`` or ``cent`` (分); of a range the lower end is returned, which stands
    first. ``currency`` is what the page says elsewhere, used where the text is silent.
    """
    if text is None:
        return None
    plain = _SPLIT.sub(".", unicodedata.normalize("NFKC", str(text)).replace("￥", "¥"))
    own = read_currency(plain)
    amount = _amount(plain, points=own in _POINTS)
    if amount is None or amount < 0:
        return None
    if unit == "cent":
        amount = amount / 100
    return Price(decimal_text(amount), own or currency)


def read_currency(text: str | None) -> str | None:
    """Return the ISO code a text names by sign, word or code; None if it names none."""
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", text).replace("￥", "¥")
    for found in _CODE.finditer(plain):
        if found[1] in CODES:
            return found[1]
    return next((code for sign, code in _SIGNS if sign in plain), None)


def decimal_text(amount: Decimal) -> str:
    """Return an amount as plain digits: no exponent, at least what the page showed."""
    text = format(amount, "f")
    whole, _, part = text.partition(".")
    part = part.rstrip("0") if len(part) > 2 else part
    return f"{whole}.{part.ljust(2, '0')}" if part else whole


def _amount(text: str, *, points: bool) -> Decimal | None:
    wan = _WAN.search(text)
    if wan is not None:
        return Decimal(wan[1]) * 10000
    found = _NUMBER.search(text)
    if found is None:
        return None
    number = found[0].strip(" .,'’\u00a0\u202f")
    plain = re.fullmatch(r"\d+(\.\d+)?", number)
    if plain and (points or not re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", number)):
        return Decimal(number)
    number = number.split("  ")[0]
    parsed = ParsedPrice.fromstring(_thousands(number)).amount
    try:
        return None if parsed is None else Decimal(str(parsed))
    except InvalidOperation:
        return None


def _thousands(number: str) -> str:
    return number.replace(".", "") if re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+", number) else number
