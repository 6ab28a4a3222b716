"""RFC 3161 responses: whose they are, when they were made, and bytes that are not responses."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from cryptography import x509

from evidence.errors import EvidenceError, FormatError, ProofError
from evidence.format import names
from evidence.format.digests import sha256_hex
from evidence.verify.token import parse_token, verify_token
from evidence.verify.trust import Authority
from tests.evidence.builder import NAME, Tsa, openssl
from tests.evidence.verify.conftest import Bench


def authority(tsa: Tsa) -> Authority:
    return Authority("local", tuple(x509.load_pem_x509_certificates(tsa.root)), trial=False)


def stamped(tsa: Tsa, data: bytes) -> tuple[bytes, bytes]:
    """Return a response over ``data`` and the digest that it is over."""
    return tsa.stamp(data)[1], bytes.fromhex(sha256_hex(data))


def test_a_token_proves_its_time(bench: Bench) -> None:
    response, digest = stamped(bench.world.tsa, b"data")
    token = parse_token(response, "x.tsr")
    assert verify_token(token, digest, authority(bench.world.tsa)) == token.time


def test_another_digest_is_refused(bench: Bench) -> None:
    response, _ = stamped(bench.world.tsa, b"data")
    with pytest.raises(ProofError, match="another digest"):
        verify_token(parse_token(response, "x"), b"\0" * 32, authority(bench.world.tsa))


def test_a_self_made_authority_with_the_same_names_is_refused(bench: Bench) -> None:
    response, digest = stamped(bench.foreign, b"data")
    with pytest.raises(ProofError, match="no chain"):
        verify_token(parse_token(response, "x"), digest, authority(bench.world.tsa))


def test_a_certificate_that_had_ended_is_refused(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "tsa"
    shutil.copytree(bench.world.tsa.folder, folder)
    old = Tsa.__new__(Tsa)
    old.folder, old.config = folder, folder / "tsa.cnf"
    text = old.config.read_text().replace(str(bench.world.tsa.folder), str(folder))
    old.config.write_text(text)
    signing = ("-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-set_serial", "8")
    issue = ("x509", "-req", "-in", folder / "tsa.csr", *signing, "-days", "-1")
    extra = ("-extfile", old.config, "-extensions", "tsa_ext", "-out", folder / "tsa.pem")
    openssl(*issue, *extra)
    response, digest = stamped(old, b"data")
    with pytest.raises(ProofError, match="not valid at the stated time"):
        verify_token(parse_token(response, "x"), digest, authority(bench.world.tsa))


@pytest.mark.parametrize("data", [b"", b"0", b"\x30\x00", b"<html>", b"\x30\x03\x02\x01\x02"])
def test_what_is_no_response_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_token(data, "x")


def test_mutated_responses_never_crash_and_never_move_in_time(bench: Bench) -> None:
    good = bench.draft.papers[f"{NAME}.local.tsr"]
    digest = bytes.fromhex(sha256_hex(bench.draft.inner[names.MANIFEST]))
    trusted = authority(bench.world.tsa)
    moment = parse_token(good, "x").time
    chance = random.Random(3)
    refused = 0
    for _ in range(400):
        data = bytearray(good)
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
        try:
            assert verify_token(parse_token(bytes(data), "x"), digest, trusted) == moment
        except EvidenceError:
            refused += 1
    assert refused > 300
