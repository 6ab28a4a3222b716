"""The checks made once more by other programs: openssl, and the commands of ``VERIFY.txt``.

What they print is quoted in the report as it came. Nothing here decides the verdict: where
openssl or a shell is missing, the report says that it was not run.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from evidence.errors import EvidenceError
from evidence.format import names
from evidence.format.manifest import key_digest
from evidence.format.policy import POLICY
from evidence.format.policytext import parse_policy
from evidence.format.verifytext import render_verify_text
from evidence.papers.material import Material, papers_of
from evidence.verify.token import parse_token

LARGEST = 1 << 30
"""Of a dossier that is unpacked once more for the shell."""
LINES_OF = {
    "package": ("dossier", "package"),
    "manifest": (),
    "signature": ("signature", "signer"),
    "timestamp": ("token", "tokens"),
    "inclusion": ("attempt", "outcome", "checkpoint", "inclusion"),
    "witness": ("witness", "witnesses"),
    "order": ("order", "attempt's token", "checkpoint token"),
    "case": ("chain", "case"),
    "review": ("technical review",),
}
"""Claim to how the lines of VERIFY.txt begin that speak of it; those of no other: the manifest."""


@dataclass(frozen=True)
class Repeated:
    """One command as it was run, what it printed and how it ended; None: it was not run."""

    claim: str
    command: str
    output: str
    code: int | None

    @property
    def long(self) -> bool:
        """Whether it prints a whole token in words: for the annex alone."""
        return self.command.endswith(" -text")


@dataclass(frozen=True)
class Shell:
    """The lines that VERIFY.txt printed, or why it was not run."""

    lines: tuple[str, ...] = ()
    code: int | None = None
    why: tuple[str, str] = ("", "")

    def of(self, claim: str) -> list[str]:
        """Return the lines that speak of a claim."""
        return [line for line in self.lines if _claim(line) == claim]


def _claim(line: str) -> str | None:
    mark, _, rest = line.partition(" ")
    if mark not in ("OK", "FAILED", "NOTE") or rest.startswith(("trust folder", "信任文件夹")):
        return None
    longest = sorted(
        ((start, claim) for claim, starts in LINES_OF.items() for start in starts),
        key=lambda pair: -len(pair[0]),
    )
    for start, claim in longest:
        if rest == start or rest.startswith((f"{start} ", f"{start}:")):
            return claim
    return "manifest"


def by_openssl(material: Material) -> tuple[Repeated, ...]:
    """Return what openssl says of signature and tokens, each command as a person would type it."""
    with tempfile.TemporaryDirectory(prefix="markseal-paper-") as name:
        folder = Path(name)
        for entry, data in material.inside.items():
            (folder / Path(entry).name).write_bytes(data)
        if material.trust_folder is not None:
            (folder / "TRUST").symlink_to(material.trust_folder.resolve())
        return tuple(_run(claim, line, folder) for claim, line in _commands(material))


def _commands(material: Material) -> Iterator[tuple[str, str]]:
    if material.trust_folder is None:
        return
    if names.SIGNATURE in material.inside:
        name = _signer(material.trust_folder, str(material.facts.get("signer")))
        name = shlex.quote(f"TRUST/{name}")
        key = f"-pubin -inkey {name} -in manifest.json -sigfile manifest.sig"
        yield "signature", f"openssl pkeyutl -verify -rawin {key}"
    papers = papers_of(material)
    policy = parse_policy((material.trust_folder / POLICY).read_text("utf-8"))
    roots = {one.name: one.roots for one in policy.authorities}
    for authority in papers.tokens:
        response = papers.sidecars.response(authority)
        seconds = _seconds(papers.get(response) or b"")
        if seconds is not None and authority in roots:
            root = shlex.quote(f"TRUST/{roots[authority]}")
            over = f"-data manifest.json -in {response} -CAfile {root}"
            yield "timestamp", f"openssl ts -verify -attime {seconds} {over}"
        yield "timestamp", f"openssl ts -reply -in {response} -text"


def _seconds(response: bytes) -> int | None:
    """Return the time that a token states, in seconds since 1970; None where it cannot be read."""
    try:
        return int(parse_token(response, "token", algorithm=None).time.timestamp())
    except EvidenceError:
        return None


def _signer(folder: Path, digest: str) -> str:
    """Return the file of the trusted key that the manifest names; the first one, if none is."""
    policy = parse_policy((folder / POLICY).read_text("utf-8"))
    for name in (policy.signer_key, *(one.key for one in policy.signers)):
        key = load_pem_public_key((folder / name).read_bytes())
        if isinstance(key, Ed25519PublicKey) and key_digest(key) == digest:
            return name
    return policy.signer_key


def _run(claim: str, line: str, folder: Path) -> Repeated:
    try:
        done = subprocess.run(
            shlex.split(line),
            capture_output=True,
            check=False,
            cwd=folder,
            timeout=60,
            stdin=subprocess.DEVNULL,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Repeated(claim, line, f"({type(error).__name__})", None)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    return Repeated(claim, line, text.replace(f"{folder}/", "").strip(), done.returncode)


def by_shell(material: Material) -> Shell:
    """Run the newest VERIFY.txt for this dossier, with our own copy of its text."""
    if not material.is_dossier or material.name is None:
        return Shell(why=("送验文件不是移交包。", "The file is no dossier."))
    missing = [tool for tool in ("sh", "unzip", "openssl", "basenc") if shutil.which(tool) is None]
    if missing:
        listed = ", ".join(missing)
        return Shell(why=(f"本机没有 {listed}。", f"This machine has no {listed}."))
    if material.handed[0].digests.size > LARGEST:
        return Shell(why=("文件过大，请另行执行。", "The file is large; run it separately."))
    text = render_verify_text(material.name, papers_of(material).tokens, material.artefacts)
    commands = "".join(
        f"{line[2:]}\n" for line in text.decode().splitlines() if line.startswith("$ ")
    )
    with tempfile.TemporaryDirectory(prefix="markseal-paper-") as name:
        place = Path(name) / f"{material.name}.dossier.zip"
        place.symlink_to(material.path.resolve())
        env = {"PATH": os.environ.get("PATH", os.defpath)}
        if material.trust_folder is not None:
            env["TRUST"] = str(material.trust_folder.resolve())
        try:
            done = subprocess.run(
                ["sh", "-c", commands],
                capture_output=True,
                check=False,
                cwd=name,
                timeout=600,
                stdin=subprocess.DEVNULL,
                env=env,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            kind = type(error).__name__
            return Shell(why=(f"未能执行完（{kind}）。", f"It did not run to its end ({kind})."))
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return Shell(tuple(line for line in lines if line), done.returncode)
