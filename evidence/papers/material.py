"""What was handed in: the file with its digests, the verdict on it, and the records inside it.

The records (capture, environment, attempt) are read for quoting only: what they are worth, the
verdict says. A record that cannot be read is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.errors import FormatError, InputError
from evidence.format import jcs, names
from evidence.format.digests import Digests, Meter, sha256_hex
from evidence.format.policy import POLICY, SUMS
from evidence.verify import Verdict, verify_file
from evidence.verify.archive import Archive, open_archive
from evidence.verify.papers import Papers, dossier_name, papers_beside, papers_inside
from evidence.verify.steps import utc_now
from evidence.verify.verdict import Findings, Outcome
from evidence.verify.window import Window

RECORDS = (names.CAPTURE, names.ENVIRONMENT, names.ATTEMPT, names.ATTENDED, names.REPLAY)
SMALL = 64 << 20


@dataclass(frozen=True)
class Handed:
    """One file as it was handed in: its name without any path, size and digests."""

    name: str
    digests: Digests


@dataclass(frozen=True)
class Material:
    """A file that was verified at ``verified``, and what of it a paper may quote.

    ``handed`` is the file and, of a package that is no dossier, the papers beside it.
    ``records`` holds artefact names to JSON objects; ``inside`` manifest, signature and papers.
    ``artefacts`` are those of a known name, which may stand in a command.
    ``trust`` says which trust folder was used: the name of a file of it and its SHA-256, or None.
    """

    path: Path
    name: str | None
    handed: tuple[Handed, ...]
    verdict: Verdict
    verified: datetime
    records: Mapping[str, Mapping[str, Any]]
    inside: Mapping[str, bytes]
    artefacts: tuple[str, ...]
    trust_folder: Path | None
    trust: tuple[str, str] | None

    @property
    def facts(self) -> Mapping[str, Any]:
        """The verdict's facts."""
        return self.verdict.facts

    def record(self, name: str) -> Mapping[str, Any]:
        """Return a record, empty where there is none that can be read."""
        return self.records.get(name, {})

    @property
    def is_dossier(self) -> bool:
        """Whether the file is a dossier, which holds the papers itself."""
        return len(self.handed) == 1 and self.handed[0].name.endswith(".dossier.zip")


def read_material(
    path: Path, *, trust: Path | None, clock: Callable[[], datetime] = utc_now
) -> Material:
    """Verify a WACZ or dossier and return it with the records that a paper quotes.

    Raises InputError or TrustError as ``verify_file`` does, and InputError on a file that is no
    package, or of an exhibit whose content was erased: there is nothing to write a paper of.
    """
    moment = clock()
    verdict = verify_file(path, trust=trust, clock=lambda: moment)
    if verdict.outcome is Outcome.NOT_A_PACKAGE or not path.is_file():
        raise InputError(
            f"{path.name} is no package with its content; give a .wacz or .dossier.zip file.",
            f"{path.name} 不是带有内容的封装；请给出 .wacz 或 .dossier.zip 文件。",
        )
    with path.open("rb") as file, ExitStack() as aside:
        findings = Findings(frozenset())
        outer = open_archive(Window.whole(file), path.name, findings, aside)
        name = dossier_name(outer)
        if name is None:
            name = path.name.removesuffix(".wacz")
            inner: Archive | None = outer
            papers = papers_beside(path, name, findings)
        else:
            inner = _inner(outer, name, findings)
            papers = papers_inside(outer, name, findings)
        records, inside = _read(inner)
        artefacts = tuple(e.name for e in inner.entries) if inner else ()
    handed = [Handed(path.name, _digest(path))]
    if papers.get(names.VERIFY_TEXT) is None:
        handed += [Handed(n, _digest(path.parent / n)) for n in sorted(papers.files)]
    return Material(
        path=path,
        name=name,
        handed=tuple(handed),
        verdict=verdict,
        verified=moment,
        records=records,
        inside=inside | dict(papers.files),
        artefacts=tuple(n for n in artefacts if names.media_type(n)),
        trust_folder=trust,
        trust=_trust(trust),
    )


def _inner(outer: Archive, name: str, findings: Findings) -> Archive | None:
    entry = outer.get(f"{name}.wacz")
    try:
        window = None if entry is None else outer.open(entry)
    except FormatError:
        return None
    if window is None:
        return None
    return open_archive(window, f"{name}.wacz", findings, outer.aside)


def _read(inner: Archive | None) -> tuple[dict[str, Mapping[str, Any]], dict[str, bytes]]:
    records: dict[str, Mapping[str, Any]] = {}
    inside: dict[str, bytes] = {}
    for name in (*RECORDS, names.MANIFEST, names.SIGNATURE):
        entry = None if inner is None else inner.get(name)
        if inner is None or entry is None:
            continue
        try:
            data = inner.read(entry, SMALL)
            inside |= {name: data} if name not in RECORDS else {}
            value = jcs.loads(data, name, limit=SMALL) if name in RECORDS else None
        except FormatError:
            continue
        if isinstance(value, dict):
            records[name] = value
    return records, inside


def _digest(path: Path) -> Digests:
    meter = Meter()
    with path.open("rb") as file:
        for chunk in Window.whole(file).chunks():
            meter.update(chunk)
    return meter.finish()


def _trust(folder: Path | None) -> tuple[str, str] | None:
    for name in (SUMS, POLICY):
        if folder is not None and (folder / name).is_file():
            return name, sha256_hex((folder / name).read_bytes())
    return None


def papers_of(material: Material) -> Papers:
    """Return the papers again in the verifier's form."""
    files = {n: d for n, d in material.inside.items() if not n.startswith("evidence/")}
    return Papers(names.Sidecars(material.name or ""), files)
