"""Why a region may differ: what stands there on the page, never an excuse for the rest.

A cause is named only when what it stands for covers nearly all of the region, alone or with
other causes; anything else is ``unknown``. That a region has a cause does not make two pictures
equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from urllib.parse import urlsplit

from evidence.replay.compare import Box

COVER_PERMILLE = 900
_MARGIN = 4
_SECOND_LEVEL = {"com", "net", "org", "gov", "edu", "co", "ac"}
_AD_HOSTS = (
    "doubleclick.net", "googlesyndication.com", "tanx.com", "alimama.com", "mmstat.com",
    "pos.baidu.com", "cpro.baidustatic.com", "gdt.qq.com", "ads.tencent.com", "adnxs.com",
    "criteo.com", "taboola.com", "outbrain.com",
)  # fmt: skip


class Cause(StrEnum):
    """The causes a report can name; of two that cover as much, the earlier is named."""

    NOT_RECORDED = "not recorded"
    CLOCK = "clock"
    ANIMATION = "animation"
    ADVERTISEMENT = "advertisement"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Element:
    """A box on the page and the cause that it would explain."""

    cause: Cause
    box: Box


def is_foreign(url: str, page: str) -> bool:
    """Return whether ``url`` belongs to another site than ``page`` (by its registrable name)."""
    host = urlsplit(url).hostname
    return bool(host) and _site(host or "") != _site(urlsplit(page).hostname or "")


def is_advertising(url: str) -> bool:
    """Return whether ``url`` is on one of the few hosts known to serve only advertisements."""
    host = urlsplit(url).hostname or ""
    return any(host == known or host.endswith(f".{known}") for known in _AD_HOSTS)


def _site(host: str) -> str:
    labels = host.split(".")
    if ":" in host or labels[-1].isdigit():
        return host
    size = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-size:])


def cause_of(region: Box, elements: Sequence[Element]) -> Cause:
    """Return the cause of most of ``region``, if elements cover 900 thousandths of it together."""
    if _covered(region, [item.box for item in elements]) * 1000 < region.area * COVER_PERMILLE:
        return Cause.UNKNOWN
    shares = {
        cause: _covered(region, [item.box for item in elements if item.cause is cause])
        for cause in Cause
    }
    return max(shares, key=lambda cause: shares[cause])


def _covered(region: Box, boxes: Iterable[Box]) -> int:
    """Return how many pixels of ``region`` lie in ``boxes``, each grown by a small margin."""
    parts = []
    for box in boxes:
        left = max(region.x, box.x - _MARGIN)
        top = max(region.y, box.y - _MARGIN)
        right = min(region.x + region.width, box.x + box.width + _MARGIN)
        bottom = min(region.y + region.height, box.y + box.height + _MARGIN)
        if left < right and top < bottom:
            parts.append((left, top, right, bottom))
    columns = sorted({edge for part in parts for edge in (part[0], part[2])})
    total = 0
    for left, right in pairwise(columns):
        reach = sorted((p[1], p[3]) for p in parts if p[0] <= left and right <= p[2])
        total += (right - left) * _length(reach)
    return total


def _length(spans: list[tuple[int, int]]) -> int:
    total, end = 0, -1
    for first, last in spans:
        total += max(0, last - max(first, end))
        end = max(end, last)
    return total
