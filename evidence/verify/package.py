"""WACZ 1.1.1 as we write it: every file against the manifest, and each content by its own rules."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from evidence.errors import FormatError
from evidence.format import jcs, names
from evidence.format.attempt import AttemptRecord
from evidence.format.cdxj import parse_index, parse_pages
from evidence.format.datapackage import build_datapackage, build_datapackage_digest
from evidence.format.digests import Digests, Meter, digest_bytes, sha256_hex
from evidence.format.manifest import SIGNATURE_SIZE, Manifest
from evidence.format.times import format_time
from evidence.verify.archive import Archive, check_crc, check_names
from evidence.verify.layout import Found
from evidence.verify.pictures import check_pdf, check_png
from evidence.verify.verdict import Findings
from evidence.verify.warc import match_index, read_records

SMALL = 8 << 20
JSON_LIMIT = 32 << 20
TEXT_LIMIT = 64 << 20


@dataclass
class Package:
    """What was read of a WACZ: parts are None where they could not be."""

    archive: Archive
    manifest_bytes: bytes | None = None
    manifest: Manifest | None = None
    signature: bytes | None = None
    attempt: AttemptRecord | None = None
    altered: set[str] = field(default_factory=set)

    @property
    def artefacts(self) -> tuple[str, ...]:
        """The artefacts that belong in it: as listed, or those there if no list can be read."""
        if self.manifest is not None:
            return tuple(artefact.name for artefact in self.manifest.artefacts)
        there = {e.name for e in self.archive.entries if names.media_type(e.name)}
        return tuple(sorted(there | set(names.REQUIRED)))


def check_package(archive: Archive, findings: Findings) -> Package:
    """Check a WACZ from its entries to its contents, noting every fault; return what was read."""
    package = Package(archive)
    _read_manifest(package, findings)
    check_names(archive, names.wacz_order(package.artefacts), findings)
    _check_whole(package, findings)
    listed = {a.name: a.digests for a in package.manifest.artefacts} if package.manifest else {}
    for entry in dict.fromkeys(archive.entries):
        _check_entry(package, entry, listed.get(entry.name), findings)
    _check_datapackage(package, findings)
    _check_contents(package, findings)
    label = archive.label
    findings.valid(
        "manifest",
        f"Every file of {label} has the size, SHA-256 and SM3 that the manifest lists.",
        f"{label} 中每个文件的大小、SHA-256 与 SM3 均与清单一致。",
    )
    return package


def _check_whole(package: Package, findings: Findings) -> None:
    """Note what lacks of a series or a pair; the required ones are noted by name already."""
    there = [entry.name for entry in package.archive.entries]
    for lacking, by in names.incomplete(there):
        if by != names.MANIFEST and lacking not in package.artefacts:
            findings.invalid(
                "package",
                package.archive.place(by),
                f"{by} is there without {lacking}.",
                f"有 {by} 而无 {lacking}。",
            )


def _read_manifest(package: Package, findings: Findings) -> None:
    data = read_entry(package.archive, names.MANIFEST, SMALL, findings)
    package.signature = read_entry(package.archive, names.SIGNATURE, 1 << 16, findings)
    package.manifest_bytes = data
    if data is None:
        return
    try:
        package.manifest = Manifest.parse(data)
    except FormatError as error:
        findings.fault("manifest", package.archive.place(names.MANIFEST), error)
        return
    manifest = package.manifest
    findings.facts |= {
        "url": manifest.url,
        "captured": {
            "started": format_time(manifest.started),
            "finished": format_time(manifest.finished),
        },
        "capture_id": manifest.capture_id,
        "fidelity": manifest.fidelity,
        "software": manifest.software,
        "manifest_sha256": sha256_hex(data),
        "manifest_sm3": digest_bytes(data).sm3,
    }


def read_entry(archive: Archive, name: str, limit: int, findings: Findings) -> bytes | None:
    """Return an entry's bytes, or None after noting why not (a missing one is noted elsewhere)."""
    entry = archive.get(name)
    if entry is None:
        return None
    try:
        return archive.read(entry, limit)
    except FormatError as error:
        findings.fault("package", archive.place(name), error)
        return None


