"""Sidecars, dossier, the verifier's word, and everything put in place, the dossier last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.authority import NamedAuthority, Token
from evidence.errors import PlaceError, SealError
from evidence.format.merkle import inclusion_proof
from evidence.format.names import (
    LOG_KEY,
    SIGNER_KEY,
    VERIFY_TEXT,
    Sidecars,
    certificate_name,
)
from evidence.format.tlogproof import TlogProof
from evidence.format.verifytext import render_verify_text
from evidence.format.zipform import ZipPart
from evidence.home import EvidenceHome
from evidence.log import Fault, Log
from evidence.log.durable import sync_folder, write_synced
from evidence.log.store import Head, Store
from evidence.seal.claim import require_ours
from evidence.seal.entries import Logged
from evidence.seal.package import Package, write_package

VERIFY_SECONDS = 600
INCOMPLETE = 3
Files = dict[str, bytes | Path]


@dataclass(frozen=True)
class Papers:
    """Everything beside the WACZ: file name to bytes, and the checkpoint of the proofs."""

    files: dict[str, bytes]
    checkpoint: bytes


def make_papers(
    name: str,
    log: Log,
    attempt: Logged,
    outcome: Logged | None,
    tokens: Sequence[Token],
    *,
    head: Head | None = None,
) -> Papers:
    """Return the sidecars: entries, proofs against one checkpoint, requests and responses.

    The checkpoint is ``head`` (that which the witnesses cosigned), else the log's newest.
    """
    names = Sidecars(name)
    with log.writing() as session:
        against = head or session.head
        entry, proof = prove(log.store, attempt.index, against)
        files = {names.attempt: entry, names.attempt_proof: proof}
        if outcome is not None:
            entry, closing = prove(log.store, outcome.index, against)
            files |= {names.outcome: entry, names.outcome_proof: closing}
    for token in tokens:
        files[names.request(token.authority)] = token.request
        files[names.response(token.authority)] = token.response
    return Papers(files, TlogProof.parse(proof).checkpoint)


def prove(store: Store, index: int, head: Head) -> tuple[bytes, bytes]:
    """Return the entry's bytes and its tlog-proof against the checkpoint ``head``."""
    hashes = tuple(inclusion_proof(index, head.size, store.hashes(head.size)))
    return store.entry(index, head.size), TlogProof(index, hashes, head.note).to_bytes()


def build_dossier(
    name: str,
    package: Package,
    papers: Papers,
    tokens: Sequence[Token],
    *,
    home: EvidenceHome,
    named: Sequence[NamedAuthority],
) -> Path:
    """Write NAME.dossier.zip beside the package in the work folder; return its path."""
    names = Sidecars(name)
    held: dict[str, bytes | Path] = {**papers.files, names.wacz: package.path}
    authorities = tuple(sorted(token.authority for token in tokens))
    roots = {item.authority.name: item.roots for item in named}
    for authority in authorities:
        held[certificate_name(authority)] = roots[authority]
    held[LOG_KEY] = (home.trust / "log.vkey").read_bytes()
    held[SIGNER_KEY] = (home.trust / "signer.pem").read_bytes()
    held[VERIFY_TEXT] = render_verify_text(name, authorities, package.artefacts)
    target = package.path.with_name(names.dossier)
    write_package(target, [ZipPart(n, held[n]) for n in names.dossier_order(authorities, held)])
    return target


def require_sound(wacz: Path) -> None:
    """Run our own verifier on the bare package, before the log is told of it.

    Nothing is trusted and no papers are there yet; raises SealError if anything is invalid.
    """
    code, verdict = _verdict(wacz)
    if code not in (0, INCOMPLETE):
        raise _not_valid(_first_problem(verdict))


def require_valid(dossier: Path, trust: Path) -> bool:
    """Run our own verifier, as its own process, on a dossier; return whether it is a trial one.

    Raises SealError naming the first claim that is not valid unless the verdict is 0.
    """
    code, verdict = _verdict(dossier, "--trust", str(trust))
    if code != 0:
        raise _not_valid(_first_problem(verdict))
    return bool(verdict["trial"])


def _verdict(path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    root = str(Path(__file__).resolve().parent.parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "evidence", "verify", str(path), *more, "--json"]
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            check=False,
            timeout=VERIFY_SECONDS,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
    except subprocess.TimeoutExpired as error:
        raise _not_valid(f"no verdict within {VERIFY_SECONDS} seconds") from error
    try:
        return result.returncode, json.loads(result.stdout)
    except ValueError as error:
        cause = result.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _not_valid(cause[-1] if cause else f"exit {result.returncode}") from error


def _first_problem(verdict: dict[str, Any]) -> str:
    open_claims = [c for c in verdict["claims"] if c["status"] != "valid" and c["required"]]
    for claim in sorted(open_claims, key=lambda claim: str(claim["status"] != "invalid")):
        return f"{claim['id']}: {claim['en']}"
    return str(verdict["headline"]["en"])


def _not_valid(why: str) -> SealError:
    return SealError(
        f"The package does not verify and is not called sealed ({why}).",
        f"封装包未通过自检，不作为已封装（{why}）。",
    )


def put_in_place(folder: Path, name: str, files: Files, fault: Fault) -> None:
    """Put files of ``NAME`` in place, each whole or not at all, in the order given.

    Raises SealError when another capture was faster: nothing of it is overwritten.
    """
    require_ours(folder, name, files)
    for file, content in files.items():
        fault(f"publish: before {file}")
        temporary = folder / f".{file}.tmp"
        if isinstance(content, bytes):
            write_synced(temporary, content)
        else:
            _copy(content, temporary)
        temporary.rename(folder / file)
        sync_folder(folder)
        fault(f"publish: after {file}")


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(1 << 20):
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())


def refuse_taken(folder: Path, name: str) -> None:
    """Raise PlaceError when a file of this name is there already, or none can be written."""
    require_writable(folder)
    names = Sidecars(name)
    for taken in (names.wacz, names.dossier, names.attempt, names.outcome):
        if os.path.lexists(folder / taken):
            raise _taken(taken)


def require_writable(folder: Path) -> None:
    """Raise PlaceError unless a file can be made in ``folder``, which is found out by making one.

    What the rights say is not all: root, read-only media and quotas answer otherwise.
    """
    if not folder.is_dir():
        raise PlaceError(
            f"The folder {folder} does not exist; make it first.",
            f"目录 {folder} 不存在；请先创建。",
        )
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"?")
    except OSError as error:
        raise PlaceError(
            f"The folder {folder} cannot be written ({error.strerror}); put that right or choose "
            "another one.",
            f"目录 {folder} 不可写（{error.strerror}）；请排除后重试，或换一个目录。",
        ) from error


def _taken(name: str) -> PlaceError:
    return PlaceError(
        f"{name} exists already; choose another name, nothing is overwritten.",
        f"{name} 已存在；请换一个文件名，已有文件不会被覆盖。",
    )
