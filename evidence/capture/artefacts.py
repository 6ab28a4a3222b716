"""The artefacts of one capture: WARC, DOM, text, picture, PDF, environment, and its own record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Steps
from evidence.capture.exchange import Exchange, NotRecorded
from evidence.capture.page import Records, page_note
from evidence.capture.warc import Place, write_warc
from evidence.format import jcs
from evidence.format.times import format_time

FORMAT = "markseal-capture/1"


@dataclass
class Course:
    """What the steps of one capture share."""

    order: CaptureOrder
    steps: Steps
    started: datetime
    hit: list[str] = field(default_factory=list)
    extra: list[NotRecorded] = field(default_factory=list)
    dialogs: list[dict[str, str]] = field(default_factory=list)
    expired: bool = False


@dataclass(frozen=True)
class Visit:
    """One page load and everything taken from it."""

    records: Records
    exchanges: tuple[Exchange, ...]
    not_recorded: tuple[NotRecorded, ...]
    final_url: str
    status: int
    certificate: dict[str, Any] | None


def write_artefacts(
    session: Course,
    visit: Visit,
    environment: dict[str, Any],
    folder: Path,
    finished: datetime,
    software: str,
) -> tuple[Place, ...]:
    """Write the artefacts under their names in the package; return the index places."""
    for part in ("archive", "evidence", "indexes", "pages"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    about = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/"
        "warc-1.1/",
        "fidelity": "decoded",
        "browser": environment["browser"]["version"],
    }
    with (folder / "archive/data.warc.gz").open("wb") as target:
        places = write_warc(target, visit.exchanges, about=about, made=session.started)
    evidence = folder / "evidence"
    (evidence / "dom.html").write_bytes(visit.records.dom)
    (evidence / "text.txt").write_bytes(visit.records.text)
    (evidence / "screenshot.png").write_bytes(visit.records.screenshot)
    (evidence / "page.pdf").write_bytes(visit.records.pdf)
    (evidence / "environment.json").write_bytes(jcs.dumps(environment))
    (evidence / "capture.json").write_bytes(jcs.dumps(_record(session, visit, finished)))
    return places


def _record(session: Course, visit: Visit, finished: datetime) -> dict[str, Any]:
    records = visit.records
    return {
        "format": FORMAT,
        "headline": _headline(visit),
        "url": session.order.url,
        "final_url": visit.final_url,
        "http_status": visit.status,
        "title": records.title,
        "page_note": page_note(records, visit.status),
        "fidelity": "decoded",
        "started": format_time(session.started),
        "finished": format_time(finished),
        "certificate": visit.certificate,
        "page_height": records.height,
        "limits_hit": sorted({*session.hit, *records.limits_hit}),
        "dialogs": session.dialogs,
        "steps": session.steps.items,
        "exchanges": [_exchange_record(item) for item in visit.exchanges],
        "not_recorded": [item.to_json() for item in (*visit.not_recorded, *session.extra)],
    }


def _headline(visit: Visit) -> dict[str, str]:
    """Return the first line of the capture: a bad certificate comes before everything."""
    if visit.certificate and visit.certificate["verdict"] == "bad":
        return {
            "zh": "注意：网站证书未通过验证，仍按声明继续取证。",
            "en": "Note: the site's certificate did not verify; captured all the same, declared.",
        }
    note = page_note(visit.records, visit.status)
    if note:
        return {
            "zh": f"注意：页面状态可能异常（{note}）。",
            "en": f"Note: the page may not be an ordinary one ({note}).",
        }
    return {"zh": "网页取证记录", "en": "Record of a captured page"}


def _exchange_record(item: Exchange) -> dict[str, Any]:
    return {
        "url": item.url[:2000],
        "method": item.method,
        "status": item.status,
        "type": item.resource_type,
        "protocol": item.protocol,
        "source": item.source.value,
        "headers_literal": item.headers_literal,
        "body": item.body_form.value,
        "peer": item.peer,
        "decoded_bytes": len(item.response_body),
        "encoded_bytes": item.encoded_length,
    }
