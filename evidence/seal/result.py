"""What a preservation answers, and the form in which it is kept when everything is in place."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from evidence.authority import NamedAuthority
from evidence.capture import Snapshot
from evidence.format.digests import sha256_hex
from evidence.seal.entries import Logged
from evidence.seal.order import Preserved, PreserveOrder, Status
from evidence.seal.package import Package
from evidence.seal.snapshot import beside_of, declared_of


def preserved(
    order: PreserveOrder,
    snapshot: Snapshot,
    package: Package,
    named: tuple[NamedAuthority, ...],
    *,
    outcome: Logged | None = None,
    checkpoint: str | None = None,
    waiting_for: tuple[str, ...] = (),
) -> Preserved:
    """Return what came of it: sealed when its outcome is logged, else awaiting a timestamp."""
    sealed = outcome is not None
    return Preserved(
        status=Status.SEALED if sealed else Status.AWAITING_TIMESTAMP,
        wacz=order.out,
        dossier=order.out.with_name(f"{order.name}.dossier.zip") if sealed else None,
        manifest_sha256=sha256_hex(package.manifest),
        index=outcome.index if outcome else None,
        trial=all(item.authority.trial for item in named),
        title=snapshot.title,
        final_url=snapshot.final_url,
        http_status=snapshot.http_status,
        page_note=snapshot.page_note,
        certificate=snapshot.certificate,
        checkpoint=checkpoint,
        waiting_for=waiting_for,
        fidelity=snapshot.fidelity,
        declared=declared_of(snapshot),
        beside=beside_of(snapshot.folder),
    )


def to_json(result: Preserved) -> dict[str, Any]:
    """Return the form that ``finished`` reads back."""
    return {
        **asdict(result),
        "status": result.status.value,
        "wacz": str(result.wacz),
        "dossier": str(result.dossier) if result.dossier else None,
        "waiting_for": list(result.waiting_for),
        "declared": [list(line) for line in result.declared],
        "beside": [list(line) for line in result.beside],
    }


def finished(held: dict[str, Any]) -> Preserved:
    """Return the result that an earlier run noted when everything was in place."""
    return Preserved(
        **{
            **held,
            "status": Status(held["status"]),
            "wacz": Path(held["wacz"]),
            "dossier": Path(held["dossier"]) if held["dossier"] else None,
            "waiting_for": tuple(held["waiting_for"]),
            "declared": tuple((zh, en) for zh, en in held.get("declared", [])),
            "beside": tuple((zh, en) for zh, en in held.get("beside", [])),
        }
    )
