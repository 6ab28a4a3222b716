"""Tokens signed with SM2 over SM3 digests: taken on receipt, verified, and each lie refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from evidence.authority import NamedAuthority, create_local
from evidence.authority.client import Token
from evidence.authority.request import build_request
from evidence.errors import AuthorityError, ProofError
from evidence.format.cms import signed_parts
from evidence.format.sm2 import check_signature, is_sm2_token
from evidence.verify.renewal import vouch_for
from evidence.verify.token import parse_token, verify_token
from evidence.verify.trust import Authority
from tests.evidence.authority.places import now
from tests.evidence.authority.sm2place import SM2_WITH_SM3, Sm2Authority, attribute, oid, openssl

DATA = b"the manifest's bytes"


@pytest.fixture(scope="module")
def sm2(tmp_path_factory: pytest.TempPathFactory) -> Sm2Authority:
    return Sm2Authority.new(tmp_path_factory.mktemp("sm2") / "authority")


def stamp(authority: Sm2Authority, digest: str = "sm3", roots: bytes | None = None) -> Token:
    return NamedAuthority(authority, roots or authority.roots, None, digest).stamp(DATA, clock=now)


def trusted(roots: bytes) -> Authority:
    return Authority("sm2", tuple(x509.load_pem_x509_certificates(roots)), trial=False)


def verify(response: bytes, roots: bytes) -> datetime:
    token = parse_token(response, "x", algorithm=None)
    return verify_token(token, token.digest(DATA), trusted(roots))


@pytest.mark.parametrize("digest", ["sm3", "sha256"])
def test_it_is_taken_and_verified(sm2: Sm2Authority, digest: str) -> None:
    token = stamp(sm2, digest)
    parsed = parse_token(token.response, "x", algorithm=digest)
    assert is_sm2_token(parsed.response.time_stamp_token())
    assert verify(token.response, sm2.roots) == token.gen_time
    vouch = vouch_for(parsed, parsed.digest(DATA), trusted(sm2.roots), where="x")
    assert (vouch.over, vouch.signing) == (digest, frozenset({"sm3"}))
    with pytest.raises(ProofError, match="another digest"):
        verify_token(parsed, bytes(32), trusted(sm2.roots))


def test_another_root_is_refused(sm2: Sm2Authority, tmp_path: Path) -> None:
    for other in (Sm2Authority.new(tmp_path / "a"), create_local(tmp_path / "b", now=now())):
        with pytest.raises(AuthorityError, match="no chain to a trusted certificate"):
            stamp(sm2, roots=other.roots)
        with pytest.raises(ProofError, match="no chain to a trusted certificate"):
            verify(stamp(sm2).response, other.roots)


@dataclass(frozen=True)
class Other(Sm2Authority):
    """One that signs something else than it shows."""

    lie: str = ""

    def attributes(self, info: bytes, certificate: bytes) -> bytes:
        if self.lie == "content":
            return super().attributes(info + b"\0", certificate)
        if self.lie == "certificate":
            return super().attributes(info, certificate + b"\0")
        held = super().attributes(info, certificate)
        if self.lie == "type":
            data = oid("1.2.840.113549.1.7.1")
            good = attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.9.16.1.4"))
            assert good in held
            return attribute("1.2.840.113549.1.9.3", data) + held.replace(good, b"")
        return held

    def sign(self, data: bytes) -> bytes:
        made = super().sign(data + b"\0" if self.lie == "signature" else data)
        return made[:-1] + bytes([made[-1] ^ 1]) if self.lie == "bit" else made

    def token(self, info: bytes) -> bytes:
        made = super().token(info)
        if self.lie == "algorithm":
            wrong = oid("1.2.156.10197.1.502")
            return made.replace(oid(SM2_WITH_SM3), wrong)
        return made


@pytest.mark.parametrize("lie", ["content", "certificate", "type", "signature", "bit", "algorithm"])
def test_each_lie_is_refused(sm2: Sm2Authority, lie: str) -> None:
    liar = Other(sm2.home, lie=lie)
    with pytest.raises(AuthorityError) as caught:
        stamp(liar)
    assert caught.value.reason == "certificate"
    response = NamedAuthority(liar, b"").authority.answer(request())
    with pytest.raises(ProofError):
        verify(response, sm2.roots)


def request() -> bytes:
    return build_request(DATA, algorithm="sm3").data


def test_validity_and_use(sm2: Sm2Authority, tmp_path: Path) -> None:
    late = replace(sm2, clock=lambda: now() + timedelta(days=3001))
    with pytest.raises(ProofError, match="was not valid at the stated time"):
        verify(late.answer(request()), sm2.roots)
    with pytest.raises(AuthorityError, match="expired"):
        NamedAuthority(late, sm2.roots, None, "sm3").stamp(DATA, clock=late.clock)
    for number, usage in enumerate(("timeStamping", "critical, timeStamping, codeSigning")):
        other = Sm2Authority.new(tmp_path / str(number), usage=usage)
        with pytest.raises(AuthorityError, match="not for timestamps alone"):
            stamp(other)
        with pytest.raises(ProofError):
            verify(other.answer(request()), other.roots)


def test_a_changed_byte_is_noticed(sm2: Sm2Authority) -> None:
    token = stamp(sm2)
    parsed = parse_token(token.response, "x", algorithm=None)
    signed = signed_parts(parsed.response.time_stamp_token())
    at = token.response.index(signed.content)
    for place in (at + len(signed.content) - 12, token.response.index(signed.signature) + 6):
        wrong = bytearray(token.response)
        wrong[place] ^= 1
        with pytest.raises(ProofError):
            verify(bytes(wrong), sm2.roots)


def test_tongsuo_agrees(sm2: Sm2Authority) -> None:
    """A second implementation of SM2 finds the same of the signature over the attributes."""
    pytest.importorskip("tongsuopy", reason="tongsuopy is absent")
    from tongsuopy.crypto import hashes, serialization
    from tongsuopy.crypto.asymciphers import ec
    from tongsuopy.crypto.exceptions import InvalidSignature

    token = parse_token(stamp(sm2).response, "x", algorithm=None).response.time_stamp_token()
    parts = signed_parts(token)
    pem = openssl("x509", "-in", sm2.home / "tsa.pem", "-pubkey", "-noout")
    key = serialization.load_pem_public_key(pem)
    key.verify(parts.signature, parts.attributes, ec.ECDSA(hashes.SM3()))
    with pytest.raises(InvalidSignature):
        key.verify(parts.signature, parts.attributes + b"\0", ec.ECDSA(hashes.SM3()))
    check_signature(sm2.signer, parts.attributes, parts.signature)
