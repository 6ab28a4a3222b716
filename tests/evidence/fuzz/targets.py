"""The readers as functions of bytes: each returns, or fails an assertion, or crashes.

A reader may refuse its input with an EvidenceError and with nothing else. What it accepts must be
what it prints again, where there is one way to print it.
"""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import ocsp
from rfc3161_client._rust import parse_timestamp_request

from evidence.errors import EvidenceError
from evidence.format import jcs
from evidence.format.addcheckpoint import AddCheckpoint
from evidence.format.anchor import Receipt
from evidence.format.attempt import AttemptRecord
from evidence.format.caseexport import CaseExport
from evidence.format.cdxj import parse_index, parse_pages
from evidence.format.checkpoint import Checkpoint
from evidence.format.cms import signer_of
from evidence.format.cosignature import Cosignature, WitnessKey
from evidence.format.entry import parse_entry
from evidence.format.manifest import Manifest
from evidence.format.note import NoteKey, SignedNote
from evidence.format.policytext import parse_policy
from evidence.format.renewal import Renewals
from evidence.format.tlogproof import TlogProof
from evidence.format.zipform import read_zip
from evidence.verify import verify_opened
from evidence.verify.archive import open_archive
from evidence.verify.media import check_mhtml, check_text, check_webm
from evidence.verify.pictures import check_pdf, check_png
from evidence.verify.records import CHECKS
from evidence.verify.token import MALFORMED, parse_token, verify_token
from evidence.verify.trust import Authority, parse_certificates
from evidence.verify.verdict import Findings
from evidence.verify.warc import match_index, read_records
from evidence.verify.window import Window
from tests.evidence.tamper.good import DOSSIER, Good


@cache
def good() -> Good:
    """Return the good dossiers; their folder is gone when the process ends."""
    folder = tempfile.TemporaryDirectory()
    KEPT.append(folder)
    return Good(Path(folder.name))


KEPT: list[tempfile.TemporaryDirectory[str]] = []


CORPUS = Path(__file__).parent / "corpus"


@cache
def _kept(name: str) -> bytes:
    """Return a kept input that is good: nothing else like it may be."""
    path = CORPUS / name
    return path.read_bytes() if path.exists() else b""


def read_zips(data: bytes) -> None:
    """The ZIP reader; and the whole verifier on what is canonical, and on a sixteenth of the rest.

    Nothing but the good dossier is valid.
    """
    findings = Findings(frozenset())
    with ExitStack() as aside:
        archive = open_archive(Window.whole(io.BytesIO(data)), "x.zip", findings, aside)
        assert archive.canonical is not bool(findings.claims)
        for entry in archive.entries:
            with suppress(EvidenceError):
                archive.read(entry, 1 << 20)
        if archive.canonical:
            with suppress(EvidenceError):
                read_zip(io.BytesIO(data))
    if archive.canonical or zlib.crc32(data) % 16 == 0:
        place = good().folder / "trust" / DOSSIER
        verdict = verify_opened(io.BytesIO(data), place, trust=good().trust)
        assert verdict.exit_code != 0 or data == _kept("zip/plain")
        assert all(claim.zh and claim.en for claim in verdict.claims)


def read_json(data: bytes) -> None:
    """Canonical JSON, and every document that is made of it."""
    with suppress(EvidenceError):
        value = jcs.loads(data, "x")
        assert jcs.dumps(value) == data
        for check in CHECKS.values():
            if isinstance(value, dict):
                with suppress(EvidenceError):
                    check(value)
    for parse in (Manifest.parse, AttemptRecord.parse, parse_entry):
        with suppress(EvidenceError):
            assert parse(data).to_bytes() == data
    for read in (CaseExport.parse, Receipt.parse, Renewals.parse):
        with suppress(EvidenceError):
            assert read(data, "x").to_bytes() == data


def read_warcs(data: bytes) -> None:
    """A WARC: its records tile it."""
    with suppress(EvidenceError):
        records = list(read_records(Window.whole(io.BytesIO(data))))
        at = 0
        for record in records:
            assert record.offset == at
            at += record.length
        assert at == len(data)
        match_index(records, [])


def read_notes(data: bytes) -> None:
    """Notes, checkpoints, proofs, cosignatures, keys, and a trust folder's policy."""
    with suppress(EvidenceError):
        note = SignedNote.parse(data)
        assert note.to_bytes() == data
        for line in note.signatures:
            with suppress(EvidenceError):
                assert Cosignature.parse(line).line() == line
        assert Checkpoint.parse(note.text).text() == note.text
    with suppress(EvidenceError):
        assert TlogProof.parse(data).to_bytes() == data
    with suppress(EvidenceError):
        assert AddCheckpoint.parse(data).to_bytes() == data
    text = data.decode("utf-8", "replace")
    for kind in (NoteKey, WitnessKey):
        with suppress(EvidenceError):
            assert kind.parse(text).text() == text.removesuffix("\n")
    with suppress(EvidenceError):
        assert parse_policy(parse_policy(text).to_text()) == parse_policy(text)


@cache
def _authority() -> tuple[Authority, bytes]:
    roots = parse_certificates(good().authority.root, "root")
    imprint = parse_token(_kept("token/response"), "x").imprint
    return Authority("local", roots, trial=False), imprint


def read_tokens(data: bytes) -> None:
    """Timestamp responses and requests, revocation data, certificates."""
    authority, digest = _authority()
    with suppress(EvidenceError):
        token = parse_token(data, "x", algorithm=None)
        verify_token(token, digest, authority)
        assert data == _kept("token/response") or token.ber is not None
    with suppress(EvidenceError):
        signer_of(data)
    with suppress(*MALFORMED):
        parse_timestamp_request(data).as_bytes()
    with suppress(*MALFORMED, InvalidSignature):
        list(x509.load_der_x509_crl(data))
    with suppress(*MALFORMED, InvalidSignature):
        _ = ocsp.load_der_ocsp_response(data).response_status
    with suppress(EvidenceError):
        parse_certificates(data, "x")


def read_media(data: bytes) -> None:
    """Pictures, film, MHTML, PDF, text, index and pages."""
    window = Window.whole(io.BytesIO(data))
    for check in (check_png, check_pdf, check_webm, check_mhtml):
        with suppress(EvidenceError):
            check(window)
    with suppress(EvidenceError):
        check_text(window, "x")
    with suppress(EvidenceError):
        lines = parse_index(data)
        assert b"".join(line.to_bytes() for line in lines) == data
    with suppress(EvidenceError):
        parse_pages(data)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "zip": read_zips,
    "json": read_json,
    "warc": read_warcs,
    "note": read_notes,
    "token": read_tokens,
    "media": read_media,
}
