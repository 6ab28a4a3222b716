"""``evidence/certificates.json``: what each TLS connection of a capture showed (X.509, RFC 5280).

The served chain (DER), Chromium's verdict on it, the signed certificate timestamps (RFC 6962)
and the stapled OCSP answer, as the browser's own log has them; subject, issuer and validity are
read from the certificate and not verified by us. Revocation is not checked.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cryptography import x509

from evidence.capture.course import Visit
from evidence.capture.joined import Joined
from evidence.environment.journal import host_and_port
from evidence.format.times import format_time
from evidence.netlog.model import Connection, Tls

FORMAT = "markseal-certificates/1"
REVOCATION = "not checked"
_REASON = {
    "zh": "取证时浏览器不查询吊销状态（OCSP、CRL），本系统亦未另行核查",
    "en": "the browser asks for no revocation status (OCSP, CRL) while capturing; neither do we",
}
_NOT_BAD = ("ok", "not verified")


def is_bad(tls: Tls) -> bool:
    """Return whether Chromium found the certificate of a connection wrong."""
    return tls.verdict not in _NOT_BAD


def bad_hosts(connections: Iterable[Connection]) -> tuple[str, ...]:
    """Return ``host:port (ERR_…)`` of every connection with a bad certificate, each once."""
    found = (
        f"{one.host}:{one.port} ({one.tls.verdict})"
        for one in connections
        if one.tls is not None and is_bad(one.tls)
    )
    return tuple(dict.fromkeys(found))


def site_certificate(visit: Visit, joined: Joined) -> dict[str, Any] | None:
    """Return what is said of the page's own certificate, of the very connection it came over.

    None for plain http. ``chain_sha256`` are the digests of the served chain, leaf first.
    """
    address = visit.final_url.partition("#")[0]
    if not address.startswith("https:"):
        return None
    host, port = host_and_port(address)
    secured = [(row.wire.url.partition("#")[0], row.tls) for row in joined.rows]
    own = [tls for url, tls in secured if tls and host_and_port(url) == (host, port)]
    same = [tls for url, tls in secured if tls and url == address]
    tls = next(iter([*same[-1:], *own]), None)
    chain = next((one.chain for one in (*same[-1:], *own) if one.chain), ())
    bad = bool(visit.problem) or (tls is not None and is_bad(tls))
    return {
        "origin": "/".join(address.split("/")[:3]),
        "host": f"{host}:{port}",
        "verdict": "bad" if bad else "accepted by the browser",
        "problem": visit.problem or (tls.verdict if tls is not None and is_bad(tls) else ""),
        "protocol": tls.version if tls is not None else "",
        "chain_sha256": [hashlib.sha256(der).hexdigest() for der in chain],
        "revocation": REVOCATION,
    }


def certificates_record(
    connections: Iterable[Connection], peers: Mapping[int, str | None]
) -> dict[str, Any]:
    """Return the record: each certificate once by its SHA-256, each TLS connection in order.

    ``peers`` are the addresses by connection. A resumed session shows no chain: its ``chain``
    is that of the earlier connection to the same host, named in ``chain_from``; a certificate
    that the browser had judged before has the verdict of the connection in ``verdict_from``.
    """
    known: dict[str, dict[str, Any]] = {}
    chains: dict[tuple[str, int], tuple[int, list[str]]] = {}
    rows = []
    for one in connections:
        if one.tls is None:
            continue
        chain = [_keep(der, known) for der in one.tls.chain]
        source = one.tls.chain_from or one.source
        if chain and source == one.source:
            chains[one.host, one.port] = (source, chain)
        elif not chain:
            source, chain = chains.get((one.host, one.port), (source, []))
        rows.append(_connection(one, one.tls, chain, source, peers.get(one.source)))
    return {
        "format": FORMAT,
        "revocation": REVOCATION,
        "revocation_reason": _REASON,
        "certificates": known,
        "connections": rows,
    }


def _connection(
    one: Connection, tls: Tls, chain: list[str], chain_from: int, peer: str | None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "connection": one.source,
        "opened": format_time(one.opened),
        "host": one.host,
        "port": one.port,
        "peer": peer,
        "version": tls.version,
        "cipher_suite": tls.cipher,
        "alpn": tls.alpn,
        "resumed": tls.resumed,
        "chain": chain,
        "verdict": tls.verdict,
        "status": list(tls.status),
        "known_root": tls.known_root,
        "transparency": tls.transparency,
        "scts": [dict(item) for item in tls.scts],
        "revocation": REVOCATION,
    }
    if chain and chain_from != one.source:
        row["chain_from"] = chain_from
    if tls.verdict_from is not None:
        row["verdict_from"] = tls.verdict_from
    if tls.stapled is not None:
        row["stapled_ocsp"] = base64.b64encode(tls.stapled).decode()
    return row


def _keep(der: bytes, known: dict[str, dict[str, Any]]) -> str:
    digest = hashlib.sha256(der).hexdigest()
    if digest not in known:
        known[digest] = {"der": base64.b64encode(der).decode(), **dict(_told(der))}
    return digest


def _told(der: bytes) -> Iterator[tuple[str, Any]]:
    """Yield what a certificate says of itself; one that cannot be read says why."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        yield "subject", certificate.subject.rfc4514_string()
        yield "issuer", certificate.issuer.rfc4514_string()
        yield "serial", f"{certificate.serial_number:x}"
        yield "not_before", format_time(certificate.not_valid_before_utc)
        yield "not_after", format_time(certificate.not_valid_after_utc)
        yield "names", _names(certificate)
    except ValueError as error:
        yield "unreadable", str(error)[:200]


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    names = [str(name) for name in found.value.get_values_for_type(x509.DNSName)]
    return names + [str(name) for name in found.value.get_values_for_type(x509.IPAddress)]
