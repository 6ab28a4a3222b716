"""RFC 9162 trees against pymerkle and against the definition written out."""

from __future__ import annotations

import hashlib

import pytest
from pymerkle import InmemoryTree

from evidence.errors import FormatError, ProofError
from evidence.format import merkle
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


@pytest.mark.parametrize("size", [*range(1, 34), 64, 100, 255, 256, 257, 300])
def test_every_proof_proves(size: int) -> None:
    root = merkle.tree_root(size, READ)
    for index in range(size):
        proof = merkle.inclusion_proof(index, size, READ)
        merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
        old = index + 1
        old_root = merkle.tree_root(old, READ)
        proof = merkle.consistency_proof(old, size, READ)
        merkle.verify_consistency(old, size, proof, old_root, root)


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
