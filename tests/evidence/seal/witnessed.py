"""An installation whose log is witnessed: its configuration and its trust folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from evidence.format.policy import CLAIMS, POLICY, TrustedWitness
from evidence.format.policytext import parse_policy
from evidence.log.audit import VKEY, read_vkey
from evidence.seal import EvidenceHome
from tests.evidence.seal.rig import now
from tests.evidence.witness.fixtures import Running, serving

REQUIRED = (*CLAIMS, "witness")


def log_key(home: EvidenceHome) -> Any:
    """Return the public key of an installation's log."""
    return read_vkey(home.log / VKEY)


def witness_of(home: EvidenceHome, folder: Path, **more: Any) -> Any:
    """Run a witness that knows this installation's log, by the wall clock."""
    return serving(folder, log=log_key(home), clock=now, **more)


def configure(home: EvidenceHome, witness: Running, *, url: str | None = None) -> None:
    """Write ``witnesses.toml``: one notary's office."""
    rows = {
        "name": "宁波市某公证处",
        "vkey": witness.key.text(),
        "url": url or witness.address,
        "relation": "notary",
    }
    text = "[[witnesses]]\n" + "".join(f'{key} = "{value}"\n' for key, value in rows.items())
    (home.path / "witnesses.toml").write_text(text, encoding="utf-8")


def require(home: EvidenceHome, witness: Running, **more: Any) -> None:
    """Let the trust folder require this witness."""
    (home.trust / "notary.vkey").write_text(witness.key.text() + "\n")
    path = home.trust / POLICY
    policy = replace(
        parse_policy(path.read_text("utf-8")),
        cosignatures=1,
        witnesses=(TrustedWitness("宁波市某公证处", "notary.vkey", "notary"),),
        **({"require": REQUIRED, "independent": True} | more),
    )
    path.write_text(policy.to_text(), encoding="utf-8")
