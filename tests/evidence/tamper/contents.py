"""Crimes of an insider who has every key: what he seals is signed, stamped and logged rightly.

Only the strict readers of each kind of file stand against him.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from evidence.format import jcs, names
from evidence.format.cdxj import print_index
from tests.evidence.builder import (
    BODY,
    HTTP,
    Draft,
    index_line,
    png,
    response_headers,
    warc_record,
    warcinfo,
)
from tests.evidence.tamper.files import at
from tests.evidence.tamper.good import Good, flipped
from tests.evidence.tamper.table import Make, Says, row

Edit = Callable[[dict[str, bytes]], None]


def sealed(edit: Edit, *, rich: bool = False, **how: object) -> Make:
    """Return a maker of the dossier that the insider seals around changed artefacts."""

    def make(good: Good) -> bytes:
        draft: Draft = good.begin_rich() if rich else good.begin()
        for name, value in how.items():
            setattr(draft, name, value)
        edit(draft.artefacts)
        return draft.seal().pack()

    return make


def put(name: str, data: bytes, *, rich: bool = False, **how: object) -> Make:
    """Return a maker of the insider's dossier with one file replaced or added."""
    return sealed(lambda files: files.__setitem__(name, data), rich=rich, **how)


def changed(name: str, change: Callable[[bytes], bytes], *, rich: bool = False) -> Make:
    """Return a maker of the insider's dossier with one file changed."""
    return sealed(lambda files: files.__setitem__(name, change(files[name])), rich=rich)


CANONICAL = ("not in its canonical form", "不是规范形式")
NO_JSON = ("is not JSON", "不是 JSON")


def _json(what: str, en: str, zh: str, says: Says, change: Callable[[bytes], bytes]) -> None:
    row(
        f"json:{what}", f"The record of the capture {en}", f"取证记录{zh}",
        "package", at(names.CAPTURE), says, changed(names.CAPTURE, change),
    )  # fmt: skip


_json("white-space", "has white space", "含多余空白", CANONICAL,
      lambda data: data.replace(b":", b": ", 1))  # fmt: skip
_json("duplicate-key", "has a key twice", "有重复的键",
      ("occurs twice", "出现两次"), lambda data: data[:-1] + b',"title":"x"}')  # fmt: skip
_json("byte-order-mark", "begins with a byte order mark", "以字节顺序标记开头",
      NO_JSON, lambda data: b"\xef\xbb\xbf" + data)  # fmt: skip
_json("float", "has a number with a fraction of zero", "含小数写法的整数",
      CANONICAL, lambda data: data[:-1] + b',"z":1.0}')  # fmt: skip
_json("exponent", "has a number with an exponent", "含指数写法的数",
      CANONICAL, lambda data: data[:-1] + b',"z":1e2}')  # fmt: skip
_json("minus-zero", "has a minus zero", "含负零", CANONICAL,
      lambda data: data[:-1] + b',"z":-0}')  # fmt: skip
_json("unsorted", "has its keys unsorted", "键未排序", CANONICAL,
      lambda _: b'{"b":1,"a":2}')  # fmt: skip
_json("escaped", "has an escape that is not needed", "有不必要的转义", CANONICAL,
      lambda _: b'{"a":"\\u0041"}')  # fmt: skip
_json("trailing", "is followed by a newline", "末尾多一个换行", CANONICAL,
      lambda data: data + b"\n")  # fmt: skip
_json("two-values", "is followed by another value", "后面另有一个值", NO_JSON,
      lambda data: data + b"{}")  # fmt: skip
_json("not-an-object", "is a list", "是列表而非对象", ("is not an object", "不是对象"),
      lambda _: b"[]")  # fmt: skip
_json("nan", "has NaN", "含 NaN", ("NaN is not JSON", "NaN 不是 JSON"),
      lambda _: b'{"a":NaN}')  # fmt: skip
_json("deep", "is nested 100,000 deep", "嵌套十万层", NO_JSON, lambda _: b"[" * 100_000)
_json("lone-surrogate", "has half a character", "含半个字符", ("no canonical JSON form", "规范 JSON"),
      lambda _: b'{"a":"\\ud800"}')  # fmt: skip
_json("not-utf8", "is not UTF-8", "不是 UTF-8", NO_JSON, lambda _: b'{"a":"\xff"}')
_json("huge-number", "has a number of 10,000 digits", "含一万位的数", NO_JSON,
      lambda _: b"1" * 10_000)  # fmt: skip


