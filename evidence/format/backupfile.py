"""The file of ``markseal backup`` (``markseal-backup/1``): encrypted, in pieces, all or nothing.

Line 1 is the format's name and a newline; line 2 the head, canonical JSON and a newline; then
pieces of AES-256-GCM (NIST SP 800-38D), each of ``PIECE`` bytes of content and a tag of 16; the
last may be shorter, or empty. Nonce = 7 random bytes of the head, the number of the piece (4
bytes, big-endian), and 1 for the last piece, else 0 (STREAM: Hoang and others, 2015): a file that
lacks its end, a piece moved, doubled or dropped, does not open. The key of the pieces is
HKDF-SHA256 of the file's key with the SHA-256 of both lines as salt: another head opens nothing.

The file's key (32 random bytes) is wrapped in the head with AES-256-GCM, under scrypt (RFC 7914) of
a passphrase, or under X25519 (RFC 7748) with a key of the file's own and HKDF-SHA256.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from evidence.errors import FormatError, ProofError
from evidence.format import jcs
from evidence.format.digests import check_hex

FORMAT = "markseal-backup/1"
PIECE = 1 << 20
TAG, PREFIX, KEY = 16, 7, 32
LOG_N, R, P = 17, 8, 1
"""scrypt: 128 MiB and about half a second. A reader takes 2^14 to 2^20."""
HEAD_LIMIT = 4096
Wrap = Callable[[bytes], dict[str, Any]]
Unwrap = Callable[[dict[str, Any]], bytes]


def by_passphrase(passphrase: str, *, log_n: int = LOG_N) -> Wrap:
    """Return what wraps a file's key under a passphrase."""

    def wrap(key: bytes) -> dict[str, Any]:
        salt = secrets.token_bytes(16)
        sealed = _seal(_stretch(passphrase, salt, log_n), key)
        return {"kind": "scrypt", "log_n": log_n, "salt": salt.hex(), "wrapped": sealed.hex()}

    return wrap


def by_public_key(public: X25519PublicKey) -> Wrap:
    """Return what wraps a file's key for the holder of an X25519 key."""

    def wrap(key: bytes) -> dict[str, Any]:
        own = X25519PrivateKey.generate()
        shared, ours = own.exchange(public), own.public_key().public_bytes_raw()
        theirs = public.public_bytes_raw()
        sealed = _seal(_derive(shared, ours + theirs, b"wrap"), key)
        return {
            "kind": "x25519",
            "recipient": theirs.hex(),
            "sender": ours.hex(),
            "wrapped": sealed.hex(),
        }

    return wrap


def with_passphrase(passphrase: str) -> Unwrap:
    """Return what opens the key of a file that was wrapped under a passphrase."""

    def unwrap(held: dict[str, Any]) -> bytes:
        if held["kind"] != "scrypt":
            raise ProofError(
                "this backup was made for a key, not for a passphrase",
                "此备份是为密钥而非口令加密的",
            )
        salt = bytes.fromhex(held["salt"])
        return _open(_stretch(passphrase, salt, held["log_n"]), bytes.fromhex(held["wrapped"]))

    return unwrap


def with_private_key(private: X25519PrivateKey) -> Unwrap:
    """Return what opens the key of a file that was made for this X25519 key."""

    def unwrap(held: dict[str, Any]) -> bytes:
        if held["kind"] != "x25519":
            raise ProofError(
                "this backup was made under a passphrase, not for a key",
                "此备份是用口令而非密钥加密的",
            )
        sender, recipient = (bytes.fromhex(held[name]) for name in ("sender", "recipient"))
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(sender))
        except ValueError as error:
            raise _shut() from error
        return _open(_derive(shared, sender + recipient, b"wrap"), bytes.fromhex(held["wrapped"]))

    return unwrap


def _shut() -> ProofError:
    return ProofError(
        "the passphrase or key does not open this backup, or its head was changed",
        "口令或密钥打不开此备份，或其文件头被改动",
    )


def _stretch(passphrase: str, salt: bytes, log_n: int) -> bytes:
    return Scrypt(salt=salt, length=KEY, n=1 << log_n, r=R, p=P).derive(passphrase.encode())


