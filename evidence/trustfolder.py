"""The trust folder of an installation, written from what the installation has and had.

Every file follows from the keys, ``authorities.toml``, ``witnesses.toml`` and the ledger; what a
person decided in ``policy.toml`` (what is required, how many tokens and cosignatures) stays, but
that it never requires fewer tokens than ``authorities.toml`` promises of every exhibit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence.errors import TrustError
from evidence.format.digests import sha256_hex
from evidence.format.ledger import Ledger, key_id
from evidence.format.note import NoteKey
from evidence.format.policy import (
    CLAIMS,
    POLICY,
    EarlierTokens,
    FormerLog,
    Policy,
    RevokedKey,
    TrustedAuthority,
    TrustedSigner,
    TrustedWitness,
)
from evidence.format.policytext import parse_policy

LOG_KEY, SIGNER_KEY = "log.vkey", "signer.pem"
STATEMENTS = "succession"
HASHES = ".hashes"
Files = dict[str, bytes]


@dataclass(frozen=True)
class Roots:
    """An authority of the installation: its short name, its certificates in PEM, trial or not."""

    name: str
    pem: bytes
    trial: bool


@dataclass(frozen=True)
class Witness:
    """A witness of the installation: its name, its vkey's text, its relation to the parties."""

    name: str
    vkey: str
    relation: str


def render(
    *,
    log_key: NoteKey,
    signer: bytes,
    authorities: Sequence[Roots],
    witnesses: Sequence[Witness] = (),
    ledger: Ledger | None = None,
    statements: Mapping[str, bytes] | None = None,
    before: Policy | None = None,
    tokens: int = 1,
    clock_bound: timedelta | None = None,
    since: datetime | None = None,
) -> Files:
    """Return the files of the trust folder by name, ``policy.toml`` last.

    ``signer`` is the raw public key; ``before`` is the policy that was in force: its decisions
    stay, its lists of keys are written anew. Where it required fewer than ``tokens``, that many
    stay enough for what was stamped before ``since`` (None: nothing was sealed yet).
    ``clock_bound`` (None: the verifier's own) is what sealing itself goes by.
    """
    held = ledger or Ledger()
    files: Files = {LOG_KEY: f"{log_key.text()}\n".encode(), SIGNER_KEY: pem(signer)}
    policy = before or Policy(CLAIMS, tokens, LOG_KEY, SIGNER_KEY, ())
    policy = _promised(policy, tokens, since)
    policy = replace(
        policy,
        log_key=LOG_KEY,
        signer_key=SIGNER_KEY,
        clock_bound=clock_bound or policy.clock_bound,
        authorities=tuple(_authority(item, files) for item in authorities),
        signers=_signers(held, files),
        revoked=tuple(RevokedKey(key_id(r.public), r.start, r.log, r.index) for r in held.revoked),
        logs=tuple(_former(item.key, item.size, item.root, files) for item in held.logs),
        recovery=held.need,
        recovery_keys=_recovery(held, files),
    )
    if witnesses:
        listed = tuple(_witness(item, files) for item in witnesses)
        policy = replace(policy, witnesses=listed, cosignatures=policy.cosignatures or 1)
    files |= {f"{STATEMENTS}/{name}": data for name, data in (statements or {}).items()}
    text = policy.to_text()
    parse_policy(text)
    return files | {POLICY: text.encode()}


def _promised(policy: Policy, tokens: int, since: datetime | None) -> Policy:
    """Return the policy with at least ``tokens`` required of what is stamped from now on."""
    if policy.tokens >= tokens:
        return policy
    was = () if since is None else (EarlierTokens(policy.tokens, since),)
    return replace(policy, tokens=tokens, earlier=(*policy.earlier, *was))


