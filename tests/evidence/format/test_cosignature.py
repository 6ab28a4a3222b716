"""tlog-cosignature: the specification's example, and bytes laid out by hand, signed by openssl."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import FormatError, ProofError
from evidence.format.addcheckpoint import (
    LIMIT,
    AddCheckpoint,
    parse_cosignatures,
    parse_size,
    print_cosignatures,
    print_size,
)
from evidence.format.cosignature import (
    Cosignature,
    WitnessKey,
    cosign,
    cosigned_message,
    find_witnessed,
)
from evidence.format.note import NoteKey, NoteSignature, SignedNote, sign_note
from tests.evidence.builder import openssl

# The example of c2sp.org/tlog-cosignature.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501
TEXT = EXAMPLE.partition("\n\n")[0] + "\n"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAME = "witness.example/notary"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = WitnessKey(NAME, PRIVATE.public_key().public_bytes_raw())


def test_the_specifications_example_is_read_and_printed() -> None:
    note = SignedNote.parse(EXAMPLE.encode())
    line = note.signatures[1]
    seen = Cosignature.parse(line)
    assert (seen.name, seen.key_id.hex()) == ("witness.example.com/w1", "8d66cf3f")
    assert seen.time == datetime.fromtimestamp(1679315147, UTC)
    assert seen.line() == line
    assert note.to_bytes() == EXAMPLE.encode()
    message = cosigned_message(note.text, 1679315147).decode()
    assert message.split("\n")[:3] == [
        "cosignature/v1",
        "time 1679315147",
        "example.com/behind-the-sofa",
    ]


def test_a_line_made_by_hand_with_openssl_is_found(tmp_path: Path) -> None:
    """Key id, signed bytes and line from the specification's words alone; signed by openssl."""
    pem, message, signature = (tmp_path / name for name in ("key.pem", "message", "signature"))
    openssl("genpkey", "-algorithm", "ed25519", "-out", pem)
    public = openssl("pkey", "-in", pem, "-pubout", "-outform", "DER")[-32:]
    name, seconds = b"witness.example/hand", 1772366400
    message.write_bytes(b"cosignature/v1\ntime 1772366400\n" + TEXT.encode())
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", message, "-out", signature)
    key_id = hashlib.sha256(name + b"\n\x04" + public).digest()[:4]
    blob = key_id + seconds.to_bytes(8, "big") + signature.read_bytes()
    data = f"{TEXT}\n— {name.decode()} ".encode() + base64.b64encode(blob) + b"\n"
    vkey = f"{name.decode()}+{key_id.hex()}+" + base64.b64encode(b"\x04" + public).decode()
    found = find_witnessed(SignedNote.parse(data), [WitnessKey.parse(vkey)])
    assert [item.time for item in found] == [datetime.fromtimestamp(seconds, UTC)]
    assert WitnessKey.parse(vkey).text() == vkey


def test_our_cosignature_is_verified_by_openssl(tmp_path: Path) -> None:
    blob = cosign(TEXT, NAME, PRIVATE, now=NOON).value
    (tmp_path / "public.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + KEY.public)
    (tmp_path / "message").write_bytes(
        f"cosignature/v1\ntime {int.from_bytes(blob[:8], 'big')}\n{TEXT}".encode()
    )
    (tmp_path / "signature").write_bytes(blob[8:])
    openssl(
        "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER",
        "-inkey", tmp_path / "public.der", "-in", tmp_path / "message",
        "-sigfile", tmp_path / "signature",
    )  # fmt: skip


def test_a_key_of_a_log_is_no_key_of_a_witness() -> None:
    log = NoteKey(NAME, KEY.public)
    assert log.key_id != KEY.key_id
    with pytest.raises(FormatError):
        WitnessKey.parse(log.text())
    with pytest.raises(FormatError):
        NoteKey.parse(KEY.text())


def test_lines_of_others_are_ignored_and_wrong_ones_of_ours_are_not() -> None:
    note = sign_note(TEXT, "example.com/behind-the-sofa", PRIVATE)
    line = cosign(TEXT, NAME, PRIVATE, now=NOON)
    other = WitnessKey("witness.example/other", bytes(32))
    whole = SignedNote(TEXT, (*note.signatures, line))
    assert find_witnessed(whole, [other]) == ()
    assert find_witnessed(whole, [other, KEY])[0].time == NOON
    moved = SignedNote(TEXT.replace("20852163", "20852164"), whole.signatures)
    with pytest.raises(ProofError):
        find_witnessed(moved, [KEY])
    later = NoteSignature(line.name, line.key_id, b"\0" * 7 + b"\1" + line.value[8:])
    with pytest.raises(ProofError):
        find_witnessed(SignedNote(TEXT, (later,)), [KEY])


def test_one_witness_counts_once_with_its_earliest_time() -> None:
    lines = tuple(
        cosign(TEXT, NAME, PRIVATE, now=NOON.replace(minute=minute)) for minute in (7, 3, 9)
    )
    found = find_witnessed(SignedNote(TEXT, lines), [KEY])
    assert [item.time.minute for item in found] == [3]


@pytest.mark.parametrize(
    "value", [b"", bytes(71), bytes(73), b"\xff" * 72, (1 << 63).to_bytes(8, "big") + bytes(64)]
)
def test_malformed_cosignatures_are_refused(value: bytes) -> None:
    with pytest.raises(FormatError):
        Cosignature.parse(NoteSignature(NAME, KEY.key_id, value))


@given(
    st.integers(0, 1 << 62),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
)
def test_requests_are_read_back(old: int, proof: list[bytes]) -> None:
    request = AddCheckpoint(old, tuple(proof), EXAMPLE.encode())
    assert AddCheckpoint.parse(request.to_bytes()) == request


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1\n",
        b"old 01\n\n" + EXAMPLE.encode(),
        b"old -1\n\n" + EXAMPLE.encode(),
        b"new 1\n\n" + EXAMPLE.encode(),
        b"old 1\nAAAA\n\n" + EXAMPLE.encode(),
        b"old 1\n" + b"A" * 43 + b"=\n" * 1 + b"*\n\n" + EXAMPLE.encode(),
        b"old 1\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + EXAMPLE.encode(),
        b"old \xff\n\n" + EXAMPLE.encode(),
        b"old 1\n\n" + b"x" * LIMIT,
    ],
)
def test_malformed_requests_are_refused(body: bytes) -> None:
    with pytest.raises(FormatError):
        AddCheckpoint.parse(body)


def test_answers_are_read_back() -> None:
    lines = (cosign(TEXT, NAME, PRIVATE, now=NOON),)
    assert parse_cosignatures(print_cosignatures(lines)) == lines
    assert parse_size(print_size(20852163)) == 20852163
    for wrong in (b"", b"12", b"012\n", b"12\n\n", b"\xff\n", b"<html>"):
        with pytest.raises(FormatError):
            parse_size(wrong)
    for wrong in (b"", b"hello\n", b"x" * 20_000, b"<html>\n"):
        with pytest.raises(FormatError):
            parse_cosignatures(wrong)
