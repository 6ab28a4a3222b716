"""What no verdict proves: one list for every verifier, page and paper.

``verifier/src/unproved.ts`` has the same keys and words; a test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Collection

Line = tuple[str, str]
"""Chinese, English."""

NOT_PROVED: dict[str, Line] = {
    "content": ("网页内容是否真实", "that what the page says is true"),
    "person": ("账号或店铺背后是谁", "who stands behind an account or a shop"),
    "amounts": ("价格、销量、金额是否属实", "that prices, sales or amounts are real"),
    "infringement": (
        "是否构成侵权（只能说疑似）",
        "that anything infringes: it is suspected only",
    ),
    "before": (
        "固证之前网页是否被人为改动",
        "that nobody altered the page before it was captured",
    ),
}
"""Always."""

LEFT_OPEN: dict[str, Line] = {
    "redacted": (
        "被遮盖之处的原文（已加密封存，未查看，只核对其哈希值）",
        "what stood where secrets are masked (sealed encrypted; not looked into, only hashed)",
    ),
    "decoded": (
        "线路上的原始字节（交互记录为浏览器解码后的内容）",
        "the literal bytes of the wire (the exchanges are as the browser decoded them)",
    ),
}
"""Besides, by the package's fidelity."""

NOT_LOOKED_AT: dict[str, Line] = {
    "revocation": (
        "时间戳机构的证书有无吊销（未核查）",
        "that no certificate of a timestamp authority was revoked (not checked)",
    ),
    "witness": ("有无见证人签署（未核查）", "that witnesses cosigned the log (not checked)"),
}
"""Besides, where nothing was told of that claim."""


def unproved(told: Collection[str], fidelity: str) -> tuple[Line, ...]:
    """Return what a verdict leaves unproved that tells the claims ``told``."""
    open_lines = [LEFT_OPEN[fidelity]] if fidelity in LEFT_OPEN else []
    unseen = [line for claim, line in NOT_LOOKED_AT.items() if claim not in told]
    return (*NOT_PROVED.values(), *open_lines, *unseen)
