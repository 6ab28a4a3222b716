"""The papers beside a package (log entries, proofs, tokens), from a folder or from a dossier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import FormatError
from evidence.format import names
from evidence.format.names import Sidecars
from evidence.verify.archive import Archive
from evidence.verify.package import read_entry
from evidence.verify.verdict import Findings

LIMIT = 1 << 20


@dataclass(frozen=True)
class Papers:
    """The bytes of each paper by its name; ``enclosed`` are the dossier's own reading copies."""

    sidecars: Sidecars
    files: Mapping[str, bytes]

    def get(self, name: str) -> bytes | None:
        """Return a paper's bytes, or None if it is not there."""
        return self.files.get(name)

    @property
    def tokens(self) -> list[str]:
        """The short names of the authorities whose responses are here, sorted."""
        found = (self.sidecars.authority_of(name) for name in self.files)
        return sorted(name for name in found if name)


def papers_beside(path: Path, name: str, findings: Findings) -> Papers:
    """Return the papers that lie beside a WACZ on disk."""
    sidecars = Sidecars(name)
    files: dict[str, bytes] = {}
    wanted = {sidecars.attempt, sidecars.attempt_proof, sidecars.outcome, sidecars.outcome_proof}
    for other in sorted(path.parent.iterdir()):
        inner = other.name.removesuffix(".tsq") + ".tsr"
        known = other.name in wanted or bool(sidecars.authority_of(other.name))
        known = known or (other.suffix == ".tsq" and bool(sidecars.authority_of(inner)))
        if not known or not other.is_file():
            continue
        with other.open("rb") as source:
            data = source.read(LIMIT + 1)
        if len(data) > LIMIT:
            findings.invalid(
                "package", other.name, f"{other.name} is too large.", f"{other.name} 过大。"
            )
            continue
        files[other.name] = data
    return Papers(sidecars, files)


def papers_inside(dossier: Archive, name: str, findings: Findings) -> Papers:
    """Return the papers of a dossier; its WACZ is left where it is."""
    sidecars = Sidecars(name)
    files: dict[str, bytes] = {}
    for entry in dossier.entries:
        if entry.name != sidecars.wacz and entry.name not in files:
            data = read_entry(dossier, entry.name, LIMIT, findings)
            if data is not None:
                files[entry.name] = data
    return Papers(sidecars, files)


def dossier_name(dossier: Archive) -> str | None:
    """Return NAME if the ZIP has an entry NAME.wacz that may be one, else None."""
    for entry in dossier.entries:
        if entry.name.endswith(".wacz"):
            try:
                return names.check_package_name(entry.name.removesuffix(".wacz"))
            except FormatError:
                continue
    return None
