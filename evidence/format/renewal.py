"""``NAME.renewal.json`` (``markseal-renewal/1`` and ``/2``): timestamps renewed (RFC 4998).

RFC 4998 section 5.2 knows two renewals, and so does this file. *Timestamp renewal*: a new token
over the bytes of all earlier tokens, before the certificate of one of them ends. *Hash-tree
renewal*: the data is hashed again with other algorithms and stamped together with all earlier
tokens, before the algorithm that was used is weak. Our form is JSON, not the RFC's ASN.1.

``NAME.a.tsr NAME.b.tsr`` in the order of ``tokens``, followed by the responses in ``renewals`` in
their order, are "the earlier tokens": what a renewal covers are their bytes one after another.
``/2`` also keeps that day's revocation data of the authority that stamped.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from cryptography.hazmat.primitives import hashes

from evidence.errors import FormatError
from evidence.format import jcs
from evidence.format.digests import check_hex
from evidence.format.names import check_authority_name

FORMAT = "markseal-renewal/1"
WITH_REVOCATION = "markseal-renewal/2"
KINDS = ("crl", "ocsp")
MOST = 8
"""How many lists and responses are kept with one token."""
ALGORITHMS = ("sha256", "sha512")
"""What a renewal's token may be over: both can be asked of authorities (RFC 3161)."""
LIMIT = 64 << 20
MAX_RENEWALS = 200
_TOKEN = re.compile(r"(?:checkpoint\.)?[a-z0-9][a-z0-9-]{0,39}\Z")


@dataclass(frozen=True)
class Rehash:
    """Size, SHA-512 (FIPS 180-4) and SM3 (GB/T 32905) of the same bytes, digests in hex."""

    size: int
    sha512: str
    sm3: str

    @classmethod
    def of(cls, chunks: Iterable[bytes]) -> Self:
        """Return size and digests of all chunks in order."""
        sha512, sm3, size = hashlib.sha512(), hashes.Hash(hashes.SM3()), 0
        for chunk in chunks:
            sha512.update(chunk)
            sm3.update(chunk)
            size += len(chunk)
        return cls(size, sha512.hexdigest(), sm3.finalize().hex())

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"size": self.size, "sha512": self.sha512, "sm3": self.sm3}

    @classmethod
    def read(cls, value: dict[str, Any], noun: str) -> Self:
        """Return it from the fields of an object, checked, or raise FormatError."""
        if value["size"] < 0:
            raise FormatError(f"{noun}: size is below 0", f"{noun}：size 小于 0")
        sha512 = check_hex(value["sha512"], f"{noun}: sha512", length=128)
        return cls(value["size"], sha512, check_hex(value["sm3"], f"{noun}: sm3"))


