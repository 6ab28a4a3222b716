"""Seals a capture: attempt, manifest, signature, tokens, outcome, proofs, package, dossier."""

from evidence.home import EvidenceHome, open_home
from evidence.seal.order import Preserved, PreserveOrder, Status
from evidence.seal.pipeline import preserve, resume
from evidence.seal.workfolder import unfinished

__all__ = [
    "EvidenceHome",
    "PreserveOrder",
    "Preserved",
    "Status",
    "open_home",
    "preserve",
    "resume",
    "unfinished",
]
