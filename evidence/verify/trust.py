"""The trust folder: keys and certificates from outside every package, and what is required."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from evidence.errors import FormatError, TrustError
from evidence.format.cosignature import WitnessKey
from evidence.format.manifest import key_digest
from evidence.format.note import NoteKey
from evidence.format.policy import NOT_INDEPENDENT, POLICY, Policy
from evidence.format.policytext import parse_policy
from evidence.verify.trustfiles import check_sums, read_text

_Key = TypeVar("_Key", bound=NoteKey)


@dataclass(frozen=True)
class Authority:
    """A trusted timestamp authority with its certificates (roots, and any between)."""

    name: str
    certificates: tuple[x509.Certificate, ...]
    trial: bool


@dataclass(frozen=True)
class Signer:
    """A key for manifests, good for what was proved at or after ``start``, before ``end``.

    From ``revoked`` on it has no effect, nor for what stands in a log after the entry
    ``revoked_at`` (the log's name, the index), or in a log that followed; None is no bound.
    """

    key: Ed25519PublicKey
    start: datetime | None = None
    end: datetime | None = None
    revoked: datetime | None = None
    revoked_at: tuple[str, int] | None = None


@dataclass(frozen=True)
class TrustedLog:
    """A log's key; one that was succeeded is trusted up to ``until_size`` and ``until_root``.

    ``leaves`` holds the hashes of those of its entries that were in hand when it ended.
    """

    key: NoteKey
    until_size: int | None = None
    until_root: str | None = None
    leaves: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class TrustedWitness:
    """A witness: its name for people, its key, what it is to the parties."""

    name: str
    key: WitnessKey
    relation: str

    @property
    def independent(self) -> bool:
        """Whether it is neither a party nor the log's operator."""
        return self.relation not in NOT_INDEPENDENT


@dataclass(frozen=True)
class Trust:
    """What is trusted, and the policy that says what a verdict requires.

    ``signers`` and ``logs`` begin with those of today, ``signer`` and ``log_key``.
    """

    policy: Policy
    signers: tuple[Signer, ...]
    logs: tuple[TrustedLog, ...]
    authorities: tuple[Authority, ...]
    witnesses: tuple[TrustedWitness, ...] = ()
    recovery_keys: tuple[Ed25519PublicKey, ...] = ()

    @property
    def log_key(self) -> NoteKey:
        """The key of the log of today."""
        return self.logs[0].key

    @property
    def signer(self) -> Ed25519PublicKey:
        """The signer's key of today."""
        return self.signers[0].key

    def authority(self, name: str) -> Authority | None:
        """Return the trusted authority of that name, or None."""
        return next((a for a in self.authorities if a.name == name), None)

    def signer_named(self, digest: str | None) -> Signer:
        """Return the trusted signer whose key has this SHA-256, else that of today."""
        found = (s for s in self.signers if key_digest(s.key) == digest)
        return next(found, self.signers[0])

    def after(self, place: tuple[str, int], origin: str, index: int) -> bool:
        """Say whether the entry ``index`` of the log ``origin`` came after that at ``place``.

        The logs follow one another as the policy lists them, that of today last.
        """
        ages = [log.key.name for log in (*self.logs[1:], self.logs[0])]
        if place[0] not in ages or origin not in ages:
            return False
        return (ages.index(origin), index) > (ages.index(place[0]), place[1])

    def log_named(self, origin: str | None) -> TrustedLog:
        """Return the trusted log of that origin, else that of today."""
        return next((log for log in self.logs if log.key.name == origin), self.logs[0])


def load_trust(folder: Path) -> Trust:
    """Read a trust folder, or raise TrustError naming the file that cannot be used."""
    if not folder.is_dir():
        raise TrustError(
            f"{folder} is not a folder; give the trust folder that you received.",
            f"{folder} 不是文件夹；请给出所收到的信任文件夹。",
        )
    policy = parse_policy(read_text(folder, POLICY))
    check_sums(folder, policy)
    authorities = []
    for item in policy.authorities:
        certificates = parse_certificates(read_text(folder, item.roots).encode(), item.roots)
        authorities.append(Authority(item.name, certificates, item.trial))
    trust = Trust(
        policy,
        _signers(folder, policy),
        _logs(folder, policy),
        tuple(authorities),
        _witnesses(folder, policy),
        tuple(_public_key(folder, name) for name in policy.recovery_keys),
    )
    _check_apart(trust)
    return trust


def _signers(folder: Path, policy: Policy) -> tuple[Signer, ...]:
    current = _public_key(folder, policy.signer_key)
    found = [_signer(current, policy)]
    for item in policy.signers:
        key = _public_key(folder, item.key)
        if key_digest(key) != key_digest(current):
            found.append(_signer(key, policy, item.start, item.end))
    return tuple(found)


def _signer(
    key: Ed25519PublicKey,
    policy: Policy,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Signer:
    """Return a signer with what the policy revokes; tokens state whole seconds, so it does too."""
    gone = next((r for r in policy.revoked if r.key_sha256 == key_digest(key)), None)
    if gone is None:
        return Signer(key, start, end)
    place = None if gone.log is None or gone.index is None else (gone.log, gone.index)
    return Signer(key, start, end, gone.start.replace(microsecond=0), place)


def _logs(folder: Path, policy: Policy) -> tuple[TrustedLog, ...]:
    found = [TrustedLog(_vkey(folder, policy.log_key, NoteKey))]
    for item in policy.logs:
        key = _vkey(folder, item.vkey, NoteKey)
        leaves = _leaves(folder / item.hashes, item.until_size)
        found.append(TrustedLog(key, item.until_size, item.until_root, leaves))
    return tuple(found)


def _leaves(path: Path, size: int) -> bytes:
    """Return the leaf hashes of a former log, none where the folder has no such file."""
    try:
        with path.open("rb") as source:
            data = source.read(size * 32 + 1)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise TrustError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error
    if len(data) % 32 or len(data) > size * 32:
        raise TrustError(
            f"{path.name} is not the hashes of at most {size} entries; ask for it again.",
            f"{path.name} 不是至多 {size} 条的散列；请重新索取。",
        )
    return data


def _witnesses(folder: Path, policy: Policy) -> tuple[TrustedWitness, ...]:
    return tuple(
        TrustedWitness(item.name, _vkey(folder, item.vkey, WitnessKey), item.relation)
        for item in policy.witnesses
    )


def _vkey(folder: Path, name: str, kind: type[_Key]) -> _Key:
    try:
        return kind.parse(read_text(folder, name))
    except FormatError as error:
        raise TrustError(
            f"Trust folder: {name} holds no such key ({error.en}); ask for it again.",
            f"信任文件夹：{name} 中没有应有的公钥（{error.zh}）；请重新索取。",
        ) from error


def _public_key(folder: Path, name: str) -> Ed25519PublicKey:
    try:
        return parse_public_key(read_text(folder, name).encode(), name)
    except FormatError as error:
        raise TrustError(f"Trust folder: {error.en}", f"信任文件夹：{error.zh}") from error


def _check_apart(trust: Trust) -> None:
    """One key in two roles would make one voice count as two."""
    witnesses = [witness.key.public for witness in trust.witnesses]
    logs = [log.key.public for log in trust.logs]
    if len(set(witnesses)) != len(witnesses) or set(witnesses) & set(logs):
        raise TrustError(
            "Trust folder: a witness's key is there twice, or is that of a log; ask for it again.",
            "信任文件夹：某见证人的密钥重复，或与日志密钥相同；请重新索取。",
        )
    origins = [log.key.name for log in trust.logs]
    if len(set(origins)) != len(origins):
        raise TrustError(
            "Trust folder: two logs have one name; ask for it again.",
            "信任文件夹：两个日志同名；请重新索取。",
        )


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
    if data.count(b"-----BEGIN ") > 1:
        raise FormatError(f"{noun} holds more than one key.", f"{noun} 中不止一个公钥。")
    try:
        key = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FormatError(f"{noun} is not a PEM public key.", f"{noun} 不是 PEM 公钥。") from error
    if not isinstance(key, Ed25519PublicKey):
        raise FormatError(f"{noun} is not an Ed25519 key.", f"{noun} 不是 Ed25519 公钥。")
    return key
