"""``policy.toml`` of a trust folder: what a verdict requires, and whom it trusts.

``markseal-trust/1`` names one log key, one signer and the timestamp authorities;
``markseal-trust/2`` adds witnesses, further and revoked signers, earlier logs and recovery keys.
A policy that says nothing of these is printed as /1. The trust folder comes from outside every
package. This module reads and prints the policy's text; loading the keys and certificates that
it names is the verifier's work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.format.times import format_time

FORMAT = "markseal-trust/1"
SECOND = "markseal-trust/2"
POLICY = "policy.toml"
SUMS = "SHA256SUMS"
CLAIMS = ("package", "manifest", "signature", "inclusion", "timestamp")
FURTHER_CLAIMS = ("witness", "revocation", "case", "review")
"""What ``require`` may list besides under /2."""
RELATIONS = ("none", "notary", "court", "bureau", "party", "operator")
"""What a witness is to the parties; ``operator`` runs the log itself."""
NOT_INDEPENDENT = ("party", "operator")
DIGESTS = ("sha1", "sha256", "sha384", "sha512", "sm3")
"""The digest algorithms that a policy may declare weak."""
LIMIT = 1 << 20


@dataclass(frozen=True)
class TrustedAuthority:
    """A timestamp authority: short ``name``, PEM file ``roots``, for trial runs only or not."""

    name: str
    roots: str
    trial: bool


@dataclass(frozen=True)
class TrustedWitness:
    """A witness of the log: ``name`` for people, the file of its vkey, and its relation."""

    name: str
    vkey: str
    relation: str


@dataclass(frozen=True)
class TrustedSigner:
    """A further key for manifests: good for what was proved at or after ``start``, before ``end``.

    None is no bound.
    """

    key: str
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class RevokedKey:
    """A signer's key (SHA-256 of its 32 bytes, hex), without effect from ``start`` on.

    ``log`` (its name) and ``index`` say where a log states it: whatever the key signed for a later
    entry, or for a log that followed, has no effect either. None where that is not known.
    """

    key_sha256: str
    start: datetime
    log: str | None = None
    index: int | None = None


@dataclass(frozen=True)
class FormerLog:
    """A log that was succeeded: trusted up to ``until_size``, where its root was ``until_root``."""

    vkey: str
    until_size: int
    until_root: str

    @property
    def hashes(self) -> str:
        """The file beside the vkey that may hold the leaf hashes of the entries in hand."""
        return f"{self.vkey.removesuffix('.vkey')}.hashes"


@dataclass(frozen=True)
class WeakAlgorithm:
    """A digest algorithm that proves nothing from ``start`` on unless it was renewed before."""

    algorithm: str
    start: datetime


@dataclass(frozen=True)
class EarlierTokens:
    """How many tokens were enough before ``end``: for exhibits that so many had stamped by then."""

    tokens: int
    end: datetime


@dataclass(frozen=True)
class Policy:
    """What is required, and the files (relative to the folder) that hold the trusted keys.

    ``cosignatures`` is how many witnesses the claim *witness* takes (0 when none are listed),
    ``independent`` whether one of them is no party and not the operator, ``revocation`` whether
    the authorities' kept revocation data is required, ``clock_bound`` how far our times and an
    authority's may differ (None: the verifier's own bound), ``recovery`` how many of the
    recovery keys sign together, ``weak`` the digest algorithms that are no longer relied on,
    ``earlier`` how many tokens were enough before there had to be ``tokens``.
    """

    require: tuple[str, ...]
    tokens: int
    log_key: str
    signer_key: str
    authorities: tuple[TrustedAuthority, ...]
    cosignatures: int = 0
    independent: bool = False
    witnesses: tuple[TrustedWitness, ...] = ()
    revocation: bool = False
    clock_bound: timedelta | None = None
    signers: tuple[TrustedSigner, ...] = ()
    revoked: tuple[RevokedKey, ...] = ()
    logs: tuple[FormerLog, ...] = ()
    recovery: int = 0
    recovery_keys: tuple[str, ...] = ()
    weak: tuple[WeakAlgorithm, ...] = ()
    earlier: tuple[EarlierTokens, ...] = ()

    def needed(self, times: Sequence[datetime]) -> int:
        """Return how many trusted tokens an exhibit needs over whose manifest there are ``times``.

        That is ``tokens``, or as many as were enough when they were given.
        """
        met = [e.tokens for e in self.earlier if sum(t < e.end for t in times) >= e.tokens]
        return min([self.tokens, *met])

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that the policy names, each once, and the policy itself last."""
        found = [self.log_key, self.signer_key]
        found += [item.roots for item in self.authorities]
        found += [item.vkey for item in self.witnesses]
        found += [item.key for item in self.signers]
        found += [item.vkey for item in self.logs]
        return (*dict.fromkeys([*found, *self.recovery_keys]), POLICY)

    @property
    def format(self) -> str:
        """The format that says all of this: /1 where that is enough."""
        first = Policy(self.require, self.tokens, self.log_key, self.signer_key, self.authorities)
        return FORMAT if self == first and set(self.require) <= set(CLAIMS) else SECOND

    def to_text(self) -> str:
        """Return the policy as TOML; ``parse_policy`` reads it back."""
        lines = [
            f"format = {_quote(self.format)}",
            f"require = [{', '.join(map(_quote, self.require))}]",
            f"tokens = {self.tokens}",
            *_further(self),
            *_table("[log]", {"vkey": self.log_key}),
            *_table("[signer]", {"key": self.signer_key}),
        ]
        for a in self.authorities:
            lines += _table("[[authorities]]", {"name": a.name, "roots": a.roots, "trial": a.trial})
        for w in self.witnesses:
            held = {"name": w.name, "vkey": w.vkey, "relation": w.relation}
            lines += _table("[[witnesses]]", held)
        for s in self.signers:
            lines += _table("[[signers]]", {"key": s.key, "from": s.start, "until": s.end})
        for r in self.revoked:
            place: dict[str, Value] = {"log": r.log, "index": r.index}
            lines += _table("[[revoked]]", {"key_sha256": r.key_sha256, "from": r.start, **place})
        for g in self.logs:
            end: dict[str, Value] = {"until_size": g.until_size, "until_root": g.until_root}
            lines += _table("[[logs]]", {"vkey": g.vkey, **end})
        for one in self.weak:
            lines += _table("[[weak]]", {"algorithm": one.algorithm, "from": one.start})
        for e in self.earlier:
            lines += _table("[[earlier_tokens]]", {"tokens": e.tokens, "before": e.end})
        for key in self.recovery_keys:
            lines += _table("[[recovery_keys]]", {"key": key})
        return "\n".join(lines) + "\n"


Value = str | int | datetime | None


def _further(policy: Policy) -> list[str]:
    values: dict[str, Value] = {
        "cosignatures": policy.cosignatures or None,
        "independent": policy.independent or None,
        "revocation": policy.revocation or None,
        "recovery": policy.recovery or None,
    }
    if policy.clock_bound is not None:
        values["clock_bound_seconds"] = round(policy.clock_bound.total_seconds())
    return [f"{key} = {_value(value)}" for key, value in values.items() if value is not None]


def _table(head: str, values: Mapping[str, Value]) -> list[str]:
    return ["", head, *(f"{k} = {_value(v)}" for k, v in values.items() if v is not None)]


def _value(value: Value) -> str:
    if isinstance(value, datetime):
        return _quote(format_time(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quote(value) if isinstance(value, str) else str(value)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
