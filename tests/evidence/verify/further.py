"""Named tamperings of the optional files of a package, as in ``crimes.py``."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format import jcs, names
from tests.evidence.builder import Draft, png, zipped
from tests.evidence.rich import (
    ATTENDED,
    CAPTURE,
    MHTML,
    REVIEW,
    certificates,
    element,
    put_archive,
    replay,
    rich,
    webm,
)
from tests.evidence.verify.conftest import Bench
from tests.evidence.verify.crimes import WACZ, Crime, flipped, packed

FURTHER: dict[str, tuple[Crime, str]] = {}
STRIP = names.strip_name
MOMENT = names.moment_name
SERIES = (STRIP(1), STRIP(2), MOMENT(1), MOMENT(2))


def add(name: str, where: str, crime: Crime) -> None:
    """Register a crime; ``where`` must be named by the verdict."""
    FURTHER[name] = (crime, f"{WACZ}!{where}")


def _inside(bench: Bench, files: Mapping[str, bytes]) -> bytes:
    parts = bench.rich.parts() | {WACZ: zipped(dict(files))}
    return zipped(parts)


def _altered(name: str) -> Crime:
    return lambda b: _inside(b, b.rich.inner | {name: flipped(b.rich.inner[name])})


def _dropped(name: str) -> Crime:
    return lambda b: _inside(b, {n: d for n, d in b.rich.inner.items() if n != name})


for _name in (*names.OPTIONAL, *SERIES):
    add(f"altered:{_name}", _name, _altered(_name))
    add(f"dropped:{_name}", _name, _dropped(_name))
    add(
        f"added:{_name}",
        _name,
        lambda b, n=_name: packed(
            b, zipped(dict(sorted((b.draft.inner | {n: b.rich.inner[n]}).items())))
        ),
    )


def _swapped(one: str, other: str) -> Crime:
    def run(bench: Bench) -> bytes:
        inner = bench.rich.inner
        return _inside(bench, inner | {one: inner[other], other: inner[one]})

    return run


add("strips-swapped", STRIP(1), _swapped(STRIP(1), STRIP(2)))
add(
    "pictures-swapped",
    names.REPLAY_PICTURE,
    _swapped(names.LICENCE_PICTURE, names.REPLAY_PICTURE),
)


def _out_of_order(bench: Bench) -> bytes:
    items = list(bench.rich.inner.items())
    at = [name for name, _ in items].index(STRIP(1))
    items[at], items[at + 1] = items[at + 1], items[at]
    return _inside(bench, dict(items))


add("strips-out-of-order", STRIP(2), _out_of_order)


def insider(
    change: Callable[[dict[str, bytes], Bench], None],
    *,
    lying: bool = False,
    fidelity: str = "redacted",
) -> Crime:
    """A package sealed by the insider himself around changed artefacts."""

    def run(bench: Bench) -> bytes:
        draft = rich(bench.world)
        draft.lying, draft.fidelity = lying, fidelity
        change(draft.artefacts, bench)
        return draft.seal().pack()

    return run


def put(name: str, data: bytes, **how: Any) -> Crime:
    """The insider's package with one file replaced or added."""
    return insider(lambda files, _: files.__setitem__(name, data), **how)


def renamed(name: str, to: str) -> Crime:
    """The insider's package with one file under another name."""
    return insider(lambda files, _: files.__setitem__(to, files.pop(name)), lying=True)


def without(name: str) -> Crime:
    """The insider's package that lists nothing of one file."""
    return insider(lambda files, _: files.__delitem__(name), lying=True)


add("strip-000", "evidence/strips/000.png", renamed(STRIP(1), "evidence/strips/000.png"))
add("strip-100", "evidence/strips/100.png", put("evidence/strips/100.png", png(), lying=True))
add("strip-jpg", "evidence/strips/003.jpg", put("evidence/strips/003.jpg", png(), lying=True))
add("gap-in-strips", STRIP(3), renamed(STRIP(2), STRIP(3)))
add("strips-begin-at-2", STRIP(2), without(STRIP(1)))
add("gap-in-moments", MOMENT(3), renamed(MOMENT(2), MOMENT(3)))
add("moments-without-record", MOMENT(1), without(names.ATTENDED))
add("review-without-signature", names.REVIEW, without(names.REVIEW_SIGNATURE))
add("signature-without-review", names.REVIEW_SIGNATURE, without(names.REVIEW))
add("licence-text-without-picture", names.LICENCE_TEXT, without(names.LICENCE_PICTURE))
add("replay-picture-without-record", names.REPLAY_PICTURE, without(names.REPLAY))
add("unknown-file", "evidence/netlog.json", put("evidence/netlog.json", b"{}", lying=True))

