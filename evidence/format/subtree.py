"""Subtrees of an RFC 9162 tree (draft-ietf-plants-merkle-tree-certs, section 4): verifying proofs.

A subtree is an aligned run of leaves ``[start, end)``. Witnesses and tile readers of other
projects speak of trees in these terms; our own proofs are those with ``start`` 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.errors import ProofError
from evidence.format.merkle import EMPTY_ROOT, HASH_SIZE, node_hash, root_from_inclusion


def is_subtree(start: int, end: int) -> bool:
    """Say whether ``[start, end)`` is aligned: start is a multiple of the width's power of two."""
    if not 0 <= start <= end:
        return False
    ceiling = 1 << max(end - start - 1, 0).bit_length()
    return start % ceiling == 0


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Prove that the subtree ``[start, end)`` with ``root`` has ``leaf`` at ``index``, or raise."""
    if not is_subtree(start, end) or not start <= index < end:
        raise _no_subtree(start, end)
    if root_from_inclusion(leaf, index - start, end - start, proof) != root:
        raise ProofError("the proof does not lead to the subtree's root", "证明推不出子树的根")


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], subtree_root: bytes, root: bytes
) -> None:
    """Prove that the tree of ``size`` with ``root`` holds the subtree, or raise ProofError.

    Of an empty subtree only its own root is proved: it is part of every tree.
    """
    if not is_subtree(start, end) or end > size:
        raise _no_subtree(start, end)
    if start == end:
        if proof or subtree_root != EMPTY_ROOT:
            raise ProofError("an empty subtree has another root", "空子树的根不是这个")
        return
    if _roots(start, end, size, list(proof), subtree_root) != (subtree_root, root):
        raise ProofError("the proof does not lead to both roots", "证明推不出两个根")


def _roots(
    start: int, end: int, size: int, proof: list[bytes], known: bytes
) -> tuple[bytes, bytes]:
    """Return the roots of the subtree and of the tree that ``proof`` leads to (4.4.3)."""
    if any(len(item) != HASH_SIZE for item in proof):
        raise ProofError("the proof holds what is no hash", "证明中有不是散列的内容")
    fn, sn, tn = start, end - 1, size - 1
    while fn != sn and (sn == tn or sn & 1):
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if fn != sn and not proof:
        raise ProofError("the proof is empty", "证明为空")
    part = whole = known if fn == sn else proof.pop(0)
    for item in proof:
        if tn == 0:
            raise ProofError("the proof is too long", "证明过长")
        if sn & 1 or sn == tn:
            if fn < sn:
                part = node_hash(item, part)
            whole = node_hash(item, whole)
            while sn and not sn & 1:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            whole = node_hash(whole, item)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if tn != 0:
        raise ProofError("the proof is too short", "证明过短")
    return part, whole


def _no_subtree(start: int, end: int) -> ProofError:
    return ProofError(f"[{start}, {end}) is no such subtree", f"[{start}, {end}) 不是这样的子树")
