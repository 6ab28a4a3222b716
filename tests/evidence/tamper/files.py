"""Crimes on the files of a package: a byte, a file dropped, added, swapped, renamed.

Each is done three ways where that means something: with every digest left as it was, by a thief
who writes and signs a new manifest, and (in ``contents``) by an insider with every key.
"""

from __future__ import annotations

import io

from evidence.format import names
from evidence.format.zipform import read_zip
from tests.evidence.builder import Draft, png, zipped
from tests.evidence.tamper.good import THIEF, WACZ, Good, flipped, inside, packed, stolen
from tests.evidence.tamper.table import Make, row

LISTED = ("is not the file that the manifest lists", "与清单所列不符")
CHECKSUM = ("does not match its checksum", "校验和不符")
LACKS = (f"{WACZ} lacks", f"{WACZ} 缺少")
STRANGE = ("which does not belong in it", "不应有的")
SIGNER = ("names another signer", "另一")
UNSIGNED = ("is not by the trusted signer's key", "不是由可信签名密钥作出的")
MOMENTS = (names.moment_name(1), names.moment_name(2))
STRIPS = (names.strip_name(1), names.strip_name(2))
OPTIONAL = (*names.OPTIONAL, *MOMENTS, *STRIPS)


def at(name: str) -> str:
    """Return the place of an entry of the package."""
    return f"{WACZ}!{name}"


