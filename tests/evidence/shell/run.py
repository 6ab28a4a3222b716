"""Runs the VERIFY.txt of a dossier as written, with unzip, openssl, sh and coreutils alone on PATH.

The commands are the lines of the text that begin with ``$ ``. Only a text that is word for word
one of the known versions is executed: a forged dossier may bring any text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from evidence.format.verifytext import VERSIONS

COREUTILS = """
arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp csplit cut
date dd df dir dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id
install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od
paste pathchk pinky pr printenv printf ptx pwd readlink realpath rm rmdir runcon seq sha1sum
sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac
tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc who
whoami yes [
"""
TOOLS = ("sh", "unzip", "openssl")
NOT_KNOWN = "FAILED VERIFY.txt: not a known text; nothing was run"
PLACES = {
    "NAME": r"[A-Za-z0-9._-]{1,80}",
    "AUTHORITIES": "[a-z0-9 -]*",
    "ARTEFACTS": "[a-z0-9 ./-]*",
}


@dataclass(frozen=True)
class ShellResult:
    """What the commands came to: 0 all hold, 1 something does not, 2 not run, 3 undecided."""

    exit_code: int
    output: str

    @property
    def failed(self) -> list[str]:
        """The lines that say what does not hold."""
        return [line for line in self.output.splitlines() if line.startswith("FAILED")]


def tools(folder: Path) -> Path:
    """Make ``folder`` hold links to sh, unzip, openssl and coreutils and to nothing else."""
    folder.mkdir(parents=True)
    for tool in (*TOOLS, *COREUTILS.split()):
        found = shutil.which(tool, path=os.defpath)
        if found is not None:
            (folder / tool).symlink_to(found)
        elif tool in TOOLS:
            raise FileNotFoundError(tool)
    return folder


def commands(text: str) -> str:
    """Return the commands of a VERIFY.txt, in order."""
    return "".join(f"{line[2:]}\n" for line in text.splitlines() if line.startswith("$ "))


@cache
def _patterns() -> list[re.Pattern[str]]:
    return [
        re.compile(
            _pattern(files("evidence.format").joinpath(f"VERIFY-{n}.txt").read_text("utf-8"))
        )
        for n in VERSIONS
    ]


def _pattern(template: str) -> str:
    pattern = re.escape(template)
    for name, allowed in PLACES.items():
        pattern = pattern.replace(f"@{name}@", f"(?P<{name}>{allowed})", 1)
        pattern = pattern.replace(f"@{name}@", f"(?P={name})")
    return rf"{pattern}\Z"


def known_text(dossier: Path) -> str | None:
    """Return the dossier's VERIFY.txt if it is a known text, else None."""
    try:
        with zipfile.ZipFile(dossier) as archive:
            text = archive.read("VERIFY.txt").decode()
    except (OSError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return None
    return text if any(pattern.match(text) for pattern in _patterns()) else None


def run_verify_text(
    dossier: Path,
    trust: Path | None,
    *,
    text: str | None = None,
    timeout: float = 120,
    shell: str = "sh",
) -> ShellResult:
    """Execute the text (the dossier's own, if none is given) on a dossier and return the result.

    ``text`` must be a rendered VERIFY.txt; NAME in it must be that of the dossier's file name.
    Texts before version 4 end with 0 whatever they find: their FAILED lines give 1 here.
    """
    text = known_text(dossier) if text is None else text
    if text is None:
        return ShellResult(2, NOT_KNOWN + "\n")
    with tempfile.TemporaryDirectory(prefix="verify-text-") as name:
        folder = Path(name)
        place = tools(folder / "bin")
        work = folder / "work"
        work.mkdir()
        (work / dossier.name).symlink_to(dossier.resolve())
        env = {"PATH": str(place)} | ({"TRUST": str(trust.resolve())} if trust else {})
        done = subprocess.run(
            [shutil.which(shell, path=os.defpath) or shell, "-c", commands(text)],
            capture_output=True, check=False, cwd=work, env=env, timeout=timeout,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    output = (done.stdout + done.stderr).decode("utf-8", "replace")
    told = any(line.startswith("FAILED") for line in output.splitlines())
    return ShellResult(done.returncode or int(told), output)
