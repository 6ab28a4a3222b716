"""RFC 9162 trees against pymerkle and against the definition written out."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from pymerkle import InmemoryTree

from evidence.errors import FormatError, ProofError
from evidence.format import merkle
from evidence.format.subtree import (
    is_subtree,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from evidence.format.tiles import WIDTH, Tile, hash_reader, tile_hash

ENTRIES = [str(n).encode() for n in range(300)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
READ = merkle.memory_reader(LEAVES)


def slow_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162 section 2.1.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = slow_root(leaves[:split]), slow_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def test_roots_are_those_of_pymerkle_and_of_the_definition() -> None:
    tree = InmemoryTree(algorithm="sha256")
    for size, entry in enumerate(ENTRIES, 1):
        tree.append_entry(entry)
        root = merkle.tree_root(size, READ)
        assert root == tree.get_root(size) == slow_root(LEAVES[:size])
    assert merkle.tree_root(0, READ) == slow_root([])


@cache
def part(start: int, end: int) -> bytes:
    """MTH of the leaves from ``start`` to ``end``."""
    if end - start == 1:
        return LEAVES[start]
    middle = start + split(end - start)
    return hashlib.sha256(b"\x01" + part(start, middle) + part(middle, end)).digest()


@cache
def split(width: int) -> int:
    """The largest power of two below ``width``."""
    found = 1
    while found * 2 < width:
        found *= 2
    return found


@cache
def slow_path(index: int, start: int, end: int) -> list[bytes]:
    """PATH as RFC 9162 section 2.1.3.1 defines it."""
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*slow_path(index, start, middle), part(middle, end)]
    return [*slow_path(index, middle, end), part(start, middle)]


def slow_proof(old: int, start: int, end: int, *, whole: bool = True) -> list[bytes]:
    """SUBPROOF as RFC 9162 section 2.1.4.1 defines it; ``old`` is counted from leaf 0."""
    if old == end:
        return [] if whole else [part(start, end)]
    middle = start + split(end - start)
    if old <= middle:
        return [*slow_proof(old, start, middle, whole=whole), part(middle, end)]
    return [*slow_proof(old, middle, end, whole=False), part(start, middle)]


def remembering() -> merkle.ReadHash:
    """Subtree hashes as a log's tiles give them: computed once."""
    found: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        if (level, index) not in found:
            found[level, index] = READ(level, index)
        return found[level, index]

    return read


def test_every_proof_at_every_size_is_the_one_of_the_definition_and_proves() -> None:
    """Inclusion of every entry and consistency of every pair, up to 300."""
    read = remembering()
    for size in range(1, 301):
        root = part(0, size)
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, read)
            assert proof == slow_path(index, 0, size)
            merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
            old = index + 1
            proof = merkle.consistency_proof(old, size, read)
            assert proof == slow_proof(old, 0, size)
            merkle.verify_consistency(old, size, proof, part(0, old), root)


def test_every_proof_fails_at_the_size_next_to_its_own() -> None:
    read = remembering()
    for size in range(2, 301):
        root, index = merkle.tree_root(size, read), size // 3
        proof = merkle.inclusion_proof(index, size, read)
        with pytest.raises(ProofError):
            merkle.verify_inclusion(LEAVES[index + 1], index, size, proof, root)
        with pytest.raises(ProofError):
            merkle.verify_inclusion(LEAVES[index], index, size, [*proof, root], root)
        old = max(1, size // 2)
        path = merkle.consistency_proof(old, size, read)
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, size, path, root, root)
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, size, path[:-1], part(0, old), root)


def test_subtrees_agree_with_the_tree_they_are_part_of() -> None:
    read = remembering()
    for start, end, size in ((0, 1, 1), (0, 5, 9), (4, 8, 8), (8, 13, 13), (6, 8, 11), (3, 4, 7)):
        inner = slow_root(LEAVES[start:end])
        for index in range(start, end):
            proof = slow_path(index, start, end)
            verify_subtree_inclusion(LEAVES[index], index, start, end, proof, inner)
            with pytest.raises(ProofError):
                verify_subtree_inclusion(LEAVES[index], end, start, end, proof, inner)
        if start == 0:
            proof = merkle.consistency_proof(end, size, read)
            root = merkle.tree_root(size, read)
            verify_subtree_consistency(start, end, size, proof, inner, root)
            with pytest.raises(ProofError):
                verify_subtree_consistency(start, end, size, [*proof, inner], inner, root)
    assert not is_subtree(1, 3)
    assert not is_subtree(2, 1)


def test_inclusion_fails_for_anything_else() -> None:
    root = merkle.tree_root(11, READ)
    proof = merkle.inclusion_proof(6, 11, READ)
    for leaf, index, size, path in (
        (LEAVES[5], 6, 11, proof),
        (LEAVES[6], 5, 11, proof),
        (LEAVES[6], 6, 8, proof),
        (LEAVES[6], 6, 11, proof[:-1]),
        (LEAVES[6], 6, 11, [*proof, root]),
        (LEAVES[6], 11, 11, proof),
        (b"", 6, 11, proof),
    ):
        with pytest.raises(ProofError):
            merkle.verify_inclusion(leaf, index, size, path, root)


def test_consistency_fails_for_anything_else() -> None:
    old, new = merkle.tree_root(6, READ), merkle.tree_root(11, READ)
    proof = merkle.consistency_proof(6, 11, READ)
    for first, second, path, left, right in (
        (6, 11, proof, new, old),
        (5, 11, proof, old, new),
        (6, 11, proof[:-1], old, new),
        (6, 11, [*proof, old], old, new),
        (6, 11, [], old, new),
        (11, 6, proof, new, old),
        (0, 11, [], merkle.EMPTY_ROOT, new),
        (6, 6, [], old, new),
        (6, 6, proof, old, old),
    ):
        with pytest.raises(ProofError):
            merkle.verify_consistency(first, second, path, left, right)


def test_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(FormatError):
        merkle.inclusion_proof(5, 5, READ)
    with pytest.raises(FormatError):
        merkle.consistency_proof(0, 5, READ)


def test_tiles_give_the_same_hashes() -> None:
    def read_tile(tile: Tile) -> bytes:
        if tile.level == 0:
            return b"".join(LEAVES[tile.n * WIDTH : tile.n * WIDTH + tile.width])
        full = [b"".join(LEAVES[n * WIDTH : (n + 1) * WIDTH]) for n in range(tile.width)]
        return b"".join(tile_hash(data) for data in full)

    read = hash_reader(300, read_tile)
    assert merkle.tree_root(300, read) == merkle.tree_root(300, READ)
    for index in (0, 255, 256, 299):
        assert merkle.inclusion_proof(index, 300, read) == merkle.inclusion_proof(index, 300, READ)
    with pytest.raises(FormatError):
        merkle.tree_root(300, hash_reader(300, lambda _: b""))
