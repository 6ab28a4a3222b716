"""What a handshake says: stapled answers, timestamps, compressed chains, cipher names."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from evidence.netlog.ciphers import cipher_name
from evidence.netlog.events import Constants
from evidence.netlog.handshake import additions, is_tls13, timestamp_list
from evidence.netlog.tls import Handshake, tls_of

CONSTANTS = Constants({}, {}, {-202: "ERR_CERT_AUTHORITY_INVALID"}, {"IS_EV": 65536}, 0, "", "")
SCT = b"\0" + bytes(range(32)) + (1_700_000_000_123).to_bytes(8, "big") + b"\0\0\4\3\0\2ab"


def vector(data: bytes, size: int) -> bytes:
    return len(data).to_bytes(size, "big") + data


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(body, 3)


def extension(number: int, data: bytes) -> bytes:
    return number.to_bytes(2, "big") + vector(data, 2)


def scts(*entries: bytes) -> bytes:
    return vector(b"".join(vector(one, 2) for one in entries), 2)


def certificate(stapled: bytes = b"", timestamps: bytes = b"") -> bytes:
    more = extension(5, b"\1" + vector(stapled, 3)) if stapled else b""
    more += extension(18, timestamps) if timestamps else b""
    return b"\0" + vector(vector(b"leaf", 3) + vector(more, 2) + vector(b"ca", 3) + b"\0\0", 3)


def hello(*extensions: bytes, random: bytes = bytes(32)) -> bytes:
    return message(2, b"\3\3" + random + b"\0" + b"\x13\1\0" + vector(b"".join(extensions), 2))


def test_tls13_carries_both_beside_the_leaf() -> None:
    found = additions(message(11, certificate(b"ocsp", scts(SCT, SCT))), tls13=True)
    assert found.stapled == b"ocsp"
    assert found.timestamps == (SCT, SCT)
    assert additions(message(11, certificate()), tls13=True).stapled is None


@pytest.mark.parametrize(
    ("algorithm", "pack"), [(1, zlib.compress), (2, brotli.compress), (3, zstandard.compress)]
)
def test_a_compressed_chain_is_unpacked(algorithm: int, pack: object) -> None:
    body = certificate(b"ocsp")
    packed = pack(body)  # type: ignore[operator]
    text = algorithm.to_bytes(2, "big") + len(body).to_bytes(3, "big") + vector(packed, 3)
    assert additions(message(25, text), tls13=True).stapled == b"ocsp"
    with pytest.raises(ValueError, match="unpack"):
        additions(message(25, text[:5] + vector(b"\xff\xffjunk", 3)), tls13=True)


def test_tls12_carries_them_in_messages_of_their_own() -> None:
    assert additions(message(22, b"\1" + vector(b"ocsp", 3)), tls13=False).stapled == b"ocsp"
    assert additions(hello(extension(18, scts(SCT))), tls13=False).timestamps == (SCT,)


def test_the_version_is_read_from_the_hello() -> None:
    assert is_tls13(hello(extension(43, b"\3\4")))
    assert not is_tls13(hello())
    retry = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
    assert is_tls13(hello(random=bytes.fromhex(retry)))


@pytest.mark.parametrize("end", range(1, 24))
def test_a_message_that_ends_early_is_refused(end: int) -> None:
    whole = message(11, certificate(b"ocsp", scts(SCT)))
    with pytest.raises(ValueError, match="early"):
        additions(whole[:end], tls13=True)


def test_a_list_of_timestamps_is_cut_at_its_lengths() -> None:
    assert timestamp_list(scts(b"a", b"bc")) == [b"a", b"bc"]
    with pytest.raises(ValueError, match="early"):
        timestamp_list(b"\0\5\0\1a\0")


def leaf_with(entries: bytes) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.test")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    value = b"\4" + (
        bytes([len(entries)]) if len(entries) < 128 else b"\x81" + bytes([len(entries)])
    )
    listed = x509.UnrecognizedExtension(
        ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), value + entries
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=9))
        .add_extension(listed, critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def test_timestamps_name_their_origin_and_chromiums_word() -> None:
    shake = Handshake(chain=(leaf_with(scts(SCT)),), timestamps=(SCT,), cipher=0xC02F)
    log = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    said = {"log_id": log, "timestamp": "1700000000123", "verification_status": "Verified"}
    verdict = {"ended": True, "cert_status": 65536, "scts": {"scts": [said]}}
    found = tls_of(shake, verdict, CONSTANTS)
    assert [one["origin"] for one in found.scts] == ["tls_extension", "embedded_in_certificate"]
    assert {one["timestamp"] for one in found.scts} == {"1700000000123"}
    assert {one["log_id"] for one in found.scts} == {bytes(range(32)).hex()}
    assert [one["status"] for one in found.scts] == ["Verified", "not verified"]
    assert (found.verdict, found.status) == ("ok", ("IS_EV",))
    assert found.cipher == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


def test_ciphers_have_ianas_names_or_their_number() -> None:
    assert cipher_name(0x1301) == "TLS_AES_128_GCM_SHA256"
    assert cipher_name(0x1234) == "0x1234"
    assert cipher_name(0) == ""
