"""A dossier handed in becomes a verdict; the file is kept only while it is verified.

The verifier runs as a process of its own (``python -m evidence verify``) with limits on
time, memory and file size, and this installation's trust folder.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from desk.cases.models import Exhibit, Verification
from desk.cases.selectors import exhibits_for
from desk.cases.services.custody import add_event
from desk.cases.services.papers import Paper, make_paper, workplace
from desk.cases.states import CustodyKind
from desk.errors import BadInput, DeskError, NotAllowed
from desk.register.models import Membership, Organisation, Role, User
from evidence.environment.packages import code_digest
from evidence.format.digests import digest_stream

SECONDS = 120
MOST_FILES = 64
MEMORY_KB = 2 * 1024**2
LIMITS = f'ulimit -v {MEMORY_KB} && ulimit -t {SECONDS} && ulimit -c 0 && exec "$@"'
ROOT = Path(__file__).resolve().parent.parent.parent.parent
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,100}", re.ASCII)
MAY_VERIFY = (Role.NOTARY, Role.OFFICER, Role.OWNER)


Named = tuple[str, Iterable[bytes]]


@dataclass(frozen=True)
class Judged:
    """A verdict that nobody keeps: on what, with its digest, and by which program."""

    name: str
    size: int
    sha256: str
    exit_code: int
    verdict: dict[str, Any]
    tool: str


def verify_upload(
    *,
    actor: User,
    name: str,
    data: bytes | Iterable[bytes],
    beside: Sequence[Named] = (),
    limit: int | None = None,
) -> Verification:
    """Verify what was handed in and return the verdict with its digest.

    ``data`` is the file or its pieces; ``beside`` are the files that lie beside a WACZ, by name.
    Raises NotAllowed, or BadInput for an empty file, names that cannot lie beside it, or all of
    them above ``limit`` bytes (default 256 MB); the files are removed in any case.
    """
    return verify_for_paper(actor=actor, name=name, data=data, beside=beside, limit=limit)[0]


def verify_for_paper(
    *,
    actor: User,
    name: str,
    data: bytes | Iterable[bytes],
    beside: Sequence[Named] = (),
    paper: str = "",
    limit: int | None = None,
) -> tuple[Verification, Paper | DeskError | None]:
    """Verify as ``verify_upload`` does; with the verdict return the paper that was asked for.

    A paper that cannot be made is returned as the error that says why: the verdict stands.
    """
    organisation = _organisation(actor)
    left = settings.MARKSEAL_UPLOAD_LIMIT if limit is None else limit
    made: Paper | DeskError | None = None
    with workplace() as folder:
        path = folder / _safe_name(name)
        size, digest = _write(path, data, left)
        _lay_beside(path, beside, left - size)
        code, verdict = _verdict(path, Path(settings.MARKSEAL_HOME) / "trust")
        if paper:
            try:
                made = make_paper(paper, path, requester=f"{organisation.name} {actor}")
            except DeskError as error:
                made = error
    row = _record(
        actor=actor,
        organisation=organisation,
        name=_shown_name(name),
        size=size,
        digest=digest,
        code=code,
        verdict=verdict,
    )
    return row, made


def judge(*, name: str, file: BinaryIO, size: int) -> Judged:
    """Return the verdict on an open file (with a descriptor); nothing of it is kept or written.

    Raises BadInput for an empty file, DeskError when there is no verdict within the limits.
    """
    if size == 0:
        raise BadInput("The file is empty.", "文件是空的。")
    file.seek(0)
    digest = digest_stream(file).sha256
    trust = Path(settings.MARKSEAL_HOME) / "trust"
    shown = _shown_name(name)
    code, verdict = _judged(file, _safe_name(name), trust)
    told = verdict | {"file": shown}
    return Judged(shown, size, digest, code, told, tool())


@lru_cache(maxsize=1)
def tool() -> str:
    """Return the verifying program: its version and the first digits of its code's digest."""
    try:
        number = version("markseal")
    except PackageNotFoundError:
        number = "?"
    return f"markseal {number} ({code_digest()[:16]})"


