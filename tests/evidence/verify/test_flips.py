"""One byte changed anywhere: exit 1, and the file that holds the byte is named."""

from __future__ import annotations

import io
import random

import pytest

from evidence.format.zipform import ZipEntry, read_zip
from tests.evidence.builder import NAME, Draft
from tests.evidence.verify.conftest import Bench, places

WACZ = f"{NAME}.wacz"


def owner(entries: list[ZipEntry], offset: int) -> str:
    """Return the entry whose header or data holds ``offset``, or the part of the ZIP's end."""
    for entry in entries:
        if offset < entry.end:
            return entry.name
    directory = entries[-1].end + sum(46 + len(entry.name) for entry in entries)
    return "central directory" if offset < directory else "end record"


def check_flip(bench: Bench, at: int, mask: int, draft: Draft | None = None) -> None:
    """Flip bits of the byte ``at`` of the WACZ inside the dossier; its owner must be named."""
    good = draft or bench.draft
    dossier = bytearray(good.pack())
    outer = read_zip(io.BytesIO(bytes(dossier)))
    inner = read_zip(io.BytesIO(good.wacz))
    dossier[outer[0].data_offset + at] ^= mask
    verdict = bench.verify(bytes(dossier))
    assert verdict.exit_code == 1, at
    found = places(verdict)
    due = f"{WACZ}!{owner(inner, at)}"
    entry_of_directory = at >= inner[-1].end and any(p.startswith(f"{WACZ}!") for p in found)
    assert due in found or entry_of_directory, (at, mask, due, found)


def test_a_sample_of_single_byte_flips_is_named(bench: Bench) -> None:
    chance = random.Random(20260101)
    for _ in range(400):
        check_flip(bench, chance.randrange(len(bench.draft.wacz)), 1 << chance.randrange(8))


def test_a_flip_in_every_region_is_named(bench: Bench) -> None:
    inner = read_zip(io.BytesIO(bench.draft.wacz))
    for entry in inner:
        for at in (entry.offset, entry.offset + 14, entry.offset + 31, entry.data_offset):
            check_flip(bench, at, 1)
        check_flip(bench, entry.end - 1, 0x80)
    end = inner[-1].end
    for at in range(end, len(bench.draft.wacz), 7):
        check_flip(bench, at, 2)


def test_a_sample_of_flips_with_every_optional_file_is_named(bench: Bench) -> None:
    chance = random.Random(20260102)
    for _ in range(200):
        at = chance.randrange(len(bench.rich.wacz))
        check_flip(bench, at, 1 << chance.randrange(8), bench.rich)


def test_a_sample_of_flips_in_the_whole_dossier_fails(bench: Bench) -> None:
    chance = random.Random(7)
    good = bench.draft.pack()
    entries = read_zip(io.BytesIO(good))
    for _ in range(150):
        at = chance.randrange(len(good))
        data = bytearray(good)
        data[at] ^= 1 << chance.randrange(8)
        verdict = bench.verify(bytes(data))
        assert verdict.exit_code == 1, at
        due = owner(entries, at)
        named = " ".join(places(verdict))
        assert due in named or at >= entries[-1].end, (at, due, named)


def test_a_flip_in_a_header_of_the_dossier_names_the_dossiers_own_entry(bench: Bench) -> None:
    good = bench.draft.pack()
    for at in (0, 2, 18, 22, 26, 28):
        data = bytearray(good)
        data[at] ^= 1
        found = places(bench.verify(bytes(data)))
        assert f"{NAME}.dossier.zip!{WACZ}" in found, at
        assert not any(p.startswith(f"{NAME}.dossier.zip!archive/") for p in found), (at, found)


@pytest.mark.parametrize("part", [0.02, 0.5, 0.9, 0.99])
def test_a_dossier_that_was_cut_off_is_said_to_be(bench: Bench, part: float) -> None:
    good = bench.draft.pack()
    entries = read_zip(io.BytesIO(good))
    size = int(len(good) * part)
    verdict = bench.verify(good[:size])
    assert verdict.exit_code == 1
    assert not any(".zip!archive/" in place for place in places(verdict))
    if size < entries[-1].end:
        where = next(entry.name for entry in entries if size < entry.end)
        said = [c.en for c in verdict.claims if c.where == f"{NAME}.dossier.zip!{where}"]
        assert any("cut off" in text or "lacks" in text for text in said)


@pytest.mark.soak
def test_every_byte_of_the_wacz_flipped_is_named(bench: Bench) -> None:
    for at in range(len(bench.draft.wacz)):
        check_flip(bench, at, 0x01)
        check_flip(bench, at, 0x80)
