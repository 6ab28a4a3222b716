"""RFC 5280 and RFC 6960: the revocation data of an authority's certificates, fetched that day.

What its certificates name is asked for: the list (CRL) at each distribution point, and the
responder (OCSP). It is kept as it came; nothing of it is checked here but that it can be read.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from evidence.authority.client import read_response
from evidence.authority.remote import build_opener

LIMIT = 16 << 20
SECONDS = 15.0
PATIENCE = 60.0
"""Seconds after which nothing further is asked: sealing does not wait for more."""
MOST = 8


@dataclass(frozen=True)
class RevocationData:
    """A revocation list or an OCSP response, as it came; ``kind`` is ``crl`` or ``ocsp``."""

    kind: str
    data: bytes


def fetch_revocation(
    response: bytes, roots: bytes, *, proxy: str | None, limit: int = LIMIT
) -> list[RevocationData]:
    """Return what could be had of the certificates of a token; what cannot is left out.

    ``response`` is the RFC 3161 response, ``roots`` the authority's trusted certificates in PEM.
    """
    try:
        certificates = _certificates(response, roots)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        return []
    begun, found = time.monotonic(), list[RevocationData]()
    opener = build_opener(proxy)
    for kind, query in _queries(certificates):
        if time.monotonic() - begun > PATIENCE or len(found) >= MOST:
            break
        data = _get(opener, query, limit)
        if data is not None and _readable(kind, data):
            found.append(RevocationData(kind, data))
    return list(dict.fromkeys(found))


def pem(certificates: Sequence[x509.Certificate]) -> bytes:
    """Return certificates as one PEM file."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def names_sources(response: bytes, roots: bytes) -> bool:
    """Return whether the certificates of a token name a list or a responder at all."""
    try:
        return any(_queries(_certificates(response, roots)))
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        return False


def fetching(
    roots: Mapping[str, bytes], *, proxy: str | None
) -> Callable[[str, bytes], list[RevocationData]]:
    """Return what fetches the data of a token of one of ``roots`` (PEM by authority's name)."""

    def fetch(name: str, response: bytes) -> list[RevocationData]:
        known = roots.get(name)  # an earlier one may not be configured any more
        return [] if known is None else fetch_revocation(response, known, proxy=proxy)

    return fetch


def _certificates(response: bytes, roots: bytes) -> list[x509.Certificate]:
    answer = read_response(response)
    inside = [] if answer is None else sorted(answer.signed_data.certificates)
    embedded = [x509.load_der_x509_certificate(der) for der in inside]
    return list(dict.fromkeys([*embedded, *x509.load_pem_x509_certificates(roots)]))


def _queries(
    certificates: Sequence[x509.Certificate],
) -> Iterator[tuple[str, urllib.request.Request]]:
    """Yield what is to be asked for each certificate that is not its own issuer."""
    for certificate in certificates:
        if certificate.issuer == certificate.subject:
            continue
        issuer = next((c for c in certificates if c.subject == certificate.issuer), None)
        for url in _points(certificate):
            yield "crl", urllib.request.Request(url)  # noqa: S310 - http only, see _http
        if issuer is None:
            continue
        for url in _responders(certificate):
            asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1()).build()  # noqa: S303 - RFC 6960 names certificates so; it proves nothing
            yield (
                "ocsp",
                urllib.request.Request(  # noqa: S310 - http only, see _http
                    url,
                    data=asked.public_bytes(Encoding.DER),
                    headers={"Content-Type": "application/ocsp-request"},
                ),
            )


def _points(certificate: x509.Certificate) -> Iterator[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return
    for point in points:
        for name in point.full_name or []:
            if isinstance(name, x509.UniformResourceIdentifier) and _http(name.value):
                yield name.value


def _responders(certificate: x509.Certificate) -> Iterator[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except x509.ExtensionNotFound:
        return
    for item in access.value:
        name = item.access_location
        is_uri = isinstance(name, x509.UniformResourceIdentifier)
        if item.access_method == AuthorityInformationAccessOID.OCSP and is_uri:
            yield from filter(_http, [name.value])


def _http(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _get(
    opener: urllib.request.OpenerDirector, query: urllib.request.Request, limit: int
) -> bytes | None:
    deadline = time.monotonic() + SECONDS
    try:
        with opener.open(query, timeout=SECONDS) as reply:
            body = b""
            while len(body) <= limit and (chunk := reply.read1(1 << 16)):
                body += chunk
                if time.monotonic() > deadline:
                    return None
    except (urllib.error.URLError, HTTPException, OSError, ValueError):
        return None
    return body if len(body) <= limit else None


def _readable(kind: str, data: bytes) -> bool:
    try:
        if kind == "crl":
            x509.load_der_x509_crl(data)
            return True
        status = ocsp.load_der_ocsp_response(data).response_status
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return status is ocsp.OCSPResponseStatus.SUCCESSFUL
