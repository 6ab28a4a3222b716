"""RFC 9162, section 2.1: Merkle tree hashes, inclusion proofs and consistency proofs (SHA-256).

Trees are read through a ``ReadHash``: ``read(level, index)`` returns the hash of the complete
subtree over the leaves ``[index << level, (index + 1) << level)``; level 0 is a leaf hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from evidence.errors import FormatError, ProofError

ReadHash = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_SIZE = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def memory_reader(leaves: Sequence[bytes]) -> ReadHash:
    """Return a reader over leaf hashes held in memory; it computes each subtree anew."""

    def read(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        return node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))

    return read


def _split(width: int) -> int:
    """Return the largest power of two below ``width`` (width >= 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def range_hash(start: int, end: int, read: ReadHash) -> bytes:
    """Return MTH(D[start:end]); ``start`` is a multiple of the power of two that covers it."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(width)
    return node_hash(range_hash(start, middle, read), range_hash(middle, end, read))


def tree_root(size: int, read: ReadHash) -> bytes:
    """Return the root of the tree of the first ``size`` leaves."""
    return EMPTY_ROOT if size == 0 else range_hash(0, size, read)


def inclusion_proof(index: int, size: int, read: ReadHash) -> list[bytes]:
    """Return the audit path of leaf ``index`` in the tree of ``size``, its sibling first."""
    if not 0 <= index < size:
        raise FormatError(
            f"there is no entry {index} in a log of {size}",
            f"大小为 {size} 的日志没有第 {index} 条",
        )
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_hash(middle, end, read))
            end = middle
        else:
            proof.append(range_hash(start, middle, read))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, new: int, read: ReadHash) -> list[bytes]:
    """Return the proof that the tree of ``new`` leaves extends that of ``old`` leaves."""
    if not 0 < old <= new:
        raise FormatError(
            f"no consistency proof leads from {old} to {new}", f"没有从 {old} 到 {new} 的一致性证明"
        )
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_hash(middle, end, read))
            end = middle
        else:
            proof.append(range_hash(start, middle, read))
            start, whole = middle, False
    if not whole:
        proof.append(range_hash(start, end, read))
    proof.reverse()
    return proof


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that ``proof`` leads to from ``leaf`` (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != HASH_SIZE:
        raise ProofError(
            f"index {index} is outside a tree of {size} entries",
            f"序号 {index} 超出大小为 {size} 的树",
        )
    fn, sn, root = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise ProofError("the inclusion proof is too long", "包含证明过长")
        if fn & 1 or fn == sn:
            root = node_hash(sibling, root)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("the inclusion proof is too short", "包含证明过短")
    return root


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Prove that the tree of ``size`` with ``root`` has ``leaf`` at ``index``, or raise."""
    if root_from_inclusion(leaf, index, size, proof) != root:
        raise ProofError(
            "the inclusion proof does not lead to the root in the checkpoint",
            "包含证明推不出检查点中的树根",
        )


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Prove that the tree ``new`` extends the tree ``old`` (RFC 9162, 2.1.4.2), or raise.

    An empty old tree proves nothing and is refused.
    """
    if not 0 < old <= new:
        raise ProofError(
            f"nothing shows that a log of {new} extends one of {old}",
            f"无从证明大小为 {new} 的日志由大小为 {old} 的日志延续而来",
        )
    if old == new:
        if proof or old_root != new_root:
            raise ProofError(
                "two roots of one size differ, or a proof was given where none is due",
                "同一大小的两个树根不同，或不应有证明却给出了证明",
            )
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofError("the consistency proof is empty", "一致性证明为空")
    if _consistency_roots(old, new, path) != (old_root, new_root):
        raise ProofError(
            "the consistency proof does not lead to both roots", "一致性证明推不出两个树根"
        )


def _consistency_roots(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofError("the consistency proof is too long", "一致性证明过长")
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("the consistency proof is too short", "一致性证明过短")
    return first, second
