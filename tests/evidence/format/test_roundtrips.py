"""Every parser is the exact inverse of its printer, and refuses any other spelling."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import FormatError, ProofError, TrustError
from evidence.format import jcs
from evidence.format.attempt import AttemptRecord
from evidence.format.cdxj import IndexLine, parse_index, parse_pages, print_index, print_pages
from evidence.format.checkpoint import Checkpoint
from evidence.format.digests import Digests, digest_bytes, digest_stream, sm3_hex
from evidence.format.entry import Attempt, Failed, Sealed, parse_entry
from evidence.format.note import NoteKey, SignedNote, open_note, sign_note
from evidence.format.policy import CLAIMS, Policy, TrustedAuthority
from evidence.format.policytext import parse_policy
from evidence.format.tiles import Tile, pack_entries, tiles_of, unpack_entries
from evidence.format.times import format_time, parse_time
from evidence.format.tlogproof import TlogProof
from evidence.format.zipform import ZipPart, read_zip, write_zip

HEX64 = st.binary(min_size=32, max_size=32).map(bytes.hex)
HEX32 = st.binary(min_size=16, max_size=16).map(bytes.hex)
NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
MOMENTS = st.datetimes(min_value=NAIVE, max_value=NAIVE.replace(year=2999), timezones=st.just(UTC))
TEXT = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
COUNTS = st.integers(0, 10**9)
QUICK = settings(max_examples=25, deadline=None)
KEY = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)


@QUICK
@given(JSON)
def test_json(value: object) -> None:
    data = jcs.dumps(value)
    assert jcs.loads(data, "x") == value


@QUICK
@given(st.binary(max_size=60))
def test_json_never_crashes(data: bytes) -> None:
    with suppress(FormatError):
        assert jcs.dumps(jcs.loads(data, "x")) == data


@QUICK
@given(MOMENTS)
def test_times(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00Z", "2026-13-01T00:00:00.000000Z", "", 5, "２026-01-01"]
)
def test_times_refused(text: object) -> None:
    with pytest.raises(FormatError):
        parse_time(text)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(FormatError):
        format_time(datetime(2026, 1, 1))  # noqa: DTZ001


@QUICK
@given(HEX32, HEX64, st.integers(1, 10**6), MOMENTS, COUNTS, HEX64)
def test_entries(capture: str, tag: str, number: int, moment: datetime, at: int, d: str) -> None:
    for entry in (
        Attempt(capture, tag, number, d, moment, tag),
        Sealed(capture, tag, number, d, moment, at, d, tag, Digests(at, d, tag)),
        Failed(capture, tag, number, d, moment, at, "interrupted"),
    ):
        assert parse_entry(entry.to_bytes()) == entry


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 0),
        ("number", True),
        ("prev", "0" * 63),
        ("prev", "A" * 64),
        ("kind", "other"),
        ("format", "markseal-entry/2"),
        ("time", "2026-01-01T00:00:00Z"),
        ("extra", 1),
        ("capture_id", None),
    ],
)
def test_wrong_entries_are_refused(field: str, value: object) -> None:
    good = Attempt("0" * 32, "1" * 64, 1, "2" * 64, datetime(2026, 1, 1, tzinfo=UTC), "3" * 64)
    changed = {**jcs.loads(good.to_bytes(), "x"), field: value}
    with pytest.raises(FormatError):
        parse_entry(jcs.dumps(changed))


@QUICK
@given(
    st.tuples(HEX32, TEXT, HEX64, st.integers(1, 99), TEXT, HEX64, COUNTS, HEX64, st.none() | TEXT)
)
def test_attempt_records(values: tuple[Any, ...]) -> None:
    record = AttemptRecord(*values)
    assert AttemptRecord.parse(record.to_bytes()) == record


@QUICK
@given(COUNTS, st.binary(min_size=32, max_size=32))
def test_checkpoints_and_notes(size: int, root: bytes) -> None:
    head = Checkpoint("log.example", size, root)
    assert Checkpoint.parse(head.text()) == head
    note = sign_note(head.text(), "log.example", KEY)
    again = SignedNote.parse(note.to_bytes())
    assert again == note
    key = NoteKey("log.example", KEY.public_key().public_bytes_raw())
    assert NoteKey.parse(key.text()) == key
    assert open_note(again, [key]) == (key,)


def test_a_published_note_opens() -> None:
    """The example of golang.org/x/mod/sumdb/note."""
    key = NoteKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    line = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdn"
        "gotpRZb6KE6RyyBwJnAM=\n"
    )
    note = SignedNote.parse(f"{text}\n{line}".encode())
    assert (note.text, open_note(note, [key])) == (text, (key,))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n- name AAAAAAA=\n",
        "text\n\n— name AAAAAA\n".encode(),
        "text\n\n— na+me AAAAAAA=\n".encode(),
        "te\txt\n\n— name AAAAAAA=\n".encode(),
        "text\n\n— name AAAAAAA=".encode(),
        b"\xff\n\n",
    ],
)
def test_malformed_notes_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        SignedNote.parse(data)


def test_a_note_of_another_key_does_not_open() -> None:
    note = sign_note("text\n", "log.example", KEY)
    with pytest.raises(ProofError):
        open_note(note, [NoteKey("log.example", b"\1" * 32)])
    own = NoteKey("log.example", KEY.public_key().public_bytes_raw())
    changed = SignedNote("text!\n", note.signatures)
    with pytest.raises(ProofError):
        open_note(changed, [own])


@pytest.mark.parametrize(
    "text", ["o\n01\nAAAA\n", "o\n1\nAAAA\n", "\n1\nAAAA\n", "o\n1\n", "o\n-1\nAAAA\n"]
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(FormatError):
        Checkpoint.parse(text)


@QUICK
@given(
    COUNTS,
    st.lists(st.binary(min_size=32, max_size=32), max_size=20),
    st.none() | st.binary(max_size=9),
)
def test_proofs(index: int, hashes: list[bytes], extra: bytes | None) -> None:
    proof = TlogProof(index, tuple(hashes), b"o\n1\nx\n\nsigned\n", extra)
    assert TlogProof.parse(proof.to_bytes()) == proof


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        b"c2sp.org/tlog-proof@v1\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 01\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 1\n",
    ],
)
def test_malformed_proofs_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        TlogProof.parse(data)


@QUICK
@given(st.none() | st.integers(0, 63), st.integers(0, 10**10), st.integers(1, 256))
def test_tiles(level: int | None, n: int, width: int) -> None:
    tile = Tile(level, n, width)
    assert Tile.parse(tile.path()) == tile


def test_tile_paths_of_the_specification() -> None:
    assert Tile(0, 1234067).path() == "tile/0/x001/x234/067"
    last = [tile.path() for tile in tiles_of(70_000)][-4:]
    assert last == ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]


@pytest.mark.parametrize(
    "path", ["tile/64/000", "tile/00/000", "tile/0/0", "tile/0/000.p/256", "tile/0/x000/000", "x"]
)
def test_malformed_tile_paths_are_refused(path: str) -> None:
    with pytest.raises(FormatError):
        Tile.parse(path)


@QUICK
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles(entries: list[bytes]) -> None:
    assert unpack_entries(pack_entries(entries)) == entries


@pytest.mark.parametrize("data", [b"\0", b"\0\2a"])
def test_malformed_bundles_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        unpack_entries(data)


@QUICK
@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,9}(/[a-z]{1,9}\.[a-z]{1,3})?", fullmatch=True), st.binary()
    )
)
def test_zips(parts: dict[str, bytes]) -> None:
    if not parts:
        return
    out = io.BytesIO()
    entries = write_zip(out, [ZipPart(name, data) for name, data in parts.items()])
    assert read_zip(out) == entries
    for entry in entries:
        assert out.getvalue()[entry.data_offset : entry.end] == parts[entry.name]


@pytest.mark.parametrize("name", ["", "../a", "/a", "a//b", "a\\b", "é", "a b", ".", "a/.."])
def test_names_with_tricks_are_not_written(name: str) -> None:
    with pytest.raises(FormatError):
        write_zip(io.BytesIO(), [ZipPart(name, b"")])


def test_twins_are_not_written() -> None:
    with pytest.raises(FormatError):
        write_zip(io.BytesIO(), [ZipPart("a", b""), ZipPart("A", b"")])


def test_index_and_pages() -> None:
    line = IndexLine("cn,示)/", "20260102030405", "u", "m", 200, "sha256:0", 5, 6)
    with pytest.raises((FormatError, UnicodeEncodeError)):
        line.to_bytes()
    good = [
        IndexLine(f"cn,a)/{n}", "20260102030405", "网", "m", None, "sha256:0", 5, n)
        for n in range(3)
    ]
    assert parse_index(print_index(good)) == good
    assert parse_index(print_index([])) == []
    pages = [{"id": "1", "url": "u", "ts": "t", "title": "标题"}]
    assert parse_pages(print_pages(pages)) == pages
    with pytest.raises(FormatError, match="more than 20000 lines"):
        parse_pages(b"\n" * 20_001)


@QUICK
@given(st.booleans(), st.integers(1, 9))
def test_policies(trial: bool, tokens: int) -> None:
    authority = TrustedAuthority("local", "authorities/local.pem", trial)
    policy = Policy(CLAIMS, tokens, "log.vkey", "signer.pem", (authority,))
    assert parse_policy(policy.to_text()) == policy


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tokens = 1", "tokens = 0"),
        ("tokens = 1", "tokens = true"),
        ("tokens = 1", ""),
        ("tokens = 1", "tokens = 1\nother = 1"),
        ('"package"', '"magic"'),
        ("signer.pem", "../signer.pem"),
        ("signer.pem", "/etc/signer.pem"),
        ('name = "local"', 'name = "Local"'),
        ("trial = false", ""),
        ("markseal-trust/1", "markseal-trust/3"),
    ],
)
def test_wrong_policies_are_refused(old: str, new: str) -> None:
    authority = TrustedAuthority("local", "authorities/local.pem", False)
    text = Policy(CLAIMS, 1, "log.vkey", "signer.pem", (authority,)).to_text()
    assert old in text
    with pytest.raises(TrustError) as error:
        parse_policy(text.replace(old, new))
    assert error.value.zh.startswith("policy.toml")


def test_digests() -> None:
    """The SM3 example of GB/T 32905."""
    assert sm3_hex(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert digest_stream(io.BytesIO(b"abc")) == digest_bytes(b"abc")


@QUICK
@given(st.binary(max_size=200))
def test_parsers_refuse_or_reprint(data: bytes) -> None:
    for parse in (SignedNote.parse, TlogProof.parse):
        with suppress(FormatError):
            assert parse(data).to_bytes() == data
