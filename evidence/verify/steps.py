"""A verification told as steps: find the package, read it, then prove claim after claim."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from evidence.errors import FormatError, InputError
from evidence.format import names
from evidence.format.declared import at_odds
from evidence.format.digests import Digests, Meter
from evidence.format.policy import CLAIMS
from evidence.verify.ahead import Ahead
from evidence.verify.anchors import tell_anchors
from evidence.verify.archive import Archive, check_crc, check_names, is_zip, open_archive
from evidence.verify.bounds import check_bounds
from evidence.verify.case import check_case
from evidence.verify.chain import check_log
from evidence.verify.enclosed import check_enclosed
from evidence.verify.erased import erased_name, verify_erased
from evidence.verify.foreign import may_be_elsewhere, sealed_elsewhere
from evidence.verify.package import Package, check_package
from evidence.verify.papers import Papers, dossier_name, papers_beside, papers_inside
from evidence.verify.renewal import check_renewal
from evidence.verify.revocation import check_revocation
from evidence.verify.signature import check_place, check_review, check_signature, proved_by
from evidence.verify.stamps import check_order, check_stamps
from evidence.verify.token import over
from evidence.verify.trust import Trust, load_trust
from evidence.verify.verdict import Findings, Verdict, as_foreign, conclude, not_a_package
from evidence.verify.window import Window
from evidence.verify.witnesses import check_end, check_witnesses, log_of


def utc_now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


def verify_file(
    path: Path, *, trust: Path | None, clock: Callable[[], datetime] = utc_now
) -> Verdict:
    """Return the verdict on a WACZ (with the papers beside it) or on a dossier.

    ``trust`` is the trust folder; without it nothing is trusted and the verdict is never
    *valid*. ``clock`` says at what time it is asked: a token that was not renewed before its
    authority's certificate ended no longer counts after that. Raises InputError or TrustError
    when a path cannot be used. Not checked: whatever
    ``Verdict.to_json()["not_proved"]`` lists.
    """
    try:
        trusted = load_trust(trust) if trust is not None else None
        if path.is_dir():
            raise InputError(
                f"{path} is a folder; give a .wacz or .dossier.zip file.",
                f"{path} 是文件夹；请给出 .wacz 或 .dossier.zip 文件。",
            )
        if (erased := erased_name(path)) is not None:
            return verify_erased(path, erased, trusted, clock())
        if not path.is_file():
            raise InputError(
                f"There is no file {path}; give a .wacz or .dossier.zip file.",
                f"没有文件 {path}；请给出 .wacz 或 .dossier.zip 文件。",
            )
        with path.open("rb") as file, ExitStack() as aside:
            return _verify(path, Window.whole(file), trusted, aside, clock())
    except OSError as error:
        raise _unreadable(error.filename or path, error) from error


def verify_opened(
    file: BinaryIO, path: Path, *, trust: Path | None, clock: Callable[[], datetime] = utc_now
) -> Verdict:
    """Return the same verdict on content that is open already; ``path`` is where it belongs.

    For content that is encrypted at rest: papers beside a WACZ are looked for at ``path``.
    """
    trusted = load_trust(trust) if trust is not None else None
    with ExitStack() as aside:
        return _verify(path, Window.whole(file), trusted, aside, clock())


def _unreadable(path: Path | str, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
    )


@dataclass(frozen=True)
class _Read:
    """What a file holds, and what was found of it by itself, whatever is trusted."""

    outer: Archive
    papers: Papers
    package: Package
    whole: Digests
    is_dossier: bool
    findings: Findings


def _verify(
    path: Path, window: Window, trust: Trust | None, aside: ExitStack, now: datetime
) -> Verdict:
    """Return the verdict; one that fails may be judged again without trust, to say for what."""
    if not is_zip(window):
        return not_a_package(path.name)
    read = _read(path, window, aside)
    verdict = _judge(path.name, read, trust, now)
    if trust is not None and may_be_elsewhere(verdict):
        alone = _judge(path.name, read, None, now)
        return as_foreign(verdict) if sealed_elsewhere(verdict, alone) else verdict
    return verdict


def _read(path: Path, window: Window, aside: ExitStack) -> _Read:
    """Read every byte of the file once."""
    findings = Findings(frozenset())
    outer = open_archive(window, path.name, findings, aside)
    name = dossier_name(outer)
    if name is not None:
        papers, package, whole = _open_dossier(outer, name, findings)
        return _Read(outer, papers, package, whole, True, findings)
    papers = papers_beside(path, _name_of(path), findings)
    ahead = Ahead(_digest, window, aside)
    package = check_package(outer, findings)
    return _Read(outer, papers, package, ahead.result()[0], False, findings)


def _judge(name: str, read: _Read, trust: Trust | None, now: datetime) -> Verdict:
    findings = read.findings.requiring(frozenset(trust.policy.require if trust else CLAIMS))
    papers, package = read.papers, read.package
    if read.is_dossier:
        check_enclosed(papers, package, read.outer, trust, findings)
    check_renewal(package, papers, trust, findings, now=now)
    tell_anchors(papers, package.manifest_bytes, findings)
    _check_claims(package, papers, read.whole, trust, findings)
    return conclude(name, findings, trusted=trust is not None, trial=_only_trial(papers, trust))


def _name_of(path: Path) -> str:
    return path.name.removesuffix(".wacz")


def _digest(window: Window) -> tuple[Digests, int]:
    meter, crc = Meter(), 0
    for chunk in window.chunks():
        meter.update(chunk)
        crc = zlib.crc32(chunk, crc)
    return meter.finish(), crc


def _open_dossier(outer: Archive, name: str, findings: Findings) -> tuple[Papers, Package, Digests]:
    """Read a dossier's papers, and its WACZ in place."""
    papers = papers_inside(outer, name, findings)
    wacz = papers.sidecars.wacz
    check_names(
        outer, papers.sidecars.dossier_order(tuple(papers.tokens), papers.further), findings
    )
    for entry in outer.entries:
        data = papers.get(entry.name)
        if data is not None:
            check_crc(outer, entry, zlib.crc32(data), findings)
    entry = next(e for e in outer.entries if e.name == wacz)
    try:
        inner = outer.open(entry)
    except FormatError as error:
        findings.fault("package", outer.place(wacz), error)
        inner = outer.window.part(0, 0)
    ahead = Ahead(_digest, inner, outer.aside)
    package = check_package(open_archive(inner, wacz, findings, outer.aside), findings)
    whole, crc = ahead.result()
    check_crc(outer, entry, crc, findings)
    return papers, package, whole