def _lay_beside(path: Path, beside: Sequence[Named], left: int) -> None:
    """Put the sidecars of a WACZ beside it."""
    if not beside:
        return
    if not path.name.endswith(".wacz") or len(beside) > MOST_FILES:
        raise BadInput(
            "Give one dossier, or one .wacz with the files that lie beside it (at most "
            f"{MOST_FILES}).",
            f"请上传一个证据移交包，或一个 .wacz 及其附属文件（至多 {MOST_FILES} 个）。",
        )
    taken = {path.name.lower()}
    for name, data in beside:
        last = name.replace("\\", "/").rpartition("/")[2]
        if not PLAIN.fullmatch(last) or last.lower() in taken:
            raise BadInput(
                f"The name {_shown_name(name)} cannot lie beside a WACZ, or is there twice.",
                f"文件名 {_shown_name(name)} 不能作为附属文件，或重复。",
            )
        taken.add(last.lower())
        left -= _write(path.with_name(last), data, left, empty=True)[0]


def _organisation(actor: User) -> Organisation:
    row = (
        Membership.objects.filter(user_id=actor.pk, role__in=MAY_VERIFY, user__is_active=True)
        .select_related("organisation")
        .order_by("pk")
        .first()
    )
    if row is None:
        raise NotAllowed("This account may not verify files.", "当前账号没有核验文件的权限。")
    return row.organisation


def _safe_name(name: str) -> str:
    """Return the name the verdict speaks of: the given one if it is plain, otherwise ``upload``."""
    last = name.replace("\\", "/").rpartition("/")[2]
    if PLAIN.fullmatch(last):
        return last
    lower = last.lower()
    return "upload" + next(
        (end for end in (".dossier.zip", ".zip", ".wacz") if lower.endswith(end)), ""
    )


def _shown_name(name: str) -> str:
    plain = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in plain if char.isprintable())[:200] or "-"


def _write(
    path: Path, data: bytes | Iterable[bytes], most: int, *, empty: bool = False
) -> tuple[int, str]:
    pieces = (data,) if isinstance(data, bytes) else data
    size, digest = 0, hashlib.sha256()
    with path.open("xb") as file:
        for piece in pieces:
            size += len(piece)
            if size > most:
                raise BadInput(
                    f"The file is larger than {most // 1024**2} MB.",
                    f"文件超过 {most // 1024**2} MB。",
                )
            digest.update(piece)
            file.write(piece)
    if size == 0 and not empty:
        raise BadInput("The file is empty.", "文件是空的。")
    return size, digest.hexdigest()


def _verdict(path: Path, trust: Path | None) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "evidence", "verify", str(path), "--json"]
    if trust is not None and (trust / "policy.toml").is_file():
        command += ["--trust", str(trust)]
    return _run(command)


def _judged(file: BinaryIO, name: str, trust: Path | None) -> tuple[int, dict[str, Any]]:
    file.seek(0)
    descriptor = file.fileno()
    command = [sys.executable, "-m", "desk.cases.judging", str(descriptor), name]
    if trust is not None and (trust / "policy.toml").is_file():
        command.append(str(trust))
    return _run(command, (descriptor,))


def _run(command: list[str], descriptors: tuple[int, ...] = ()) -> tuple[int, dict[str, Any]]:
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", LIMITS, "verify", *command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            pass_fds=descriptors,
        )
        verdict = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise DeskError(
            "The verifier gave no verdict on this file within its limits; "
            "run markseal verify on it.",
            "核验程序未能在限制内给出结论，请用 markseal verify 命令核验。",
        ) from error
    if not isinstance(verdict, dict) or verdict.get("exit") != done.returncode:
        raise DeskError("The verifier's answer contradicts itself.", "核验程序的结论前后不一致。")
    return done.returncode, verdict


@transaction.atomic
def _record(
    *,
    actor: User,
    organisation: Organisation,
    name: str,
    size: int,
    digest: str,
    code: int,
    verdict: dict[str, Any],
) -> Verification:
    exhibit = _exhibit(actor, digest)
    row = Verification.objects.create(
        organisation=organisation,
        actor=actor,
        at=timezone.now(),
        name=name,
        size=size,
        sha256=digest,
        exit_code=code,
        verdict=verdict | {"file": name},
        tool=tool(),
        exhibit=exhibit,
    )
    if exhibit is not None:
        note = str(verdict.get("verdict", ""))
        add_event(exhibit=exhibit, kind=CustodyKind.VERIFIED, actor=actor, sha256=digest, note=note)
    return row


def _exhibit(actor: User, digest: str) -> Exhibit | None:
    return exhibits_for(actor).filter(dossier_sha256=digest).first()