def _check_entry(
    package: Package, entry: Found, listed: Digests | None, findings: Findings
) -> None:
    """Recompute one entry's checksum and digests."""
    archive, meter, crc = package.archive, Meter(), 0
    try:
        for chunk in archive.chunks(entry):
            crc = zlib.crc32(chunk, crc)
            meter.update(chunk)
    except FormatError as error:
        findings.fault("package", archive.place(entry.name), error)
        package.altered.add(entry.name)
        return
    check_crc(archive, entry, crc, findings)
    actual = meter.finish()
    if crc != entry.crc:
        package.altered.add(entry.name)
    if listed is not None and actual != listed:
        package.altered.add(entry.name)
        findings.invalid(
            "manifest",
            archive.place(entry.name),
            f"{entry.name} is not the file that the manifest lists (size, SHA-256 or SM3 differ).",
            f"{entry.name} 与清单所列不符（大小、SHA-256 或 SM3 不同）。",
        )


def _check_datapackage(package: Package, findings: Findings) -> None:
    """Build both data package files again and compare bytes."""
    archive = package.archive
    stored = read_entry(archive, names.DATAPACKAGE, SMALL, findings)
    digest = read_entry(archive, names.DATAPACKAGE_DIGEST, SMALL, findings)
    if stored is None:
        return
    if package.manifest is not None and package.signature is not None:
        built: bytes | None = build_datapackage(package.manifest, package.signature)
    else:
        built = None
    if digest is not None and digest != build_datapackage_digest(stored):
        findings.invalid(
            "package",
            archive.place(names.DATAPACKAGE_DIGEST if stored == built else names.DATAPACKAGE),
            f"{names.DATAPACKAGE} and {names.DATAPACKAGE_DIGEST} do not agree.",
            f"{names.DATAPACKAGE} 与 {names.DATAPACKAGE_DIGEST} 不一致。",
        )
    if built is not None and stored != built:
        own = {names.MANIFEST, names.SIGNATURE}
        for culprit in sorted(own & package.altered) or [names.DATAPACKAGE]:
            findings.invalid(
                "package",
                archive.place(culprit),
                f"{names.DATAPACKAGE} does not describe this {names.MANIFEST} and "
                f"{names.SIGNATURE}.",
                f"{names.DATAPACKAGE} 与 {names.MANIFEST}、{names.SIGNATURE} 不相符。",
            )


def _check_contents(package: Package, findings: Findings) -> None:
    """Check each unaltered artefact by the rules of its own format."""
    archive = package.archive

    def apply(name: str, check: Callable[[Found], object]) -> None:
        entry = archive.get(name)
        if entry is None or name in package.altered:
            return
        try:
            check(entry)
        except FormatError as error:
            findings.fault("package", archive.place(name), error)

    apply(names.ATTEMPT, lambda entry: _attempt(package, entry))
    for name in (names.CAPTURE, names.ENVIRONMENT):
        apply(name, lambda entry: _json_object(archive, entry, findings))
    for name in (names.DOM, names.TEXT):
        apply(name, lambda entry: _text(archive, entry))
    apply(names.SCREENSHOT, lambda entry: check_png(archive.open(entry)))
    apply(names.PDF, lambda entry: check_pdf(archive.open(entry)))
    apply(names.PAGES, lambda entry: parse_pages(archive.read(entry, TEXT_LIMIT)))
    apply(names.INDEX, lambda entry: parse_index(archive.read(entry, TEXT_LIMIT)))
    apply(names.ARCHIVE, lambda entry: _warc(package, entry))


def _attempt(package: Package, entry: Found) -> None:
    package.attempt = AttemptRecord.parse(package.archive.read(entry, SMALL))


def _json_object(archive: Archive, entry: Found, findings: Findings) -> None:
    value = jcs.loads(archive.read(entry, JSON_LIMIT), entry.name, limit=JSON_LIMIT)
    if not isinstance(value, dict):
        raise FormatError(f"{entry.name} is not an object", f"{entry.name} 不是对象")
    certificate = value.get("certificate")
    if entry.name == names.CAPTURE and isinstance(certificate, dict):
        findings.facts["site_certificate"] = str(certificate.get("verdict"))


def _text(archive: Archive, entry: Found) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in archive.chunks(entry):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FormatError(f"{entry.name} is not UTF-8.", f"{entry.name} 不是 UTF-8。") from error


def _warc(package: Package, entry: Found) -> None:
    archive = package.archive
    records = list(read_records(archive.open(entry)))
    index = archive.get(names.INDEX)
    if index is None or names.INDEX in package.altered:
        return
    match_index(records, parse_index(archive.read(index, TEXT_LIMIT)))


def check_signature_size(signature: bytes) -> None:
    """Raise FormatError unless the signature file has its one size."""
    if len(signature) != SIGNATURE_SIZE:
        raise FormatError(
            f"{names.SIGNATURE} is not {SIGNATURE_SIZE} bytes.",
            f"{names.SIGNATURE} 不是 {SIGNATURE_SIZE} 字节。",
        )
