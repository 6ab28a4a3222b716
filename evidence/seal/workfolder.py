"""The work folder of one capture: what survives a kill, each file whole or not there.

``order.json`` (the order and its salts) is written before the attempt is logged;
``captured.json`` after the capture's files are all closed and durable; ``done.json`` last.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.errors import PlaceError, SealError
from evidence.format import jcs
from evidence.format.digests import sha256_hex
from evidence.home import EvidenceHome
from evidence.log.durable import locked, replace_file
from evidence.seal.order import PreserveOrder
from evidence.seal.software import software

ORDER = "order.json"
CAPTURED = "captured.json"
DONE = "done.json"
FAILED = "failed.json"


@dataclass(frozen=True)
class WorkFolder:
    """The folder ``HOME/evidence/work/<capture_id>``."""

    path: Path

    @property
    def snapshot(self) -> Path:
        """The folder of the artefacts."""
        return self.path / "snapshot"

    @property
    def is_open(self) -> bool:
        """Whether an order was begun here that neither failed nor is done."""
        return self.read(ORDER) is not None and not (self.read(DONE) or self.read(FAILED))

    def read(self, name: str) -> dict[str, Any] | None:
        """Return a state file's content, or None when it was never written."""
        try:
            data = (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        value: dict[str, Any] = json.loads(data)
        return value

    def write(self, name: str, value: dict[str, Any]) -> None:
        """Write a state file atomically and durably."""
        replace_file(self.path / name, jcs.dumps(value))

    def clear_snapshot(self) -> None:
        """Remove what an interrupted capture left."""
        (self.path / CAPTURED).unlink(missing_ok=True)
        (self.path / FAILED).unlink(missing_ok=True)
        shutil.rmtree(self.snapshot, ignore_errors=True)
        self.snapshot.mkdir(parents=True)

    def finish(self, result: dict[str, Any]) -> None:
        """Note that everything is in place and drop the bulky files."""
        self.write(DONE, result)
        shutil.rmtree(self.snapshot, ignore_errors=True)
        shutil.rmtree(self.path / "out", ignore_errors=True)


@contextmanager
def opened(home: EvidenceHome, capture_id: str) -> Iterator[WorkFolder]:
    """Hold the work folder of a capture, made if missing, for the length of a ``with`` block."""
    work = work_folder(home, capture_id)
    with locked(work.path / "lock"):
        yield work


@contextmanager
def storage() -> Iterator[None]:
    """Turn what the system says of a file or disk into one sentence (SealError)."""
    try:
        yield
    except OSError as error:
        where, why = error.filename or "The disk", error.strerror or str(error)
        raise SealError(
            f"{where} could not be read or written ({why}); put that right and run the same "
            "command again, it goes on where it stopped.",
            f"无法读写 {error.filename or '磁盘'}（{why}）；请排除后重新运行同一命令，"
            "将从中断处继续。",
        ) from error


@contextmanager
def place(home: EvidenceHome, out: Path, capture_id: str) -> Iterator[None]:
    """Reserve the file ``out`` for a capture, if the ``with`` block ends without an error.

    Raises PlaceError while an unfinished capture of this home is to be written there.
    """
    path = home.path / "evidence" / "places" / f"{sha256_hex(str(out).encode())}.json"
    with locked(path.parent / ".lock"):
        holder = json.loads(path.read_bytes())["capture_id"] if path.exists() else capture_id
        if holder != capture_id and WorkFolder(home.work / holder).is_open:
            raise PlaceError(
                f"Another capture is being written to {out.name}; let it finish (its own command "
                "again), or choose another name.",
                f"另一次取证正写入 {out.name}；请等它完成（再次运行其命令），或换一个文件名。",
            )
        yield
        replace_file(path, jcs.dumps({"capture_id": capture_id}))


def how_far(home: EvidenceHome, capture_id: str) -> str:
    """Return the last state file that a capture reached, empty if it was never begun."""
    held = WorkFolder(home.work / capture_id)
    return next((name for name in (DONE, FAILED, CAPTURED, ORDER) if held.read(name)), "")


def work_folder(home: EvidenceHome, capture_id: str) -> WorkFolder:
    """Return the work folder of a capture; it is made if missing."""
    path = home.work / capture_id
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return WorkFolder(path)


def case_salt(home: EvidenceHome, case: str) -> str:
    """Return the salt (64 hex digits) of a case: made once, the same ever after."""
    path = home.path / "evidence" / "cases" / f"{sha256_hex(case.encode())}.json"
    with locked(path.parent / ".lock"):
        if not path.exists():
            replace_file(path, jcs.dumps({"salt": secrets.token_hex(32)}), mode=0o600)
    return str(json.loads(path.read_bytes())["salt"])


def settle_order(home: EvidenceHome, work: WorkFolder, order: PreserveOrder) -> dict[str, Any]:
    """Return the order as first written, with its salts; write it if this is the first time.

    Raises SealError when the same capture id was given for another page, case or file.
    """
    wanted = {"url": order.url, "case": order.case, "out": str(order.out)}
    held = work.read(ORDER)
    if held is None:
        held = {
            **wanted,
            "requested_by": order.requested_by,
            "case_salt": case_salt(home, order.case),
            "url_salt": secrets.token_hex(32),
            "capture_id": order.capture_id,
            "software": software(),
        }
        work.write(ORDER, held)
    if any(held[name] != value for name, value in wanted.items()):
        raise SealError(
            "This capture id belongs to another page, case or file.",
            "该取证编号已用于其他网页、案件或文件。",
        )
    return held


def unfinished(home: EvidenceHome, *, url: str, case: str, out: Path) -> str | None:
    """Return the id of a capture of this page into this file that was begun and not finished."""
    for path in sorted(home.work.glob("*/" + ORDER)):
        work = WorkFolder(path.parent)
        held = work.read(ORDER) or {}
        same = (held.get("url"), held.get("case"), held.get("out")) == (url, case, str(out))
        if same and work.is_open:
            return path.parent.name
    return None
