"""Sealing without a browser: a made-up page, and recovery keys typed from paper."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from evidence.capture import CaptureOrder, Snapshot
from evidence.capture.warc import Place
from evidence.format.digests import sha256_hex
from evidence.home import EvidenceHome, open_home
from evidence.seal import Preserved, PreserveOrder, preserve
from evidence.verify import verify_file
from tests.evidence.builder import BODY, URL, Draft, World, warcinfo

ROOT = Path(__file__).resolve().parents[3]
CASE = "甬市监〔2026〕7号"


def now() -> datetime:
    return datetime.now(UTC)


def take(order: CaptureOrder, folder: Path, *, software: str, clock: Any = now) -> Snapshot:
    """Write the artefacts of one small page, as a capture would."""
    started = clock()
    artefacts = Draft(cast(World, None)).artefacts
    for name, data in artefacts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    first = len(warcinfo())
    warc = artefacts["archive/data.warc.gz"]
    length = _member(warc[first:])
    digest = f"sha256:{sha256_hex(BODY)}"
    shown = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    place = Place(URL, shown, "GET", 200, "text/html", digest, first, length)
    return Snapshot(URL, URL, "商品", 200, None, "none", started, clock(), folder, (place,))


def _member(data: bytes) -> int:
    import zlib

    unpacked = zlib.decompressobj(31)
    unpacked.decompress(data)
    return len(data) - len(unpacked.unused_data)


def home_at(path: Path) -> EvidenceHome:
    return open_home(path, clock=now)


def seal(home: EvidenceHome, out: Path, number: int, *, clock: Any = now) -> Preserved:
    """Preserve the page as ``<number>.wacz`` in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    order = PreserveOrder(
        url=URL, case=CASE, out=out / f"{number}.wacz", capture_id=f"{number:032x}", sandbox=False
    )
    return preserve(
        order, home=home, proxy=None, journal=None, browser=Path("/nonexistent"), take=take,
        clock=clock,
    )  # fmt: skip


def verdict(file: Path, trust: Path) -> dict[str, Any]:
    """Return our own verifier's verdict as the JSON that it prints."""
    value: dict[str, Any] = json.loads(json.dumps(verify_file(file, trust=trust).to_json()))
    return value


def words(found: dict[str, Any]) -> str:
    """Return everything that a verdict says in English, in one text."""
    return json.dumps(found, ensure_ascii=False)
