"""A WARC reader of the tests' own: gzip members and Content-Length, nothing of the product."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

_BYTES = "application/octet-stream"


@dataclass(frozen=True)
class Record:
    """One record: its fields (names in lower case) and its block."""

    fields: dict[str, str]
    block: bytes

    @property
    def kind(self) -> str:
        return self.fields["warc-type"]


@dataclass(frozen=True)
class Pair:
    """A request record and the response record it is concurrent to, if there is one.

    Bytes that came instead of an answer stand for it. ``interim`` are the metadata records
    concurrent to it that hold HTTP heads, ``trailers`` is the one that holds fields sent after
    the body (HTTP/2), ``surplus`` the one with the bytes that came after the answer.
    """

    url: str
    request: bytes
    response: bytes | None
    truncated: str | None
    fields: dict[str, str]
    interim: tuple[bytes, ...] = ()
    trailers: bytes = b""
    surplus: bytes = b""


def records(path: Path) -> list[Record]:
    """Return every record; fails when a byte is left over or a block digest is wrong."""
    data, found = path.read_bytes(), []
    while data:
        member = zlib.decompressobj(31)
        whole = member.decompress(data)
        assert member.eof, "a gzip member is not whole"
        data = member.unused_data
        head, empty, rest = whole.partition(b"\r\n\r\n")
        version, *lines = head.decode("utf-8").split("\r\n")
        assert version == "WARC/1.1"
        assert empty
        fields: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            known = fields.get(name.lower())
            fields[name.lower()] = f"{known}\n{value}" if known else value
        size = int(fields["content-length"])
        assert rest[size:] == b"\r\n\r\n", "a record does not end where it says"
        block = rest[:size]
        assert fields["warc-block-digest"] == "sha256:" + hashlib.sha256(block).hexdigest()
        found.append(Record(fields, block))
    return found


def pairs(found: list[Record]) -> list[Pair]:
    """Join requests with what is concurrent to them; fails on a record that belongs to none."""
    others = {r.fields["warc-record-id"]: r for r in found if r.kind in ("response", "metadata")}
    joined = []
    for record in found:
        if record.kind != "request":
            continue
        names = record.fields.get("warc-concurrent-to", "").split("\n")
        together = [others.pop(name) for name in names if name in others]
        response = next((one for one in together if one.kind == "response"), None)
        fields = response.fields if response else record.fields
        loose = b"".join(_metadata(together, _BYTES))
        joined.append(
            Pair(
                record.fields["warc-target-uri"],
                record.block,
                response.block if response else loose or None,
                fields.get("warc-truncated"),
                fields,
                tuple(_metadata(together, "application/http;msgtype=response")),
                b"".join(_metadata(together, "application/warc-fields")),
                loose if response else b"",
            )
        )
    assert not others, f"records without a request: {list(others)}"
    return joined


def _metadata(together: list[Record], kind: str) -> list[bytes]:
    found = [one for one in together if one.kind == "metadata"]
    return [one.block for one in found if one.fields["content-type"] == kind]
