"""Receipts of anchoring (``NAME.anchor.<name>.json``): told as facts, never taken as proof."""

from __future__ import annotations

from evidence.errors import FormatError
from evidence.format.anchor import Receipt
from evidence.format.digests import sha256_hex, sm3_hex
from evidence.format.times import format_time
from evidence.verify.papers import Papers
from evidence.verify.verdict import Findings


def tell_anchors(papers: Papers, manifest: bytes | None, findings: Findings) -> None:
    """Note each receipt as a fact, and whether it names this manifest's digest.

    A file that is no receipt of its name makes the package invalid; what a receipt says is not
    verified, and no claim rests on it.
    """
    told = []
    for name in papers.further:
        inner = name.removeprefix(f"{papers.sidecars.name}.anchor.").removesuffix(".json")
        if name != papers.sidecars.name + f".anchor.{inner}.json":
            continue
        try:
            receipt = Receipt.parse(papers.files[name], name)
            if receipt.name != inner:
                raise FormatError(f"{name} is of {receipt.name}.", f"{name} 属于 {receipt.name}。")
        except FormatError as error:
            findings.fault("package", name, error)
            continue
        told.append(
            {
                "name": receipt.name,
                "subject": receipt.anchored.subject,
                "algorithm": receipt.anchored.algorithm,
                "received": format_time(receipt.received),
                "reference": receipt.reference,
                "stated_time": receipt.stated_time,
                "names_this": _names_this(receipt, manifest),
                "verified": False,
            }
        )
    if told:
        findings.facts["anchors"] = told


def _names_this(receipt: Receipt, manifest: bytes | None) -> bool | None:
    """Say whether it is over this manifest's digest; None when that is not known here."""
    if manifest is None or receipt.anchored.subject != "manifest":
        return None
    digests = {"sha256": sha256_hex(manifest), "sm3": sm3_hex(manifest)}
    return receipt.anchored.digest == digests[receipt.anchored.algorithm]