add("strip-of-another-width", STRIP(2), put(STRIP(2), png(3, 1)))
add("strips-not-as-tall", STRIP(2), put(STRIP(2), png(4, 2)))
add("more-moments-than-told", names.ATTENDED, put(MOMENT(3), png()))
add("fewer-moments-than-told", names.ATTENDED, without(MOMENT(2)))

_HUGE = struct.pack(">IIBBBBB", 1 << 24, 1, 8, 2, 0, 0, 0)
_HEAD = b"IHDR" + _HUGE
_BIG = (
    png()[:8]
    + struct.pack(">I", 13)
    + _HEAD
    + struct.pack(">I", zlib.crc32(_HEAD))
    + png()[33:]
)  # fmt: skip
for _name in (STRIP(1), MOMENT(1), names.LICENCE_PICTURE, names.REPLAY_PICTURE):
    add(f"not-png:{_name}", _name, put(_name, b"GIF89a"))
    add(f"png-with-bytes-after:{_name}", _name, put(_name, png() + b"more"))
    add(f"png-oversized:{_name}", _name, put(_name, _BIG))

_SEGMENT = element(0x18538067, element(0x1549A966, b"") + element(0x1654AE6B, b""))
_EBML = element(0x1A45DFA3, element(0x4282, b"webm"))
for _what, _data in {
    "empty": b"",
    "matroska": webm(b"matroska"),
    "bytes-after": webm() + b"more",
    "cut-off": webm()[:-3],
    "no-pictures": _EBML + _SEGMENT,
    "two-segments": webm() + element(0x18538067, b""),
    "size-not-written": _EBML + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"x",
    "too-many-elements": _EBML + element(0x18538067, b"\xec\x80" * 70_000),
    "not-one": b"\x1aE\xdf\xa3" + b"x" * 40,
}.items():
    add(f"webm-{_what}", names.RECORDING, put(names.RECORDING, _data))

for _what, _data in {
    "empty": b"",
    "html": b"<html>" * 100,
    "another-type": MHTML.replace(b"multipart/related", b"multipart/mixed"),
    "no-boundary": MHTML.replace(b"boundary", b"limit"),
    "no-end": MHTML[:-10],
    "bytes-after": MHTML + b"<script>",
    "no-parts": MHTML.partition(b"\r\n\r\n")[0] + b"\r\n\r\nx",
    "head-without-end": b"From: x\r\n" * 9000,
}.items():
    add(f"mhtml-{_what}", names.MHTML, put(names.MHTML, _data))


def _record(name: str, value: Any) -> Crime:
    return put(name, jcs.dumps(value))


def _certificates(change: Callable[[dict[str, Any]], None]) -> Crime:
    def edit(files: dict[str, bytes], bench: Bench) -> None:
        value = certificates(bench.world)
        change(value)
        files[names.CERTIFICATES] = jcs.dumps(value)

    return insider(edit)


def _first(value: dict[str, Any]) -> dict[str, Any]:
    (certificate,) = value["certificates"].values()
    return dict(certificate)


for _what, _change in {
    "der-of-another": lambda v: v["certificates"].update({"0" * 64: _first(v)}),
    "der-not-base64": lambda v: next(iter(v["certificates"].values())).update(der="%%%"),
    "der-base64-loose": lambda v: next(iter(v["certificates"].values())).update(
        der=_first(v)["der"] + "\n"
    ),
    "chain-unknown": lambda v: v["connections"][0].update(chain=["ab" * 32]),
    "chain-not-text": lambda v: v["connections"][0].update(chain=[7]),
    "connection-dropped": lambda v: v.update(connections=[]),
    "format": lambda v: v.update(format="markseal-certificates/9"),
    "verdict-missing": lambda v: v["connections"][0].pop("verdict"),
    "port-text": lambda v: v["connections"][0].update(port="443"),
    "oversized": lambda v: v.update(connections=v["connections"] * 20_001),
}.items():
    add(f"certificates-{_what}", names.CERTIFICATES, _certificates(_change))

