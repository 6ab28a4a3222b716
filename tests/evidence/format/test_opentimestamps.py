"""OpenTimestamps proofs: printed as they were read, refused when they are anything else."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import FormatError
from evidence.format.opentimestamps import (
    APPEND,
    MAGIC,
    MAX_DEPTH,
    MAX_MESSAGE,
    PREPEND,
    SHA256,
    Attestation,
    Bitcoin,
    Fork,
    Pending,
    Proof,
    Step,
    Unknown,
    check_url,
)

DIGEST = hashlib.sha256(b"file").digest()
PENDING = Pending("https://calendar.example/a_b-c")

attestations: st.SearchStrategy[Attestation] = st.one_of(
    st.just(PENDING),
    st.builds(Bitcoin, st.integers(0, 1 << 40)),
    st.builds(Unknown, st.just(b"unknown!"), st.binary(max_size=300)),
)
steps = st.one_of(
    st.builds(Step, st.sampled_from([APPEND, PREPEND]), st.binary(min_size=1, max_size=40)),
    st.builds(Step, st.sampled_from([SHA256, 0x02, 0xF2])),
)


def joined(items: list[Attestation | tuple[Step, Fork]]) -> Fork:
    """Return a fork of these items, each once."""
    made = Fork(())
    for item in items:
        made = made.merged(Fork((item,)))
    return made


forks = st.recursive(
    st.builds(lambda item: Fork((item,)), attestations),
    lambda inner: st.builds(
        joined,
        st.lists(st.one_of(attestations, st.tuples(steps, inner)), min_size=1, max_size=4),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(forks)
def test_what_is_printed_is_read(fork: Fork) -> None:
    proof = Proof(DIGEST, fork)
    assert Proof.parse(proof.to_bytes()) == proof


@settings(max_examples=200, deadline=None)
@given(forks, st.data())
def test_a_changed_byte_is_refused_or_says_something_else(fork: Fork, data: st.DataObject) -> None:
    whole = Proof(DIGEST, fork).to_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    other = bytearray(whole)
    other[at] ^= data.draw(st.integers(1, 255))
    try:
        read = Proof.parse(bytes(other))
    except FormatError:
        return
    assert read != Proof(DIGEST, fork)
    assert read.to_bytes() == bytes(other)


def proof(*items: Attestation | tuple[Step, Fork]) -> bytes:
    return Proof(DIGEST, Fork(items)).to_bytes()


def nested(depth: int) -> Fork:
    fork = Fork((PENDING,))
    for _ in range(depth):
        fork = Fork(((Step(SHA256), fork),))
    return fork


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        MAGIC,
        MAGIC + b"\x02" + proof(PENDING)[len(MAGIC) + 1 :],
        MAGIC + b"\x01\x02" + proof(PENDING)[len(MAGIC) + 2 :],
        proof(PENDING) + b"\x00",
        proof(PENDING)[:-1],
        proof((Step(APPEND, b"x"), Fork((PENDING,)))).replace(b"\xf0\x01x", b"\xf0\x00"),
        proof((Step(SHA256), Fork((PENDING,)))).replace(b"\x08\x00\x83", b"\x09\x00\x83"),
        proof(PENDING).replace(b"https", b"httpz"),
        proof(Bitcoin(5)).replace(b"\x01\x05", b"\x02\x85\x00"),
        proof((Step(APPEND, bytes(MAX_MESSAGE)), Fork((PENDING,)))),
        proof((Step(SHA256), nested(MAX_DEPTH))),
        b"\x00" + proof(PENDING),
        proof(PENDING, PENDING),
        proof((Step(SHA256), Fork((PENDING,))), (Step(SHA256), Fork((Bitcoin(1),)))),
    ],
)
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        Proof.parse(data)


def test_the_message_of_every_attestation_is_computed() -> None:
    fork = Fork(
        (
            PENDING,
            (Step(APPEND, b"x"), Fork(((Step(SHA256), Fork((Bitcoin(7),))),))),
            (Step(PREPEND, b"y"), Fork(((Step(0xF3), Fork((Bitcoin(8),))),))),
        )
    )
    assert Proof(DIGEST, fork).attested() == [
        (DIGEST, PENDING),
        (hashlib.sha256(DIGEST + b"x").digest(), Bitcoin(7)),
        ((b"y" + DIGEST).hex().encode(), Bitcoin(8)),
    ]


def test_what_two_say_of_one_message_is_merged() -> None:
    one = Fork((PENDING, (Step(SHA256), Fork((PENDING,)))))
    other = Fork(((Step(SHA256), Fork((Bitcoin(1),))), Bitcoin(2)))
    both = Fork((PENDING, (Step(SHA256), Fork((PENDING, Bitcoin(1)))), Bitcoin(2)))
    assert one.merged(other) == both
    assert both.merged(one) == both


@pytest.mark.parametrize("url", ["", "ftp://a", "https://a?b", "https://a/" + "b" * 1000])
def test_what_is_no_calendar(url: str) -> None:
    with pytest.raises(FormatError):
        check_url(url)


@settings(max_examples=100, deadline=None)
@given(forks)
@pytest.mark.filterwarnings("ignore:OpReverse:PendingDeprecationWarning")
def test_the_reference_reads_the_same(fork: Fork) -> None:
    """The library of the format's authors (LGPL: asked in tests only) finds the same in it."""
    pytest.importorskip("opentimestamps", reason="the reference library opentimestamps is absent")
    from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
    from opentimestamps.core.serialize import StreamDeserializationContext
    from opentimestamps.core.timestamp import DetachedTimestampFile

    ours = Proof(DIGEST, fork)
    context = StreamDeserializationContext(io.BytesIO(ours.to_bytes()))
    theirs = DetachedTimestampFile.deserialize(context)
    assert theirs.file_digest == DIGEST
    found = {
        (bytes(message), a.uri if isinstance(a, PendingAttestation) else a.height)
        for message, a in theirs.timestamp.all_attestations()
        if isinstance(a, PendingAttestation | BitcoinBlockHeaderAttestation)
    }
    known = [(m, a) for m, a in ours.attested() if not isinstance(a, Unknown)]
    assert found == {(m, a.url if isinstance(a, Pending) else a.height) for m, a in known}
