"""``NAME.erasure-request.json`` (``markseal-erasure-request/1``): why content was erased.

The log's erasure entry (``evidence.format.entry``) names the SHA-256 of this file's bytes. The
manifest signer signs it. It holds no personal data: the two who approved stand in it as salted
commitments, which the installation can open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import FormatError, ProofError
from evidence.format import jcs
from evidence.format.digests import check_hex, sha256_hex
from evidence.format.times import format_time, parse_time

FORMAT = "markseal-erasure-request/1"
SIZE = 64
EMPTY = bytes(SIZE)
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")


def commitment(salt: str, person: str) -> str:
    """Return SHA-256(the salt's 32 bytes || the person in UTF-8) as hex."""
    return hashlib.sha256(bytes.fromhex(salt) + person.encode()).hexdigest()


def erasure_names(name: str) -> tuple[str, str, str]:
    """Return the names of the entry, its proof and the request beside the sidecars of NAME."""
    return (
        f"{name}.erasure.json",
        f"{name}.erasure.tlog-proof",
        f"{name}.erasure-request.json",
    )


@dataclass(frozen=True)
class Basis:
    """The legal basis as the dated data had it: code, instrument, article ("" for none), since."""

    code: str
    title: str
    article: str
    since: date
    status: str

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "code": self.code,
            "title": self.title,
            "article": self.article,
            "from": self.since.isoformat(),
            "status": self.status,
        }

    @classmethod
    def read(cls, value: Any, noun: str) -> Self:
        """Read it strictly, or raise FormatError."""
        text = dict.fromkeys(("code", "title", "article", "from", "status"), str)
        row = jcs.take(value, noun, text)
        if not _CODE.match(row["code"]):
            raise FormatError(f"{noun}: code is not a code", f"{noun}：code 不是代码")
        try:
            since = date.fromisoformat(row["from"])
        except ValueError as error:
            raise FormatError(f"{noun}: from is not a date", f"{noun}：from 不是日期") from error
        if since.isoformat() != row["from"]:
            raise FormatError(f"{noun}: from is not a date", f"{noun}：from 不是日期")
        return cls(row["code"], row["title"], row["article"], since, row["status"])


@dataclass(frozen=True)
class ErasureRequest:
    """The request to erase the content of the outcome at index ``outcome``, approved by two.

    ``document_sha256`` is that of a paper it rests on (a court's order), if any.
    """

    capture_id: str
    outcome: int
    package_sha256: str
    basis: Basis
    document_sha256: str | None
    time: datetime
    approvers: tuple[str, str]
    signer: str = ""
    signature: bytes = EMPTY

    @property
    def signed(self) -> bytes:
        """The bytes to be signed: canonical JSON without ``signature``."""
        return jcs.dumps({k: v for k, v in self._value().items() if k != "signature"})

    def _value(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "capture_id": self.capture_id,
            "outcome": self.outcome,
            "package_sha256": self.package_sha256,
            "basis": self.basis.to_json(),
            "document_sha256": self.document_sha256,
            "time": format_time(self.time),
            "approvers": list(self.approvers),
            "signer": self.signer,
            "signature": base64.b64encode(self.signature).decode(),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse``."""
        data = jcs.dumps(self._value())
        ErasureRequest.parse(data, "erasure request")
        return data

    def sign(self, private: Ed25519PrivateKey) -> ErasureRequest:
        """Return it signed by the manifest signer."""
        signer = sha256_hex(private.public_key().public_bytes_raw())
        named = replace(self, signer=signer)
        return replace(named, signature=private.sign(named.signed))

    def verify(self, key: Ed25519PublicKey) -> None:
        """Prove that ``key`` signed it and is the one that it names, or raise ProofError."""
        if sha256_hex(key.public_bytes_raw()) != self.signer:
            raise ProofError(
                "The erasure request names another signer than the trusted key.",
                "删除申请所写的签名密钥不是可信的那一把。",
            )
        try:
            key.verify(self.signature, self.signed)
        except InvalidSignature:
            raise ProofError(
                "The signature on the erasure request does not verify.", "删除申请的签名不成立。"
            ) from None

    @classmethod
    def parse(cls, data: bytes, noun: str) -> Self:
        """Read the file strictly, or raise FormatError; nothing in it is verified."""
        words = ("format", "capture_id", "package_sha256", "time", "signer", "signature")
        fields: dict[str, type | tuple[type, ...]] = {
            **dict.fromkeys(words, str),
            "outcome": int,
            "basis": dict,
            "approvers": list,
            "document_sha256": (str, type(None)),
        }
        row = jcs.take(jcs.loads(data, noun), noun, fields)
        if row["format"] != FORMAT or row["outcome"] < 0:
            raise FormatError(f"{noun} is not of format {FORMAT}", f"{noun} 的格式不是 {FORMAT}")
        approvers = [check_hex(item, f"{noun}: approvers") for item in row["approvers"]]
        if len(approvers) != 2 or len(set(approvers)) != 2:
            raise FormatError(f"{noun}: approvers are two", f"{noun}：approvers 应为两个")
        document = row["document_sha256"]
        return cls(
            capture_id=check_hex(row["capture_id"], f"{noun}: capture_id", length=32),
            outcome=row["outcome"],
            package_sha256=check_hex(row["package_sha256"], f"{noun}: package_sha256"),
            basis=Basis.read(row["basis"], f"{noun}: basis"),
            document_sha256=None
            if document is None
            else check_hex(document, f"{noun}: document_sha256"),
            time=parse_time(row["time"], f"{noun}: time"),
            approvers=(approvers[0], approvers[1]),
            signer=check_hex(row["signer"], f"{noun}: signer"),
            signature=_signature(row["signature"], noun),
        )


def _signature(text: str, noun: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != SIZE or base64.b64encode(data).decode() != text:
        raise FormatError(f"{noun}: signature is not 64 bytes", f"{noun}：signature 不是 64 字节")
    return data
