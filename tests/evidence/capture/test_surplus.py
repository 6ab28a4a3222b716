"""Bytes that a server sends after its answer stand in a record of their own."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

from evidence.capture.joined import Row
from evidence.capture.warc import record_count, write_warc
from evidence.verify.warc import read_records
from evidence.verify.window import Window
from tests.evidence.capture.test_pure import CHUNKED, HEAD, MOMENT, blob, exchange, records_of
from tests.evidence.capture.test_redaction import get, ok, redactor, wire


def test_they_are_a_record_beside_the_answer_that_the_verifier_reads(tmp_path: Path) -> None:
    one = exchange(tmp_path, surplus=blob(tmp_path, b"and more"))
    row = Row(one, None, None, None)
    _, response, request, more = records_of([row])
    assert response[1] == HEAD + CHUNKED
    fields = dict(more[0])
    assert (fields["WARC-Type"], fields["Content-Type"]) == ("metadata", "application/octet-stream")
    assert more[1] == b"and more"
    linked = {value for name, value in more[0] if name == "WARC-Concurrent-To"}
    assert linked == {dict(each[0])["WARC-Record-ID"] for each in (response, request)}
    out = BytesIO()
    write_warc(out, [row], about=[("software", "t")], made=MOMENT)
    kinds = [found.kind for found in read_records(Window.whole(BytesIO(out.getvalue())))]
    assert kinds == ["warcinfo", "response", "request", "metadata"]
    assert record_count(one) == 3


def test_with_a_login_they_are_masked_whole_but_for_empty_lines(tmp_path: Path) -> None:
    secret = b"abcdef12345"
    ask = get(b"Cookie: sid=" + secret)
    packed = gzip.compress(secret)
    found = wire(tmp_path, (ask, ok(b"x") + packed), (ask, ok(b"y") + b"\r\n"))
    made = redactor(tmp_path, found)
    first, second = [made.exchange(one) for one in found.exchanges]
    assert first.surplus is not None
    assert second.surplus is not None
    assert set(first.surplus.read()) <= set(b"*\r\n")
    assert first.surplus.size == len(packed)
    assert second.surplus.read() == b"\r\n"
    [row] = [row for row in made.masked() if row["part"] == "surplus"]
    assert (row["exchange"], row["places"], row["bytes"]) == (1, 1, len(packed))
