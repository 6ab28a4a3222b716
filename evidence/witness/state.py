"""What a witness keeps, durably: its key, the logs that it knows, the newest checkpoint of each.

``witness.pem`` (0600), ``vkey``, and for each log ``logs/<SHA-256 of its origin>/`` with
``vkey``, ``latest`` (the note as it was cosigned last; ``none`` before the first) and
``refused/`` (signed notes that contradict it: proof against the log's key).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import EvidenceError, FormatError, LogError, WitnessError
from evidence.format.cosignature import WitnessKey
from evidence.format.digests import sha256_hex
from evidence.format.note import NoteKey, check_name
from evidence.log.durable import locked, replace_file
from evidence.log.store import Head, open_checkpoint

KEY = "witness.pem"
VKEY = "vkey"
LATEST = "latest"
NONE = b"none\n"
MAX_REFUSED = 100


@dataclass(frozen=True)
class KnownLog:
    """One log that the witness knows, in its own folder."""

    folder: Path
    key: NoteKey

    def latest(self) -> Head | None:
        """Return the newest checkpoint that was cosigned, None before the first.

        Raises WitnessError when the record is gone or damaged: without it the witness could be
        made to go backwards, so that it signs nothing until the record is restored.
        """
        try:
            note = (self.folder / LATEST).read_bytes()
            return None if note == NONE else open_checkpoint(note, self.key)
        except (OSError, EvidenceError) as error:
            raise WitnessError(
                f"The record of the log {self.key.name} is damaged; restore {self.folder}, or end "
                "this witness and begin one with a new key.",
                f"日志 {self.key.name} 的记录已损坏；请恢复 {self.folder}，"
                "否则停用本见证人，以新密钥另立。",
            ) from error

    def keep(self, note: bytes) -> None:
        """Make ``note`` the newest checkpoint; it is durable on return."""
        replace_file(self.folder / LATEST, note)

    def refuse(self, note: bytes) -> None:
        """Keep a note that the log signed and that contradicts ours; at most a hundred."""
        folder = self.folder / "refused"
        path = folder / f"{sha256_hex(note)}.note"
        if not path.exists() and len(list(folder.glob("*.note"))) < MAX_REFUSED:
            replace_file(path, note)


@dataclass(frozen=True)
class WitnessHome:
    """The folder of a witness."""

    path: Path

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the folder for this process alone; WitnessError when another witness has it."""
        with ExitStack() as held:
            try:
                self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
                held.enter_context(locked(self.path / "lock", seconds=1))
            except OSError as error:
                raise WitnessError(
                    f"The witness's folder {self.path} cannot be used ({error.strerror}).",
                    f"无法使用见证人目录 {self.path}（{error.strerror}）。",
                ) from error
            except LogError as error:
                raise WitnessError(
                    f"Another witness runs on {self.path}; end it first.",
                    f"{self.path} 上已有一个见证人在运行；请先停止它。",
                ) from error
            yield

    def prepare(self, name: str) -> tuple[WitnessKey, Ed25519PrivateKey]:
        """Return the witness's public and private key, made on the first call; then never again.

        ``name`` is the key's name; a folder that has one keeps it, whatever is given.
        """
        path, vkey = self.path / KEY, self.path / VKEY
        if not path.exists():
            if vkey.exists():
                raise WitnessError(
                    f"The witness's key {path} is gone; restore it. No other is made in its place.",
                    f"见证人密钥 {path} 不见了；请恢复。系统不会另造密钥代替。",
                )
            self._make_key(path)
        private = load_key(path)
        if not vkey.exists():
            made = WitnessKey(check_name(name), private.public_key().public_bytes_raw())
            replace_file(vkey, f"{made.text()}\n".encode())
        key = WitnessKey.parse(vkey.read_text("utf-8"))
        if key.public != private.public_key().public_bytes_raw():
            raise WitnessError(
                f"{vkey} is not the public key of {path}; restore the right one.",
                f"{vkey} 不是 {path} 的公钥；请恢复正确的文件。",
            )
        return key, private

    def _make_key(self, path: Path) -> None:
        secret = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.with_name(path.name + ".tmp").unlink(missing_ok=True)
        replace_file(path, secret, mode=0o600)

    def learn(self, keys: Sequence[NoteKey]) -> None:
        """Add logs to those that are known; WitnessError when one is known by another key."""
        for key in keys:
            folder = self.path / "logs" / sha256_hex(key.name.encode())
            if (folder / VKEY).exists():
                if _read_vkey(folder) != key:
                    raise WitnessError(
                        f"The log {key.name} is known by another key; ask its operator why.",
                        f"日志 {key.name} 已以另一公钥登记；请向其运营者查明原因。",
                    )
                continue
            replace_file(folder / LATEST, NONE)
            replace_file(folder / VKEY, f"{key.text()}\n".encode())

    def logs(self) -> tuple[KnownLog, ...]:
        """Return every log that is known, in the order of their origins."""
        folders = sorted(path.parent for path in self.path.glob(f"logs/*/{VKEY}"))
        known = [KnownLog(folder, _read_vkey(folder)) for folder in folders]
        return tuple(sorted(known, key=lambda log: log.key.name))


def _read_vkey(folder: Path) -> NoteKey:
    try:
        return NoteKey.parse((folder / VKEY).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, FormatError) as error:
        raise WitnessError(
            f"{folder / VKEY} holds no log's public key; restore it.",
            f"{folder / VKEY} 中没有日志公钥；请恢复。",
        ) from error


def load_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key in ``path``; WitnessError if others can read it, or it is none."""
    try:
        if path.stat().st_mode & 0o077:
            raise WitnessError(
                f"The key {path} can be read by others; run chmod 600 on it.",
                f"密钥 {path} 可被他人读取；请执行 chmod 600。",
            )
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise WitnessError(f"The key {path} cannot be read.", f"无法读取密钥 {path}。") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise WitnessError(f"The key {path} is not Ed25519.", f"密钥 {path} 不是 Ed25519 密钥。")
    return key
