"""The first sentence of a verdict: what is wrong, in plain words; where it is stands below.

``verifier/src/headline.ts`` has the same keys and words; a test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from evidence.format.unproved import Line

FAILURES: dict[str, Line] = {
    "damaged": ("文件不完整或已损坏", "the file is incomplete or damaged"),
    "manifest": ("有文件与清单不一致", "a file is not as the manifest lists it"),
    "package": (
        "封装不合规范，或其中的记录互相矛盾",
        "the package is not in its proper form, or its records contradict one another",
    ),
    "signature": ("清单的签名不成立", "the manifest's signature does not hold"),
    "inclusion": ("可信日志中的记载不成立", "its place in the trusted log does not hold"),
    "witness": ("见证人的签署不成立", "the witnesses' cosignatures do not hold"),
    "timestamp": ("时间戳不成立", "the timestamp does not hold"),
    "revocation": (
        "时间戳机构证书的吊销核查不成立",
        "the authorities' certificates do not stand up to revocation data",
    ),
    "order": ("各时间先后矛盾", "the times contradict one another"),
    "case": ("案件条目不齐全或不成立", "the entries of the case are not whole"),
    "review": ("技术核查记录的签名不成立", "the technical review's signature does not hold"),
    "erasure": ("删除的依据不成立", "the basis of the erasure does not hold"),
}
"""What fails, by the claim, in the order of being told; ``damaged`` explains all the others."""

FOREIGN: Line = (
    "由未受信任的密钥封装，可能出自另一套系统；除此以外，已查各项未发现问题",
    "sealed with keys that are not trusted, perhaps by another installation; nothing else wrong",
)
FOREIGN_ADVICE: Line = (
    "请经另一途径向封装单位索取其信任文件夹或指纹单，再次核验；不要采用移交包内附带的密钥，任何人都能自制。",
    "Get the trust folder or fingerprint sheet of whoever sealed it, by another way, and verify "  # noqa: ISC004
    "again; do not use the keys that are enclosed: anybody can make such keys.",
)
MOST = 3
"""Failures that are told in the headline."""


def why_invalid(failed: Collection[str], *, damaged: bool) -> Line:
    """Return the sentence for these failing claims."""
    due = ["damaged"] if damaged else [claim for claim in FAILURES if claim in failed]
    shown = [FAILURES[claim] for claim in due[:MOST]]
    more = ("等", " …") if len(due) > MOST else ("", "")
    return "；".join(zh for zh, _ in shown) + more[0], "; ".join(en for _, en in shown) + more[1]


def places(where: Sequence[str | None]) -> tuple[str, ...]:
    """Return the places that fail, each once, in an order that every verifier can follow."""
    return tuple(sorted({place for place in where if place}, key=by_name))


def by_name(place: str) -> bytes:
    """Return what places are sorted by: their UTF-16 units, as every browser sorts text."""
    return place.encode("utf-16-be", "surrogatepass")
