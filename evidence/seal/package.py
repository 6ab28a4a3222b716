"""From a finished capture to NAME.wacz: index, pages, manifest, signature, canonical ZIP.

Everything follows from the files of the capture and the attempt's log entry, so building it
again after a kill gives the same bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.capture import Snapshot
from evidence.capture.posted import with_method
from evidence.capture.warc import Place
from evidence.errors import SealError
from evidence.format.attempt import AttemptRecord
from evidence.format.cdxj import IndexLine, is_method, print_index, print_pages
from evidence.format.datapackage import build_datapackage, build_datapackage_digest
from evidence.format.digests import Digests, digest_stream
from evidence.format.manifest import Artefact, Manifest, key_digest, sign_manifest
from evidence.format.names import (
    ATTEMPT,
    DATAPACKAGE,
    DATAPACKAGE_DIGEST,
    INDEX,
    MANIFEST,
    PAGES,
    SIGNATURE,
    incomplete,
    media_type,
)
from evidence.format.times import format_time
from evidence.format.zipform import ZipPart, write_zip
from evidence.log.durable import replace_file, sync_folder
from evidence.seal.entries import Logged


@dataclass(frozen=True)
class Package:
    """A WACZ in the work folder: its manifest's bytes, its artefacts, its path and digests."""

    manifest: bytes
    artefacts: tuple[str, ...]
    path: Path
    digests: Digests


def build_package(
    held: Mapping[str, str],
    snapshot: Snapshot,
    attempt: Logged,
    signer: Ed25519PrivateKey,
    target: Path,
) -> Package:
    """Write the WACZ at ``target``, whole or not at all; return what it is.

    Raises SealError when a file of the capture is missing.
    """
    folder = snapshot.folder
    replace_file(folder / INDEX, _index(snapshot.places))
    replace_file(folder / PAGES, _pages(snapshot, held["capture_id"]))
    replace_file(folder / ATTEMPT, _attempt(held, attempt))
    manifest = _manifest(held, snapshot, attempt, signer).to_bytes()
    signature = sign_manifest(manifest, signer)
    datapackage = build_datapackage(Manifest.parse(manifest), signature)
    listed = gathered(folder)
    parts = [ZipPart(name, folder / name) for name in listed]
    parts += [ZipPart(MANIFEST, manifest), ZipPart(SIGNATURE, signature)]
    parts += [ZipPart(DATAPACKAGE, datapackage)]
    parts += [ZipPart(DATAPACKAGE_DIGEST, build_datapackage_digest(datapackage))]
    return Package(manifest, tuple(listed), target, write_package(target, parts))


def write_package(target: Path, parts: list[ZipPart]) -> Digests:
    """Write a canonical ZIP beside ``target``, make it durable, rename it; return its digests."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    with temporary.open("w+b") as out:
        write_zip(out, parts)
        out.flush()
        os.fsync(out.fileno())
        out.seek(0)
        digests = digest_stream(out)
    temporary.rename(target)
    sync_folder(target.parent)
    return digests


def _manifest(
    held: Mapping[str, str], snapshot: Snapshot, attempt: Logged, signer: Ed25519PrivateKey
) -> Manifest:
    return Manifest(
        artefacts=tuple(_artefact(snapshot.folder, name) for name in gathered(snapshot.folder)),
        attempt_index=attempt.index,
        attempt_sha256=attempt.sha256,
        capture_id=held["capture_id"],
        started=snapshot.started,
        finished=snapshot.finished,
        fidelity=snapshot.fidelity,
        signer=key_digest(signer.public_key()),
        software=held["software"],
        url=held["url"],
    )


def gathered(folder: Path) -> list[str]:
    """Return the artefacts that lie in ``folder``, sorted by name.

    Raises SealError when one lacks, or when a file is there that no package may have.
    """
    there = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())
    _check_set(folder, there)
    return there


def check_capture(folder: Path) -> None:
    """Raise SealError unless a capture left what a package needs, and nothing else."""
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    _check_set(folder, sorted(there | {ATTEMPT, INDEX, PAGES}))


def _check_set(folder: Path, there: list[str]) -> None:
    for name in there:
        if media_type(name) is None or (folder / name).is_symlink():
            raise SealError(
                f"The capture left {name}, which no package may have; capture the page again.",
                f"取证结果中有不应存在的 {name}；请重新取证。",
            )
    for lacking, _ in incomplete(there):
        raise SealError(
            f"The capture lacks {lacking}; capture the page again.",
            f"取证结果缺少 {lacking}；请重新取证。",
        )


def _artefact(folder: Path, name: str) -> Artefact:
    kind = media_type(name) or ""
    with (folder / name).open("rb") as source:
        return Artefact(name, kind, digest_stream(source))


def _attempt(held: Mapping[str, str], attempt: Logged) -> bytes:
    entry = attempt.attempt
    return AttemptRecord(
        capture_id=held["capture_id"],
        case=held["case"],
        case_salt=held["case_salt"],
        number=entry.number,
        url=held["url"],
        url_salt=held["url_salt"],
        index=attempt.index,
        entry_sha256=attempt.sha256,
        requested_by=held["requested_by"],
    ).to_bytes()


def _index(places: tuple[Place, ...]) -> bytes:
    return print_index(
        [
            IndexLine(
                key=surt(_asked(place)),
                time=place.started.strftime("%Y%m%d%H%M%S"),
                url=place.url,
                mime=place.media_type,
                status=place.status,
                digest=place.payload_digest,
                length=place.length,
                offset=place.offset,
                method=place.method if is_method(place.method) else "",
                request_body=place.request_body if is_method(place.method) else "",
            )
            for place in places
        ]
    )


def _asked(place: Place) -> str:
    """Return the address that readers look under: that of a GET, or one that names the method."""
    if not is_method(place.method):
        return place.url
    return with_method(place.url, place.method, place.request_body)


def _pages(snapshot: Snapshot, capture_id: str) -> bytes:
    first = next((p.started for p in snapshot.places if p.url == snapshot.url), snapshot.started)
    page = {
        "id": capture_id,
        "url": snapshot.url,
        "ts": format_time(first),
        "title": snapshot.title,
    }
    return print_pages([page])


def surt(url: str) -> str:
    """Return the sort-friendly key of a URL: host reversed, lower case, without ``www.``."""
    parts = urlsplit(url.lower())
    host = re.sub(r"\Awww\d*\.", "", parts.hostname or "")
    key = ",".join(reversed(host.split(".")))
    if parts.port:
        key += f":{parts.port}"
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    text = f"{key}){parts.path}{'?' + query if query else ''}"
    return "".join(c if "!" <= c <= "~" else f"%{ord(c):02x}" for c in text)
