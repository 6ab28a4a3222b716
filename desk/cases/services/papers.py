"""The papers of a verification: report and certificate, made by ``markseal report`` and
``markseal certificate`` as processes of their own, from a file that is there only meanwhile.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from desk.cases.models import Exhibit
from desk.cases.selectors import dossier_of, exhibit_for
from desk.cases.services.custody import record_download
from desk.errors import BadInput, DeskError, NotPossible
from desk.register.models import User
from desk.register.selectors import organisations_of
from evidence.format.digests import sha256_hex

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SECONDS = 180
LEFT_OVER = 3600
KINDS = {
    "report-pdf": ("report", "pdf", "application/pdf"),
    "report-html": ("report", "html", "text/html; charset=utf-8"),
    "certificate-pdf": ("certificate", "pdf", "application/pdf"),
}
AT_ONCE = threading.BoundedSemaphore(2)
"""Each paper may start a browser."""


@dataclass(frozen=True)
class Paper:
    """A paper with the name to save it under and its media type."""

    name: str
    media_type: str
    data: bytes


@contextmanager
def workplace() -> Iterator[Path]:
    """Yield an empty folder that is gone afterwards; what killed processes left goes too."""
    incoming = Path(settings.MARKSEAL_HOME) / "incoming"
    incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep_left_over(incoming, now=timezone.now())
    with tempfile.TemporaryDirectory(dir=incoming) as folder:
        yield Path(folder)


def sweep_left_over(incoming: Path, *, now: datetime) -> int:
    """Remove what verifications that were killed left more than an hour ago; return how many."""
    count = 0
    for path in incoming.iterdir():
        with suppress(OSError):
            if path.is_dir() and now.timestamp() - path.stat().st_mtime > LEFT_OVER:
                shutil.rmtree(path, ignore_errors=True)
                count += 1
    return count


def paper_of(*, exhibit: Exhibit, actor: User, kind: str) -> Paper:
    """Return a paper of a sealed exhibit; the chain of custody records it before it is handed out.

    Raises NotFound when the person may not see the exhibit or it has no dossier (any more), else
    as ``make_paper``.
    """
    found = exhibit_for(actor, exhibit.pk)
    dossier = dossier_of(found)
    place = organisations_of(actor).first()
    requester = f"{place.name} {actor}" if place is not None else str(actor)
    with workplace() as folder, dossier.clear(folder) as path:
        paper = make_paper(kind, path, requester=requester)
    record_download(exhibit=found, actor=actor, part=paper.name, sha256=sha256_hex(paper.data))
    return paper


def make_paper(kind: str, path: Path, *, requester: str) -> Paper:
    """Return a report or certificate on the file at ``path``, by this installation's trust folder.

    Raises NotPossible when there is no certificate because it does not verify, BadInput when
    the file is no package, DeskError when it was not made in time.
    """
    word, ending, media_type = KINDS[kind]
    stem = path.name.removesuffix(".zip").removesuffix(".dossier").removesuffix(".wacz")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        out = Path(folder) / f"{stem}.{word}.{ending}"
        command = [sys.executable, "-m", "desk.cli", word, str(path), "--out", str(out)]
        trust = Path(settings.MARKSEAL_HOME) / "trust"
        command += ["--trust", str(trust)] if (trust / "policy.toml").is_file() else []
        command += ["--requester", requester] if word == "report" else []
        with AT_ONCE:
            zh, en = _run(command)
        if out.is_file():
            return Paper(out.name, media_type, out.read_bytes())
    if word == "certificate":
        raise NotPossible(
            f"There is no certificate of a file that does not verify. {en}".strip(),
            f"核验未通过，不出具存证凭证。{zh}",
        )
    raise BadInput(f"No report could be made. {en}".strip(), f"未能出具核验报告。{zh}")


def _run(command: list[str]) -> tuple[str, str]:
    """Run a command of ours; return the sentence it ended with (Chinese, English), if it did."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeskError(
            "The paper was not made in time; run markseal report on the file.",
            "未能在限时内完成，请用 markseal report 命令生成。",
        ) from error
    zh, en = [*done.stderr.strip().splitlines()[:2], "", ""][:2]
    return zh[:300], en[:300]
