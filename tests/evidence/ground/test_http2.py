"""HTTP/2 through a capture that decodes it: the server's fields in order, its bodies untouched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from egress.process import guard
from evidence.browser.order import Http2
from evidence.capture import capture
from tests.evidence.ground.authority import Authority
from tests.evidence.ground.holding import order
from tests.evidence.ground.http2 import Fields, Stream, ground2, settled
from tests.evidence.ground.reader import Pair, pairs, records

pytestmark = pytest.mark.browser

Message = tuple[str, Fields, bytes]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Stream], list[Pair], Path]:
    folder = tmp_path_factory.mktemp("http2")
    chain = Authority.new().chain(folder).pem
    with (
        guard(folder / "journal.jsonl", allow_loopback=True) as running,
        ground2(chain) as where,
    ):
        wanted = order(f"{where.address}/", (running.address, running.journal), http2=Http2.DECODE)
        snapshot = capture(wanted, folder / "capture", software="ground truth")
        streams = settled(where)
    return streams, pairs(records(snapshot.folder / "archive/data.warc.gz")), snapshot.folder


def message(block: bytes) -> Message:
    head, _, body = block.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    fields = tuple(tuple(line.split(b": ", 1)) for line in lines)
    return first.decode(), fields, body  # type: ignore[return-value]


def ordinary(fields: Fields) -> Fields:
    return tuple(pair for pair in fields if not pair[0].startswith(b":"))


def without(fields: Fields, *names: bytes) -> Fields:
    return tuple(pair for pair in fields if pair[0].lower() not in names)


def requests(streams: Iterable[Stream]) -> Counter[tuple[str, Fields, bytes]]:
    return Counter(
        (f"{s.pseudo(b'method')} {s.pseudo(b'path')}", ordinary(s.fields), bytes(s.body))
        for s in streams
    )


def test_nothing_is_missing_and_nothing_extra(
    both: tuple[list[Stream], list[Pair], Path],
) -> None:
    streams, recorded, _ = both
    assert len(streams) > 16
    assert not any(stream.abandoned for stream in streams)
    kept = Counter(message(pair.request)[0].rsplit(" ", 1)[0] for pair in recorded)
    assert kept == Counter(f"{s.pseudo(b'method')} {s.pseudo(b'path')}" for s in streams)


def test_requests_are_the_fields_and_bodies_that_the_server_decoded(
    both: tuple[list[Stream], list[Pair], Path],
) -> None:
    streams, recorded, _ = both
    kept: Counter[Message] = Counter()
    for pair in recorded:
        first, fields, body = message(pair.request)
        kept[(first.rsplit(" ", 1)[0], without(fields, b"host"), body)] += 1
    assert kept == requests(streams)


def test_answers_are_the_fields_and_bodies_that_the_server_sent(
    both: tuple[list[Stream], list[Pair], Path],
) -> None:
    streams, recorded, _ = both
    left = list(recorded)
    for stream in streams:
        wanted = f"{stream.pseudo(b'method')} {stream.pseudo(b'path')} "
        pair = next(p for p in left if p.request.decode("latin-1").startswith(wanted))
        left.remove(pair)
        first, fields, body = message(pair.response or b"")
        assert first.split(" ")[1] == dict(stream.reply.fields)[b":status"].decode()
        assert fields == ordinary(stream.reply.fields), wanted
        assert body == stream.reply.body, wanted
        trailers = b"".join(b"%s: %s\r\n" % pair for pair in stream.reply.trailers)
        assert pair.trailers == trailers
        assert [ordinary(f) for f in stream.reply.informational] == [
            message(block)[1] for block in pair.interim
        ]
        assert pair.fields["warc-protocol"] == "h2\ntls/1.3"
        assert (pair.truncated is not None) == stream.reply.cut, wanted
