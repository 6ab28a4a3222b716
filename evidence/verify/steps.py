"""A verification told as steps: find the package, read it, then prove claim after claim."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence.errors import EvidenceError, FormatError, InputError, TrustError
from evidence.format import names
from evidence.format.digests import Digests, Meter, sha256_hex
from evidence.format.manifest import key_digest, verify_signature
from evidence.format.note import NoteKey
from evidence.format.policy import CLAIMS
from evidence.format.verifytext import is_known_text
from evidence.verify.archive import Archive, check_crc, check_names, is_zip, open_archive
from evidence.verify.chain import check_log
from evidence.verify.package import Package, check_package, check_signature_size
from evidence.verify.papers import Papers, dossier_name, papers_beside, papers_inside
from evidence.verify.renewal import check_renewal
from evidence.verify.stamps import check_order, check_stamps
from evidence.verify.trust import Trust, load_trust, parse_certificates, parse_public_key
from evidence.verify.verdict import Findings, Verdict, conclude, not_a_package
from evidence.verify.window import Window


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
    when a path cannot be used. Not checked: revocation, witnesses, and whatever
    ``Verdict.to_json()["not_proved"]`` lists.
    """
    try:
        trusted = load_trust(trust) if trust is not None else None
        if path.is_dir():
            raise InputError(
                f"{path} is a folder; give a .wacz or .dossier.zip file.",
                f"{path} 是文件夹；请给出 .wacz 或 .dossier.zip 文件。",
            )
        if not path.is_file():
            raise InputError(
                f"There is no file {path}; give a .wacz or .dossier.zip file.",
                f"没有文件 {path}；请给出 .wacz 或 .dossier.zip 文件。",
            )
        with path.open("rb") as file, ExitStack() as aside:
            return _verify(path, Window.whole(file), trusted, aside, clock())
    except OSError as error:
        raise _unreadable(error.filename or path, error) from error


def _unreadable(path: Path | str, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
    )


def _verify(
    path: Path, window: Window, trust: Trust | None, aside: ExitStack, now: datetime
) -> Verdict:
    if not is_zip(window):
        return not_a_package(path.name)
    required = trust.policy.require if trust else CLAIMS
    findings = Findings(frozenset(required))
    outer = open_archive(window, path.name, findings, aside)
    name = dossier_name(outer)
    if name is None:
        papers = papers_beside(path, _name_of(path), findings)
        package = check_package(outer, findings)
        whole = _digest(window)[0]
    else:
        papers, package, whole = _open_dossier(outer, name, findings)
        _check_enclosed(papers, package, outer, trust, findings)
    check_renewal(package, papers, trust, findings, now=now)
    _check_claims(package, papers, whole, trust, findings)
    return conclude(
        path.name, findings, trusted=trust is not None, trial=_only_trial(papers, trust)
    )


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
    whole, crc = _digest(inner)
    check_crc(outer, entry, crc, findings)
    return papers, check_package(open_archive(inner, wacz, findings, outer.aside), findings), whole


def _check_enclosed(
    papers: Papers, package: Package, outer: Archive, trust: Trust | None, findings: Findings
) -> None:
    """The dossier's keys, certificates and instructions are for reading; still they must fit."""
    text = papers.get(names.VERIFY_TEXT)
    known = (papers.sidecars.name, papers.tokens, package.artefacts)
    if text is not None and not is_known_text(text, *known):
        findings.invalid(
            "package",
            outer.place(names.VERIFY_TEXT),
            "VERIFY.txt is not the text that belongs in this dossier.",
            "VERIFY.txt 不是本证据移交包应有的说明文字。",
        )
    try:
        key = _enclosed_log_key(papers)
        if key is not None and trust is not None and key != trust.log_key:
            findings.invalid(
                "inclusion",
                outer.place(names.LOG_KEY),
                "The enclosed log key is not the trusted one.",
                "所附日志公钥不是可信的那一把。",
            )
    except EvidenceError as error:
        findings.fault("package", outer.place(names.LOG_KEY), error)
    for authority in papers.tokens:
        name = names.certificate_name(authority)
        try:
            parse_certificates(papers.get(name) or b"", name)
        except TrustError as error:
            findings.fault("package", outer.place(name), error)


def _enclosed_log_key(papers: Papers) -> NoteKey | None:
    data = papers.get(names.LOG_KEY)
    return None if data is None else NoteKey.parse(data.decode("utf-8", "replace"))


