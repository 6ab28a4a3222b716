"""An exhibit whose content was erased: what its sidecars still prove, and on which basis.

Attempt, outcome and erasure are in the log, the tokens still stand over the manifest's digest, and
the request for erasure is signed. The content itself can no longer be checked, and nobody says
here that erasing it was lawful.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.errors import EvidenceError, ProofError
from evidence.format.digests import sha256_hex
from evidence.format.entry import Attempt, Erasure, Sealed
from evidence.format.entry.signing import verify_entry
from evidence.format.erasure import ErasureRequest, erasure_names
from evidence.format.policy import CLAIMS
from evidence.format.times import format_time
from evidence.verify.chain import Logged, check_one_checkpoint, read_logged
from evidence.verify.papers import LIMIT, Papers, papers_beside
from evidence.verify.renewal import check_standing, named
from evidence.verify.revocation import check_revocation
from evidence.verify.stamps import check_stamps
from evidence.verify.trust import Signer, Trust
from evidence.verify.verdict import Findings, Outcome, Verdict, conclude
from evidence.verify.witnesses import check_end, check_leaf, check_witnesses, log_of, origin_of

CLAIM = "erasure"
ENDINGS = (".wacz", ".dossier.zip", ".erasure.json")


def erased_name(path: Path) -> str | None:
    """Return NAME if ``path`` stands for an exhibit whose content was erased, else None."""
    for ending in ENDINGS:
        name = path.name.removesuffix(ending)
        if name != path.name and path.with_name(erasure_names(name)[0]).is_file():
            return name if ending == ENDINGS[-1] or not path.exists() else None
    return None


def verify_erased(path: Path, name: str, trust: Trust | None, now: datetime) -> Verdict:
    """Return the verdict on what is left; never *valid*, because the content is not there."""
    findings = Findings(frozenset(trust.policy.require if trust else CLAIMS))
    papers = _papers(path, name, findings)
    log = log_of(papers, trust) if trust else None
    key = log.key if log else None
    if log is not None:
        check_end(log, papers, findings)
    sidecars = papers.sidecars
    attempt = read_logged(papers, sidecars.attempt, sidecars.attempt_proof, key, findings)
    outcome = read_logged(papers, sidecars.outcome, sidecars.outcome_proof, key, findings)
    entry_name, proof_name, request_name = erasure_names(name)
    where = trust.log_named(origin_of(papers, proof_name)) if trust else None
    erasure = read_logged(papers, entry_name, proof_name, where.key if where else None, findings)
    if log is not None and where is not None and erasure is not None and trust is not None:
        check_leaf(where, papers, entry_name, proof_name, findings)
        _check_logs(log.key.name, where.key.name, erasure, entry_name, trust, findings)
    sealed = outcome.entry if outcome and isinstance(outcome.entry, Sealed) else None
    trial = False
    check_one_checkpoint(papers, findings)
    check_witnesses(papers, trust, sealed.time if sealed else None, findings)
    _bind(attempt, outcome, sidecars.outcome, findings)
    for claim in ("package", "manifest", "signature"):
        findings.unchecked(claim, "The content was erased.", "内容已删除。")
    if sealed is not None:
        findings.facts["manifest_sha256"] = sealed.manifest_sha256
        trial = _check_tokens(papers, sealed, trust, findings, now)
    request = _check_erasure(papers, erasure, outcome, request_name, trust, findings)
    if sealed is not None and erasure is not None and key is not None:
        findings.valid(
            "inclusion",
            "Attempt, outcome and erasure are in the log under checkpoints signed by the trusted "
            "log key.",
            "尝试、结果与删除均在日志中，检查点由可信日志密钥签名。",
        )
    verdict = conclude(path.name, findings, trusted=trust is not None, trial=trial)
    return _named(verdict, request)


def _check_logs(
    sealed: str, erased: str, erasure: Logged, name: str, trust: Trust, findings: Findings
) -> None:
    """The erasure stands in the outcome's log, or in one that followed it and names that log."""
    stated = erasure.entry.log if isinstance(erasure.entry, Erasure) else None
    own = stated is None and sealed == erased
    later = stated == sealed and trust.after((sealed, 1 << 62), erased, 0)
    if not own and not later:
        findings.invalid(
            CLAIM,
            name,
            "The erasure is of an exhibit of another log than this.",
            "删除条目所指的证据在另一日志中。",
        )


def _papers(path: Path, name: str, findings: Findings) -> Papers:
    papers = papers_beside(path, name, findings)
    files = dict(papers.files)
    for other in erasure_names(name):
        try:
            with path.with_name(other).open("rb") as source:
                files[other] = source.read(LIMIT)
        except FileNotFoundError:
            continue
    return Papers(papers.sidecars, files)


def _bind(attempt: Logged | None, outcome: Logged | None, where: str, findings: Findings) -> None:
    """The outcome is that of the attempt beside it."""
    if attempt is None or outcome is None:
        return
    first, second = attempt.entry, outcome.entry
    if not isinstance(first, Attempt) or not isinstance(second, Sealed):
        findings.invalid(
            "inclusion", where, "They are not attempt and outcome.", "不是尝试与结果条目。"
        )
    elif not _belong(attempt.index, first, outcome.index, second):
        findings.invalid(
            "inclusion", where, "It is the outcome of another attempt.", "是另一次尝试的结果。"
        )


def _belong(index: int, first: Attempt, later: int, second: Sealed) -> bool:
    """Say whether the outcome at ``later`` is that of the attempt at ``index``, in its case."""
    named = (first.capture_id, first.case_tag, first.number, index)
    stated = (second.capture_id, second.case_tag, second.number, second.attempt)
    return stated == named and later > index


