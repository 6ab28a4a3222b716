"""From a whole capture to an exhibit: manifest, tokens, outcome, proofs, dossier, verdict."""

from __future__ import annotations

from typing import Any

from evidence.capture import Reason
from evidence.errors import SealError
from evidence.seal.attempting import fail
from evidence.seal.closing import further_papers
from evidence.seal.entries import Logged, append_sealed
from evidence.seal.further import beside, drop_stale
from evidence.seal.means import Means
from evidence.seal.order import Preserved, PreserveOrder
from evidence.seal.package import build_package
from evidence.seal.publish import (
    Files,
    build_dossier,
    make_papers,
    put_in_place,
    require_sound,
    require_valid,
)
from evidence.seal.result import preserved, to_json
from evidence.seal.snapshot import load_snapshot
from evidence.seal.stamping import stamp_manifest
from evidence.seal.witnessing import witness_log
from evidence.seal.workfolder import WorkFolder


def seal(
    order: PreserveOrder,
    held: dict[str, Any],
    work: WorkFolder,
    means: Means,
    attempt: Logged,
) -> Preserved:
    """Manifest, signature, tokens, outcome, proofs, dossier, verdict; then all is put in place."""
    home, snapshot = means.home, load_snapshot(work)
    target = work.path / "out" / order.out.name
    package = build_package(held, snapshot, attempt, home.signer(), target)
    means.fault("package built")
    try:
        require_sound(package.path)
    except SealError as error:
        fail(order, work, means, Reason.UNSOUND, error)
    stamps = stamp_manifest(work, package.manifest, means)
    named, tokens = stamps.named, stamps.tokens

    def await_more(why: tuple[str, ...]) -> Preserved:
        papers = make_papers(order.name, means.log, attempt, None, tokens)
        files: Files = {**papers.files, order.out.name: package.path}
        put_in_place(order.out.parent, order.name, files, means.fault)
        return preserved(order, snapshot, package, named, waiting_for=why)

    if stamps.waiting_for:
        return await_more(stamps.waiting_for)
    with means.log.writing() as session:
        outcome = append_sealed(
            session, attempt, package.manifest, package.digests, now=means.clock()
        )
    means.fault("outcome logged")
    witnessed = witness_log(means)
    if witnessed.waiting_for:
        return await_more(witnessed.waiting_for)
    head = witnessed.head
    papers = make_papers(order.name, means.log, attempt, outcome, tokens, head=head)
    papers = further_papers(papers, order, held, work, stamps, means)
    dossier = build_dossier(order.name, package, papers, tokens, home=home, named=named)
    means.fault("dossier built")
    require_valid(dossier, home.trust)
    means.fault("verified")
    files: Files = {**beside(papers.files), order.out.name: package.path, dossier.name: dossier}
    drop_stale(order.out.parent, order.name, files)
    put_in_place(order.out.parent, order.name, files, means.fault)
    checkpoint = papers.checkpoint.decode()
    result = preserved(order, snapshot, package, named, outcome=outcome, checkpoint=checkpoint)
    work.finish(to_json(result))
    means.fault("done")
    return result
