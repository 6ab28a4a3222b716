"""The artefacts of one capture: WARC, certificates, DOM, text, pictures, and its own record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.browser.order import CaptureOrder
from evidence.capture.certificates import bad_hosts, certificates_record
from evidence.capture.course import Course, NotRecorded, Visit, is_renamed
from evidence.capture.joined import Joined, Row, peer_of
from evidence.capture.page import page_note
from evidence.capture.telling import left_out_lines
from evidence.capture.veil import Veil
from evidence.capture.warc import Place, fields_of, target_uri, write_warc
from evidence.environment.journal import JournalView
from evidence.environment.rows import Status
from evidence.format import jcs
from evidence.format.declared import Line, first_lines, printed
from evidence.format.names import (
    ARCHIVE,
    ATTENDED,
    CAPTURE,
    CERTIFICATES,
    DOM,
    ENVIRONMENT,
    PDF,
    SCREENSHOT,
    TEXT,
)
from evidence.format.times import format_time
from evidence.netlog import Wire

FORMAT = "markseal-capture/2"
URL_LIMIT = 30_000
_KNOWN_NOTE = 2000
_LEFT_OUT = "a secret of the login could not be masked in it; its bytes are in the encrypted part"


@dataclass(frozen=True)
class Found:
    """Everything one capture found, before it is written."""

    visit: Visit
    wire: Wire
    joined: Joined
    journal: JournalView
    environment: dict[str, Any]
    site: dict[str, Any] | None


@dataclass(frozen=True)
class Written:
    """What was written and what it says first."""

    places: tuple[Place, ...]
    finished: datetime
    fidelity: str
    certificate: str
    page_note: str | None
    declared: tuple[Line, ...]
    final_url: str
    title: str


def write_artefacts(
    course: Course, found: Found, folder: Path, finished: datetime, software: str
) -> Written:
    """Write the artefacts under their names in the package; return what they say."""
    for part in ("archive", "evidence", "indexes", "pages"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    veil, exact = _veil(course, found), "exact" if found.joined.exact else "decoded"
    fidelity = exact if veil is None else "redacted"
    rows = [row for row in found.joined.rows if len(target_uri(row.wire.url)) <= URL_LIMIT]
    sealed = []
    if veil is not None:
        veil.require_plain(course.order.url)
        about = fields_of(_about(course.order, found, software, exact))
        sealed = veil.seal(folder, rows, about=about, made=course.started)
    with (folder / ARCHIVE).open("wb") as target:
        about = fields_of(_about(course.order, found, software, fidelity))
        published = rows if veil is None else veil.rows(rows)
        places = write_warc(target, published, about=about, made=course.started)
    if veil is not None:
        _tell_left_out(course, found, veil.left_out)
    peers = {one.source: peer_of(one, found.journal) for one in found.wire.connections}
    certificates = certificates_record(found.wire.connections, peers)
    contents = _contents(found, certificates)
    if veil is not None:
        records = found.visit.records
        contents[PDF] = veil.pdf(records.pdf, picture=records.screenshot)
    for name, content in contents.items():
        _write(folder / name, content if veil is None else veil.content(name, content))
    record = _record(course, found, fidelity, finished)
    lines = first_lines(record, found.environment, certificates, _attended(found))
    record |= {"declared": printed(lines), "headline": _headline(lines)}
    if veil is not None:
        record = veil.record(record | {"private": sealed})
    _write(folder / CAPTURE, jcs.dumps(record))
    if veil is not None:
        veil.require_clean(folder)
    return Written(
        places=places,
        finished=finished,
        fidelity=fidelity,
        certificate=found.site["verdict"] if found.site else "none (http)",
        page_note=record["page_note"],
        declared=tuple((one["zh"], one["en"]) for one in record["declared"]),
        final_url=record["final_url"],
        title=record["title"],
    )


def _tell_left_out(course: Course, found: Found, left_out: list[tuple[int, str]]) -> None:
    """Name the exchanges that are not published; first of all if the page's own is among them."""
    course.extra += [NotRecorded("not published", url, _LEFT_OUT) for _, url in left_out]
    numbers, page = {number for number, _ in left_out}, found.visit.answered.partition("#")[0]
    of_page = any(
        row.wire.number in numbers and row.wire.url.partition("#")[0] == page
        for row in found.joined.rows
    )
    course.declared += left_out_lines(len(left_out), page=of_page)