def _manifest(change: Callable[[dict[str, object]], dict[str, object]]) -> Make:
    """The insider's package whose manifest itself is not one."""

    def make(good: Good) -> bytes:
        draft = good.begin()
        draft.seal()
        value = change(jcs.loads(draft.inner[names.MANIFEST], "manifest"))
        return resigned(good, draft, jcs.dumps(value))

    return make


def resigned(good: Good, draft: Draft, manifest: bytes) -> bytes:
    """Return a sealed draft's dossier around another manifest, with everything made to fit."""
    from evidence.format.datapackage import build_datapackage_digest
    from tests.evidence.builder import zipped

    draft.inner[names.MANIFEST] = manifest
    draft.inner[names.SIGNATURE] = good.world.signer.sign(manifest)
    draft.inner[names.DATAPACKAGE_DIGEST] = build_datapackage_digest(draft.inner[names.DATAPACKAGE])
    draft.wacz = zipped(draft.inner)
    request, response = good.authority.stamp(manifest)
    draft.papers["exhibit.local.tsq"] = request
    draft.papers["exhibit.local.tsr"] = response
    return draft.pack()


for _what, _zh, _en, _says, _edit in (
    ("unknown-field", "清单有未知字段", "The manifest has an unknown field",
     ("has the unknown field", "有未知字段"), lambda m: m | {"note": "x"}),
    ("missing-field", "清单缺少字段", "The manifest lacks a field",
     ("lacks the field", "缺少字段"), lambda m: {k: v for k, v in m.items() if k != "url"}),
    ("unlisted-file", "清单漏列一个文件", "The manifest leaves a file out",
     ("does not list", "没有列出"), lambda m: m | {"artefacts": m["artefacts"][:-1]}),
    ("listed-twice", "清单重复列出一个文件", "The manifest lists a file twice",
     ("once, sorted by name", "各列一次"),
     lambda m: m | {"artefacts": [m["artefacts"][0], *m["artefacts"]]}),
    ("algorithm", "清单写另一签名算法", "The manifest names another signature algorithm",
     ("the algorithm is not Ed25519", "签名算法不是"),
     lambda m: m | {"signer": m["signer"] | {"algorithm": "RSA"}}),
    ("format", "清单写未知格式", "The manifest is of an unknown format",
     ("format or fidelity is unknown", "格式或保真度未知"), lambda m: m | {"format": "other/1"}),
    ("upper-case", "清单中摘要用大写", "A digest in the manifest is in upper case",
     ("lower-case hex digits", "小写十六进制"), lambda m: m | {"capture_id": "A" * 32}),
    ("local-time", "清单中时间带时区", "A time in the manifest has another zone",
     ("is not a UTC time", "不是形如"),
     lambda m: m | {"captured": m["captured"] | {"started": "2026-01-02T11:04:01.000000+08:00"}}),
    ("negative-size", "清单中大小为负", "A size in the manifest is negative",
     ("size", "size"), lambda m: m | {
         "artefacts": [m["artefacts"][0] | {"size": -1}, *m["artefacts"][1:]]}),
):  # fmt: skip
    row(f"manifest:{_what}", _en, _zh, "manifest", at(names.MANIFEST), _says, _manifest(_edit))
for _what, _zh, _en, _artefact, _data, _says in (
    ("png:not-one", "截图不是 PNG", "The screenshot is no PNG", names.SCREENSHOT, b"GIF89a",
     ("not a PNG", "不是 PNG")),
    ("png:trailing", "截图末尾另有字节", "Bytes follow the end of the screenshot",
     names.SCREENSHOT, png() + b"hidden", ("cut off", "不完整")),
    ("png:chunk-after-end", "截图结尾后另有数据块", "A chunk follows the end of the screenshot",
     names.SCREENSHOT, png() + png()[-12:], ("after its end", "结尾之后")),
    ("png:chunk-crc", "截图数据块校验和不对", "A chunk of the screenshot has a wrong checksum",
     names.SCREENSHOT, flipped(png(), 45), ("checksum is wrong", "校验和不对")),
    ("png:two-heads", "截图有两个 IHDR", "The screenshot has two heads", names.SCREENSHOT,
     png()[:33] + png()[8:], ("IHDR twice", "两个 IHDR")),
    ("png:no-data", "截图没有图像数据", "The screenshot has no picture data", names.SCREENSHOT,
     png()[:33] + png()[-12:], ("no picture data", "没有图像数据")),
    ("png:cut", "截图不完整", "The screenshot has no end", names.SCREENSHOT, png()[:-12],
     ("no end", "没有结尾")),
    ("pdf:not-one", "PDF 不是 PDF", "The PDF is none", names.PDF, b"<html>",
     ("not a PDF", "不是 PDF")),
    ("pdf:trailing", "PDF 末尾另有字节", "Bytes follow the end of the PDF", names.PDF,
     b"%PDF-1.7\n%%EOF\n" + b"x" * 99, ("or bytes after it", "其后另有字节")),
    ("text:not-utf8", "网页不是 UTF-8", "The page is not UTF-8", names.DOM, b"\xff\xfe",
     ("is not UTF-8", "不是 UTF-8")),
    ("pages:header", "页面表没有表头", "The page list has another head", names.PAGES,
     b'{"format":"other"}\n', ("pages/pages.jsonl", "pages/pages.jsonl")),
    ("index:not-cdxj", "索引不是 CDXJ", "The index is no CDXJ", names.INDEX, b"hello\n",
     ("is not CDXJ", "不是 CDXJ")),
    ("index:unsorted", "索引未排序", "The index is not sorted", names.INDEX,
     b"b 20260102030405 {}\na 20260102030405 {}\n", ("indexes/index.cdx", "indexes/index.cdx")),
    ("warc:empty", "WARC 为空", "The WARC is empty", names.ARCHIVE, b"", ("is empty", "为空")),
    ("warc:not-gzip", "WARC 未按记录压缩", "The WARC is not in gzip members", names.ARCHIVE,
     b"WARC/1.1\r\n\r\n", ("gzip", "gzip")),
):  # fmt: skip
    row(_what, _en, _zh, "package", at(_artefact), _says, put(_artefact, _data))


