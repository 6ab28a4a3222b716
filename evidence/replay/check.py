"""The replay check: does the WARC, played again, show what the picture and the text show?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Error

from evidence.browser.failure import PageNotCaptured
from evidence.browser.order import CaptureOrder
from evidence.capture.session import Snapshot
from evidence.errors import EvidenceError
from evidence.format import jcs, names
from evidence.replay.causes import Cause, Element, cause_of
from evidence.replay.compare import (
    BLOCK,
    LEAST,
    TOLERANCE,
    Box,
    compare_pictures,
    compare_texts,
)
from evidence.replay.elements import explaining
from evidence.replay.reasons import (
    ATTENDED,
    NOT_PUBLISHED,
    NotReplayed,
    Reason,
    no_browser,
    not_loaded,
    unreadable,
)
from evidence.replay.recording import read_recording
from evidence.replay.stage import Shown, show

FORMAT = "markseal-replay/1"
_URL_LIMIT = 500
_URLS = 200
LEAST_SECONDS = 30.0
MOST_SECONDS = 180.0


def check(snapshot: Snapshot, order: CaptureOrder, *, seconds: float | None = None) -> None:
    """Replay the WARC of ``snapshot`` offline; write what differs into its folder.

    Adds ``evidence/replay.json`` and, when there is one, ``evidence/replay.png``. Never raises
    for what goes wrong in the replay: the verdict is then ``not_checked``, with the reason.
    ``seconds`` bounds the browser's part; by default ``allowance`` does. What is proved: that
    the records of one act agree. Not checked: that the site said so.
    """
    evidence = snapshot.folder / "evidence"
    picture = None
    try:
        report, picture = _replayed(snapshot, order, seconds)
    except NotReplayed as error:
        report = _not_checked(error.reason)
    except PageNotCaptured as error:
        report = _not_checked(no_browser(error.en))
    except EvidenceError as error:
        report = _not_checked(unreadable(error.en))
    except Error as error:
        report = _not_checked(not_loaded(error.message.partition("\n")[0]))
    except (OSError, ValueError) as error:
        report = _not_checked(unreadable(str(error)))
    if picture is not None:
        (evidence / Path(names.REPLAY_PICTURE).name).write_bytes(picture)
    (evidence / Path(names.REPLAY).name).write_bytes(jcs.dumps(report))


def _replayed(
    snapshot: Snapshot, order: CaptureOrder, seconds: float | None
) -> tuple[dict[str, Any], bytes | None]:
    folder = snapshot.folder
    if (folder / names.ATTENDED).exists():
        raise NotReplayed(ATTENDED)
    if _is_kept_back(snapshot):
        raise NotReplayed(NOT_PUBLISHED)
    sealed_picture = (folder / names.SCREENSHOT).read_bytes()
    sealed_text = (folder / names.TEXT).read_bytes().decode("utf-8")
    recording = read_recording(folder / names.ARCHIVE)
    with tempfile.TemporaryDirectory(prefix="markseal-replay-") as spool:
        bound = allowance(_steps(snapshot), sealed_picture) if seconds is None else seconds
        shown = show(
            recording,
            order,
            _moment(snapshot),
            Path(spool),
            seconds=bound,
            sealed=sealed_picture,
        )
    report = _report(sealed_text, shown)
    return (_veiled(report) if snapshot.fidelity == "redacted" else report), shown.picture


def _veiled(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report of a capture with a login: where it differs, without the words.

    A page's script can put together again what was masked in pieces, in text and in addresses.
    """
    for item in report["text"]["differences"]:
        item["replayed"] = ["*" * len(line) for line in item["replayed"]]
    requests = report["requests"]
    requests["alike"] = [{k: _site_of(v) for k, v in pair.items()} for pair in requests["alike"]]
    requests["refused"] = [_site_of(url) for url in requests["refused"]]
    return report


def _site_of(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2].partition("?")[0].partition("#")[0]
    return f"{scheme}://{host}/*" if rest else "*"


