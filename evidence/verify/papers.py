"""The papers beside a package (log entries, proofs, tokens), from a folder or from a dossier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import FormatError
from evidence.format import names
from evidence.format.names import Sidecars
from evidence.verify.archive import Archive
from evidence.verify.package import read_entry
from evidence.verify.verdict import Findings

LIMIT = 1 << 20
LARGE = 64 << 20
"""Of an export of a case, of renewals, and of a revocation list."""


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

    @property
    def further(self) -> tuple[str, ...]:
        """The names of the optional papers that are here, in their order."""
        return self.sidecars.further(self.files)

    @property
    def checkpoint_tokens(self) -> list[str]:
        """The authorities whose responses over the proofs' checkpoint are here, sorted."""
        found = (self.sidecars.checkpoint_authority(name) for name in self.files)
        return sorted(name for name in found if name)


def papers_beside(path: Path, name: str, findings: Findings) -> Papers:
    """Return the papers that lie beside a WACZ on disk."""
    sidecars = Sidecars(name)
    files: dict[str, bytes] = {}
    wanted = {sidecars.attempt, sidecars.attempt_proof, sidecars.outcome, sidecars.outcome_proof}
    for name, other in _beside(path.parent):
        inner = name.removesuffix(".tsq") + ".tsr"
        known = name in wanted or bool(sidecars.authority_of(name))
        known = known or (other.suffix == ".tsq" and bool(sidecars.authority_of(inner)))
        known = known or sidecars.rank(name) is not None
        if not known or not other.is_file():
            continue
        with other.open("rb") as source:
            data = source.read(limit_of(name) + 1)
        if len(data) > limit_of(name):
            findings.invalid("package", name, f"{name} is too large.", f"{name} 过大。")
            continue
        files[name] = data
    return Papers(sidecars, files)


def _beside(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name that a dossier would have for each file beside a package."""
    for path in sorted(folder.iterdir()):
        yield path.name, path
    inner = folder / "revocation"
    for path in sorted(inner.iterdir()) if inner.is_dir() else []:
        yield f"revocation/{path.name}", path


def limit_of(name: str) -> int:
    """Return how many bytes a paper of this name may have."""
    large = name.endswith((".case.json", ".renewal.json", ".crl"))
    return LARGE if large else LIMIT


def papers_inside(dossier: Archive, name: str, findings: Findings) -> Papers:
    """Return the papers of a dossier; its WACZ is left where it is."""
    sidecars = Sidecars(name)
    files: dict[str, bytes] = {}
    for entry in dossier.entries:
        if entry.name != sidecars.wacz and entry.name not in files:
            data = read_entry(dossier, entry.name, limit_of(entry.name), findings)
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
