"""A finished capture on disk: its facts in ``captured.json``, its files made durable first."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evidence.capture import Snapshot
from evidence.capture.warc import Place
from evidence.errors import SealError
from evidence.format.declared import Line, first_lines
from evidence.format.names import ATTENDED, CAPTURE, CERTIFICATES, ENVIRONMENT
from evidence.format.times import format_time, parse_time
from evidence.log.durable import sync_folder
from evidence.seal.workfolder import CAPTURED, WorkFolder


def save_snapshot(work: WorkFolder, snapshot: Snapshot, attempt: int) -> None:
    """Make the artefacts durable, then note the capture as whole for the attempt."""
    for path in sorted(work.snapshot.rglob("*")):
        if path.is_file():
            _sync(str(path))
        else:
            sync_folder(path)
    sync_folder(work.snapshot)
    value: dict[str, Any] = {
        "attempt": attempt,
        "url": snapshot.url,
        "final_url": snapshot.final_url,
        "title": snapshot.title,
        "http_status": snapshot.http_status,
        "page_note": snapshot.page_note,
        "certificate": snapshot.certificate,
        "fidelity": snapshot.fidelity,
        "declared": [list(pair) for pair in snapshot.declared],
        "started": format_time(snapshot.started),
        "finished": format_time(snapshot.finished),
        "places": [{**asdict(p), "started": format_time(p.started)} for p in snapshot.places],
    }
    work.write(CAPTURED, value)


def load_snapshot(work: WorkFolder) -> Snapshot:
    """Return the capture that ``save_snapshot`` noted; SealError when there is none."""
    held = work.read(CAPTURED)
    if held is None:
        raise SealError("The capture is not complete.", "取证尚未完成。")
    return Snapshot(
        url=held["url"],
        final_url=held["final_url"],
        title=held["title"],
        http_status=held["http_status"],
        page_note=held["page_note"],
        certificate=held["certificate"],
        started=parse_time(held["started"]),
        finished=parse_time(held["finished"]),
        folder=work.snapshot,
        fidelity=held.get("fidelity", "decoded"),
        declared=tuple((zh, en) for zh, en in held.get("declared", [])),
        places=tuple(Place(**{**p, "started": parse_time(p["started"])}) for p in held["places"]),
    )


def declared_of(snapshot: Snapshot) -> tuple[Line, ...]:
    """Return what the capture's own records oblige to declare, as a verifier derives it."""
    parts = (CAPTURE, ENVIRONMENT, CERTIFICATES, ATTENDED)
    return first_lines(*(_record(snapshot.folder / name) for name in parts))


def beside_of(folder: Path) -> tuple[Line, ...]:
    """Return what a capture's folder tells of windows and downloads of the page, and of dialogs."""
    record = _record(folder / CAPTURE)
    named = [item.get("what") for item in record.get("not_recorded", [])]
    popups, downloads = named.count("popup"), named.count("download")
    dialogs = int(record.get("dialogs_seen", 0))
    person = _record(folder / ATTENDED)
    done = ("由在场人员处理", "left to the person") if person else ("已自动取消", "dismissed")
    told = (
        (
            popups,
            f"网页打开了 {popups} 个窗口，其交互已记录，未截图",
            f"windows that the page opened, recorded but not pictured: {popups}",
        ),
        (
            downloads,
            f"网页发起了 {downloads} 次下载",
            f"downloads that the page began: {downloads}",
        ),
        (
            dialogs,
            f"网页弹出了 {dialogs} 个对话框，{done[0]}，内容见 capture.json",
            f"dialogs, {done[1]}, their words are in capture.json: {dialogs}",
        ),
    )
    return tuple((zh, en) for count, zh, en in told if count)


def _record(path: Path) -> dict[str, Any]:
    """Return a record of the capture; one that it has not is empty."""
    value: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return value


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