def _veil(course: Course, found: Found) -> Veil | None:
    """Return what lies over the capture; None where there is no login state after all."""
    veil = course.veil
    if veil is None:
        return None
    veil.learn(found.wire.exchanges)
    if veil.needed:
        return veil
    course.steps.add("no login seen", "nobody signed in; the exchanges are published as they are")
    return None


def _attended(found: Found) -> dict[str, Any]:
    """Return the record of an attended capture, empty when nobody was there."""
    told = found.visit.records.files.get(ATTENDED)
    value: dict[str, Any] = json.loads(told) if isinstance(told, bytes) else {}
    return value


def _contents(found: Found, certificates: dict[str, Any]) -> dict[str, bytes | Path]:
    """Return the files beside the WARC and the capture's own record, by their names."""
    records = found.visit.records
    return {
        CERTIFICATES: jcs.dumps(certificates),
        DOM: records.dom,
        TEXT: records.text,
        SCREENSHOT: records.screenshot,
        PDF: records.pdf,
        ENVIRONMENT: jcs.dumps(found.environment),
        **records.files,
    }


def _write(path: Path, content: bytes | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        content.rename(path)
    else:
        path.write_bytes(content)


def _about(order: CaptureOrder, found: Found, software: str, fidelity: str) -> dict[str, str]:
    """Return the fields of the warcinfo record."""
    decoded = [str(row.wire.number) for row in found.joined.rows if not row.wire.literal]
    about = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/"
        "warc-1.1/",
        "fidelity": fidelity,
        "source": "NetLog of the browser, capture mode Everything",
        "browser": found.environment["browser"]["version"],
        "browser-log": found.wire.browser,
        "flags": " ".join(found.environment["browser"]["flags"]),
        "http2": order.http2.value,
    }
    if decoded:
        about["decoded-exchanges"] = " ".join(decoded)
    return about


def _record(course: Course, found: Found, fidelity: str, finished: datetime) -> dict[str, Any]:
    """Return what stands in ``capture.json``, its first lines left out."""
    visit, records, joined = found.visit, found.visit.records, found.joined
    note = page_note(records, visit.status)
    return {
        "format": FORMAT,
        "url": course.order.url,
        "final_url": visit.final_url,
        "answered_url": visit.answered or None,
        "http_status": visit.status,
        "title": records.title,
        "page_note": note,
        "fidelity": fidelity,
        "byte_counts": joined.counts.value,
        "log_faults": list(found.wire.faults[:200]),
        "datagrams_sent": found.wire.datagrams,
        "declared": printed((*course.declared, *records.lines, *_declared(found))),
        "started": format_time(course.started),
        "finished": format_time(finished),
        "certificate": found.site,
        "bad_certificates": list(bad_hosts(found.wire.connections)),
        "page_height": records.height,
        "limits_hit": sorted({*course.hit, *records.limits_hit}),
        "dialogs": course.dialogs,
        "dialogs_seen": course.dialogs_seen,
        "steps": course.steps.items,
        "exchanges": [_exchange(row) for row in joined.rows],
        "not_recorded": [item.to_json() for item in (*course.extra, *_not_recorded(found))],
    }


def _declared(found: Found) -> Iterator[Line]:
    """Yield the sentences that do not follow from the record's own fields."""
    if found.visit.renamed:
        yield (
            "地址栏中的网址由网页脚本改写，见 capture.json 的 answered_url",
            "the address shown was set by the page's script, see answered_url in capture.json",
        )
    moments = [
        str(one["number"])
        for one in _attended(found).get("moments", [])
        if is_renamed(one["url"], one["answered_url"])
    ]
    if moments:
        yield (
            f"标记时刻 {'、'.join(moments)} 的网址由网页脚本改写，见 attended.json",
            f"the page's script set the address at moment {', '.join(moments)}, see attended.json",
        )
    if not _is_reviewed(found.environment):
        yield (
            "未附有 48 小时内针对本浏览器和本程序的技术核查记录",
            "no technical review of this browser and code within 48 hours is enclosed",
        )
    own = found.site["host"] if found.site and found.site["verdict"] == "bad" else ""
    others = [one for one in bad_hosts(found.wire.connections) if one.partition(" ")[0] != own]
    if others:
        names = ", ".join(others[:5])
        yield (
            f"页面引用的其他主机证书未通过验证：{names}",
            f"certificates of other hosts the page refers to did not verify: {names}",
        )


