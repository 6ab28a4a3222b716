"""Whether this installation's timestamps come from a trial authority only."""

from __future__ import annotations

import tomllib
from pathlib import Path


def is_trial(home: Path) -> bool:
    """Return whether every timestamp authority of the trust policy is a trial one.

    Reads ``trust/policy.toml`` of the data folder. Before the first capture there is
    none yet, and the one then made is a trial authority. A policy that cannot be read
    counts as trial: the warning is shown rather than withheld.
    """
    try:
        policy = tomllib.loads((home / "trust" / "policy.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return True
    authorities = policy.get("authorities", [])
    return not any(item.get("trial") is False for item in authorities if isinstance(item, dict))
