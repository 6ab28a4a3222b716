"""Cosignatures of the witnesses over the checkpoint in which an outcome was logged."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from evidence.errors import RolledBack
from evidence.format.policy import POLICY
from evidence.format.policytext import parse_policy
from evidence.log.store import Head
from evidence.seal.means import Means
from evidence.witness.asked import load_asked, memory_folder
from evidence.witness.gather import IN_PASSING, WAITING, gather_cosignatures, lacking

NOBODY = (
    "witnesses.toml 中缺少策略所要求的见证人。 / "
    "Witnesses that the policy requires are not in witnesses.toml."
)


@dataclass(frozen=True)
class Witnessing:
    """The checkpoint with what cosignatures came; ``waiting_for`` only while too few are there."""

    head: Head | None
    waiting_for: tuple[str, ...] = ()


def show_log(means: Means) -> None:
    """Show the witnesses the log as it stands: the attempt before its page is captured, a failure.

    From then on the entry cannot be dropped unseen. It costs three seconds at the most, and
    decides nothing: a page that is not captured now is lost, and what a witness says against the
    log is said again, and stops the sealing, in ``witness_log``.
    """
    home = means.home
    asked = load_asked(home.path)
    if not asked:
        return
    with suppress(RolledBack):
        gather_cosignatures(
            means.log.store,
            asked,
            folder=memory_folder(home.path),
            proxy=means.proxy,
            clock=means.clock,
            patience=IN_PASSING,
        )
    means.fault("log shown")


def witness_log(means: Means) -> Witnessing:
    """Return the newest checkpoint, cosigned by the witnesses that answered.

    The log's lock is not held. Witnesses that the policy does not require delay nothing. Raises
    RolledBack when a witness has seen more of the log, or another log under its name.
    """
    home = means.home
    policy = parse_policy((home.trust / POLICY).read_text(encoding="utf-8"))
    asked = load_asked(home.path)
    required = "witness" in policy.require
    if not asked:
        return Witnessing(None, (NOBODY,) if required else ())
    found = gather_cosignatures(
        means.log.store,
        asked,
        folder=memory_folder(home.path),
        proxy=means.proxy,
        clock=means.clock,
        patience=WAITING if required else IN_PASSING,
    )
    means.fault("checkpoint cosigned")
    if lacking(policy, home.trust, found.witnessed):
        why = tuple(f"{error.zh} / {error.en}" for error in found.missing)
        return Witnessing(found.head, why or (NOBODY,))
    return Witnessing(found.head)