def _check_claims(
    package: Package, papers: Papers, whole: Digests, trust: Trust | None, findings: Findings
) -> None:
    """Prove signature, log, timestamps and order, each as far as it can be."""
    data = package.manifest_bytes
    stamps = check_stamps(papers, over(data), trust, findings)
    proved = proved_by(stamps, trust)
    check_place(package, papers, trust, findings)
    check_signature(package, papers, trust, proved, findings)
    check_review(package, trust, proved, findings)
    log = log_of(papers, trust) if trust else None
    if log is not None:
        check_end(log, papers, findings)
    attempt, outcome = check_log(package, papers, whole, log.key if log else None, findings)
    check_witnesses(papers, trust, outcome.time if outcome else None, findings)
    check_revocation(papers, trust, stamps, findings)
    check_case(papers, trust, findings)
    findings.declared = package.contents.declared
    place = package.archive.place(names.MANIFEST)
    check_order(
        package.manifest,
        place,
        attempt,
        outcome,
        stamps,
        findings,
        bounds=check_bounds(papers, attempt, trust, findings),
        tolerance=trust.policy.clock_bound if trust else None,
    )
    _tell_package(findings)


def _tell_package(findings: Findings) -> None:
    """Say that the package holds; that its records agree, only as far as nothing else is declared.

    What is declared of records of different moments is proved as little as the opposite.
    """
    but = at_odds(findings.declared)
    findings.valid(
        "package",
        "The ZIP is in its one canonical form; every file in it is well formed, and the records "
        f"of the capture agree{', except for what is declared' if but else ''}.",
        "ZIP 为唯一规范形式；其中每个文件均合乎格式，取证各记录"
        f"{'除所声明的情形外' if but else ''}相互一致。",
    )


def _only_trial(papers: Papers, trust: Trust | None) -> bool:
    """Return whether all tokens that a trusted authority could answer for are trial ones."""
    if trust is None:
        return False
    known = [authority for name in papers.tokens if (authority := trust.authority(name))]
    return bool(known) and all(authority.trial for authority in known)
