"""Whether an invalid verdict is one about keys alone: the file was sealed by somebody else.

It excuses nothing: such a verdict stays invalid, and whoever makes keys can seal anything with
them.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.format import names
from evidence.verify.verdict import Claim, Outcome, Status, Verdict

OF_KEYS = frozenset({"signature", "inclusion", "witness", "timestamp", "review"})
"""The claims that fail when the keys are others, whatever the package says."""


def may_be_elsewhere(trusted: Verdict) -> bool:
    """Return whether nothing but claims that rest on keys fails, and the keys are other ones.

    The manifest itself names another signer, and an enclosed log key is another one too. A file
    whose signer or log is the trusted one and fails is not foreign, it is invalid.
    """
    failed = [(claim.id, claim.where or "") for claim in _failing(trusted.claims)]
    if not failed or not all(_of_keys(claim, where) for claim, where in failed):
        return False
    other_signer = any(c == "signature" and w.endswith(names.MANIFEST) for c, w in failed)
    log = [where for claim, where in failed if claim == "inclusion"]
    other_log = any(where.endswith(names.LOG_KEY) for where in log) if log else _no_log(trusted)
    return other_signer and other_log


def sealed_elsewhere(trusted: Verdict, alone: Verdict) -> bool:
    """Return whether the file is in order by itself, and its keys are none of the trusted ones.

    ``trusted`` is the verdict with the trust folder, ``alone`` the one without any, in which
    nothing at all may be wrong.
    """
    in_order = alone.outcome is Outcome.INCOMPLETE and not any(_failing(alone.claims))
    return in_order and may_be_elsewhere(trusted)


def _of_keys(claim: str, where: str) -> bool:
    """Whether a failure may come of keys alone; the order of times rests on tokens, by theirs."""
    return claim in OF_KEYS or (claim == "order" and where.endswith(".tsr"))


def _failing(claims: Iterable[Claim]) -> Iterable[Claim]:
    return (claim for claim in claims if claim.status is Status.INVALID)


def _no_log(trusted: Verdict) -> bool:
    """Whether the log was not looked at: a package alone, without its papers."""
    return not any(c.id == "inclusion" and c.status is Status.VALID for c in trusted.claims)
