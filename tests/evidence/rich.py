"""A dossier with every optional file, for the verifier's tests: made without a browser."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from evidence.format import jcs, names
from evidence.format.cdxj import print_index
from evidence.format.digests import digest_bytes
from tests.evidence.builder import (
    BODY,
    HTTP,
    Draft,
    World,
    index_line,
    png,
    response_headers,
    warc_record,
)

MHTML = (
    b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n"
    b'\ttype="text/html";\r\n\tboundary="----MultipartBoundary--x----"\r\n\r\n\r\n'
    b"------MultipartBoundary--x----\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n"
    b"------MultipartBoundary--x------\r\n"
)


def element(kind: int, body: bytes) -> bytes:
    """Return one EBML element with an eight-byte size."""
    return kind.to_bytes((kind.bit_length() + 7) // 8) + (len(body) | 1 << 56).to_bytes(8) + body


def webm(doc_type: bytes = b"webm") -> bytes:
    """Return the frame of a film: header, segment, facts, tracks, one cluster."""
    inner = element(0x1549A966, b"\xec\x81x") + element(0x1654AE6B, b"") + element(0x1F43B675, b"")
    return element(0x1A45DFA3, element(0x4282, doc_type)) + element(0x18538067, inner)


def certificates(world: World, verdict: str = "ok") -> dict[str, Any]:
    """Return the record of one TLS connection to the page's host."""
    der = x509.load_pem_x509_certificate(world.tsa.root).public_bytes(Encoding.DER)
    digest = hashlib.sha256(der).hexdigest()
    return {
        "format": "markseal-certificates/1",
        "revocation": "not checked",
        "certificates": {digest: {"der": base64.b64encode(der).decode(), "subject": "CN=Test"}},
        "connections": [
            {
                "host": "shop.example",
                "port": 443,
                "chain": [digest],
                "verdict": verdict,
                "revocation": "not checked",
            }
        ],
    }


def replay() -> dict[str, Any]:
    """Return a replay check that found one region different."""
    region = {"x": 0, "y": 0, "width": 2, "height": 1, "cause": "clock"}
    return {
        "format": "markseal-replay/1",
        "verdict": "differs",
        "picture": {"differing_permille": 3, "regions": [region]},
        "text": {"equal": True, "differences": []},
    }


REVIEW = {
    "format": "markseal-review/1",
    "result": "passed",
    "started": "2026-01-02T03:04:05.000000Z",
    "finished": "2026-01-02T03:05:05.000000Z",
    "checks": [{"id": "plain.count", "result": "passed"}],
}
ATTENDED = {
    "format": "markseal-attended/1",
    "by": "张三",
    "second": None,
    "pages": [],
    "doings": [],
    "moments": [{"number": 1}, {"number": 2}],
}
MASKED = {"file": names.ARCHIVE, "part": "request head", "what": "Cookie", "places": 2, "bytes": 9}
CAPTURE = {
    "fidelity": "redacted",
    "masked": [MASKED],
    "private": [{"name": "data.warc.gz", "size": 5, "sha256": "ab" * 32, "sm3": "cd" * 32}],
    "title": "商品",
}


def put_archive(draft: Draft, fidelity: str | None, protocol: str = "http/1.1") -> None:
    """Give a draft a WARC whose warcinfo states this fidelity, and the index that fits."""
    head = {
        "WARC-Record-ID": "<urn:uuid:0>",
        "WARC-Date": "2026-01-02T03:04:05.000000Z",
        "Content-Type": "application/warc-fields",
    }
    stated = f"fidelity: {fidelity}\r\n" if fidelity else ""
    info = warc_record("warcinfo", head, f"software: test\r\n{stated}".encode())
    headers = response_headers() | {"WARC-Protocol": protocol}
    response = warc_record("response", headers, HTTP + BODY)
    draft.artefacts[names.ARCHIVE] = info + response
    draft.artefacts[names.INDEX] = print_index([index_line(len(info), len(response))])


def rich(world: World, **changed: bytes) -> Draft:
    """Return an unsealed draft with every optional file; ``changed`` replaces some."""
    draft = Draft(world, fidelity="redacted")
    put_archive(draft, "redacted")
    review = jcs.dumps(REVIEW)
    draft.artefacts |= {
        names.ATTENDED: jcs.dumps(ATTENDED),
        names.CAPTURE: jcs.dumps(CAPTURE),
        names.CERTIFICATES: jcs.dumps(certificates(world)),
        names.LICENCE_PICTURE: png(2, 2),
        names.LICENCE_TEXT: "营业执照".encode(),
        names.MHTML: MHTML,
        names.moment_name(1): png(3, 3),
        names.moment_name(2): png(3, 3),
        names.PRIVATE: b"\x07" * 200,
        names.RECORDING: webm(),
        names.REPLAY: jcs.dumps(replay()),
        names.REPLAY_PICTURE: png(),
        names.REVIEW: review,
        names.REVIEW_SIGNATURE: world.signer.sign(review),
        names.strip_name(1): png(4, 2),
        names.strip_name(2): png(4, 1),
        **changed,
    }
    return draft


def stating(inside: dict[str, bytes]) -> bytes:
    """Return a ``capture.json`` that states these files as those in the encrypted part."""
    rows = [{"name": n, **asdict(digest_bytes(data))} for n, data in inside.items()]
    return jcs.dumps(CAPTURE | {"private": rows})