_REPLAY = replay()
for _what, _value in {
    "verdict-unknown": _REPLAY | {"verdict": "fine"},
    "says-equal-and-differs": _REPLAY
    | {"verdict": "equal", "text": {"equal": False, "differences": []}},
    "share-out-of-bounds": _REPLAY | {"picture": {"differing_permille": 1001, "regions": []}},
    "region-without-cause": _REPLAY
    | {
        "picture": {
            "differing_permille": 1,
            "regions": [{"x": 0, "y": 0, "width": 1, "height": 1}],
        }
    },
    "picture-missing": {k: v for k, v in _REPLAY.items() if k != "picture"},
    "no-object": [],
    "format": _REPLAY | {"format": "x"},
}.items():
    add(f"replay-{_what}", names.REPLAY, _record(names.REPLAY, _value))
for _name in (names.REPLAY, names.REVIEW, names.ATTENDED, names.CERTIFICATES):
    add(f"not-canonical:{_name}", _name, put(_name, b'{ "format":1}'))
    add(f"another-format:{_name}", _name, _record(_name, {"format": "other/1"}))

add("oversized", names.REPLAY, put(names.REPLAY, b'"' + b"a" * (33 << 20) + b'"'))

_OTHER = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
_SIGNED = names.REVIEW_SIGNATURE
add("review-of-another-key", _SIGNED, put(_SIGNED, _OTHER.sign(jcs.dumps(REVIEW))))
add("review-of-another-day", _SIGNED, _record(names.REVIEW, REVIEW | {"started": "x"}))
add("review-result-unknown", names.REVIEW, _record(names.REVIEW, REVIEW | {"result": "fine"}))
add("review-passed-and-failed", names.REVIEW, _record(names.REVIEW, REVIEW | {"result": "failed"}))
add("review-signature-cut", _SIGNED, put(_SIGNED, b"x" * 63))
add("review-signature-long", _SIGNED, put(_SIGNED, b"x" * 65))
add("licence-text-not-utf8", names.LICENCE_TEXT, put(names.LICENCE_TEXT, b"\xff\xfe"))
add("encrypted-part-empty", names.PRIVATE, put(names.PRIVATE, b""))


def _fidelity(manifest: str, capture: str | None, archive: str | None, protocol: str) -> Crime:
    def run(bench: Bench) -> bytes:
        draft: Draft = rich(bench.world)
        draft.fidelity = manifest
        stated = {} if capture is None else {"fidelity": capture}
        record = {k: v for k, v in CAPTURE.items() if k != "fidelity"} | stated
        draft.artefacts[names.CAPTURE] = jcs.dumps(record)
        put_archive(draft, archive, protocol)
        return draft.seal().pack()

    return run


for _what, _stated, _where in (
    ("manifest-exact-capture-decoded", ("exact", "decoded", "exact", "http/1.1"), names.CAPTURE),
    ("manifest-exact-warc-decoded", ("exact", "exact", "decoded", "http/1.1"), names.ARCHIVE),
    ("manifest-exact-warc-silent", ("exact", "exact", None, "http/1.1"), names.ARCHIVE),
    ("manifest-exact-capture-silent", ("exact", None, "exact", "http/1.1"), names.CAPTURE),
    ("manifest-exact-warc-redacted", ("exact", "exact", "redacted", "http/1.1"), names.ARCHIVE),
    ("manifest-decoded-capture-exact", ("decoded", "exact", None, "http/1.1"), names.CAPTURE),
    ("manifest-redacted-warc-exact", ("redacted", "redacted", "exact", "h1"), names.ARCHIVE),
    ("exact-over-http2", ("exact", "exact", "exact", "h2"), names.ARCHIVE),
):
    add(f"fidelity:{_what}", _where, _fidelity(*_stated))
add(
    "redacted-without-list-of-maskings",
    names.CAPTURE,
    _record(names.CAPTURE, {"fidelity": "redacted"}),
)
add(
    "redacted-with-list-of-nothing",
    names.CAPTURE,
    _record(names.CAPTURE, CAPTURE | {"masked": ["Cookie"]}),
)
add(
    "redacted-without-digests-of-the-encrypted",
    names.CAPTURE,
    _record(names.CAPTURE, CAPTURE | {"private": [{"name": "data.warc.gz"}]}),
)
for _what, _value in {
    "nobody": ATTENDED | {"by": ""},
    "numbers": ATTENDED | {"moments": [{"number": 1}, {"number": 3}]},
    "no-doings": {k: v for k, v in ATTENDED.items() if k != "doings"},
}.items():
    add(f"attended-{_what}", names.ATTENDED, _record(names.ATTENDED, _value))
add(
    "redacted-without-encrypted-part",
    names.ARCHIVE,
    insider(lambda files, _: files.__delitem__(names.PRIVATE)),
)
add("fidelity-unknown", names.MANIFEST, insider(lambda *_: None, lying=True, fidelity="perfect"))
