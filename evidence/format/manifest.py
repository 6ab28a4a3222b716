"""``evidence/manifest.json`` (format ``markseal-manifest/1``): what a package consists of.

Canonical JSON; ``evidence/manifest.sig`` is the raw Ed25519 signature over its bytes, and the
timestamp tokens are over their SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import FormatError, ProofError
from evidence.format import jcs
from evidence.format.digests import Digests, check_hex, sha256_hex
from evidence.format.entry import natural
from evidence.format.names import MANIFEST, incomplete, media_type
from evidence.format.times import format_time, parse_time

FORMAT = "markseal-manifest/1"
FIDELITIES = ("exact", "redacted", "decoded")
"""The WARC holds the bytes of the wire; the same with secrets masked; or decoded bodies."""
SIGNATURE_SIZE = 64


@dataclass(frozen=True)
class Artefact:
    """One file of the package: name from the closed set, media type, size and digests."""

    name: str
    media_type: str
    digests: Digests


@dataclass(frozen=True)
class Manifest:
    """The manifest: ``artefacts`` sorted by name, the attempt's log entry, times, signer.

    ``fidelity`` is one of ``FIDELITIES``. ``signer`` is the SHA-256 (hex) of the 32 raw bytes of
    the Ed25519 public key.
    """

    artefacts: tuple[Artefact, ...]
    attempt_index: int
    attempt_sha256: str
    capture_id: str
    started: datetime
    finished: datetime
    fidelity: str
    signer: str
    software: str
    url: str

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; the exact inverse of ``parse``."""
        data = jcs.dumps(
            {
                "format": FORMAT,
                "artefacts": [_print_artefact(artefact) for artefact in self.artefacts],
                "attempt": {"index": self.attempt_index, "entry_sha256": self.attempt_sha256},
                "capture_id": self.capture_id,
                "captured": {
                    "started": format_time(self.started),
                    "finished": format_time(self.finished),
                },
                "fidelity": self.fidelity,
                "signer": {"algorithm": "Ed25519", "key_sha256": self.signer},
                "software": self.software,
                "url": self.url,
            }
        )
        Manifest.parse(data)
        return data

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Read a manifest strictly, or raise FormatError; no digest is compared here."""
        types: dict[str, type | tuple[type, ...]] = {
            "artefacts": list,
            "attempt": dict,
            "captured": dict,
            "signer": dict,
        }
        texts = ("format", "capture_id", "fidelity", "software", "url")
        fields = jcs.take(jcs.loads(data, MANIFEST), MANIFEST, types | dict.fromkeys(texts, str))
        attempt = jcs.take(
            fields["attempt"], f"{MANIFEST}: attempt", {"index": int, "entry_sha256": str}
        )
        captured = jcs.take(
            fields["captured"], f"{MANIFEST}: captured", {"started": str, "finished": str}
        )
        if fields["format"] != FORMAT or fields["fidelity"] not in FIDELITIES:
            raise FormatError(
                f"{MANIFEST}: format or fidelity is unknown", f"{MANIFEST} 的格式或保真度未知"
            )
        return cls(
            artefacts=_parse_artefacts(fields["artefacts"]),
            attempt_index=natural(attempt["index"], f"{MANIFEST}: attempt index"),
            attempt_sha256=check_hex(attempt["entry_sha256"], f"{MANIFEST}: entry_sha256"),
            capture_id=check_hex(fields["capture_id"], f"{MANIFEST}: capture_id", length=32),
            started=parse_time(captured["started"], f"{MANIFEST}: started"),
            finished=parse_time(captured["finished"], f"{MANIFEST}: finished"),
            fidelity=fields["fidelity"],
            signer=_parse_signer(fields["signer"]),
            software=fields["software"],
            url=fields["url"],
        )


def _print_artefact(artefact: Artefact) -> dict[str, Any]:
    digests = artefact.digests
    return {
        "name": artefact.name,
        "media_type": artefact.media_type,
        "size": digests.size,
        "sha256": digests.sha256,
        "sm3": digests.sm3,
    }


def _parse_signer(value: Any) -> str:
    signer = jcs.take(value, f"{MANIFEST}: signer", {"algorithm": str, "key_sha256": str})
    if signer["algorithm"] != "Ed25519":
        raise FormatError(
            f"{MANIFEST}: the algorithm is not Ed25519", f"{MANIFEST} 的签名算法不是 Ed25519"
        )
    return check_hex(signer["key_sha256"], f"{MANIFEST}: key_sha256")


def _parse_artefacts(values: list[Any]) -> tuple[Artefact, ...]:
    found: list[Artefact] = []
    texts = ("name", "media_type", "sha256", "sm3")
    for value in values:
        noun = f"{MANIFEST}: artefact {len(found) + 1}"
        fields = jcs.take(value, noun, dict.fromkeys(texts, str) | {"size": int})
        name = fields["name"]
        if media_type(name) != fields["media_type"]:
            raise FormatError(
                f"{noun}: {name!r} ({fields['media_type']!r}) is not in the known set",
                f"{noun}：{name!r}（{fields['media_type']!r}）不在已知文件之列",
            )
        digests = Digests(
            natural(fields["size"], f"{noun}: size"),
            check_hex(fields["sha256"], f"{noun}: sha256"),
            check_hex(fields["sm3"], f"{noun}: sm3"),
        )
        found.append(Artefact(name, fields["media_type"], digests))
    listed = [artefact.name for artefact in found]
    if listed != sorted(set(listed)):
        raise FormatError(
            f"{MANIFEST} does not list every artefact once, sorted by name",
            f"{MANIFEST} 没有按名称顺序将每个文件各列一次",
        )
    for lacking, by in incomplete(listed):
        raise FormatError(
            f"{MANIFEST} does not list {lacking}, without which {by} is not complete",
            f"{MANIFEST} 没有列出 {lacking}，而 {by} 须与之同在",
        )
    return tuple(found)


def key_digest(public: Ed25519PublicKey) -> str:
    """Return the SHA-256 (hex) of the raw 32-byte public key, as the manifest names a signer."""
    return sha256_hex(public.public_bytes_raw())


def sign_manifest(data: bytes, private: Ed25519PrivateKey) -> bytes:
    """Return the 64 bytes of ``evidence/manifest.sig`` over the manifest's bytes."""
    return private.sign(data)


def verify_signature(data: bytes, signature: bytes, public: Ed25519PublicKey) -> None:
    """Prove that ``public``'s holder signed exactly ``data``, or raise ProofError."""
    try:
        public.verify(signature, data)
    except InvalidSignature:
        raise ProofError(
            "the signature on the manifest is not by the trusted signer's key",
            "清单上的签名不是由可信签名密钥作出的",
        ) from None
