"""Each unaltered artefact of a package by the rules of its own format, and what was read of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.errors import FormatError
from evidence.format import jcs, names
from evidence.format.attempt import AttemptRecord
from evidence.format.cdxj import parse_index, parse_pages
from evidence.format.declared import Line, first_lines
from evidence.format.elsewhere import shown_elsewhere
from evidence.format.manifest import SIGNATURE_SIZE
from evidence.verify.ahead import Ahead
from evidence.verify.archive import STORED, Archive
from evidence.verify.layout import Found
from evidence.verify.media import check_mhtml, check_text, check_webm
from evidence.verify.pictures import check_pdf, check_png
from evidence.verify.records import CHECKS
from evidence.verify.verdict import Findings
from evidence.verify.warc import Record as WarcRecord
from evidence.verify.warc import match_index, read_records
from evidence.verify.window import Window

SMALL = 8 << 20
JSON_LIMIT = 32 << 20
TEXT_LIMIT = 64 << 20


@dataclass
class Contents:
    """What was read of the artefacts; one that failed by itself is not here."""

    attempt: AttemptRecord | None = None
    records: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    pictures: dict[str, tuple[int, int]] = field(default_factory=dict)
    warc: Sequence[WarcRecord] | None = None
    review: tuple[bytes, bytes] | None = None

    @property
    def declared(self) -> tuple[Line, ...]:
        """What the capture's own records oblige to say before anything else."""
        parts = (names.CAPTURE, names.ENVIRONMENT, names.CERTIFICATES, names.ATTENDED)
        return first_lines(*(self.records.get(name, {}) for name in parts))


def read_warc(archive: Archive) -> Ahead[tuple[WarcRecord, ...]] | None:
    """Begin to read the records of the WARC, if it lies in the ZIP as it is."""
    entry = archive.get(names.ARCHIVE)
    if entry is None or entry.encrypted or entry.method != STORED:
        return None
    return Ahead(_records, archive.open(entry), archive.aside)


def _records(window: Window) -> tuple[WarcRecord, ...]:
    return tuple(read_records(window))


def check_contents(
    archive: Archive,
    listed: Sequence[str],
    altered: Collection[str],
    findings: Findings,
    *,
    warc: Ahead[tuple[WarcRecord, ...]] | None,
) -> Contents:
    """Check every listed artefact that is there and unaltered, noting each fault.

    ``warc`` are the records as ``read_warc`` began to read them.
    """
    contents = Contents()
    reader = _Reader(archive, altered, contents, warc)
    for name in listed:
        entry = archive.get(name)
        if entry is None or name in altered:
            continue
        try:
            reader.check(entry)
        except FormatError as error:
            findings.fault("package", archive.place(name), error)
    certificate = contents.records.get(names.CAPTURE, {}).get("certificate")
    if isinstance(certificate, dict):
        findings.facts["site_certificate"] = str(certificate.get("verdict"))
    shown = shown_elsewhere(contents.records.get(names.CAPTURE, {}))
    if shown is not None:
        findings.facts["shown_url"] = shown
    replay = contents.records.get(names.REPLAY)
    if replay is not None:
        findings.facts["replay"] = replay["verdict"]
    review = contents.records.get(names.REVIEW)
    if review is not None:
        findings.facts["review"] = {key: review[key] for key in ("result", "finished")}
    attended = contents.records.get(names.ATTENDED)
    if attended is not None:
        findings.facts["attended"] = {key: attended[key] for key in ("by", "second")}
    private = archive.get(names.PRIVATE)
    if private is not None and names.PRIVATE in listed:
        findings.facts["private"] = {"size": private.size}
    return contents


@dataclass
class _Reader:
    archive: Archive
    altered: Collection[str]
    contents: Contents
    warc: Ahead[tuple[WarcRecord, ...]] | None

    def check(self, entry: Found) -> None:
        """Check one artefact by the rules for its name; raises FormatError."""
        rules: dict[str, Callable[[Found], None]] = {
            names.ATTEMPT: self._attempt,
            names.ARCHIVE: self._warc,
            names.INDEX: self._index,
            names.PAGES: self._pages,
            names.PDF: lambda e: check_pdf(self.archive.open(e)),
            names.MHTML: lambda e: check_mhtml(self.archive.open(e)),
            names.RECORDING: lambda e: check_webm(self.archive.open(e)),
            names.REVIEW_SIGNATURE: self._review_signature,
            names.PRIVATE: _not_looked_into,
        }
        media = names.media_type(entry.name) or ""
        if entry.name in CHECKS:
            self._record(entry)
        elif media == "image/png":
            self.contents.pictures[entry.name] = check_png(self.archive.open(entry))
        elif media.endswith("charset=utf-8"):
            check_text(self.archive.open(entry), entry.name)
        else:
            rules[entry.name](entry)

    def _record(self, entry: Found) -> None:
        data = self.archive.read(entry, JSON_LIMIT)
        value = jcs.loads(data, entry.name, limit=JSON_LIMIT)
        if not isinstance(value, dict):
            raise FormatError(f"{entry.name} is not an object", f"{entry.name} 不是对象")
        CHECKS[entry.name](value)
        self.contents.records[entry.name] = value
        if entry.name == names.REVIEW:
            self.contents.review = (data, b"")

    def _review_signature(self, entry: Found) -> None:
        signature = self.archive.read(entry, SMALL)
        if len(signature) != SIGNATURE_SIZE:
            raise FormatError(
                f"{entry.name} is not {SIGNATURE_SIZE} bytes.",
                f"{entry.name} 不是 {SIGNATURE_SIZE} 字节。",
            )
        if self.contents.review is not None:
            self.contents.review = (self.contents.review[0], signature)

    def _attempt(self, entry: Found) -> None:
        self.contents.attempt = AttemptRecord.parse(self.archive.read(entry, SMALL))

    def _index(self, entry: Found) -> None:
        parse_index(self.archive.read(entry, TEXT_LIMIT))

    def _pages(self, entry: Found) -> None:
        parse_pages(self.archive.read(entry, TEXT_LIMIT))

    def _warc(self, entry: Found) -> None:
        if self.warc is not None:
            self.contents.warc = self.warc.result()
        else:
            self.contents.warc = _records(self.archive.open(entry))
        index = self.archive.get(names.INDEX)
        if index is None or names.INDEX in self.altered:
            return
        match_index(self.contents.warc, parse_index(self.archive.read(index, TEXT_LIMIT)))


def _not_looked_into(entry: Found) -> None:
    """The encrypted part is held to its digests alone: nobody without its key can look into it."""
    if entry.size == 0:
        raise FormatError(f"{entry.name} is empty.", f"{entry.name} 为空。")
