"""Named tamperings: each takes a good draft and returns the bytes of a bad dossier.

``CRIMES`` maps a crime's name to the function and to what the verdict must name.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format import jcs, names
from evidence.format.cdxj import print_index
from evidence.format.checkpoint import Checkpoint
from evidence.format.entry import Sealed, parse_entry
from evidence.format.manifest import sign_manifest
from evidence.format.note import SignedNote, sign_note
from evidence.format.tlogproof import TlogProof
from evidence.format.zipform import read_zip
from tests.evidence.builder import (
    BODY,
    HTTP,
    NAME,
    Draft,
    index_line,
    response_headers,
    warc_record,
    warcinfo,
    zipped,
)
from tests.evidence.verify.conftest import Bench

WACZ = f"{NAME}.wacz"
DOSSIER = f"{NAME}.dossier.zip"
Crime = Callable[[Bench], bytes]
CRIMES: dict[str, tuple[Crime, str]] = {}


def crime(name: str, where: str) -> Callable[[Crime], Crime]:
    """Register a crime; ``where`` must be named by the verdict."""

    def add(function: Crime) -> Crime:
        CRIMES[name] = (function, where)
        return function

    return add


def packed(bench: Bench, wacz: bytes | None = None, **papers: bytes) -> bytes:
    """Return the good dossier with another WACZ or other papers, sealed up canonically."""
    parts = bench.draft.parts()
    if wacz is not None:
        parts[WACZ] = wacz
    return zipped(parts | papers)


def inside(bench: Bench, **changed: bytes) -> bytes:
    """Return the good dossier with files of its WACZ replaced, CRCs made right."""
    return packed(bench, zipped(bench.draft.inner | changed))


def resealed(bench: Bench, name: str, data: bytes) -> bytes:
    """Return a dossier sealed anew by the insider himself around a changed artefact."""
    draft = Draft(bench.world)
    draft.artefacts[name] = data
    return draft.seal().pack()


def flipped(data: bytes, at: int = -1, mask: int = 1) -> bytes:
    """Return ``data`` with one byte changed (the middle one by default)."""
    changed = bytearray(data)
    changed[len(data) // 2 if at < 0 else at] ^= mask
    return bytes(changed)


def _altered(name: str) -> Crime:
    return lambda bench: inside(bench, **{name: flipped(bench.draft.inner[name])})


def _raw(name: str) -> Crime:
    def run(bench: Bench) -> bytes:
        wacz = bench.draft.wacz
        entry = next(e for e in read_zip(io.BytesIO(wacz)) if e.name == name)
        return packed(bench, flipped(wacz, entry.data_offset + entry.size // 2))

    return run


def _dropped(name: str) -> Crime:
    return lambda bench: packed(
        bench, zipped({n: d for n, d in bench.draft.inner.items() if n != name})
    )


for _name in names.wacz_order(names.REQUIRED):
    CRIMES[f"content-altered-crc-repaired:{_name}"] = (_altered(_name), f"{WACZ}!{_name}")
    CRIMES[f"content-altered:{_name}"] = (_raw(_name), f"{WACZ}!{_name}")
    CRIMES[f"dropped:{_name}"] = (_dropped(_name), f"{WACZ}!{_name}")


def _paper(name: str) -> Crime:
    return lambda bench: packed(bench, **{name: flipped(bench.draft.parts()[name])})


for _paper_name in ("attempt.json", "attempt.tlog-proof", "outcome.json", "outcome.tlog-proof"):
    CRIMES[f"altered:{_paper_name}"] = (_paper(f"{NAME}.{_paper_name}"), f"{NAME}.{_paper_name}")
for _paper_name in ("local.tsq", "local.tsr"):
    CRIMES[f"altered:{_paper_name}"] = (_paper(f"{NAME}.{_paper_name}"), f"{NAME}.local.tsr")
for _paper_name in (names.LOG_KEY, names.VERIFY_TEXT):
    CRIMES[f"altered:{_paper_name}"] = (_paper(_paper_name), f"{DOSSIER}!{_paper_name}")


@crime("artefact-added", f"{WACZ}!evidence/extra.json")
def artefact_added(bench: Bench) -> bytes:
    return inside(bench, **{"evidence/extra.json": b"{}"})


@crime("artefact-renamed", f"{WACZ}!evidence/screen.png")
def artefact_renamed(bench: Bench) -> bytes:
    swap = {names.SCREENSHOT: "evidence/screen.png"}
    return packed(bench, zipped({swap.get(n, n): d for n, d in bench.draft.inner.items()}))


@crime("artefacts-swapped", f"{WACZ}!{names.DOM}")
def artefacts_swapped(bench: Bench) -> bytes:
    inner = bench.draft.inner
    return inside(bench, **{names.DOM: inner[names.TEXT], names.TEXT: inner[names.DOM]})


@crime("entries-reordered", f"{WACZ}!evidence/attempt.json")
def entries_reordered(bench: Bench) -> bytes:
    items = list(bench.draft.inner.items())
    items[0], items[1] = items[1], items[0]
    return packed(bench, zipped(dict(items)))


def foreign_zip(parts: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a ZIP as another tool writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name, data in parts:
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


@crime("name-twice", f"{WACZ}!{names.SCREENSHOT}")
def name_twice(bench: Bench) -> bytes:
    items = list(bench.draft.inner.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, data in items:
            target.writestr(name, data)
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target.writestr(names.SCREENSHOT, b"other")
    return packed(bench, out.getvalue())


@crime("case-twin", f"{WACZ}!evidence/Screenshot.png")
def case_twin(bench: Bench) -> bytes:
    items = [*bench.draft.inner.items(), ("evidence/Screenshot.png", b"twin")]
    return packed(bench, foreign_zip(items))


@crime("path-escape", f"{WACZ}!../evil.sh")
def path_escape(bench: Bench) -> bytes:
    return packed(bench, foreign_zip([*bench.draft.inner.items(), ("../evil.sh", b"x")]))


@crime("wacz-deflated", f"{WACZ}!{names.DOM}")
def wacz_deflated(bench: Bench) -> bytes:
    return packed(bench, foreign_zip(list(bench.draft.inner.items()), zipfile.ZIP_DEFLATED))


@crime("dossier-rezipped-deflated-after-alteration", f"{WACZ}!{names.SCREENSHOT}")
def rezipped(bench: Bench) -> bytes:
    inner = bench.draft.inner | {names.SCREENSHOT: flipped(bench.draft.inner[names.SCREENSHOT])}
    parts = bench.draft.parts() | {WACZ: zipped(inner)}
    return foreign_zip(list(parts.items()), zipfile.ZIP_DEFLATED)


@crime("dossier-rezipped-deflated", f"{DOSSIER}!{WACZ}")
def rezipped_only(bench: Bench) -> bytes:
    return foreign_zip(list(bench.draft.parts().items()), zipfile.ZIP_DEFLATED)


@crime("bytes-prepended-to-dossier", f"{DOSSIER}!end record")
def prepended(bench: Bench) -> bytes:
    return b"MZ garbage" + bench.draft.pack()


@crime("bytes-appended-to-dossier", f"{DOSSIER}!end record")
def appended(bench: Bench) -> bytes:
    return bench.draft.pack() + b"\0"


@crime("bytes-appended-to-wacz", f"{WACZ}!end record")
def appended_inside(bench: Bench) -> bytes:
    return packed(bench, bench.draft.wacz + b"more")


@crime("zip-comment", f"{WACZ}!end record")
def zip_comment(bench: Bench) -> bytes:
    return packed(bench, bench.draft.wacz[:-2] + struct.pack("<H", 3) + b"abc")


@crime("bytes-between-entries", f"{WACZ}!evidence/attempt.json")
def between(bench: Bench) -> bytes:
    wacz = bench.draft.wacz
    entries = read_zip(io.BytesIO(wacz))
    at = entries[0].end
    return packed(bench, wacz[:at] + b"hidden" + wacz[at:])


def _header(offset: int, value: bytes) -> Crime:
    def run(bench: Bench) -> bytes:
        wacz = bytearray(bench.draft.wacz)
        entry = next(e for e in read_zip(io.BytesIO(bytes(wacz))) if e.name == names.TEXT)
        at = entry.offset + offset
        wacz[at : at + len(value)] = value
        return packed(bench, bytes(wacz))

    return run


for _what, _offset, _value in (
    ("date", 12, b"\x21\x5a"),
    ("time", 10, b"\x01\x00"),
    ("version", 4, b"\x2d\x00"),
    ("encrypted-bit", 6, b"\x01\x00"),
    ("data-descriptor-bit", 6, b"\x08\x00"),
    ("method", 8, b"\x08\x00"),
    ("crc", 14, b"\0\0\0\0"),
    ("size", 22, b"\xff\xff\xff\xff"),
    ("packed-size", 18, b"\xff\xff\xff\xff"),
    ("name", 30, b"evidence/tEXT.txt"),
    ("signature", 0, b"XXXX"),
):
    CRIMES[f"local-header:{_what}"] = (_header(_offset, _value), f"{WACZ}!{names.TEXT}")


@crime("truncated-wacz", f"{WACZ}!central directory")
def truncated_inside(bench: Bench) -> bytes:
    return packed(bench, bench.draft.wacz[: -len(bench.draft.wacz) // 3])


@crime("truncated-dossier", f"{DOSSIER}!central directory")
def truncated(bench: Bench) -> bytes:
    return bench.draft.pack()[:-400]


@crime("deflate-bomb", f"{WACZ}!{names.DOM}")
def bomb(bench: Bench) -> bytes:
    inner = bench.draft.inner | {names.DOM: b"\0" * 60_000_000}
    return packed(bench, foreign_zip(list(inner.items()), zipfile.ZIP_DEFLATED))


@crime("manifest-signed-by-another-key", f"{WACZ}!{names.MANIFEST}")
def other_key(bench: Bench) -> bytes:
    draft = Draft(bench.world)
    draft.signer = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
    return draft.seal().pack()


@crime("signature-of-another-key", f"{WACZ}!{names.SIGNATURE}")
def other_signature(bench: Bench) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
    data = sign_manifest(bench.draft.inner[names.MANIFEST], key)
    return inside(bench, **{names.SIGNATURE: data})


@crime("signature-cut", f"{WACZ}!{names.SIGNATURE}")
def signature_cut(bench: Bench) -> bytes:
    return inside(bench, **{names.SIGNATURE: bench.draft.inner[names.SIGNATURE][:63]})


@crime("enclosed-signer-replaced", names.SIGNER_KEY)
def enclosed_signer(bench: Bench) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return packed(bench, **{names.SIGNER_KEY: pem})


def _json(name: str, change: Callable[[bytes], bytes]) -> Crime:
    return lambda bench: resealed(bench, name, change(Draft(bench.world).artefacts[name]))


for _what, _change in (
    ("non-canonical", lambda data: data.replace(b":", b": ", 1)),
    ("duplicate-key", lambda data: data[:-1] + b',"title":"x"}'),
    ("byte-order-mark", lambda data: b"\xef\xbb\xbf" + data),
    ("float", lambda data: data[:-1] + b',"z":1.0}'),
    ("not-an-object", lambda _: b"[]"),
    ("nan", lambda _: b'{"a":NaN}'),
    ("deep", lambda _: b"[" * 100_000),
    ("lone-surrogate", lambda _: b'{"a":"\\ud800"}'),
    ("huge-number", lambda _: b"1" * 10_000),
):
    CRIMES[f"json-{_what}"] = (_json(names.CAPTURE, _change), f"{WACZ}!{names.CAPTURE}")
for _what, _artefact, _data in (
    ("png-not-one", names.SCREENSHOT, b"GIF89a"),
    ("pdf-not-one", names.PDF, b"<html>"),
    ("pdf-trailing", names.PDF, b"%PDF-1.7\n%%EOF\n" + b"x" * 99),
    ("dom-not-utf8", names.DOM, b"\xff\xfe"),
    ("pages-header", names.PAGES, b'{"format":"other"}\n'),
    ("index-not-cdxj", names.INDEX, b"hello\n"),
    ("index-unsorted", names.INDEX, b"b 20260102030405 {}\na 20260102030405 {}\n"),
    ("warc-empty", names.ARCHIVE, b""),
    ("warc-not-gzip", names.ARCHIVE, b"WARC/1.1\r\n\r\n"),
):
    CRIMES[_what] = (
        lambda bench, n=_artefact, d=_data: resealed(bench, n, d),
        f"{WACZ}!{_artefact}",
    )


def _png(change: Callable[[bytes], bytes]) -> Crime:
    return _json(names.SCREENSHOT, change)


CRIMES["png-trailing"] = (_png(lambda data: data + b"hidden"), f"{WACZ}!{names.SCREENSHOT}")
CRIMES["png-chunk"] = (_png(flipped), f"{WACZ}!{names.SCREENSHOT}")
CRIMES["png-cut"] = (_png(lambda data: data[:-12]), f"{WACZ}!{names.SCREENSHOT}")


def _warc(*records: bytes, index: bytes | None = None) -> Crime:
    """A WARC sealed by the insider, with an index that fits the second record."""

    def run(bench: Bench) -> bytes:
        draft = Draft(bench.world)
        draft.artefacts[names.ARCHIVE] = b"".join(records)
        fitting = print_index([index_line(len(records[0]), len(records[1]))])
        draft.artefacts[names.INDEX] = fitting if index is None else index
        return draft.seal().pack()

    return run


_INFO = warcinfo()
_GOOD = warc_record("response", response_headers(), HTTP + BODY)
_LYING = response_headers() | {"WARC-Block-Digest": "sha256:" + "0" * 64}
_SECOND = warc_record("resource", response_headers(5), HTTP + BODY)
_TWO = zlib.decompress(_GOOD, 31)
_PACKER = zlib.compressobj(6, zlib.DEFLATED, 31)
_BOTH = _PACKER.compress(_TWO + _TWO) + _PACKER.flush()
for _what, _crime in {
    "warc-lying-block-digest": _warc(
        _INFO, warc_record("response", _LYING, HTTP + BODY, digest=False)
    ),
    "warc-lying-payload-digest": _warc(
        _INFO, warc_record("response", response_headers(1, b"other"), HTTP + BODY)
    ),
    "warc-no-digest": _warc(
        _INFO, warc_record("response", response_headers(), HTTP + BODY, digest=False)
    ),
    "warc-no-payload-digest": _warc(
        _INFO,
        warc_record(
            "response",
            {k: v for k, v in response_headers().items() if "Payload" not in k},
            HTTP + BODY,
        ),
    ),
    "warc-unindexed-record": _warc(_INFO, _GOOD, _SECOND),
    "warc-missing-record": _warc(_INFO, _GOOD, index=print_index([index_line(999_999, 5)])),
    "warc-trailing-bytes": _warc(_INFO, _GOOD, b"tail"),
    "warc-trailing-member": _warc(_INFO, _GOOD, _SECOND[: len(_SECOND) // 2]),
    "warc-two-records-in-one-member": _warc(_INFO, _BOTH),
    "warc-no-warcinfo-first": _warc(_GOOD, _GOOD),
    "warc-record-id-twice": _warc(_INFO, _GOOD, _GOOD),
    "warc-unknown-type": _warc(_INFO, warc_record("revisit", response_headers(), HTTP + BODY)),
}.items():
    CRIMES[_what] = (_crime, f"{WACZ}!{names.ARCHIVE}")


@crime("token-of-another-digest", f"{NAME}.local.tsr")
def token_of_another(bench: Bench) -> bytes:
    request, response = bench.world.tsa.stamp(b"something else")
    return packed(bench, **{f"{NAME}.local.tsq": request, f"{NAME}.local.tsr": response})


@crime("token-of-a-foreign-authority-of-the-same-name", f"{NAME}.local.tsr")
def foreign_authority(bench: Bench) -> bytes:
    request, response = bench.foreign.stamp(bench.draft.inner[names.MANIFEST])
    return packed(bench, **{f"{NAME}.local.tsq": request, f"{NAME}.local.tsr": response})


@crime("token-not-of-its-request", f"{NAME}.local.tsr")
def other_nonce(bench: Bench) -> bytes:
    request, _ = bench.world.tsa.stamp(bench.draft.inner[names.MANIFEST])
    return packed(bench, **{f"{NAME}.local.tsq": request})


@crime("token-with-trailing-bytes", f"{NAME}.local.tsr")
def token_trailing(bench: Bench) -> bytes:
    name = f"{NAME}.local.tsr"
    return packed(bench, **{name: bench.draft.papers[name] + b"\0"})


@crime("token-is-html", f"{NAME}.local.tsr")
def token_html(bench: Bench) -> bytes:
    return packed(bench, **{f"{NAME}.local.tsr": b"<html>no</html>"})


@crime("token-missing", f"{DOSSIER}!authorities/local.pem")
def token_missing(bench: Bench) -> bytes:
    parts = bench.draft.parts()
    del parts[f"{NAME}.local.tsr"]
    return zipped(parts)


def _proof(change: Callable[[TlogProof], TlogProof], paper: str = "outcome") -> Crime:
    def run(bench: Bench) -> bytes:
        name = f"{NAME}.{paper}.tlog-proof"
        proof = TlogProof.parse(bench.draft.papers[name])
        return packed(bench, **{name: change(proof).to_bytes()})

    return run


def _forged(proof: TlogProof) -> TlogProof:
    """Another tree, signed with a key of the forger's own under the log's name."""
    head = Checkpoint.parse(SignedNote.parse(proof.checkpoint).text)
    key = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
    return replace(proof, checkpoint=sign_note(head.text(), head.origin, key).to_bytes())


def _regrown(proof: TlogProof) -> TlogProof:
    note = SignedNote.parse(proof.checkpoint)
    head = Checkpoint.parse(note.text)
    return replace(proof, checkpoint=replace(note, text=replace(head, size=99).text()).to_bytes())


for _what, _edit in {
    "proof-index": lambda p: replace(p, index=p.index - 1),
    "proof-hash-dropped": lambda p: replace(p, hashes=p.hashes[:-1]),
    "proof-hash-added": lambda p: replace(p, hashes=(*p.hashes, b"\0" * 32)),
    "proof-hash-changed": lambda p: replace(p, hashes=(b"\0" * 32, *p.hashes[1:])),
    "proof-extra-data": lambda p: replace(p, extra=b"x"),
    "checkpoint-signed-by-another-key": _forged,
    "checkpoint-size-edited": _regrown,
}.items():
    CRIMES[_what] = (_proof(_edit), f"{NAME}.outcome.tlog-proof")


@crime("attempt-of-another-capture", f"{NAME}.attempt.json")
def other_attempt(bench: Bench) -> bytes:
    draft = Draft(bench.world)
    draft.seal()
    papers = {k: v for k, v in draft.papers.items() if ".attempt." in k}
    return packed(bench, **papers)


@crime("outcome-of-another-capture", WACZ)
def other_outcome(bench: Bench) -> bytes:
    draft = Draft(bench.world)
    draft.artefacts[names.TEXT] = b"other"
    draft.seal()
    return packed(bench, **{k: v for k, v in draft.papers.items() if ".outcome." in k})


@crime("wacz-of-another-capture", WACZ)
def other_wacz(bench: Bench) -> bytes:
    draft = Draft(bench.world)
    draft.artefacts[names.TEXT] = b"other"
    return packed(bench, draft.seal().wacz)


@crime("outcome-entry-edited", f"{NAME}.outcome.json")
def outcome_edited(bench: Bench) -> bytes:
    name = f"{NAME}.outcome.json"
    entry = parse_entry(bench.draft.papers[name])
    if not isinstance(entry, Sealed):
        raise TypeError
    return packed(bench, **{name: replace(entry, number=2).to_bytes()})


@crime("attempt-record-with-another-url", f"{WACZ}!{names.ATTEMPT}")
def other_url(bench: Bench) -> bytes:
    record = jcs.loads(bench.draft.artefacts[names.ATTEMPT], "attempt")
    return resealed(bench, names.ATTEMPT, jcs.dumps(record | {"url": "https://other.example/"}))


@crime("attempt-record-with-another-case", f"{WACZ}!{names.ATTEMPT}")
def other_case(bench: Bench) -> bytes:
    record = jcs.loads(bench.draft.artefacts[names.ATTEMPT], "attempt")
    return resealed(bench, names.ATTEMPT, jcs.dumps(record | {"case": "案件-2"}))


@crime("capture-before-its-attempt", f"{WACZ}!{names.MANIFEST}")
def backdated(bench: Bench) -> bytes:
    draft = Draft(bench.world)
    draft.started = draft.now - timedelta(days=1)
    return draft.seal().pack()


@crime("outcome-before-the-token", f"{WACZ}!{names.MANIFEST}")
def outcome_early(bench: Bench) -> bytes:
    draft = Draft(bench.world)
    draft.outcome_time = draft.now - timedelta(hours=1)
    return draft.seal().pack()


@crime("capture-dated-after-the-token", f"{WACZ}!{names.MANIFEST}")
def postdated(bench: Bench) -> bytes:
    draft = Draft(bench.world)
    draft.now += timedelta(hours=1)
    return draft.seal().pack()