def _raw(name: str) -> Make:
    def make(good: Good) -> bytes:
        wacz = good.draft.wacz
        entry = next(e for e in read_zip(io.BytesIO(wacz)) if e.name == name)
        return packed(good, flipped(wacz, entry.data_offset + entry.size // 2))

    return make


def _byte(name: str, draft: str = "draft") -> Make:
    def make(good: Good) -> bytes:
        base: Draft = getattr(good, draft)
        return inside(good, {name: flipped(base.inner[name])}, base)

    return make


def _dropped(name: str, draft: str = "draft") -> Make:
    def make(good: Good) -> bytes:
        base: Draft = getattr(good, draft)
        inner = {n: d for n, d in base.inner.items() if n != name}
        return zipped(base.parts() | {WACZ: zipped(inner)})

    return make


def _thief(name: str, data: bytes | None, draft: str = "draft") -> Make:
    """The thief's package around one file changed (None: by one byte)."""

    def make(good: Good) -> bytes:
        base: Draft = getattr(good, draft)
        new = good.begin() if draft == "draft" else good.begin_rich()
        new.artefacts = dict(base.artefacts)
        new.artefacts[name] = flipped(base.artefacts[name]) if data is None else data
        return stolen(good, new, base)

    return make


_SAME = {
    names.ARCHIVE: None,
    names.DOM: b"<html>another page</html>",
    names.TEXT: "另一段文字\n".encode(),
    names.SCREENSHOT: png(4, 3)[:-12] + png(4, 3)[-12:],
    names.PDF: b"%PDF-1.4\n%%EOF\n",
    names.CAPTURE: b'{"title":"x"}',
    names.ENVIRONMENT: b'{"browser":"other"}',
}
"""Whole files of the right kind with other content, for the thief."""

for _name in names.REQUIRED:
    row(
        f"byte:{_name}",
        f"A byte of {_name} is changed, its checksum in the ZIP made right",
        f"改动 {_name} 的一个字节，并修正 ZIP 校验和",
        "manifest", at(_name), LISTED, _byte(_name), shell=True,
    )  # fmt: skip
    row(
        f"byte-raw:{_name}",
        f"A byte of {_name} is changed in place, nothing else",
        f"直接改动 {_name} 的一个字节，其余不动",
        "package", at(_name), CHECKSUM, _raw(_name), shell=True,
    )  # fmt: skip
    row(
        f"dropped:{_name}",
        f"{_name} is taken out",
        f"抽去 {_name}",
        "package", at(_name), LACKS, _dropped(_name), shell=True,
    )  # fmt: skip
    row(
        f"thief:{_name}",
        f"{_name} is replaced, and a thief writes and signs a new manifest with his own key",
        f"替换 {_name}，窃密者另写清单并以自己的密钥签名",
        "signature", at(names.SIGNATURE), UNSIGNED, _thief(_name, _SAME.get(_name)), shell=True,
    )  # fmt: skip
for _name in OPTIONAL:
    row(
        f"byte:{_name}",
        f"A byte of {_name} is changed, its checksum in the ZIP made right",
        f"改动 {_name} 的一个字节，并修正 ZIP 校验和",
        "manifest", at(_name), LISTED, _byte(_name, "rich"), shell=True,
    )  # fmt: skip
    row(
        f"dropped:{_name}",
        f"{_name} is taken out",
        f"抽去 {_name}",
        "package", at(_name), LACKS, _dropped(_name, "rich"), shell=True,
    )  # fmt: skip
    row(
        f"added:{_name}",
        f"{_name} of another package is put in",
        f"放入另一封装的 {_name}",
        "package", at(_name), STRANGE,
        lambda good, n=_name: packed(
            good, zipped(dict(sorted((good.draft.inner | {n: good.rich.inner[n]}).items())))
        ),
    )  # fmt: skip

row(
    "byte:manifest", "A byte of the manifest is changed", "改动清单的一个字节",
    "signature", at(names.SIGNATURE), UNSIGNED,
    lambda good: inside(good, {names.MANIFEST: good.draft.inner[names.MANIFEST].replace(
        b"markseal test", b"markseal Test")}), shell=True,
)  # fmt: skip
row(
    "byte:signature", "A byte of the manifest's signature is changed", "改动清单签名的一个字节",
    "signature", at(names.SIGNATURE), UNSIGNED, _byte(names.SIGNATURE), shell=True,
)  # fmt: skip
row(
    "byte:datapackage", "A byte of datapackage.json is changed", "改动 datapackage.json 的一个字节",
    "package", at(names.DATAPACKAGE), ("does not describe this", "不相符"),
    _byte(names.DATAPACKAGE), shell=True,
)  # fmt: skip
row(
    "byte:datapackage-digest",
    "A byte of datapackage-digest.json is changed", "改动 datapackage-digest.json 的一个字节",
    "package", at(names.DATAPACKAGE_DIGEST), ("do not agree", "不一致"),
    _byte(names.DATAPACKAGE_DIGEST), shell=True,
)  # fmt: skip
for _name in names.CLOSING:
    row(
        f"dropped:{_name}", f"{_name} is taken out", f"抽去 {_name}",
        "package", at(_name), LACKS, _dropped(_name), shell=True,
    )  # fmt: skip
row(
    "signature-of-another-key",
    "The manifest's signature is replaced by one of another key", "清单签名换成另一密钥所签",
    "signature", at(names.SIGNATURE), UNSIGNED,
    lambda good: inside(good, {names.SIGNATURE: THIEF.sign(good.draft.inner[names.MANIFEST])}),
    shell=True,
)  # fmt: skip
row(
    "signature-cut", "The manifest's signature is a byte too short", "清单签名少一个字节",
    "signature", at(names.SIGNATURE), ("is not 64 bytes", "不是 64 字节"),
    lambda good: inside(good, {names.SIGNATURE: good.draft.inner[names.SIGNATURE][:63]}),
    shell=True,
)  # fmt: skip
row(
    "signature-malleated",
    "The signature is made another of the same value (S plus the group's order)",
    "签名改写为等值的另一形式（S 加上群的阶）",
    "signature", at(names.SIGNATURE), UNSIGNED,
    lambda good: inside(good, {names.SIGNATURE: _malleated(good.draft.inner[names.SIGNATURE])}),
    shell=True,
)  # fmt: skip
_ORDER = 2**252 + 27742317777372353535851937790883648493


def _malleated(signature: bytes) -> bytes:
    """RFC 8032 section 5.1.7 refuses S beyond the group's order."""
    value = int.from_bytes(signature[32:], "little") + _ORDER
    return signature[:32] + value.to_bytes(32, "little")


row(
    "added-file", "A file of an unknown name is put in", "放入一个名称未知的文件",
    "package", at("evidence/extra.json"), STRANGE,
    lambda good: inside(good, {"evidence/extra.json": b"{}"}),
)  # fmt: skip
row(
    "renamed", "The screenshot is given another name", "将截图改名",
    "package", at("evidence/screen.png"), STRANGE,
    lambda good: packed(good, zipped(
        {("evidence/screen.png" if n == names.SCREENSHOT else n): d
         for n, d in good.draft.inner.items()})), shell=True,
)  # fmt: skip


def _swapped(one: str, other: str, draft: str = "draft") -> Make:
    def make(good: Good) -> bytes:
        base: Draft = getattr(good, draft)
        return inside(good, {one: base.inner[other], other: base.inner[one]}, base)

    return make


row(
    "swapped", "Page and text change places", "网页与文字互换",
    "manifest", at(names.DOM), LISTED, _swapped(names.DOM, names.TEXT), shell=True,
)  # fmt: skip
row(
    "swapped-strips", "Two strips of the picture change places", "两张分段图片互换",
    "manifest", at(STRIPS[0]), LISTED, _swapped(*STRIPS, draft="rich"), shell=True,
)  # fmt: skip
row(
    "swapped-moments", "A marked moment is another page's picture", "标记时刻换成别的图片",
    "manifest", at(MOMENTS[0]), LISTED,
    _swapped(MOMENTS[0], names.LICENCE_PICTURE, draft="rich"), shell=True,
)  # fmt: skip
