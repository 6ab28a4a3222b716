"""WACZ 1.1.1 as we write it: every file against the manifest, and each content by its own rules."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from evidence.errors import FormatError
from evidence.format import names
from evidence.format.datapackage import build_datapackage, build_datapackage_digest
from evidence.format.digests import Digests, Meter, digest_bytes, sha256_hex
from evidence.format.manifest import SIGNATURE_SIZE, Manifest
from evidence.format.times import format_time
from evidence.verify.agreement import check_agreement
from evidence.verify.archive import Archive, check_crc, check_names
from evidence.verify.contents import Contents, check_contents, read_warc
from evidence.verify.layout import Found
from evidence.verify.verdict import Findings

SMALL = 8 << 20


@dataclass
class Package:
    """What was read of a WACZ: parts are None where they could not be."""

    archive: Archive
    manifest_bytes: bytes | None = None
    manifest: Manifest | None = None
    signature: bytes | None = None
    contents: Contents = field(default_factory=Contents)
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
    warc = read_warc(archive)
    listed = {a.name: a.digests for a in package.manifest.artefacts} if package.manifest else {}
    for entry in dict.fromkeys(archive.entries):
        _check_entry(package, entry, listed.get(entry.name), findings)
    _check_datapackage(package, findings)
    package.contents = check_contents(
        archive, package.artefacts, package.altered, findings, warc=warc
    )
    fidelity = package.manifest.fidelity if package.manifest else None
    check_agreement(package.contents, package.artefacts, fidelity, archive.label, findings)
    label, there = archive.label, {entry.name for entry in archive.entries}
    if package.manifest is not None and there.issuperset(listed):
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
        "signer": manifest.signer,
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


def check_signature_size(signature: bytes) -> None:
    """Raise FormatError unless the signature file has its one size."""
    if len(signature) != SIGNATURE_SIZE:
        raise FormatError(
            f"{names.SIGNATURE} is not {SIGNATURE_SIZE} bytes.",
            f"{names.SIGNATURE} 不是 {SIGNATURE_SIZE} 字节。",
        )
