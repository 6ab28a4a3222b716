"""Drift: whether a run read much less than the earlier runs of its watch. Pure: no rows.

Measured are the share of listings that have each field, and the number of listings, against
the middle (median) of up to five earlier complete runs. An alarm is raised when a field that
most listings had is now on less than half as many, or when less than half the listings came
while the site itself does not say that there are fewer. Fewer than ten listings say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

LEAST = 10
USUAL = 0.5
FALL = 0.5
EARLIER = 5
WATCHED = {
    "title": "标题",
    "url": "网址",
    "price": "价格",
    "currency": "币种",
    "images": "图片",
    "shop": "店铺",
    "brand": "品牌",
    "description": "描述",
    "availability": "库存状态",
    "sku": "货号",
    "ship_from": "发货地",
    "seller_id": "卖家号",
}


@dataclass(frozen=True)
class Reading:
    """What a complete run read: listings, those with each field, the site's own total."""

    listings: int
    coverage: Mapping[str, int] = field(default_factory=dict)
    reported_total: int | None = None

    def share(self, name: str) -> float:
        """Return the share of listings that have a field."""
        return self.coverage.get(name, 0) / self.listings if self.listings else 0.0


@dataclass(frozen=True)
class Drift:
    """In what a run fell short, in a sentence; ``layout`` is false for an empty season."""

    zh: str
    en: str
    layout: bool = True


def drift(now: Reading, earlier: Sequence[Reading]) -> Drift | None:
    """Return in what a run fell short of the earlier ones, None if in nothing that counts."""
    before = [one for one in earlier[:EARLIER] if one.listings >= LEAST]
    if not before:
        return None
    usual = median(one.listings for one in before)
    if now.listings < usual * FALL:
        return _fewer(now, before, usual)
    fallen = [
        (name, middle, now.share(name))
        for name in WATCHED
        if (middle := median(one.share(name) for one in before)) >= USUAL
        and now.share(name) < middle * FALL
    ]
    if not fallen:
        return None
    zh = "、".join(f"{WATCHED[name]}（{old:.0%} → {new:.0%}）" for name, old, new in fallen)
    en = ", ".join(f"{name} ({old:.0%} → {new:.0%})" for name, old, new in fallen)
    return Drift(
        f"疑似网站改版：以下字段大量缺失：{zh}。请核对配方后恢复。",
        f"The site's layout seems to have changed: mostly missing now: {en}. Check the "
        "recipe, then let the source go on.",
    )


def _fewer(now: Reading, before: Sequence[Reading], usual: float) -> Drift:
    totals = [one.reported_total for one in before if one.reported_total is not None]
    said = now.reported_total
    if said is not None and totals and said < median(totals) * FALL:
        return Drift(
            f"商品明显减少（{usual:.0f} → {now.listings} 条），网站自报总数同样减少（{said} 条）。",
            f"Far fewer listings ({usual:.0f} → {now.listings}), and the site itself reports as "
            f"much ({said}).",
            layout=False,
        )
    return Drift(
        f"疑似网站改版或被限制：读取数量骤减（{usual:.0f} → {now.listings} 条），网站并未说明减少。"
        "请核对配方后恢复。",
        "The site's layout seems to have changed, or it shows us less: far fewer listings "
        f"({usual:.0f} → {now.listings}), which the site does not explain; check the recipe, then "
        "let the source go on.",
    )
