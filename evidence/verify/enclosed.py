"""The keys, certificates and instructions in a dossier: for reading, never trusted; they must fit.

A reader who takes them for true must not be led astray: where the trust folder knows better,
what is enclosed is held against it.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from evidence.errors import EvidenceError, FormatError, TrustError
from evidence.format import names
from evidence.format.note import NoteKey
from evidence.format.verifytext import is_known_text
from evidence.verify.archive import Archive
from evidence.verify.package import Package
from evidence.verify.papers import Papers
from evidence.verify.token import certificates_of, is_issued, parse_token
from evidence.verify.trust import Authority, Trust, parse_certificates
from evidence.verify.verdict import Findings


def check_enclosed(
    papers: Papers, package: Package, outer: Archive, trust: Trust | None, findings: Findings
) -> None:
    """Note what is enclosed for reading and does not fit; the signer's key is held elsewhere."""
    text = papers.get(names.VERIFY_TEXT)
    known = (papers.sidecars.name, papers.tokens, package.artefacts)
    if text is not None and not is_known_text(text, *known):
        findings.invalid(
            "package",
            outer.place(names.VERIFY_TEXT),
            "VERIFY.txt is not the text that belongs in this dossier.",
            "VERIFY.txt 不是本证据移交包应有的说明文字。",
        )
    _check_log_key(papers, outer, trust, findings)
    for authority in papers.tokens:
        _check_authority(papers, authority, outer, trust, findings)


def _check_log_key(papers: Papers, outer: Archive, trust: Trust | None, findings: Findings) -> None:
    data = papers.get(names.LOG_KEY)
    if data is None:
        return
    try:
        key = NoteKey.parse(data.decode("utf-8", "replace"))
        if data != f"{key.text()}\n".encode():
            raise FormatError(f"{names.LOG_KEY} is not one line.", f"{names.LOG_KEY} 不恰是一行。")
    except EvidenceError as error:
        findings.fault("package", outer.place(names.LOG_KEY), error)
        return
    if trust is not None and key not in {log.key for log in trust.logs}:
        findings.invalid(
            "inclusion",
            outer.place(names.LOG_KEY),
            "The enclosed log key is not one that this trust folder lists. If the log has a "
            "successor since, a newer trust folder is needed; ask for it.",
            "所附日志公钥不在此信任文件夹所列之中。若其后已启用后继日志，需要较新的信任文件夹，请索取。",
        )


def _check_authority(
    papers: Papers, name: str, outer: Archive, trust: Trust | None, findings: Findings
) -> None:
    """The enclosed certificates are readable, and some of them are of the trusted authority."""
    place = outer.place(names.certificate_name(name))
    try:
        enclosed = parse_certificates(
            papers.get(names.certificate_name(name)) or b"", names.certificate_name(name)
        )
    except TrustError as error:
        findings.fault("package", place, error)
        return
    authority = trust.authority(name) if trust else None
    if authority is not None and not _are_of(enclosed, authority, papers):
        findings.invalid(
            "timestamp",
            place,
            f"The enclosed certificates are not those of the trusted authority {name}.",
            f"所附证书不是可信机构 {name} 的证书。",
        )


def _are_of(enclosed: Sequence[x509.Certificate], authority: Authority, papers: Papers) -> bool:
    """Say whether a certificate is a trusted one, is issued by one, or issued the signer's."""
    trusted = authority.certificates
    noun = papers.sidecars.response(authority.name)
    try:
        token = parse_token(papers.files[noun], noun, algorithm=None)
        path = certificates_of(token, authority)
    except EvidenceError:
        path = ()  # the claim timestamp names what is wrong with the token
    return any(
        certificate in (*trusted, *path)
        or any(is_issued(certificate, one) for one in trusted)
        or any(is_issued(one, certificate) for one in path)
        for certificate in enclosed
    )