def _check_tokens(
    papers: Papers, sealed: Sealed, trust: Trust | None, findings: Findings, now: datetime
) -> bool:
    """The tokens over the manifest's SHA-256 that the outcome names still prove their time.

    So does the revocation data kept with them and with their renewals, where there is some.

    Returns whether all of them are trial ones.
    """
    due = named(sealed.manifest_sha256)
    stamps = check_stamps(papers, due, trust, findings)
    check_standing(papers, due, trust, findings, now=now)
    check_revocation(papers, trust, stamps, findings)
    trusted = [one for one in findings.facts.get("tokens", ()) if one["trusted"]]
    return bool(trusted) and all(one["trial"] for one in trusted)


def _check_erasure(
    papers: Papers,
    erasure: Logged | None,
    outcome: Logged | None,
    where: str,
    trust: Trust | None,
    findings: Findings,
) -> ErasureRequest | None:
    """The entry names this outcome and this request; both are signed by the trusted signer."""
    data = papers.get(where)
    if erasure is None or data is None:
        findings.unchecked(
            CLAIM, f"{where}, or the entry, is not there.", f"缺少 {where} 或删除条目。"
        )
        return None
    try:
        request = ErasureRequest.parse(data, where)
        entry = _require_same(erasure, outcome, request, data)
        if trust is None:
            findings.unchecked(
                CLAIM,
                "The signatures on the erasure were not checked against a trusted key.",
                "删除条目与申请的签名未用可信密钥核查。",
            )
        else:
            signer = trust.signer_named(entry.signer)
            verify_entry(entry, signer.key)
            request.verify(signer.key)
            _check_term(signer, request.time, findings)
            _check_place(signer, erasure, findings.facts.get("log"), trust)
    except EvidenceError as error:
        findings.fault(CLAIM, where, error)
        return None
    date, basis = format_time(request.time)[:10], request.basis
    findings.facts["erasure"] = {
        "index": erasure.index,
        "time": format_time(request.time),
        "basis": basis.to_json(),
        "document_sha256": request.document_sha256,
    }
    findings.valid(
        CLAIM,
        f"The content was erased on {date} on the signed basis {basis.code} ({basis.title} "
        f"{basis.article}); that this was lawful is not checked.",
        f"内容已于 {date} 删除，有签名的依据：{basis.code}（《{basis.title}》{basis.article}）；"
        "删除是否合法未予核查。",
    )
    return request


def _check_place(signer: Signer, erasure: Logged, log: dict[str, Any] | None, trust: Trust) -> None:
    """Raise ProofError when the erasure was logged after its signer's key was revoked."""
    if signer.revoked_at is None or log is None:
        return
    if trust.after(signer.revoked_at, str(log["origin"]), erasure.index):
        raise ProofError(
            "The key that signed the erasure was revoked before it was logged.",
            "签署删除的密钥在删除记入日志之前已吊销。",
        )


def _check_term(signer: Signer, stated: datetime, findings: Findings) -> None:
    """No token proves when an erasure was signed: a revoked key, or another's term, is told."""
    if signer.revoked is not None:
        findings.unchecked(
            CLAIM,
            "The key that signed the erasure was revoked later, and nothing proves its time.",
            "签署删除的密钥后来已吊销，而其签署时间未经证明。",
        )
    elif (signer.start and stated < signer.start) or (signer.end and stated >= signer.end):
        findings.invalid(
            CLAIM,
            None,
            "The key that signed the erasure was not the signer's at that time.",
            "签署删除的密钥当时不是签名人所用密钥。",
        )


def _require_same(
    erasure: Logged, outcome: Logged | None, request: ErasureRequest, data: bytes
) -> Erasure:
    """Return the entry if it names this request and this outcome, or raise ProofError."""
    entry = erasure.entry
    if not isinstance(entry, Erasure):
        raise ProofError("It is not an erasure.", "不是删除条目。")
    stated = (entry.basis_sha256, entry.basis, entry.outcome, entry.package_sha256)
    asked = (sha256_hex(data), request.basis.code, request.outcome, request.package_sha256)
    if stated != asked or entry.approvers != request.approvers:
        raise ProofError("The log names another request than this.", "日志所指的是另一份申请。")
    if outcome is None or not isinstance(outcome.entry, Sealed):
        return entry
    sealed = outcome.entry
    actual = (outcome.index, sealed.package.sha256, sealed.capture_id)
    if actual != (entry.outcome, entry.package_sha256, request.capture_id):
        raise ProofError("The erasure is of another exhibit than this.", "删除的是另一件证据。")
    if entry.log is None and erasure.index <= outcome.index:
        raise ProofError("The erasure stands before its outcome.", "删除条目排在其结果之前。")
    return entry


def _named(verdict: Verdict, request: ErasureRequest | None) -> Verdict:
    """Return the verdict with a headline that says what is gone."""
    if verdict.outcome is Outcome.INVALID:
        return verdict
    if request is None:
        zh, en = "内容已删除；删除的依据未能核查", "ERASED: the content is gone; basis not checked"
    else:
        date, basis = format_time(request.time)[:10], request.basis
        zh = f"内容已删除（{date}，依据：{basis.code}）；其余各项见下；删除是否合法未予核查"
        en = (
            f"ERASED: content erased on {date}, basis {basis.code}; what is left is told below; "
            "that this was lawful is not checked"
        )
    if verdict.trial:
        zh, en = f"试用：{zh}（时间戳仅来自试用机构）", f"TRIAL: {en} (trial timestamps only)"
    return replace(verdict, outcome=Outcome.INCOMPLETE, headline_zh=zh, headline_en=en)
