"""A connection's TLS as the log tells it: the served chain, and the browser's verdict on it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from cryptography import x509
from cryptography.x509 import PrecertificateSignedCertificateTimestamps

from evidence.netlog.ciphers import cipher_name
from evidence.netlog.events import Constants
from evidence.netlog.handshake import Additions, additions, is_tls13, timestamp_fields
from evidence.netlog.model import Tls

NOT_VERIFIED = "not verified"


@dataclass
class Handshake:
    """The handshake of one connection, as far as the log has it."""

    version: str = ""
    cipher: int = 0
    alpn: str = ""
    resumed: bool = False
    chain: tuple[bytes, ...] = ()
    error: int = 0
    job: int | None = None
    stapled: bytes | None = None
    timestamps: tuple[bytes, ...] = ()
    tls13: bool = False
    broken: str | None = None

    def take(self, kind: str, params: dict[str, Any]) -> None:
        """Take in one event of the handshake."""
        if kind == "SSL_CERTIFICATES_RECEIVED":
            self.chain = tuple(der_of(params.get("certificates", ())))
        elif kind == "SSL_HANDSHAKE_MESSAGE_RECEIVED":
            self._message(params)
        elif kind == "SSL_CONNECT":
            self.version = str(params.get("version", ""))
            self.cipher = number(params, "cipher_suite")
            proto = str(params.get("next_proto", ""))
            self.alpn = "" if proto == "unknown" else proto
            self.resumed = params.get("is_resumed") is True
            self.error = number(params, "net_error")

    def _message(self, params: dict[str, Any]) -> None:
        if number(params, "type") not in (2, 11, 22, 25):
            return
        try:
            message = base64.b64decode(str(params.get("bytes", "")), validate=True)
            if number(params, "type") == 2:
                self.tls13 = is_tls13(message)
            found = additions(message, tls13=self.tls13)
        except ValueError as error:
            self.broken = str(error)
            found = Additions()
        self.stapled = found.stapled or self.stapled
        self.timestamps = found.timestamps or self.timestamps


def number(params: dict[str, Any], name: str) -> int:
    """Return an integer of an event's parameters, 0 when there is none."""
    value = params.get(name, 0)
    return value if isinstance(value, int) else 0


def der_of(texts: object) -> list[bytes]:
    """Return the DER bytes of PEM texts; one that is none is left out."""
    found: list[bytes] = []
    for text in texts if isinstance(texts, list) else []:
        body = "".join(line for line in str(text).splitlines() if not line.startswith("-----"))
        try:
            found.append(base64.b64decode(body, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found


def tls_of(shake: Handshake, verdict: dict[str, Any] | None, constants: Constants) -> Tls:
    """Return a connection's TLS facts; ``verdict`` is what the browser's verifier said."""
    said, transparency = NOT_VERIFIED, ""
    status: tuple[str, ...] = ()
    known: bool | None = None
    given: list[dict[str, str]] = []
    if verdict is not None and verdict.get("ended"):
        error = number(verdict, "net_error")
        said = constants.error(error) if error else "ok"
        status = _flag_names(number(verdict, "cert_status"), constants)
        known = bool(verdict.get("is_issued_by_known_root", False))
        transparency = str(verdict.get("ct_compliance_status", ""))
        given = _given(verdict.get("scts"))
    return Tls(
        version=shake.version,
        cipher=cipher_name(shake.cipher),
        alpn=shake.alpn,
        resumed=shake.resumed,
        chain=shake.chain,
        verdict=said,
        status=status,
        scts=_timestamps(shake, given),
        stapled=shake.stapled,
        known_root=known,
        transparency=transparency,
    )


def with_remembered(found: dict[int, Tls], where: dict[int, tuple[str, int]]) -> dict[int, Tls]:
    """Fill in what the browser remembered instead of asking again; say whence it is.

    A resumed session shows no certificate, and a certificate that was judged once is not
    judged again: chain and verdict are then those of the first connection to the same host and
    port, the verdict only for the same chain. ``where`` gives host and port by connection.
    """
    filled: dict[int, Tls] = {}
    for source, own in found.items():
        tls = own
        peers = [
            (other, one)
            for other, one in found.items()
            if other != source and where[other] == where[source] and one.chain
        ]
        if not tls.chain and tls.resumed and peers:
            tls = replace(tls, chain=peers[0][1].chain, chain_from=peers[0][0])
        judged = [
            (other, one)
            for other, one in peers
            if one.verdict != NOT_VERIFIED and one.chain == tls.chain
        ]
        if tls.chain and tls.verdict == NOT_VERIFIED and judged:
            other, one = judged[0]
            tls = replace(
                tls,
                verdict=one.verdict,
                status=one.status,
                known_root=one.known_root,
                transparency=one.transparency,
                verdict_from=other,
            )
        filled[source] = tls
    return filled


def _flag_names(bits: int, constants: Constants) -> tuple[str, ...]:
    return tuple(sorted(name for name, bit in constants.flags.items() if bits & bit))


def _given(value: object) -> list[dict[str, str]]:
    entries = value.get("scts") if isinstance(value, dict) else None
    return [
        {str(name): str(part) for name, part in entry.items()}
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    ]


def _timestamps(shake: Handshake, given: list[dict[str, str]]) -> tuple[dict[str, str], ...]:
    """Return every SCT with its origin; Chromium's own word on it where it gave one."""
    found: list[dict[str, str]] = []
    for entry in shake.timestamps:
        found += _described(entry, "tls_extension")
    if shake.chain:
        found += _embedded(shake.chain[0])
    said = {
        (base64.b64decode(one.get("log_id", "") + "==").hex(), one.get("timestamp", "")): one
        for one in given
        if _is_base64(one.get("log_id", ""))
    }
    for one in found:
        match = said.pop((one["log_id"], one["timestamp"]), None)
        one["status"] = match.get("verification_status", NOT_VERIFIED) if match else NOT_VERIFIED
    rest = [
        {
            "origin": one.get("origin", ""),
            "version": one.get("version", ""),
            "log_id": log,
            "timestamp": moment,
            "status": one.get("verification_status", NOT_VERIFIED),
        }
        for (log, moment), one in said.items()
    ]
    return tuple(found + rest)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text + "==")
    except (binascii.Error, ValueError):
        return False
    return True


def _described(entry: bytes, origin: str) -> list[dict[str, str]]:
    try:
        fields = timestamp_fields(entry)
    except ValueError:
        return []
    return [{"origin": origin, **fields, "data": base64.b64encode(entry).decode("ascii")}]


def _embedded(leaf: bytes) -> list[dict[str, str]]:
    try:
        certificate = x509.load_der_x509_certificate(leaf)
        extension = certificate.extensions.get_extension_for_class(
            PrecertificateSignedCertificateTimestamps
        )
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return []
    return [
        {
            "origin": "embedded_in_certificate",
            "version": one.version.name,
            "log_id": one.log_id.hex(),
            "timestamp": str(round(one.timestamp.replace(tzinfo=UTC).timestamp() * 1000)),
        }
        for one in extension.value
    ]