def _derive(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    info = FORMAT.encode() + b" " + purpose
    return HKDF(algorithm=SHA256(), length=KEY, salt=salt, info=info).derive(secret)


def _seal(key: bytes, content: bytes) -> bytes:
    """Return the AES-256-GCM of ``content`` under a key that is used once (nonce of zeros)."""
    return AESGCM(key).encrypt(bytes(12), content, FORMAT.encode())


def _open(key: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(bytes(12), sealed, FORMAT.encode())
    except InvalidTag as error:
        raise _shut() from error


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4) + bytes([last])


def _digest(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data).digest()


@dataclass
class BackupWriter:
    """Writes one file: ``write`` content, then ``finish``, without which it does not open."""

    target: BinaryIO
    wrap: Wrap

    def __post_init__(self) -> None:
        key, self._prefix = secrets.token_bytes(KEY), secrets.token_bytes(PREFIX)
        head = {"format": FORMAT, "key": self.wrap(key), "nonce": self._prefix.hex()}
        lines = FORMAT.encode() + b"\n" + jcs.dumps(head) + b"\n"
        self._cipher = AESGCM(_derive(key, _digest(lines), b"pieces"))
        self._waiting, self._number, self._place = bytearray(), 0, 0
        self.target.write(lines)

    def write(self, data: bytes) -> int:
        """Take in content; the form that ``tarfile`` writes to."""
        self._waiting += data
        self._place += len(data)
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def tell(self) -> int:
        """Return how much content was taken in."""
        return self._place

    def finish(self) -> None:
        """Write the last piece, which says that it is the last."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, content: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last)
        self.target.write(self._cipher.encrypt(nonce, content, None))
        self._number += 1


def read_head(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Return a backup's head and the bytes of its two lines, or raise FormatError."""
    first, second = source.readline(64), source.readline(HEAD_LIMIT)
    if first != FORMAT.encode() + b"\n" or not second.endswith(b"\n"):
        raise FormatError(f"this is not a {FORMAT} file", f"这不是 {FORMAT} 文件")
    noun = "backup head"
    head = jcs.take(jcs.loads(second[:-1], noun), noun, {"format": str, "key": dict, "nonce": str})
    check_hex(head["nonce"], f"{noun}: nonce", length=2 * PREFIX)
    held = head["key"]
    lengths = {"wrapped": 2 * (KEY + TAG)}
    if held.get("kind") == "scrypt":
        jcs.take(held, noun, {"kind": str, "log_n": int, "salt": str, "wrapped": str})
        lengths["salt"] = 32
        if not 14 <= held["log_n"] <= 20:
            raise FormatError(f"{noun}: log_n is not 14 to 20", f"{noun}：log_n 不在 14 至 20 之间")
    else:
        jcs.take(held, noun, dict.fromkeys(("kind", "recipient", "sender", "wrapped"), str))
        lengths |= {"recipient": 64, "sender": 64}
    for name, length in lengths.items():
        check_hex(held[name], f"{noun}: {name}", length=length)
    if held["kind"] not in ("scrypt", "x25519"):
        raise FormatError(f"{noun}: key is of an unknown kind", f"{noun}：密钥种类未知")
    return head, first + second


def read_backup(source: BinaryIO, unwrap: Unwrap) -> Iterator[bytes]:
    """Yield the content of a backup, each piece proved before it is given out.

    Raises FormatError for another file, ProofError when the key does not open it, when a piece
    was changed, and at the end when the last piece is not there: content that was given out
    before counts only when the iteration ends without an error.
    """
    head, lines = read_head(source)
    cipher = AESGCM(_derive(unwrap(head["key"]), _digest(lines), b"pieces"))
    prefix = bytes.fromhex(head["nonce"])
    piece, number = source.read(PIECE + TAG), 0
    while True:
        following = source.read(PIECE + TAG)
        try:
            content = cipher.decrypt(_nonce(prefix, number, not following), piece, None)
        except (InvalidTag, ValueError) as error:
            raise ProofError(
                f"piece {number} of the backup was changed, or its end is missing; use another "
                "backup",
                f"备份的第 {number} 块被改动，或其结尾缺失；请换一份备份",
            ) from error
        yield content
        if not following:
            return
        piece, number = following, number + 1


class PieceReader:
    """Content of a backup as a file to read from (``tarfile`` in stream mode)."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._waiting = iter(pieces), bytearray()

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the proved end."""
        while len(self._waiting) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._waiting += piece
        found = bytes(self._waiting[:size])
        del self._waiting[:size]
        return found

    def drain(self) -> int:
        """Read to the proved end; return how many bytes were left that are not zero."""
        rest = sum(len(piece.strip(b"\0")) for piece in self._pieces)
        return rest + len(bytes(self._waiting).strip(b"\0"))
