"""Erasing an exhibit's content: a signed request, an entry in the log, then the end of its keys.

1. basis, approvers and holds are checked; 2. the request is written and signed; 3. the erasure is
logged; 4. entry, proof and request are put beside the sidecars; 5. the keys are ended, then the
content. Interrupted anywhere it is finished by running it again; no content is ended that the log
does not name. What lies in back-ups is not reached from here: ``open_backups`` says so until
somebody states that they are gone or made anew.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.errors import InputError
from evidence.exhibitkeys import PART, drop_key
from evidence.format import jcs
from evidence.format.digests import check_hex, sha256_hex
from evidence.format.entry import Erasure, parse_entry
from evidence.format.entry.signing import sign_entry
from evidence.format.erasure import ErasureRequest, commitment, erasure_names
from evidence.format.times import format_time
from evidence.format.tlogproof import TlogProof
from evidence.formerlogs import log_that_has
from evidence.home import EvidenceHome
from evidence.keeping.dated import Ground, ground, retention
from evidence.keeping.dossier import keep_revocation
from evidence.keeping.erasures import Erased, read_state, told
from evidence.keeping.exhibit import Kept
from evidence.keeping.holds import held, plain
from evidence.keeping.store import ContentStore, FolderStore
from evidence.log import Fault, Session, no_fault
from evidence.log.durable import locked, replace_file

Clock = Callable[[], datetime]
RETENTION_ENDED = "pipl-retention-ended"


@dataclass(frozen=True)
class EraseOrder:
    """What was asked: the basis, the two who approved, the reason (kept here, never handed out).

    ``document_sha256`` is of the paper that the basis rests on; ``retention_class`` is needed
    where the basis is that the retention period has ended.
    """

    basis: str
    approvers: tuple[str, str]
    reason: str
    document_sha256: str | None = None
    retention_class: str | None = None


def erase(
    kept: Kept,
    order: EraseOrder,
    *,
    home: EvidenceHome,
    clock: Clock,
    store: ContentStore | None = None,
    fault: Fault = no_fault,
) -> Erased:
    """Erase one exhibit's content and return what the log says of it.

    Raises InputError before anything is done when basis, approvers, class or a hold forbid it.
    Not checked: whether the law allows it, and whether the approvers are who they say.
    """
    place = store or FolderStore(home)
    outcome = kept.outcome
    folder = home.path / "evidence" / "erasures"
    with locked(folder / f"{outcome.capture_id}.lock"):
        path = folder / f"{outcome.capture_id}.json"
        state = _state(path, kept, order, home)
        if state is None:
            state = _begin(kept, order, home, clock())
            replace_file(path, jcs.dumps(state), mode=0o600)
        fault("erasure begun")
        standing = held(home, outcome.capture_id)
        if standing is not None and "done" not in state:
            raise InputError(
                f"{kept.name} is held ({standing.reason}); release the hold first.",
                f"{kept.name} 已被保全（{standing.reason}）；请先解除。",
            )
        request = state["request"].encode()
        index = _logged(home, request, state, clock)
        fault("erasure logged")
        _put_papers(kept, home, request, index)
        keep_revocation(kept, content=place.open)
        fault("papers in place")
        place.erase(kept)
        fault("content key ended")
        drop_key(home, outcome.capture_id, PART)
        _forget(kept, home, outcome.capture_id)
        if "done" not in state:
            state = {**state, "done": format_time(clock()), "index": index, "backups": "open"}
            replace_file(path, jcs.dumps(state), mode=0o600)
    return told(state, outcome.capture_id)


def _state(path: Path, kept: Kept, order: EraseOrder, home: EvidenceHome) -> dict[str, Any] | None:
    """Return the state to go on from, None to begin; what nobody logged gives way to an order.

    Raises InputError when another order's erasure is in the log already.
    """
    state = read_state(path)
    if state is None or _is_of(state, order):
        return state
    digest = sha256_hex(state["request"].encode())
    with home.open_log().writing() as session:
        logged = "done" in state or _find(session, digest, state["size"]) is not None
    if logged:
        raise InputError(
            f"The content of {kept.name} is erased on another request already.",
            f"{kept.name} 的内容已依另一申请删除。",
        )
    return None


def _is_of(state: dict[str, Any], order: EraseOrder) -> bool:
    people = [person["name"] for person in state["approvers"]]
    request = ErasureRequest.parse(state["request"].encode(), "erasure request")
    return (
        people == [name.strip() for name in order.approvers]
        and request.basis.code == order.basis
        and request.document_sha256 == order.document_sha256
    )


def require_ground(
    kept: Kept,
    basis: str,
    *,
    document_sha256: str | None,
    retention_class: str | None,
    home: EvidenceHome,
    now: datetime,
) -> Ground:
    """Return the basis if the content may be erased on it today, as far as is looked at here.

    Raises InputError: an unknown, unsure or future basis, a paper or a class that lacks, a
    retention that has not ended. Not looked at: holds and approvers.
    """
    found = ground(basis, on=now.date())
    if found.document and document_sha256 is None:
        raise InputError(
            f"The basis {basis} rests on a paper; give it with --document.",
            f"依据 {basis} 须附文书；请用 --document 给出。",
        )
    if basis == RETENTION_ENDED:
        _require_ended(kept, basis, retention_class, home, now)
    if document_sha256 is not None:
        check_hex(document_sha256, "document")
    return found


def _begin(kept: Kept, order: EraseOrder, home: EvidenceHome, now: datetime) -> dict[str, Any]:
    """Check what was asked and return the state that the rest goes on from."""
    first, second = (plain(name, "--approve") for name in order.approvers)
    if first == second:
        raise InputError("Two different people approve an erasure.", "删除须由两名不同的人员批准。")
    found = require_ground(
        kept,
        order.basis,
        document_sha256=order.document_sha256,
        retention_class=order.retention_class,
        home=home,
        now=now,
    )
    proof = TlogProof.parse(
        kept.path(kept.sidecars.outcome_proof).read_bytes(), kept.sidecars.outcome_proof
    )
    size, former = _require_ours(kept, home, proof)
    salts = [secrets.token_hex(32) for _ in range(2)]
    request = ErasureRequest(
        kept.outcome.capture_id,
        proof.index,
        kept.outcome.package.sha256,
        found.basis,
        order.document_sha256,
        now,
        (commitment(salts[0], first), commitment(salts[1], second)),
    ).sign(home.signer())
    people = [{"name": n, "salt": s} for n, s in zip((first, second), salts, strict=True)]
    return {
        "name": kept.name,
        "request": request.to_bytes().decode(),
        "size": size,
        "approvers": people,
        "reason": plain(order.reason, "--reason"),
        "log": home.open_log().origin,
        "former": former,
    }


def _require_ours(kept: Kept, home: EvidenceHome, proof: TlogProof) -> tuple[int, str | None]:
    """Return the log's size, and the former log in which the outcome stands (None: in this one).

    Raises InputError when it stands in neither: its erasure cannot be logged here.
    """
    store = home.open_log().store
    size = store.newest().size
    outcome = kept.path(kept.sidecars.outcome).read_bytes()
    if proof.index < size and store.entry(proof.index, size) == outcome:
        return size, None
    former = log_that_has(home, outcome, proof)
    if former is None:
        raise InputError(
            f"{kept.name} was sealed by another installation; it is erased there.",
            f"{kept.name} 由其他安装封装；须在该处删除。",
        )
    return size, former.key.name


def _require_ended(
    kept: Kept, basis: str, kind: str | None, home: EvidenceHome, now: datetime
) -> None:
    if kind is None:
        raise InputError(
            f"The basis {basis} needs the exhibit's class; give --class.",
            f"依据 {basis} 须注明证据类别；请用 --class 给出。",
        )
    until = retention(kind, home=home.path).until(kept.outcome.time)
    if now.date() <= until:
        raise InputError(
            f"{kept.name} is to be kept until {until}; nothing was erased.",
            f"{kept.name} 应保存至 {until}；未删除。",
        )


def _logged(home: EvidenceHome, data: bytes, state: dict[str, Any], clock: Clock) -> int:
    """Return the index of the erasure's entry, appended if the log has none since the request.

    Where a log succeeded that of the request meanwhile, the entry stands in the successor.
    """
    request, digest = ErasureRequest.parse(data, "erasure request"), sha256_hex(data)
    log = home.open_log()
    begun = state.get("log", log.origin)
    former = state.get("former") or (None if begun == log.origin else begun)
    with home.signing(), log.writing() as session:
        index = _find(session, digest, state["size"] if begun == log.origin else 0)
        if index is not None:
            return index
        entry = sign_entry(
            Erasure(
                prev=session.previous(),
                time=clock(),
                outcome=request.outcome,
                package_sha256=request.package_sha256,
                basis=request.basis.code,
                basis_sha256=digest,
                approvers=request.approvers,
                signer="0" * 64,
                log=former,
            ),
            home.signer(),
        )
        return session.append([entry.to_bytes()])[0]


def _find(session: Session, digest: str, start: int) -> int | None:
    needle = digest.encode()
    for index, data in session.entries(start):
        if needle in data:
            entry = parse_entry(data)
            if isinstance(entry, Erasure) and entry.basis_sha256 == digest:
                return index
    return None


def _put_papers(kept: Kept, home: EvidenceHome, request: bytes, index: int) -> None:
    entry, proof = home.open_log().proof(index)
    names = erasure_names(kept.name)
    for name, data in zip(names, (entry, proof, request), strict=True):
        if not kept.path(name).exists():
            replace_file(kept.path(name), data)


def _forget(kept: Kept, home: EvidenceHome, capture_id: str) -> None:
    """Remove what else tells of the page: the journals of its way out, the work folder."""
    for journal in kept.folder.glob("egress-*.jsonl"):
        journal.unlink()
    (home.path / "evidence" / "egress" / f"{capture_id}.jsonl").unlink(missing_ok=True)
    work = home.work / capture_id
    for path in sorted(work.glob("*")) if work.is_dir() else []:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