def _report(text: str, shown: Shown) -> dict[str, Any]:
    lines = compare_texts(text, shown.text)
    same = not lines and not shown.difference
    return {
        "format": FORMAT,
        "verdict": "equal" if same else "differs",
        "picture": _picture(shown),
        "text": {
            "equal": not lines,
            "differences": [
                {"line": item.line, "sealed": list(item.first), "replayed": list(item.second)}
                for item in lines
            ],
        },
        "requests": {
            "answered": shown.answered,
            "answered_alike": len(shown.alike),
            "alike": [
                {"asked": asked[:_URL_LIMIT], "recorded": recorded[:_URL_LIMIT]}
                for asked, recorded in shown.alike[:_URLS]
            ],
            "refused": [url[:_URL_LIMIT] for url in shown.refused[:_URLS]],
            "refused_count": len(shown.refused),
        },
    }


def _picture(shown: Shown) -> dict[str, Any]:
    difference = shown.difference
    moving = compare_pictures(shown.picture, shown.later).regions if shown.later else ()
    pixels = _pixels(shown.picture)
    scale = max(1.0, pixels / max(1, shown.width))
    elements = explaining(shown.elements, shown.final_url, scale)
    elements += [Element(Cause.ANIMATION, box) for box in moving]
    return {
        "differing_permille": difference.permille,
        "regions": [_region(box, elements) for box in difference.regions],
        "regions_not_listed": difference.more,
        "tolerance": {"channel": TOLERANCE, "least_pixels": LEAST, "block": BLOCK},
    }


def _region(box: Box, elements: list[Element]) -> dict[str, Any]:
    return {
        "x": box.x,
        "y": box.y,
        "width": box.width,
        "height": box.height,
        "cause": cause_of(box, elements).value,
    }


def _pixels(png: bytes) -> int:
    """Return the width that stands in a PNG's first chunk."""
    return int.from_bytes(png[16:20], "big")


def allowance(steps: Sequence[Mapping[str, str]], picture: bytes) -> float:
    """Return how many seconds a replay is given: 30, and more for a tall or a slow page.

    More is 1.5 seconds for each 1,000 pixels of the picture's height, or four times what the
    capture took for its picture (a replay takes two), whichever is longer; 180 at most.
    """
    height = int.from_bytes(picture[20:24], "big")
    at = {item["step"]: float(item["since_start"]) for item in steps}
    took = max(0.0, at.get("screenshot", 0.0) - at.get("text", 0.0))
    return min(MOST_SECONDS, LEAST_SECONDS + max(1.5 * height / 1000, 4 * took))


def _steps(snapshot: Snapshot) -> list[dict[str, str]]:
    """Return the steps of the capture by its own record; empty when they cannot be read."""
    try:
        steps = _record(snapshot)["steps"]
        return [{**item, "since_start": str(float(item["since_start"]))} for item in steps]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _is_kept_back(snapshot: Snapshot) -> bool:
    """Return whether the page itself is an exchange that was not published."""
    try:
        record = _record(snapshot)
        page = str(record["answered_url"] or record["final_url"]).partition("#")[0]
        rows = record["not_recorded"]
        return any(one["what"] == "not published" and one["url"] == page[:2000] for one in rows)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _record(snapshot: Snapshot) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((snapshot.folder / names.CAPTURE).read_bytes())
    return found


def _moment(snapshot: Snapshot) -> datetime:
    """Return when the capture went to the address, by its own steps; else when it began."""
    try:
        walls = [item["wall"] for item in _steps(snapshot) if item["step"] == "navigation"]
        return datetime.fromisoformat(walls[-1].replace("Z", "+00:00"))
    except (ValueError, KeyError, IndexError):
        return snapshot.started


def leave_unchecked(folder: Path, reason: Reason) -> None:
    """Write into a capture's ``folder`` that it was not replayed, and why, and nothing else of it.

    For a replay whose process ended before it could say so itself.
    """
    (folder / names.REPLAY_PICTURE).unlink(missing_ok=True)
    (folder / names.REPLAY).write_bytes(jcs.dumps(_not_checked(reason)))


def _not_checked(reason: Reason) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "verdict": "not_checked",
        "reason": reason.to_json(),
        "picture": None,
        "text": None,
    }
