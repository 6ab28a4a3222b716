"""Anchoring a digest at a court's or a notary office's chain: the port, and a drop of files.

No receiver's interface is known here, and none is invented. Whoever has access to one writes an
adapter with the two methods of ``Anchor``, or a program of its own that serves the folder of
``FileDrop``: it takes ``requests/<id>.json``, has the digest anchored, and puts what came back as
``receipts/<id>.bin`` (and, if it likes, ``receipts/<id>.json`` with ``media_type``, ``reference``
and ``stated_time``), each written under another name first and then renamed.

A request file is canonical JSON (``markseal-anchor-request/1``): ``format``, ``id``, ``anchored``
(``subject``, ``algorithm``: ``sha256`` or ``sm3``, ``digest``) and ``time``. The id is the same for
the same digest, so asking twice anchors once. Nothing but the digest leaves the installation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from evidence.errors import FormatError, InputError
from evidence.format import jcs
from evidence.format.anchor import LIMIT, Digest, Receipt
from evidence.format.digests import sha256_hex
from evidence.format.times import format_time
from evidence.keeping.dossier import Rewrite, write_dossier
from evidence.keeping.exhibit import Kept
from evidence.log.durable import replace_file

REQUEST = "markseal-anchor-request/1"
CONTENT_LIMIT = LIMIT // 2


class Anchor(Protocol):
    """Somebody's chain. ``name`` is short (a-z 0-9 -), ``algorithm`` is ``sha256`` or ``sm3``."""

    @property
    def name(self) -> str:
        """The name in the receipt's file name."""

    @property
    def algorithm(self) -> str:
        """The digest that it takes."""

    def ask(self, digest: Digest, *, now: datetime) -> None:
        """Have ``digest`` anchored; harmless when it was asked for before.

        Raises AuthorityError or InputError when it cannot be asked; it is then asked again later.
        """

    def receipt(self, digest: Digest, *, now: datetime) -> Receipt | None:
        """Return what came back, or None while nothing has. Nothing of it is verified."""


@dataclass(frozen=True)
class FileDrop:
    """An anchor behind a folder that somebody else's program serves."""

    name: str
    folder: Path
    algorithm: str = "sha256"

    def ask(self, digest: Digest, *, now: datetime) -> None:
        """Write the request file unless it is there; its time is that of the first asking."""
        path = self.folder / "requests" / f"{request_id(digest)}.json"
        if path.exists():
            return
        value = {
            "format": REQUEST,
            "id": request_id(digest),
            "anchored": digest.to_json(),
            "time": format_time(now),
        }
        try:
            replace_file(path, jcs.dumps(value))
        except OSError as error:
            raise InputError(
                f"The folder {self.folder} cannot be written ({error.strerror}).",
                f"无法写入目录 {self.folder}（{error.strerror}）。",
            ) from error

    def receipt(self, digest: Digest, *, now: datetime) -> Receipt | None:
        """Return the receipt that lies in the folder, received ``now``."""
        path = self.folder / "receipts" / f"{request_id(digest)}.bin"
        if not path.is_file():
            return None
        with path.open("rb") as source:
            content = source.read(CONTENT_LIMIT + 1)
        if not 0 < len(content) <= CONTENT_LIMIT:
            raise FormatError(
                f"{path.name} is empty or larger than {CONTENT_LIMIT} bytes.",
                f"{path.name} 为空或超过 {CONTENT_LIMIT} 字节。",
            )
        stated = _stated(path.with_suffix(".json"))
        made = Receipt(
            self.name,
            digest,
            now,
            stated.get("media_type", "application/octet-stream"),
            content,
            stated.get("reference"),
            stated.get("stated_time"),
        )
        made.to_bytes()
        return made


def _stated(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise FormatError(f"{path.name} is not JSON.", f"{path.name} 不是 JSON。") from error
    known = ("media_type", "reference", "stated_time")
    if not isinstance(value, dict) or set(value) - set(known):
        raise FormatError(
            f"{path.name} may have {', '.join(known)} only.",
            f"{path.name} 只能有 {', '.join(known)}。",
        )
    if not all(isinstance(item, str) for item in value.values()):
        raise FormatError(f"{path.name} has a wrong type.", f"{path.name} 有类型不对的字段。")
    return value


@dataclass
class Double:
    """An anchor for trying things out: it answers at once, and its receipt says that it is none."""

    name: str = "double"
    algorithm: str = "sm3"

    def __post_init__(self) -> None:
        self.asked: dict[str, Digest] = {}

    def ask(self, digest: Digest, *, now: datetime) -> None:
        """Remember the digest."""
        self.asked[request_id(digest)] = digest

    def receipt(self, digest: Digest, *, now: datetime) -> Receipt | None:
        """Return a receipt for what was asked, None for anything else."""
        if request_id(digest) not in self.asked:
            return None
        text = f"TRIAL 试用: nothing was anchored ({digest.digest})".encode()
        return Receipt(self.name, digest, now, "text/plain; charset=utf-8", text, "TRIAL")


def request_id(digest: Digest) -> str:
    """Return the id of a request: SHA-256 (hex) of the canonical JSON of what is anchored."""
    return sha256_hex(jcs.dumps(digest.to_json()))


def digest_of(kept: Kept, algorithm: str) -> Digest:
    """Return what of an exhibit is anchored: its manifest's digest, as the log's outcome has it."""
    outcome = kept.outcome
    digests = {"sha256": outcome.manifest_sha256, "sm3": outcome.manifest_sm3}
    if algorithm not in digests:
        raise InputError(
            f"An anchor takes sha256 or sm3, not {algorithm}.",
            f"存证平台的摘要算法应为 sha256 或 sm3，而非 {algorithm}。",
        )
    return Digest("manifest", algorithm, digests[algorithm])


def anchor(
    kept: Kept,
    by: Anchor,
    *,
    clock: Callable[[], datetime],
    rewrite: Rewrite = write_dossier,
) -> Receipt | None:
    """Ask ``by`` to anchor the exhibit; put the receipt beside it once there is one.

    Returns the receipt, or None while it is awaited: call again. A receipt that is here stays.
    """
    path = kept.path(kept.sidecars.anchor(by.name))
    if path.is_file():
        return Receipt.parse(path.read_bytes(), path.name)
    digest = digest_of(kept, by.algorithm)
    by.ask(digest, now=clock())
    found = by.receipt(digest, now=clock())
    if found is None:
        return None
    if (found.name, found.anchored) != (by.name, digest):
        raise FormatError(
            f"{by.name} answered with a receipt for something else.",
            f"{by.name} 的回执与请求不符。",
        )
    replace_file(path, found.to_bytes())
    rewrite(kept)
    return found
