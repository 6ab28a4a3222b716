"""An erased exhibit whose authority published a list of revoked certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from evidence.format.policy import POLICY, Policy, TrustedAuthority
from evidence.format.policytext import parse_policy
from evidence.home import EvidenceHome
from evidence.keeping.erasing import EraseOrder, erase
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore
from evidence.seal import open_home
from tests.evidence.builder import CAPTURE_ID, NAME
from tests.evidence.keeping.authorities import Dated, years
from tests.evidence.keeping.homes import now, seal_into
from tests.evidence.keeping.years import Stand

ORDER = EraseOrder("pipl-purpose-ended", ("张三", "李四"), "案件已结")


def erased(folder: Path, listed: str) -> tuple[EvidenceHome, Kept]:
    """Return a home, and its exhibit that was erased; its policy requires revocation data.

    ``listed`` says what the dossier held: ``good``, ``revoked`` or ``forged``; else nothing.
    """
    home = open_home(folder / "home", clock=now)
    authority = Dated("trial", now() - timedelta(days=1), years(now(), 3), now())
    before = now() - timedelta(hours=2)
    data = {
        "good": authority.listing,
        "revoked": lambda: authority.listing(before),
        "forged": lambda: replace(authority).listing(),
    }
    kept = Kept(home.path / "exhibits" / CAPTURE_ID, NAME)
    lists = {"revocation/trial.1.crl": data[listed]()} if listed in data else {}
    seal_into(home, kept.folder, folder, tsa=Stand(authority), further=lists)
    FolderStore(home).put(kept)
    erase(kept, ORDER, home=home, clock=now)
    require_lists(home, authority.roots)
    return home, kept


def require_lists(home: EvidenceHome, roots: bytes) -> None:
    """Trust this authority in place of the home's own, and require revocation data of it."""
    (home.trust / "authorities/trial.pem").write_bytes(roots)
    _change(home, lambda held: replace(held, revocation=True))


def second_authority(home: EvidenceHome) -> Dated:
    """Return another authority, which the home trusts from now on."""
    one = Dated("second", now() - timedelta(days=1), years(now(), 10), now())
    (home.trust / "authorities/second.pem").write_bytes(one.roots)
    row = TrustedAuthority("second", "authorities/second.pem", one.trial)
    _change(home, lambda held: replace(held, authorities=(*held.authorities, row)))
    return one


def _change(home: EvidenceHome, change: Callable[[Policy], Policy]) -> None:
    policy = home.trust / POLICY
    policy.write_text(change(parse_policy(policy.read_text("utf-8"))).to_text(), encoding="utf-8")
