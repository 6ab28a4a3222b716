"""The trust folder: keys and certificates from outside every package, and what is required."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from evidence.errors import FormatError, TrustError
from evidence.format.note import NoteKey
from evidence.format.policy import LIMIT, POLICY, Policy
from evidence.format.policytext import parse_policy


@dataclass(frozen=True)
class Authority:
    """A trusted timestamp authority with its certificates (roots, and any between)."""

    name: str
    certificates: tuple[x509.Certificate, ...]
    trial: bool


@dataclass(frozen=True)
class Trust:
    """What is trusted, and the policy that says what a verdict requires."""

    policy: Policy
    log_key: NoteKey
    signer: Ed25519PublicKey
    authorities: tuple[Authority, ...]

    def authority(self, name: str) -> Authority | None:
        """Return the trusted authority of that name, or None."""
        return next((a for a in self.authorities if a.name == name), None)


def load_trust(folder: Path) -> Trust:
    """Read a trust folder, or raise TrustError naming the file that cannot be used."""
    if not folder.is_dir():
        raise TrustError(
            f"{folder} is not a folder; give the trust folder that you received.",
            f"{folder} 不是文件夹；请给出所收到的信任文件夹。",
        )
    policy = parse_policy(_text(folder, POLICY))
    authorities = []
    for item in policy.authorities:
        certificates = parse_certificates(_text(folder, item.roots).encode(), item.roots)
        authorities.append(Authority(item.name, certificates, item.trial))
    try:
        log_key = NoteKey.parse(_text(folder, policy.log_key))
    except FormatError as error:
        raise TrustError(
            f"Trust folder: {policy.log_key} holds no log key ({error.en}); ask for it again.",
            f"信任文件夹：{policy.log_key} 中没有日志公钥（{error.zh}）；请重新索取。",
        ) from error
    try:
        signer = parse_public_key(_text(folder, policy.signer_key).encode(), policy.signer_key)
    except FormatError as error:
        raise TrustError(f"Trust folder: {error.en}", f"信任文件夹：{error.zh}") from error
    return Trust(policy, log_key, signer, tuple(authorities))


def _text(folder: Path, name: str) -> str:
    try:
        with (folder / name).open("rb") as source:
            data = source.read(LIMIT + 1)
        if len(data) <= LIMIT:
            return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrustError(
            f"The trust folder {folder} has no readable {name}; ask for it again.",
            f"信任文件夹 {folder} 中没有可读的 {name}；请重新索取。",
        ) from error
    raise TrustError(f"{name} in {folder} is too large.", f"{folder} 中的 {name} 过大。")


def parse_certificates(data: bytes, noun: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates in PEM ``data`` (at least one), or raise TrustError."""
    try:
        return tuple(x509.load_pem_x509_certificates(data))
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise TrustError(
            f"{noun} holds no readable PEM certificates.", f"{noun} 中没有可读的 PEM 证书。"
        ) from error


def parse_public_key(data: bytes, noun: str) -> Ed25519PublicKey:
    """Return the Ed25519 public key in PEM ``data``, or raise FormatError."""
    try:
        key = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FormatError(f"{noun} is not a PEM public key.", f"{noun} 不是 PEM 公钥。") from error
    if not isinstance(key, Ed25519PublicKey):
        raise FormatError(f"{noun} is not an Ed25519 key.", f"{noun} 不是 Ed25519 公钥。")
    return key
