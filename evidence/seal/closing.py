"""Closing a case with a signed count, and the export of every entry that it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.errors import InputError
from evidence.format.attempt import case_tag
from evidence.format.caseexport import CaseExport, CasePart, CaseRow
from evidence.format.digests import sha256_hex
from evidence.format.entry import (
    Attempt,
    CaseClosed,
    CaseEntry,
    Failed,
    NothingFound,
    Sealed,
    parse_entry,
)
from evidence.format.entry.signing import sign_entry
from evidence.format.merkle import inclusion_proof
from evidence.format.names import Sidecars
from evidence.format.tlogproof import TlogProof
from evidence.formerlogs import FormerLog, former_logs
from evidence.home import EvidenceHome
from evidence.log import Fault, Session, no_fault
from evidence.log.store import Head, open_checkpoint
from evidence.seal.former import continue_case, standing
from evidence.seal.means import Clock, Means
from evidence.seal.order import PreserveOrder
from evidence.seal.publish import Papers, prove
from evidence.seal.stamping import Stamps, stamp_checkpoint, with_revocation
from evidence.seal.workfolder import WorkFolder


@dataclass(frozen=True)
class Closed:
    """The entry that closes a case and its place in the log; ``anew`` when it was made now."""

    index: int
    entry: CaseClosed
    anew: bool


def close_case(home: EvidenceHome, case: str, *, clock: Clock, fault: Fault = no_fault) -> Closed:
    """Close ``case`` by a signed log entry that states its counts; closed before, tell it again.

    Raises InputError for a case without attempts, and while an attempt has no outcome yet.
    """
    tag = case_tag(_salt(home, case), case)
    with home.signing(), home.open_log(fault).writing() as session:
        found = _entries(session, tag)
        for index, entry in found:
            if isinstance(entry, CaseClosed):
                return Closed(index, entry, anew=False)
        if not found:
            _continued(session, home, tag, case, now=clock())
        closing = sign_entry(_counted(found, tag, session.previous(), clock()), home.signer())
        fault("case counted")
        (index,) = session.append([closing.to_bytes()])
    fault("case closed")
    return Closed(index, closing, anew=True)


def _continued(session: Session, home: EvidenceHome, tag: str, case: str, *, now: datetime) -> None:
    """Log where a case stood that has attempts in a former log only, so that it can be closed.

    Raises InputError when it has none there either, or was closed there.
    """
    before = standing(home, tag)
    if before is None or not before.attempts:
        raise _unknown(case)
    if before.closed is not None:
        raise InputError(
            f"The case {case!r} was closed in the log {before.closed}.",
            f"案件“{case}”已在日志 {before.closed} 结案。",
        )
    continue_case(session, home, tag, before, now=now)


def export_case(
    home: EvidenceHome, case: str, *, head: Head | None = None, fault: Fault = no_fault
) -> bytes:
    """Return ``NAME.case.json``: the entries of ``case`` and their proofs under one checkpoint.

    The checkpoint is ``head`` (that which the witnesses cosigned), else the log's newest. Those in
    former logs that are in hand come with it, each log's under its own checkpoint.
    Raises InputError for a case without attempts. It need not be closed; only then it is complete.
    """
    salt = _salt(home, case)
    tag = case_tag(salt, case)
    log = home.open_log(fault)
    rows, checkpoint = [], b""
    with log.writing() as session:
        against = head or session.head
        for index in session.index.of_case(tag):
            if index >= against.size:
                break
            entry, data = prove(log.store, index, against)
            rows.append(CaseRow(index, entry, TlogProof.parse(data).hashes))
            checkpoint = against.note
    parts = [part for former in former_logs(home) if (part := _former_part(former, tag))]
    parts += [CasePart(checkpoint, tuple(rows))] if rows else []
    if not parts:
        raise _unknown(case)
    last = parts[-1]
    return CaseExport(case, salt, last.checkpoint, last.rows, tuple(parts[:-1])).to_bytes()


def _former_part(former: FormerLog, tag: str) -> CasePart | None:
    """Return the entries of the case in a log that ended, None where it has none of them."""
    store, size, rows = former.store, former.size, []
    for at in former.index.of_case(tag):
        hashes = tuple(inclusion_proof(at, size, store.hashes(size)))
        rows.append(CaseRow(at, store.entry(at, size), hashes))
    former.index.close()
    return CasePart(store.newest().note, tuple(rows)) if rows else None


def further_papers(
    papers: Papers,
    order: PreserveOrder,
    held: Mapping[str, str],
    work: WorkFolder,
    stamps: Stamps,
    means: Means,
) -> Papers:
    """Return the papers with all that a dossier may hold besides, as far as it can be had."""
    papers = stamp_checkpoint(work, order.name, papers, means)
    papers = with_revocation(work, stamps, papers, means)
    return _with_case(papers, order, held, means)


def _with_case(
    papers: Papers, order: PreserveOrder, held: Mapping[str, str], means: Means
) -> Papers:
    """Return the papers with the export of the case, if their checkpoint has it closed already."""
    tag = case_tag(held["case_salt"], held["case"])
    with means.log.writing() as session:
        closed = session.index.closed_at(tag)
    head = open_checkpoint(papers.checkpoint, means.log.store.key)
    if closed is None or closed >= head.size:
        return papers
    exported = export_case(means.home, held["case"], head=head)
    return replace(papers, files={**papers.files, Sidecars(order.name).case: exported})


def _salt(home: EvidenceHome, case: str) -> str:
    """Return the salt of a case that was begun here; none is made."""
    path = home.path / "evidence" / "cases" / f"{sha256_hex(case.encode())}.json"
    try:
        return str(json.loads(path.read_bytes())["salt"])
    except FileNotFoundError:
        raise _unknown(case) from None


def _unknown(case: str) -> InputError:
    return InputError(
        f"The log has no attempt of the case {case!r}; check the case number.",
        f"日志中没有案件“{case}”的任何尝试；请核对案号。",
    )


def _entries(session: Session, tag: str) -> list[tuple[int, CaseEntry | CaseClosed]]:
    found = []
    for index in session.index.of_case(tag):
        entry = parse_entry(session.entry(index))
        if isinstance(entry, CaseEntry | CaseClosed) and entry.case_tag == tag:
            found.append((index, entry))
    return found


def _counted(
    found: list[tuple[int, CaseEntry | CaseClosed]], tag: str, prev: str, now: datetime
) -> CaseClosed:
    """Return the closing entry, unsigned; InputError while an attempt is open."""
    attempts = {index: entry for index, entry in found if isinstance(entry, Attempt)}
    outcomes = [entry for _, entry in found if isinstance(entry, Sealed | Failed | NothingFound)]
    ended = {entry.attempt for entry in outcomes}
    open_ones = [entry.number for index, entry in attempts.items() if index not in ended]
    if open_ones:
        numbers = ", ".join(map(str, sorted(open_ones)))
        raise InputError(
            f"Attempt {numbers} of the case has no outcome yet; finish it first (the same "
            "capture command again), then close the case.",
            f"该案件第 {numbers} 次尝试尚无结果；请先完成（再次运行同一取证命令），然后结案。",
        )
    counts = {
        kind: sum(isinstance(entry, kind) for entry in outcomes)
        for kind in (Sealed, Failed, NothingFound)
    }
    return CaseClosed(
        case_tag=tag,
        prev=prev,
        time=now,
        attempts=len(attempts),
        sealed=counts[Sealed],
        failed=counts[Failed],
        nothing_found=counts[NothingFound],
        signer="0" * 64,
    )