def _warc(*records: bytes, index: bytes | None = None) -> Make:
    """A WARC of the insider, with an index that fits its second record."""

    def edit(files: dict[str, bytes]) -> None:
        files[names.ARCHIVE] = b"".join(records)
        fitting = print_index([index_line(len(records[0]), len(records[1]))])
        files[names.INDEX] = fitting if index is None else index

    return sealed(edit)


def gzipped(*pieces: bytes) -> bytes:
    """Return one gzip member."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(b"".join(pieces)) + packer.flush()


_INFO = warcinfo()
_GOOD = warc_record("response", response_headers(), HTTP + BODY)
_RAW = zlib.decompress(_GOOD, 31)
_LYING = response_headers() | {"WARC-Block-Digest": "sha256:" + "0" * 64}
_SECOND = warc_record("resource", response_headers(5), HTTP + BODY)
_NO_PAYLOAD = {k: v for k, v in response_headers().items() if "Payload" not in k}
_FOREIGN = gzipped(b"\0" * 30_000_000)
_WITH_FIELD = bytearray(_GOOD)
_WITH_FIELD[3] |= 8
for _what, _zh, _en, _says, _make in (
    ("lying-block-digest", "记录摘要不实", "A record lies about its block's digest",
     ("its block digest is not that", "内容摘要与内容不符"),
     _warc(_INFO, warc_record("response", _LYING, HTTP + BODY, digest=False))),
    ("lying-payload-digest", "载荷摘要不实", "A record lies about its payload's digest",
     ("its payload digest is not that", "载荷摘要与内容不符"),
     _warc(_INFO, warc_record("response", response_headers(1, b"other"), HTTP + BODY))),
    ("no-digest", "记录没有摘要", "A record has no digest",
     ("it has no block digest", "没有内容摘要"),
     _warc(_INFO, warc_record("response", response_headers(), HTTP + BODY, digest=False))),
    ("no-payload-digest", "响应没有载荷摘要", "A response has no payload digest",
     ("has no payload digest", "没有载荷摘要"),
     _warc(_INFO, warc_record("response", _NO_PAYLOAD, HTTP + BODY))),
    ("unknown-digest", "摘要算法未知", "A digest is of an unknown algorithm",
     ("of an unknown form", "形式未知"),
     _warc(_INFO, warc_record("response", response_headers() | {
         "WARC-Payload-Digest": "md5:" + "0" * 32}, HTTP + BODY))),
    ("unindexed-record", "有记录未编入索引", "A record is not in the index",
     ("the index does not list it", "索引中没有列出"), _warc(_INFO, _GOOD, _SECOND)),
    ("missing-record", "索引所列记录缺失", "A record that the index lists is missing",
     ("the index does not list it", "索引中没有列出"),
     _warc(_INFO, _GOOD, index=print_index([index_line(999_999, 5)]))),
    ("record-taken-out", "抽去响应记录", "The response is taken out of the WARC",
     ("is not there", "并不存在"),
     _warc(_INFO, b"", index=print_index([index_line(len(_INFO), len(_GOOD))]))),
    ("index-other-address", "索引所写网址不同", "The index names another address",
     ("the index says otherwise", "与索引所述不符"),
     _warc(_INFO, _GOOD, index=print_index([index_line(len(_INFO), len(_GOOD), "ab" * 32)]))),
    ("trailing-bytes", "WARC 末尾另有字节", "Bytes follow the last record", ("gzip", "gzip"),
     _warc(_INFO, _GOOD, b"tail")),
    ("trailing-member", "WARC 末尾另有半个成员", "Half a member follows the last record",
     ("cut off", "不完整"), _warc(_INFO, _GOOD, _SECOND[: len(_SECOND) // 2])),
    ("empty-member", "WARC 末尾另有空成员", "An empty member follows the last record",
     ("has no end", "没有结尾"), _warc(_INFO, _GOOD, gzipped(b""))),
    ("two-in-one-member", "一个成员含两条记录", "One member has two records",
     ("end with its gzip member", "一同结束"), _warc(_INFO, gzipped(_RAW + _RAW))),
    ("more-in-member", "成员内记录之后另有字节", "Bytes follow a record inside its member",
     ("end with its gzip member", "一同结束"), _warc(_INFO, gzipped(_RAW, b"\r\n"))),
    ("gzip-name", "gzip 头中藏有字节", "Bytes are hidden in the head of a gzip member",
     ("holds more than it needs", "含多余内容"),
     _warc(_INFO, bytes(_WITH_FIELD[:10]) + b"hidden\0" + bytes(_WITH_FIELD[10:]))),
    ("no-warcinfo", "首条不是 warcinfo", "The first record is no warcinfo",
     ("is out of place", "记录类型不当"), _warc(_GOOD, _GOOD)),
    ("two-warcinfo", "有两条 warcinfo", "There are two warcinfo records",
     ("is out of place", "记录类型不当"), _warc(_INFO, _GOOD, _INFO)),
    ("record-id-twice", "记录编号重复", "A record id occurs twice",
     ("its record id occurs twice", "记录编号重复"), _warc(_INFO, _GOOD, _GOOD)),
    ("header-twice", "头字段重复", "A header occurs twice", ("occurs twice", "出现两次"),
     _warc(_INFO, gzipped(_RAW.replace(b"WARC-Date", b"WARC-Date: x\r\nWARC-Date", 1)))),
    ("bare-newline", "头部行尾不规范", "A header line ends without CR",
     ("header line is malformed", "有一行格式不对"),
     _warc(_INFO, gzipped(_RAW.replace(b"\r\nWARC-Date", b"\nWARC-Date", 1)))),
    ("date", "记录日期不是时间", "A record's date is no time",
     ("date is not a UTC time", "日期不是世界协调时间"),
     _warc(_INFO, warc_record("response", response_headers() | {
         "WARC-Date": "2026-01-02 03:04:05"}, HTTP + BODY))),
    ("length-short", "记录长度偏小", "A record states too small a length",
     ("digest is not that", "与内容不符"),
     _warc(_INFO, gzipped(_RAW.replace(b"Content-Length: 4", b"Content-Length: 3", 1)))),
    ("length-negative", "记录长度为负", "A record states a negative length",
     ("length is not a number", "长度不是数字"),
     _warc(_INFO, gzipped(_RAW.replace(b"Content-Length: ", b"Content-Length: -", 1)))),
    ("other-version", "WARC 版本不同", "A record is of another version",
     ("not a WARC/1.1 record", "不是 WARC/1.1"),
     _warc(_INFO, gzipped(_RAW.replace(b"WARC/1.1", b"WARC/1.0", 1)))),
    ("unknown-type", "记录类型未知", "A record is a revisit",
     ("is out of place", "记录类型不当"),
     _warc(_INFO, warc_record("revisit", response_headers(), HTTP + BODY))),
    ("bomb", "WARC 解压炸弹", "A record unpacks to very much (a bomb)",
     ("no end", "没有结尾"), _warc(_INFO, _FOREIGN)),
):  # fmt: skip
    row(f"warc:{_what}", _en, _zh, "package", at(names.ARCHIVE), _says, _make)

_HUGE = b"IHDR" + struct.pack(">IIBBBBB", 1 << 24, 1, 8, 2, 0, 0, 0)
BIG = png()[:8] + struct.pack(">I", 13) + _HUGE + struct.pack(">I", zlib.crc32(_HUGE)) + png()[33:]
row(
    "png:oversized", "The screenshot claims to be very wide", "截图自称极宽",
    "package", at(names.SCREENSHOT), ("size is out of bounds", "尺寸超出范围"),
    put(names.SCREENSHOT, BIG),
)  # fmt: skip
