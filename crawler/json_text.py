"""JSON as sites write it (RFC 8259, and the ways in which scripts are looser)."""

from __future__ import annotations

import json
import re
from typing import Any

from crawler.js_text import read_literal


def read_json(text: str) -> Any | None:
    """Return the first JSON value of a text, mended where scripts are looser than JSON.

    What is no JSON even then is read as a script's literal; None if it is neither.
    """
    decoder = json.JSONDecoder(strict=False)
    for mended in (text, _mend(text)):
        try:
            return decoder.raw_decode(mended)[0]
        except (json.JSONDecodeError, RecursionError):
            continue
    return read_literal(text)


def _mend(text: str) -> str:
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", text)
    text = re.sub(r"(?://|/\*)?\s*(?:<!\[CDATA\[|\]\]>)\s*(?:\*/)?|<!--|-->", "", text).strip()
    text = re.sub(r",(\s*[}\]])", r"\1", text)
    return re.sub(r":\s*undefined\b", ": null", text)