def with_earlier(authorities: Sequence[Roots], folder: Path) -> list[Roots]:
    """Return the authorities with every certificate that the folder trusted before.

    Exhibits sealed before need them; who is to be trusted no longer is taken out by a person.
    """
    policy = read_policy(folder)
    earlier = {} if policy is None else {a.name: a for a in policy.authorities}
    found = []
    for item in authorities:
        before = earlier.pop(item.name, None)
        pems = item.pem if before is None else _joined(item.pem, folder / before.roots)
        found.append(replace(item, pem=pems))
    kept = [Roots(a.name, _joined(b"", folder / a.roots), a.trial) for a in earlier.values()]
    return [*found, *kept]


def with_earlier_witnesses(witnesses: Sequence[Witness], folder: Path) -> list[Witness]:
    """Return the witnesses with those that the folder listed before: they cosigned too."""
    policy = read_policy(folder)
    found = list(witnesses)
    for item in policy.witnesses if policy is not None else ():
        vkey = _vkey(folder / item.vkey)
        if vkey not in {w.vkey for w in found}:
            taken = item.name in {w.name for w in found}
            name = f"{item.name[:60]} {sha256_hex(vkey.encode())[:8]}" if taken else item.name
            found.append(Witness(name, vkey, item.relation))
    return found


def _vkey(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TrustError(
            f"{path} holds no witness's key; restore it.", f"{path} 中没有见证人公钥；请恢复。"
        ) from error


def _joined(new: bytes, path: Path) -> bytes:
    """Return PEM certificates with those of the file at ``path`` that they lack."""
    try:
        before = x509.load_pem_x509_certificates(path.read_bytes())
        there = x509.load_pem_x509_certificates(new) if new else []
    except (OSError, ValueError) as error:
        raise TrustError(
            f"{path} holds no readable PEM certificates; restore it.",
            f"{path} 中没有可读的 PEM 证书；请恢复。",
        ) from error
    lacking = [item for item in before if item not in there]
    return new + b"".join(item.public_bytes(serialization.Encoding.PEM) for item in lacking)


def _authority(item: Roots, files: Files) -> TrustedAuthority:
    name = f"authorities/{item.name}.pem"
    files[name] = item.pem
    return TrustedAuthority(item.name, name, item.trial)


def _witness(item: Witness, files: Files) -> TrustedWitness:
    name = f"witnesses/{sha256_hex(item.vkey.encode())[:16]}.vkey"
    files[name] = f"{item.vkey}\n".encode()
    return TrustedWitness(item.name, name, item.relation)


def _signers(ledger: Ledger, files: Files) -> tuple[TrustedSigner, ...]:
    found = []
    for item in ledger.signers:
        name = f"signers/{key_id(item.public)[:16]}.pem"
        files[name] = pem(item.public)
        found.append(TrustedSigner(name, item.start, item.end))
    return tuple(found)


def _former(key: NoteKey, size: int, root: str, files: Files) -> FormerLog:
    name = former_name(key, ".vkey")
    files[name] = f"{key.text()}\n".encode()
    return FormerLog(name, size, root)


def former_name(key: NoteKey, ending: str) -> str:
    """Return the name of a file about a log that was succeeded."""
    return f"logs/{sha256_hex(key.text().encode())[:16]}{ending}"


def _recovery(ledger: Ledger, files: Files) -> tuple[str, ...]:
    names = []
    for number, key in enumerate(ledger.recovery, 1):
        name = f"recovery/{number}.pem"
        files[name] = pem(key)
        names.append(name)
    return tuple(names)


def pem(public: bytes) -> bytes:
    """Return a raw Ed25519 public key in PEM (SubjectPublicKeyInfo)."""
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_policy(folder: Path) -> Policy | None:
    """Return the policy in a trust folder, None where there is none; raises TrustError."""
    try:
        return parse_policy((folder / POLICY).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise TrustError(
            f"{folder / POLICY} cannot be read ({error}); restore it.",
            f"无法读取 {folder / POLICY}（{error}）；请恢复。",
        ) from error


def differing(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Return the names of ``files`` that ``folder`` lacks or has otherwise, sorted."""
    return sorted(n for n, data in files.items() if not _same(folder / n, data))


def _same(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False
