"""What a notary does with a dossier: verify it offline, with markseal and with openssl alone."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

from demo.errors import NotAsTold
from demo.processes import ROOT
from demo.wording import Teller


def check_twice(dossier: Path, *, sha256: str, trust: Path, teller: Teller) -> None:
    """Print both verdicts on the dossier; raises NotAsTold unless both are good.

    ``sha256`` is what the service wrote down when it sealed; ``trust`` the folder of what the
    person trusts. The certificates inside the dossier are not used.
    """
    if hashlib.sha256(dossier.read_bytes()).hexdigest() != sha256:
        raise NotAsTold(
            "The dossier downloaded is not the one that was sealed.",
            "下载的移交包与封装时不一致。",
        )
    shown = ["markseal", "verify", str(dossier), "--trust", str(trust)]
    teller.say(f"$ {shlex.join(shown)}", "(our verifier, no network)")
    _run([sys.executable, "-m", "desk.cli", *shown[1:]], teller, wanted="")
    token, manifest, roots = unpack(dossier, trust)
    command = ["openssl", "ts", "-verify", "-in", str(token)]
    command += ["-data", str(manifest), "-CAfile", str(roots)]
    teller.say(f"$ {shlex.join(command)}", "(openssl alone, on the same token)")
    _run(command, teller, wanted="Verification: OK")


def unpack(dossier: Path, trust: Path) -> tuple[Path, Path, Path]:
    """Unpack the token and the manifest beside the dossier; return them and the roots to trust.

    Raises NotAsTold when the dossier lacks one of them.
    """
    folder = dossier.with_name(dossier.name.removesuffix(".dossier.zip"))
    with zipfile.ZipFile(dossier) as outer:
        names = outer.namelist()
        tokens = [name for name in names if name.endswith(".tsr")]
        packages = [name for name in names if name.endswith(".wacz")]
        if not tokens or not packages:
            raise NotAsTold(
                "The dossier has no token or no package.", "移交包中缺少时间戳或固证封装文件。"
            )
        outer.extract(tokens[0], folder)
        with outer.open(packages[0]) as file, zipfile.ZipFile(file) as inner:
            inner.extract("evidence/manifest.json", folder)
    authority = tokens[0].removesuffix(".tsr").rpartition(".")[2]
    roots = trust / "authorities" / f"{authority}.pem"
    return folder / tokens[0], folder / "evidence" / "manifest.json", roots


def _run(command: list[str], teller: Teller, *, wanted: str) -> None:
    """Run a command and print its words; raises NotAsTold unless it ends 0 and says ``wanted``."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    teller.block(done.stdout)
    if done.returncode or wanted not in done.stdout:
        raise NotAsTold(
            f"{Path(command[0]).name} ended {done.returncode}: the dossier is not valid.",
            f"{Path(command[0]).name} 退出码为 {done.returncode}，移交包未通过核验。",
        )
