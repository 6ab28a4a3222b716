"""WACZ 1.1.1: ``datapackage.json`` and ``datapackage-digest.json``, built from the manifest.

Nothing in them is chosen: the verifier builds them again and compares bytes. There is no
``signedData``; our signature stands in ``evidence/manifest.sig``.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.format import jcs
from evidence.format.digests import sha256_hex
from evidence.format.manifest import Manifest
from evidence.format.names import DATAPACKAGE, MANIFEST, SIGNATURE
from evidence.format.times import format_time

PROFILE = "data-package"
WACZ_VERSION = "1.1.1"


def build_datapackage(manifest: Manifest, signature: bytes) -> bytes:
    """Return the bytes of ``datapackage.json`` for this manifest and its signature file."""
    return jcs.dumps(
        {
            "profile": PROFILE,
            "wacz_version": WACZ_VERSION,
            "title": manifest.url,
            "created": format_time(manifest.finished),
            "software": manifest.software,
            "mainPageUrl": manifest.url,
            "mainPageDate": format_time(manifest.started),
            "resources": list(_resources(manifest, signature)),
        }
    )


def _resources(manifest: Manifest, signature: bytes) -> Iterator[dict[str, str | int]]:
    for artefact in manifest.artefacts:
        yield _resource(artefact.name, artefact.digests.sha256, artefact.digests.size)
    for name, data in ((MANIFEST, manifest.to_bytes()), (SIGNATURE, signature)):
        yield _resource(name, sha256_hex(data), len(data))


def _resource(path: str, sha256: str, size: int) -> dict[str, str | int]:
    name = path.rsplit("/", 1)[-1]
    return {"name": name, "path": path, "hash": f"sha256:{sha256}", "bytes": size}


def build_datapackage_digest(datapackage: bytes) -> bytes:
    """Return the bytes of ``datapackage-digest.json`` for the bytes of ``datapackage.json``."""
    return jcs.dumps({"path": DATAPACKAGE, "hash": f"sha256:{sha256_hex(datapackage)}"})
