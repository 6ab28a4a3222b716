"""The offline verifier: a package and a trust folder in, a verdict out.

Needs ``cryptography``, ``rfc8785``, ``rfc3161-client`` and the standard library alone; imports
nothing that captures, seals, logs or speaks to a network.
"""

from __future__ import annotations

from evidence.verify.steps import verify_file, verify_opened
from evidence.verify.verdict import Claim, Outcome, Status, Verdict

__all__ = ["Claim", "Outcome", "Status", "Verdict", "verify_file", "verify_opened"]