@dataclass(frozen=True)
class Stamped:
    """A token by ``authority``: request and response (DER) as sent and as they came.

    ``algorithm`` is that of the digest which the token is over. ``revocation`` is that day's
    revocation data of its certificates, as it came: ``crl`` or ``ocsp``, and the bytes.
    """

    authority: str
    algorithm: str
    request: bytes
    response: bytes
    revocation: tuple[tuple[str, bytes], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, the bytes in base64 (RFC 4648 section 4)."""
        kept = [
            {"kind": kind, "data": base64.b64encode(data).decode()}
            for kind, data in self.revocation
        ]
        return ({"revocation": kept} if kept else {}) | {
            "authority": self.authority,
            "algorithm": self.algorithm,
            "request": base64.b64encode(self.request).decode(),
            "response": base64.b64encode(self.response).decode(),
        }


@dataclass(frozen=True)
class TimestampRenewal:
    """A token over the bytes of all earlier tokens."""

    kind: ClassVar[str] = "timestamp"
    token: Stamped

    def covered(self, earlier: Sequence[bytes]) -> bytes:
        """Return the bytes that its token is over: those of ``earlier``, one after another."""
        return b"".join(earlier)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"kind": self.kind, "token": self.token.to_json()}


@dataclass(frozen=True)
class HashTreeRenewal:
    """A token over the data hashed again (``files`` by name) and the earlier tokens."""

    kind: ClassVar[str] = "hash_tree"
    files: tuple[tuple[str, Rehash], ...]
    tokens: Rehash
    token: Stamped

    def covered(self, earlier: Sequence[bytes]) -> bytes:
        """Return the bytes that its token is over: all of this but the token, as RFC 8785 JSON.

        Raises FormatError when ``tokens`` are not the digests of ``earlier``.
        """
        if Rehash.of(earlier) != self.tokens:
            raise FormatError(
                "The renewal names other earlier tokens than these.",
                "续期记录所指的先前时间戳与现有的不符。",
            )
        return _data_of(self.files, self.tokens)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**_data(self.files, self.tokens), "token": self.token.to_json()}


Renewal = TimestampRenewal | HashTreeRenewal


def _data(files: Sequence[tuple[str, Rehash]], tokens: Rehash) -> dict[str, Any]:
    return {
        "kind": HashTreeRenewal.kind,
        "files": [{"name": name, **digests.to_json()} for name, digests in files],
        "tokens": tokens.to_json(),
    }


def _data_of(files: Sequence[tuple[str, Rehash]], tokens: Rehash) -> bytes:
    return jcs.dumps(_data(files, tokens))


def hash_tree_data(
    files: Sequence[tuple[str, Rehash]], earlier: Sequence[bytes]
) -> tuple[Rehash, bytes]:
    """Return the digests of the earlier tokens, and the bytes that a token is to be asked over."""
    tokens = Rehash.of(earlier)
    return tokens, _data_of(sorted(files), tokens)


@dataclass(frozen=True)
class Renewals:
    """All renewals of one exhibit, oldest first; ``tokens`` name the first tokens in their order.

    A name there is that of an authority (``NAME.<authority>.tsr``), or ``checkpoint.`` and one.
    """

    tokens: tuple[str, ...]
    renewals: tuple[Renewal, ...]

    @property
    def format(self) -> str:
        """The format's name: the second where revocation data is kept with any token."""
        return WITH_REVOCATION if any(o.token.revocation for o in self.renewals) else FORMAT

    def earlier(self, first: Sequence[bytes], number: int) -> list[bytes]:
        """Return the tokens that renewal ``number`` (from 0) covers; ``first`` as in ``tokens``."""
        return [*first, *(one.token.response for one in self.renewals[:number])]

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse``."""
        value = {
            "format": self.format,
            "tokens": list(self.tokens),
            "renewals": [one.to_json() for one in self.renewals],
        }
        data = jcs.dumps(value)
        Renewals.parse(data, "renewal")
        return data

    @classmethod
    def parse(cls, data: bytes, noun: str) -> Self:
        """Read the file strictly, or raise FormatError; nothing in it is verified."""
        value = jcs.loads(data, noun, limit=LIMIT)
        fields = jcs.take(value, noun, {"format": str, "tokens": list, "renewals": list})
        names = fields["tokens"]
        good = all(isinstance(name, str) and _TOKEN.match(name) for name in names)
        if not good or names != sorted(set(names)) or not names:
            raise FormatError(
                f"{noun}: tokens are not names in order", f"{noun}：tokens 不是按序的名称"
            )
        rows = fields["renewals"]
        if not 1 <= len(rows) <= MAX_RENEWALS:
            raise FormatError(
                f"{noun} has no renewals, or too many", f"{noun} 没有续期记录或数量过多"
            )
        found = cls(tuple(names), tuple(_renewal(row, noun) for row in rows))
        if fields["format"] != found.format:
            raise FormatError(
                f"{noun} is not of format {found.format}", f"{noun} 的格式不是 {found.format}"
            )
        return found


def _renewal(row: Any, noun: str) -> Renewal:
    kind = row.get("kind") if isinstance(row, dict) else None
    if kind == TimestampRenewal.kind:
        return TimestampRenewal(_stamped(jcs.take(row, noun, {"kind": str, "token": dict}), noun))
    if kind != HashTreeRenewal.kind:
        raise FormatError(f"{noun} has a renewal of unknown kind", f"{noun} 有种类未知的续期")
    fields = jcs.take(row, noun, {"kind": str, "files": list, "tokens": dict, "token": dict})
    digest = {"size": int, "sha512": str, "sm3": str}
    files = []
    for item in fields["files"]:
        stated = jcs.take(item, f"{noun}: files", {"name": str, **digest})
        files.append((stated["name"], Rehash.read(stated, noun)))
    names = [name for name, _ in files]
    if names != sorted(set(names)) or not names:
        raise FormatError(f"{noun}: files are not in order", f"{noun}：files 未按名称排序")
    tokens = Rehash.read(jcs.take(fields["tokens"], f"{noun}: tokens", digest), noun)
    return HashTreeRenewal(tuple(files), tokens, _stamped(fields, noun))


def _stamped(fields: dict[str, Any], noun: str) -> Stamped:
    text: dict[str, type | tuple[type, ...]] = dict.fromkeys(
        ("authority", "algorithm", "request", "response"), str
    )
    if "revocation" in fields["token"]:
        text["revocation"] = list
    row = jcs.take(fields["token"], f"{noun}: token", text)
    if row["algorithm"] not in ALGORITHMS:
        raise FormatError(f"{noun}: algorithm is unknown", f"{noun}：algorithm 未知")
    both = [_base64(row[name], f"{noun}: {name}") for name in ("request", "response")]
    kept = _revocation(row["revocation"], noun) if "revocation" in row else ()
    return Stamped(check_authority_name(row["authority"]), row["algorithm"], both[0], both[1], kept)


def _revocation(rows: list[Any], noun: str) -> tuple[tuple[str, bytes], ...]:
    found = []
    for row in rows:
        item = jcs.take(row, f"{noun}: revocation", {"kind": str, "data": str})
        found.append((item["kind"], _base64(item["data"], f"{noun}: revocation")))
    if not 1 <= len(found) <= MOST or any(kind not in KINDS for kind, _ in found):
        raise FormatError(
            f"{noun}: revocation is no list of 1 to {MOST} lists and responses",
            f"{noun}：revocation 不是 1 至 {MOST} 份吊销列表或应答",
        )
    return tuple(found)


def _base64(text: str, noun: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"{noun} is not base64", f"{noun} 不是 base64") from error
    if base64.b64encode(data).decode() != text or not data:
        raise FormatError(f"{noun} is not base64 in its one form", f"{noun} 不是规范的 base64")
    return data
