"""A secret of 32 bytes as groups of letters and digits that survive being typed from paper.

Sixteen groups of five characters of Crockford's base 32 (no I, L, O, U). Groups 1 to 13 hold the
secret, 20 bits each, the last four bits zero; groups 14 to 16 hold 60 bits of the SHA-256 of the
public key, so that the wrong sheet shows. The fifth character of a group is its check: it finds
every single wrong character, every two that were swapped, and two groups that were swapped.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import InputError
from evidence.format.digests import sha256_hex

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SECRET_GROUPS, GROUPS, WIDTH = 13, 16, 5
_READ = {c: n for n, c in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_WEIGHTS = (2, 4, 8, 16)
"""Powers of the generator of GF(32): no two equal, none 1."""


def print_key(secret: bytes) -> tuple[str, ...]:
    """Return the sixteen groups of an Ed25519 secret (32 bytes); the inverse of ``read_key``."""
    bits = int.from_bytes(secret) << 4
    values = [bits >> 20 * (SECRET_GROUPS - 1 - n) & 0xFFFFF for n in range(SECRET_GROUPS)]
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    tail = int(sha256_hex(public)[:15], 16)
    values += [tail >> 20 * (2 - n) & 0xFFFFF for n in range(GROUPS - SECRET_GROUPS)]
    return tuple(_group(number, value) for number, value in enumerate(values))


def read_key(text: str) -> Ed25519PrivateKey:
    """Return the key that was typed; blanks, dashes, line ends and letter case do not count.

    Raises InputError naming the first group that is wrong. O is read as 0, I and L as 1.
    """
    typed = "".join(c for c in text.upper() if not c.isspace() and c not in "-·—")
    if len(typed) != GROUPS * WIDTH:
        raise InputError(
            f"The recovery key has {GROUPS} groups of {WIDTH} characters; {len(typed)} characters "
            "were typed. Type the sheet again.",
            f"恢复密钥为 {GROUPS} 组、每组 {WIDTH} 个字符；现输入 {len(typed)} 个字符，"
            "请对照纸面重新输入。",
        )
    groups = [typed[at : at + WIDTH] for at in range(0, len(typed), WIDTH)]
    values = [_value(number, group) for number, group in enumerate(groups)]
    bits = sum(value << 20 * (SECRET_GROUPS - 1 - n) for n, value in enumerate(values[:13]))
    private = Ed25519PrivateKey.from_private_bytes((bits >> 4).to_bytes(32))
    if bits & 0xF or print_key(private.private_bytes_raw())[13:] != tuple(
        _group(number, value) for number, value in enumerate(values[13:], 13)
    ):
        raise InputError(
            "The groups are well formed but do not belong to one sheet; type all of them from "
            "the same sheet.",
            "各组均合格，但不属于同一张密钥单；请全部按同一张输入。",
        )
    return private


def _group(number: int, value: int) -> str:
    digits = [value >> 15 & 31, value >> 10 & 31, value >> 5 & 31, value & 31]
    return "".join(ALPHABET[d] for d in (*digits, _check(number, digits)))


def _check(number: int, digits: list[int]) -> int:
    """Return the check of one group: its place, plus each digit times its weight, in GF(32)."""
    found = number + 1
    for digit, weight in zip(digits, _WEIGHTS, strict=True):
        found ^= _times(digit, weight)
    return found


def _times(left: int, right: int) -> int:
    """Multiply in GF(32) modulo x^5 + x^2 + 1."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        left = left << 1 ^ (0x25 if left & 0x10 else 0)
        right >>= 1
    return product


def _value(number: int, group: str) -> int:
    digits = [_READ.get(c, -1) for c in group]
    if min(digits) < 0 or _check(number, digits[:4]) != digits[4]:
        raise InputError(
            f"Group {number + 1} ({group}) is wrong; compare it with the sheet.",
            f"第 {number + 1} 组（{group}）有误；请与纸面核对。",
        )
    return digits[0] << 15 | digits[1] << 10 | digits[2] << 5 | digits[3]
