"""Whether an invalid verdict is one about keys alone: the file was sealed by somebody else.

Pure: reads two verdicts (``markseal-verdict/1``) and touches no file. It excuses nothing: such
a verdict stays invalid, and whoever makes keys can seal anything with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.format import names

OF_KEYS = frozenset({"signature", "inclusion", "witness", "timestamp", "review"})
"""The claims that fail when the keys are others, whatever the package says."""


def sealed_elsewhere(trusted: Mapping[str, Any], alone: Mapping[str, Any]) -> bool:
    """Return whether the file is in order by itself, and its keys are none of the trusted ones.

    ``trusted`` is the verdict with the trust folder, ``alone`` the one without any. True only
    if nothing but claims that rest on keys fails, the manifest itself names another signer, an
    enclosed log key is another one too, and without trust nothing at all is wrong. A file whose
    signer or log is the trusted one and fails is not foreign, it is invalid.
    """
    failed = [(str(c["id"]), str(c["where"] or "")) for c in trusted["claims"] if _fails(c)]
    if not failed or not all(_of_keys(claim, where) for claim, where in failed):
        return False
    other_signer = any(c == "signature" and w.endswith(names.MANIFEST) for c, w in failed)
    log = [where for claim, where in failed if claim == "inclusion"]
    other_log = any(where.endswith(names.LOG_KEY) for where in log) if log else _no_log(trusted)
    in_order = alone.get("verdict") == "incomplete" and not any(map(_fails, alone["claims"]))
    return other_signer and other_log and in_order


def _of_keys(claim: str, where: str) -> bool:
    """Whether a failure may come of keys alone; the order of times rests on tokens, by theirs."""
    return claim in OF_KEYS or (claim == "order" and where.endswith(".tsr"))


def _fails(claim: Mapping[str, Any]) -> bool:
    return str(claim["status"]) == "invalid"


def _no_log(verdict: Mapping[str, Any]) -> bool:
    """Whether the log was not looked at: a package alone, without its papers."""
    return not any(c["id"] == "inclusion" and c["status"] == "valid" for c in verdict["claims"])
