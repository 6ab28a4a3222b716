"""The trust folder to hand over, and its fingerprint sheet, handed over apart from it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from evidence.errors import InputError
from evidence.format.digests import sha256_hex
from evidence.format.note import NoteKey
from evidence.format.policy import POLICY, SUMS, Policy
from evidence.home import EvidenceHome
from evidence.log.durable import sync_folder, write_synced
from evidence.succession.sheet import Print, Sheet, join, plain
from evidence.trustfolder import STATEMENTS, read_policy

FOLDER, PAGE, TEXT = "trust", "fingerprints.html", "fingerprints.txt"


@dataclass(frozen=True)
class Exported:
    """Where the trust folder and the two forms of the sheet lie, and the sheet itself."""

    trust: Path
    page: Path
    text: Path
    sheet: Sheet


def export_trust(home: EvidenceHome, out: Path, *, now: datetime) -> Exported:
    """Write ``out/trust`` and the sheet beside it; ``out`` is new or empty, nothing is replaced.

    Raises InputError when the folder is taken, or when the installation's trust folder no longer
    fits its keys and settings.
    """
    stale = home.stale_trust()
    if stale:
        raise InputError(
            f"The trust folder does not fit keys and settings ({', '.join(stale)}); run "
            "markseal trust update and look at what changes.",
            f"信任文件夹与密钥、设置不一致（{'、'.join(stale)}）；请运行 markseal trust update "
            "并查看变更。",
        )
    policy = read_policy(home.trust)
    if policy is None:
        raise InputError(
            f"There is no trust folder in {home.path}; check MARKSEAL_HOME.",
            f"{home.path} 中没有信任文件夹；请检查 MARKSEAL_HOME。",
        )
    _refuse_taken(out)
    content = _content(policy, home.trust)
    sums = _sums(content)
    sheet = _sheet(policy, content, sums, now)
    held = {f"{FOLDER}/{name}": data for name, data in content.items()}
    held |= {f"{FOLDER}/{SUMS}": sums, PAGE: sheet.to_html().encode()}
    _write(out, held | {TEXT: sheet.to_text().encode()})
    return Exported(out / FOLDER, out / PAGE, out / TEXT, sheet)


def sheet_of(trust: Path, *, now: datetime) -> Sheet | None:
    """Return the fingerprint sheet of a trust folder as it is, None where there is none.

    Raises TrustError or OSError when one of its files cannot be read.
    """
    policy = read_policy(trust)
    if policy is None:
        return None
    content = _content(policy, trust)
    return _sheet(policy, content, _sums(content), now)


def _content(policy: Policy, trust: Path) -> dict[str, bytes]:
    names = [*policy.files, *(f"{STATEMENTS}/{n}" for n in _statements(trust))]
    names += [item.hashes for item in policy.logs if (trust / item.hashes).is_file()]
    return {name: (trust / name).read_bytes() for name in names}


def _sums(content: dict[str, bytes]) -> bytes:
    lines = (f"{sha256_hex(content[name])}  {name}\n" for name in sorted(content))
    return "".join(lines).encode()


def _statements(trust: Path) -> list[str]:
    return sorted(path.name for path in (trust / STATEMENTS).glob("*.json"))


def _refuse_taken(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} exists and is not an empty folder; give a new folder.",
            f"{out} 已存在且不是空文件夹；请给出新的文件夹。",
        )


def _write(out: Path, held: dict[str, bytes]) -> None:
    """Put the files into ``out``, all of them or none."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        for name, data in held.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_synced(path, data)
            sync_folder(path.parent)
        draft.chmod(0o755)
        draft.replace(out)
        sync_folder(out.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sheet(policy: Policy, content: dict[str, bytes], sums: bytes, now: datetime) -> Sheet:
    origin = NoteKey.parse(content[policy.log_key].decode()).name
    required = f"{join(policy.require)}; tokens {policy.tokens}"
    if policy.witnesses:
        required += f"; cosignatures {policy.cosignatures}"
    if policy.recovery_keys:
        required += f"; recovery {policy.recovery}/{len(policy.recovery_keys)}"
    rows = _named(policy, content)
    prints = tuple(
        Print(zh, en, name, sha256_hex(content[name])) for zh, en, name in dict.fromkeys(rows)
    )
    return Sheet(plain(origin), now, required, sha256_hex(sums), prints)


def _named(policy: Policy, content: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """Return what each file of the folder is (Chinese, English, name), the main ones first."""
    rows = [
        ("日志密钥", "log key", policy.log_key),
        ("签名密钥", "signer's key", policy.signer_key),
        ("核验要求", "what is required", POLICY),
    ]
    for authority in policy.authorities:
        zh = "时间戳机构（试用）" if authority.trial else "时间戳机构"
        en = f"{'TRIAL ' if authority.trial else ''}timestamp authority {authority.name}"
        until = _until(content[authority.roots])
        rows.append((f"{zh} {authority.name}{until}", en, authority.roots))
    rows += [
        (f"见证人 {plain(w.name)}", f"witness ({w.relation})", w.vkey) for w in policy.witnesses
    ]
    rows += [("曾用签名密钥", "former signer's key", item.key) for item in policy.signers]
    rows += [("前一日志", f"former log, {g.until_size} entries", g.vkey) for g in policy.logs]
    return rows + [("恢复密钥", "recovery key", name) for name in policy.recovery_keys]


def _until(roots: bytes) -> str:
    """Return until when the first of the certificates is valid, in brackets; nothing if unread."""
    try:
        first = x509.load_pem_x509_certificates(roots)[0]
    except ValueError:
        return ""
    return f"（至 {first.not_valid_after_utc:%Y-%m-%d}）"