def _is_reviewed(environment: dict[str, Any]) -> bool:
    """Return whether the environment record names a technical review, passed or not."""
    rows = environment.get("rows", [])
    return any(row["id"] == "review" and row["status"] != Status.NOT_CHECKED for row in rows)


def _headline(lines: tuple[Line, ...]) -> dict[str, str]:
    """Return the first line of the capture: what is declared comes before everything."""
    if not lines:
        return {"zh": "网页取证记录", "en": "Record of a captured page"}
    zh, en = "；".join(line[0] for line in lines), "; ".join(line[1] for line in lines)
    return {"zh": f"注意：{zh}。", "en": f"Note: {en}."}


def _exchange(row: Row) -> dict[str, Any]:
    wire, seen = row.wire, row.seen
    return {
        "number": wire.number,
        "url": wire.url[:_KNOWN_NOTE],
        "method": wire.method,
        "status": wire.status,
        "type": seen.kind if seen else None,
        "frame": seen.frame if seen else None,
        "protocol": wire.protocol,
        "literal": wire.literal,
        "truncated": wire.truncated,
        "connection": wire.connection,
        "peer": row.peer,
        "received_bytes": row.received,
        "surplus_bytes": wire.surplus.size if wire.surplus else 0,
        "browser_bytes": seen.encoded if seen else None,
        "byte_counts": row.counts.value,
        "seen_by": "log and protocol" if seen else "log",
    }


def _not_recorded(found: Found) -> Iterator[NotRecorded]:
    """Yield what the page did that is not in the WARC, or not whole, and why."""
    for row in found.joined.rows:
        url = row.wire.url
        if len(target_uri(url)) > URL_LIMIT:
            yield NotRecorded("long address", url, f"{len(url)} characters")
        if row.wire.truncated and row.wire.response.size:
            yield NotRecorded("cut off", url, f"part kept ({row.wire.truncated})")
        if row.wire.upgraded:
            beyond = row.wire.beyond_up + row.wire.beyond_down
            yield NotRecorded("websocket", url, f"frames are not recorded ({beyond} bytes)")
        if not row.wire.response.size:
            yield NotRecorded("no answer", url, "the request is recorded, no answer came")
    served = dict(found.wire.served)
    for seen in found.joined.only_seen:
        if not seen.cached:
            yield NotRecorded(_only_seen(seen.end), seen.url, seen.end)
        elif seen.url not in served:
            served[seen.url] = 1
    for url, count in served.items():
        yield NotRecorded("from cache", url, f"{count} times, answered from this capture's cache")
    for contact in found.journal.refused():
        place = f"{contact.host}:{contact.port}"
        yield NotRecorded("refused", place, f"by the egress guard ({contact.reason})")
    yield from _failed_connections(found)
    yield NotRecorded("service worker", "", "blocked by declaration; pages run without one")


def _only_seen(end: str) -> str:
    if end == "open":
        return "unfinished"
    return "not in the log" if end in ("finished", "redirected") else "failed request"


def _failed_connections(found: Found) -> Iterator[NotRecorded]:
    """Yield each target that could not be connected to; what the guard refused is told above."""
    told = {(c.host, c.port) for c in found.journal.contacts if c.verdict == "refused"}
    failed = Counter(
        (f"{one.host}:{one.port}", one.error)
        for one in found.wire.connections
        if one.error is not None and (one.host, one.port) not in told
    )
    for (place, error), count in failed.items():
        yield NotRecorded("connection failed", place, f"{error}, {count} times")