def _check_claims(
    package: Package, papers: Papers, whole: Digests, trust: Trust | None, findings: Findings
) -> None:
    """Prove signature, log, timestamps and order, each as far as it can be."""
    _check_signature(package, papers, trust, findings)
    _check_review(package, trust, findings)
    attempt, outcome = check_log(package, papers, whole, trust.log_key if trust else None, findings)
    findings.declared = package.contents.declared
    data = package.manifest_bytes
    stamps = check_stamps(papers, None if data is None else sha256_hex(data), trust, findings)
    place = package.archive.place(names.MANIFEST)
    check_order(package.manifest, place, attempt, outcome, stamps, findings)
    findings.valid(
        "package",
        "The ZIP is in its one canonical form; every file in it is well formed, and the records "
        "of the capture agree.",
        "ZIP 为唯一规范形式；其中每个文件均合乎格式，取证各记录相互一致。",
    )


def _check_signature(
    package: Package, papers: Papers, trust: Trust | None, findings: Findings
) -> None:
    """The manifest's signature by the trusted key; with none, by the enclosed one for faults."""
    manifest, signature = package.manifest_bytes, package.signature
    if manifest is None or signature is None:
        return
    place = package.archive.place(names.SIGNATURE)
    try:
        check_signature_size(signature)
        key = trust.signer if trust else None
        enclosed = _enclosed_signer(papers, findings)
        if key is not None and enclosed is not None and key_digest(enclosed) != key_digest(key):
            findings.invalid(
                "signature",
                names.SIGNER_KEY,
                "The enclosed signer's key is not the trusted one.",
                "所附签名公钥不是可信的那一把。",
            )
        if (used := key or enclosed) is not None:
            _named_signer(package, used, findings)
            verify_signature(manifest, signature, used)
    except EvidenceError as error:
        findings.fault("signature", place, error)
        if names.MANIFEST in package.altered:
            findings.fault("signature", package.archive.place(names.MANIFEST), error)
        return
    if key is None:
        findings.unchecked(
            "signature",
            "The signer's key is not known from a trust folder.",
            "签名公钥未由信任文件夹给出。",
        )
    else:
        findings.valid(
            "signature",
            f"The manifest was signed by the trusted key {key_digest(key)[:16]}….",
            f"清单由可信密钥 {key_digest(key)[:16]}… 签名。",
        )


def _check_review(package: Package, trust: Trust | None, findings: Findings) -> None:
    """The enclosed technical review is by the key that signs manifests, or it is nobody's."""
    if package.contents.review is None:
        return
    if trust is None:
        findings.unchecked(
            "review",
            "The technical review's signature was not checked against a trusted key.",
            "技术核查记录的签名未用可信密钥核查。",
        )
        return
    data, signature = package.contents.review
    try:
        verify_signature(data, signature, trust.signer)
    except EvidenceError:
        findings.invalid(
            "review",
            package.archive.place(names.REVIEW_SIGNATURE),
            "The technical review is not signed by the trusted signer's key.",
            "技术核查记录不是由可信签名密钥签名的。",
        )
        return
    findings.valid(
        "review",
        "The technical review of the capture tool was signed by the trusted key.",
        "取证工具的技术核查记录由可信密钥签名。",
    )


def _enclosed_signer(papers: Papers, findings: Findings) -> Ed25519PublicKey | None:
    data = papers.get(names.SIGNER_KEY)
    if data is None:
        return None
    try:
        return parse_public_key(data, names.SIGNER_KEY)
    except FormatError as error:
        findings.fault("package", names.SIGNER_KEY, error)
        return None


def _named_signer(package: Package, key: Ed25519PublicKey, findings: Findings) -> None:
    if package.manifest is not None and package.manifest.signer != key_digest(key):
        findings.invalid(
            "signature",
            package.archive.place(names.MANIFEST),
            "The manifest names another signer than the trusted key.",
            "清单所写的签名人不是可信密钥的持有者。",
        )


def _only_trial(papers: Papers, trust: Trust | None) -> bool:
    """Return whether all tokens that a trusted authority could answer for are trial ones."""
    if trust is None:
        return False
    known = [authority for name in papers.tokens if (authority := trust.authority(name))]
    return bool(known) and all(authority.trial for authority in known)
