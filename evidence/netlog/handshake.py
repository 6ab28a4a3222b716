"""What a TLS handshake of the log says: version, cipher, chain, verdict of the browser."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evidence.netlog.events import Constants
from evidence.netlog.model import Tls

CIPHERS = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
    0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
    0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
    0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
    0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
}
"""The cipher suites that Chromium offers, by IANA's number and name."""


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

    def take(self, kind: str, params: dict[str, Any]) -> None:
        """Take in one event of the handshake."""
        if kind == "SSL_CERTIFICATES_RECEIVED":
            self.chain = tuple(der_of(params.get("certificates", ())))
        elif kind == "SSL_CONNECT":
            self.version = str(params.get("version", ""))
            self.cipher = int(params.get("cipher_suite", 0))
            proto = str(params.get("next_proto", ""))
            self.alpn = "" if proto == "unknown" else proto
            self.resumed = bool(params.get("is_resumed", False))
            self.error = int(params.get("net_error", 0))


def der_of(texts: Iterable[str]) -> list[bytes]:
    """Return the DER bytes of PEM texts; one that is none is left out."""
    found = []
    for text in texts:
        body = "".join(line for line in str(text).splitlines() if not line.startswith("-----"))
        try:
            found.append(base64.b64decode(body, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found


def cipher_name(number: int) -> str:
    """Return IANA's name of a cipher suite, or ``0x….`` for one that is not in the table."""
    if not number:
        return ""
    return CIPHERS.get(number, f"0x{number:04X}")


def tls_of(shake: Handshake, verdict: dict[str, Any] | None, constants: Constants) -> Tls:
    """Return a connection's TLS facts; ``verdict`` is what the browser's verifier said."""
    said = "not verified"
    status: tuple[str, ...] = ()
    if verdict is not None and verdict.get("ended"):
        error = int(verdict.get("net_error", 0))
        said = constants.error(error) if error else "ok"
        status = flag_names(int(verdict.get("cert_status", 0)), constants)
    return Tls(
        version=shake.version,
        cipher=cipher_name(shake.cipher),
        alpn=shake.alpn,
        resumed=shake.resumed,
        chain=shake.chain,
        verdict=said,
        status=status,
    )


def flag_names(bits: int, constants: Constants) -> tuple[str, ...]:
    """Return the names of the certificate status flags that are set."""
    return tuple(sorted(name for name, bit in constants.flags.items() if bits & bit))
