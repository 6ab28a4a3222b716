"""Reads a WARC with FastWARC, where that is installed, and prints one JSON line a record."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecord


def parsed(record: WarcRecord) -> bool:
    """Say whether FastWARC can take a record's HTTP header apart: it has a limit of its own."""
    try:
        record.parse_http()
    except OSError as error:
        if "header length" in str(error):
            return False
        raise
    return True


def main(path: Path) -> None:
    """Print what every record is, and whether its digests are right."""
    with path.open("rb") as file:
        for record in ArchiveIterator(file, parse_http=False):
            record.freeze()
            told = {
                "type": record.headers["WARC-Type"],
                "uri": record.headers.get("WARC-Target-URI"),
                "block": record.verify_block_digest(),
            }
            if record.is_http and not parsed(record):
                told["payload"] = None
            elif record.is_http:
                told["line"] = record.http_headers.status_line
                if "WARC-Payload-Digest" in record.headers:
                    told["payload"] = record.verify_payload_digest()
                told["sha256"] = hashlib.sha256(record.reader.read()).hexdigest()
            print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
