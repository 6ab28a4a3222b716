"""A sealed exhibit as it lies in a folder: its sidecars in the clear, its content beside them.

The content is ``NAME.wacz`` and ``NAME.dossier.zip``, either as they are or encrypted at rest
(``evidence.keeping.store``). Sidecars hold no personal data and are never encrypted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evidence.errors import EvidenceError, InputError
from evidence.format.entry import Sealed, parse_entry
from evidence.format.erasure import erasure_names
from evidence.format.names import Sidecars, check_package_name
from evidence.verify.papers import Papers, papers_beside
from evidence.verify.verdict import Findings

OUTCOME = ".outcome.json"


@dataclass(frozen=True)
class Kept:
    """The exhibit NAME in ``folder``; nothing of it is verified by being here."""

    folder: Path
    name: str

    @property
    def sidecars(self) -> Sidecars:
        """The names of its files."""
        return Sidecars(self.name)

    def path(self, file_name: str) -> Path:
        """Return where one of its files lies, or would."""
        return self.folder / file_name

    @property
    def outcome(self) -> Sealed:
        """The outcome entry; InputError when it is missing or is no sealed outcome."""
        path = self.path(self.sidecars.outcome)
        try:
            entry = parse_entry(path.read_bytes(), path.name)
        except (OSError, EvidenceError) as error:
            raise _no_exhibit(path) from error
        if not isinstance(entry, Sealed):
            raise _no_exhibit(path)
        return entry

    @property
    def erased(self) -> bool:
        """Whether its sidecars say that its content was erased."""
        return self.path(erasure_names(self.name)[0]).is_file()

    def papers(self) -> Papers:
        """Return the sidecars; InputError when one of them cannot be read."""
        findings = Findings(frozenset())
        papers = papers_beside(self.path(self.sidecars.wacz), self.name, findings)
        for claim in findings.claims:
            raise InputError(claim.en, claim.zh)
        return papers


Opener = Callable[[Kept, str], BinaryIO]


def open_plain(kept: Kept, file_name: str) -> BinaryIO:
    """Return the open file of an exhibit whose content is not encrypted at rest."""
    path = kept.path(file_name)
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error


def _no_exhibit(path: Path) -> InputError:
    return InputError(
        f"{path.name} is not the outcome of a sealed capture; give NAME.wacz with its sidecars "
        "beside it, or a folder of them.",
        f"{path.name} 不是已封装证据的结果条目；请给出旁有附属文件的 NAME.wacz，或其所在目录。",
    )


def find(place: Path) -> Iterator[Kept]:
    """Yield the exhibit of ``NAME.wacz`` (there or not), or every one below a folder.

    ``NAME.dossier.zip``, ``NAME.outcome.json`` and the encrypted files name it as well. A folder
    without any yields nothing; InputError for a path that is neither.
    """
    if place.is_dir():
        for path in sorted(place.rglob(f"*{OUTCOME}")):
            yield Kept(path.parent, path.name.removesuffix(OUTCOME))
        return
    name = place.name.removesuffix(".atrest")
    for ending in (".dossier.zip", ".wacz", OUTCOME):
        name = name.removesuffix(ending)
    kept = Kept(place.parent, check_package_name(name))
    if not kept.path(kept.sidecars.outcome).is_file():
        raise _no_exhibit(kept.path(kept.sidecars.outcome))
    yield kept
