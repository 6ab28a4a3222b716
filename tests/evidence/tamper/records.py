"""Crimes of the insider on the optional files: film, MHTML, certificates, replay, review, sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evidence.format import jcs, names
from tests.evidence.builder import Draft, png
from tests.evidence.rich import (
    ATTENDED,
    CAPTURE,
    MHTML,
    REVIEW,
    certificates,
    element,
    put_archive,
    replay,
    webm,
)
from tests.evidence.tamper.contents import BIG, CANONICAL, put, sealed
from tests.evidence.tamper.files import MOMENTS, STRIPS, at
from tests.evidence.tamper.good import THIEF, Good
from tests.evidence.tamper.table import Make, Says, row

UNKNOWN = ("is not in the known set", "不在已知文件之列")
INCOMPLETE = ("is there without", "而无")
NOT_LISTED = ("does not list", "没有列出")


def _set(what: str, en: str, zh: str, where: str, make: Make, says: Says) -> None:
    claim = "manifest" if where == names.MANIFEST else "package"
    row(f"set:{what}", en, zh, claim, at(where), says, make)


def _renamed(name: str, to: str) -> Make:
    return sealed(
        lambda files: files.__setitem__(to, files.pop(name)), rich=True, lying=True,
        fidelity="redacted",
    )  # fmt: skip


def _without(name: str) -> Make:
    return sealed(lambda files: files.__delitem__(name), rich=True, lying=True, fidelity="redacted")


def _lying(name: str, data: bytes) -> Make:
    return put(name, data, rich=True, lying=True, fidelity="redacted")


S3, M3 = names.strip_name(3), names.moment_name(3)
_set("strip-000", "A strip is numbered 000", "分段图片编号为 000", names.MANIFEST,
     _renamed(STRIPS[0], "evidence/strips/000.png"), UNKNOWN)  # fmt: skip
_set("strip-100", "A strip is numbered 100", "分段图片编号为 100", names.MANIFEST,
     _lying("evidence/strips/100.png", png()), UNKNOWN)  # fmt: skip
_set("strip-jpg", "A strip is no PNG by its name", "分段图片扩展名不是 png", names.MANIFEST,
     _lying("evidence/strips/003.jpg", png()), UNKNOWN)  # fmt: skip
_set("strip-gap", "A strip is missing between two", "分段图片中间缺号", names.MANIFEST,
     _renamed(STRIPS[1], S3), NOT_LISTED)  # fmt: skip
_set("strip-first", "The strips begin with the second", "分段图片从第二张开始", names.MANIFEST,
     _without(STRIPS[0]), NOT_LISTED)  # fmt: skip
_set("moment-gap", "A marked moment is missing between two", "标记时刻中间缺号", names.MANIFEST,
     _renamed(MOMENTS[1], M3), NOT_LISTED)  # fmt: skip
_set("moments-without-record", "Moments without the record of the attended capture",
     "有标记时刻而无值守记录", MOMENTS[0], _without(names.ATTENDED), INCOMPLETE)  # fmt: skip
_set("review-unsigned", "The technical review without its signature", "技术核查记录缺签名",
     names.REVIEW, _without(names.REVIEW_SIGNATURE), INCOMPLETE)  # fmt: skip
_set("review-missing", "The review's signature without the review", "有核查签名而无核查记录",
     names.REVIEW_SIGNATURE, _without(names.REVIEW), INCOMPLETE)  # fmt: skip
_set("licence-half", "The licence's text without its picture", "有亮照文字而无图片",
     names.LICENCE_TEXT, _without(names.LICENCE_PICTURE), INCOMPLETE)  # fmt: skip
_set("replay-half", "The replayed picture without the record", "有重放图片而无重放记录",
     names.REPLAY_PICTURE, _without(names.REPLAY), INCOMPLETE)  # fmt: skip
_set("unknown-file", "The insider lists the browser's raw log", "内部人列入浏览器原始日志",
     names.MANIFEST, _lying("evidence/netlog.json", b"{}"), UNKNOWN)  # fmt: skip


def _rich(
    name: str, en: str, zh: str, where: str, says: Says, data: bytes, put_at: str = ""
) -> None:
    row(name, en, zh, "package", at(where), says, put(put_at or where, data, rich=True))


_rich("strip-width", "A strip is not as wide as the screenshot", "分段图片与截图宽度不同",
      STRIPS[1], ("not as wide", "宽度不同"), png(3, 1))  # fmt: skip
_rich("strip-height", "The strips are not as tall as the screenshot", "分段图片总高与截图不同",
      STRIPS[1], ("not as tall", "总高度"), png(4, 2))  # fmt: skip
_rich("moments-more", "There are more moments than the record tells", "时刻图片多于记录",
      names.ATTENDED, ("does not list exactly", "不一一对应"), png(), M3)  # fmt: skip
for _name in (STRIPS[0], MOMENTS[0], names.LICENCE_PICTURE, names.REPLAY_PICTURE):
    _rich(f"not-png:{_name}", f"{_name} is no PNG", f"{_name} 不是 PNG", _name,
          ("not a PNG", "不是 PNG"), b"GIF89a")  # fmt: skip
    _rich(f"png-oversized:{_name}", f"{_name} claims to be very wide", f"{_name} 自称极宽",
          _name, ("size is out of bounds", "尺寸超出范围"), BIG)  # fmt: skip

_SEGMENT = element(0x18538067, element(0x1549A966, b"") + element(0x1654AE6B, b""))
_EBML = element(0x1A45DFA3, element(0x4282, b"webm"))
for _what, _zh, _en, _data, _says in (
    ("empty", "录像为空", "The film is empty", b"", ("one header", "应为一个文件头")),
    ("matroska", "录像类型不符", "The film is of another type", webm(b"matroska"),
     ("document type", "文件类型")),
    ("bytes-after", "录像末尾另有字节", "Bytes follow the film", webm() + b"more",
     ("It is not a whole WebM", "不是完整的 WebM")),
    ("cut-off", "录像不完整", "The film is cut off", webm()[:-3], ("cut off", "不完整")),
    ("no-pictures", "录像没有画面", "The film has no pictures", _EBML + _SEGMENT,
     ("lacks its facts", "缺少信息")),
    ("two-segments", "录像有两个数据段", "The film has two segments",
     webm() + element(0x18538067, b""), ("too many elements", "元素过多")),
    ("unknown-size", "录像长度未写入", "A size in the film was never written",
     _EBML + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"x", ("never written", "未写入")),
    ("flood", "录像元素过多", "The film has 70,000 elements",
     _EBML + element(0x18538067, b"\xec\x80" * 70_000), ("too many", "过多")),
):  # fmt: skip
    _rich(f"webm:{_what}", _en, _zh, names.RECORDING, _says, _data)
for _what, _zh, _en, _data, _says in (
    ("empty", "MHTML 为空", "The MHTML is empty", b"", ("head has no end", "头部没有结尾")),
    ("another-type", "MHTML 类型不符", "The MHTML is of another type",
     MHTML.replace(b"multipart/related", b"multipart/mixed"), ("not multipart/related", "类型不是")),
    ("no-boundary", "MHTML 没有分界", "The MHTML has no boundary",
     MHTML.replace(b"boundary", b"limit"), ("not multipart/related", "类型不是")),
    ("no-end", "MHTML 没有结尾", "The MHTML has no end", MHTML[:-10],
     ("no end, or bytes after", "没有结尾")),
    ("bytes-after", "MHTML 末尾另有脚本", "A script follows the MHTML", MHTML + b"<script>",
     ("no end, or bytes after", "其后另有字节")),
    ("no-parts", "MHTML 没有任何部分", "The MHTML has no parts",
     MHTML.partition(b"\r\n\r\n")[0] + b"\r\n\r\nx", ("has no parts", "没有任何部分")),
    ("endless-head", "MHTML 头部没有结尾", "The MHTML's head has no end",
     b"From: x\r\n" * 9000, ("head has no end", "头部没有结尾")),
):  # fmt: skip
    _rich(f"mhtml:{_what}", _en, _zh, names.MHTML, _says, _data)


def _record(name: str, en: str, zh: str, where: str, says: Says, value: Any) -> None:
    _rich(name, en, zh, where, says, jcs.dumps(value))


def _certificates(what: str, en: str, zh: str, says: Says, edit: Callable[[Any], object]) -> None:
    def make(good: Good) -> bytes:
        value = certificates(good.world)
        edit(value)
        return put(names.CERTIFICATES, jcs.dumps(value), rich=True)(good)

    row(f"certificates:{what}", en, zh, "package", at(names.CERTIFICATES), says, make)


def _only(value: Any) -> Any:
    (certificate,) = value["certificates"].values()
    return certificate


_certificates("of-another", "A certificate is not of its digest", "证书与其摘要不符",
              ("is not of that digest", "与其摘要不符"),
              lambda v: v["certificates"].update({"0" * 64: dict(_only(v))}))  # fmt: skip
_certificates("loose", "A certificate's base64 is loose", "证书 base64 不规范",
              ("not in base64", "不是 base64"),
              lambda v: _only(v).update(der=_only(v)["der"] + "\n"))  # fmt: skip
_certificates("chain", "A chain names an unknown certificate", "链中有未知证书",
              ("that is not there", "不在其中"),
              lambda v: v["connections"][0].update(chain=["ab" * 32]))  # fmt: skip
_certificates("dropped", "A connection is left out", "漏去一个连接",
              ("belongs to no connection", "不属于任何连接"),
              lambda v: v.update(connections=[]))  # fmt: skip
_certificates("no-verdict", "A connection has no verdict", "连接没有结论",
              ("missing or of the wrong type", "缺失或类型不对"),
              lambda v: v["connections"][0].pop("verdict"))  # fmt: skip
_certificates("flood", "There are 20,001 connections", "有 20,001 个连接",
              ("too many entries", "条目过多"),
              lambda v: v.update(connections=v["connections"] * 20_001))  # fmt: skip
_REPLAY = replay()
_record("replay:unknown", "The replay check has an unknown verdict", "重放结论未知",
        names.REPLAY, ("verdict is unknown", "结论未知"), _REPLAY | {"verdict": "fine"})  # fmt: skip
_record("replay:contradicts", "The replay check says equal and lists differences",
        "重放结论为一致却列有差异", names.REPLAY, ("says equal and lists", "却列有差异"),
        _REPLAY | {"verdict": "equal", "text": {"equal": False, "differences": []}})  # fmt: skip
_record("replay:share", "The replay check has a share above 1000", "重放比例超过 1000",
        names.REPLAY, ("out of bounds", "超出范围"),
        _REPLAY | {"picture": {"differing_permille": 1001, "regions": []}})  # fmt: skip
for _name in (names.REPLAY, names.REVIEW, names.ATTENDED, names.CERTIFICATES):
    _rich(f"not-canonical:{_name}", f"{_name} has white space", f"{_name} 含多余空白",
          _name, CANONICAL, b'{ "format":1}')  # fmt: skip
    _record(f"another-format:{_name}", f"{_name} is of an unknown format", f"{_name} 格式未知",
            _name, ("is not of format", "格式不是"), {"format": "other/1"})  # fmt: skip
_record("review:contradicts", "The review says failed, and every check passed",
        "核查结论与各项不符", names.REVIEW, ("not that of its checks", "与各项检查不符"),
        REVIEW | {"result": "failed"})  # fmt: skip
row("review:another-key", "The review is signed by another key", "核查记录由另一密钥签名",
    "review", at(names.REVIEW_SIGNATURE), ("not signed by the trusted", "不是由可信签名密钥"),
    put(names.REVIEW_SIGNATURE, THIEF.sign(jcs.dumps(REVIEW)), rich=True), shell=True)  # fmt: skip
row("review:another-day", "The review is of another day than the signed one",
    "核查记录的日期改动", "review", at(names.REVIEW_SIGNATURE),
    ("not signed by the trusted", "不是由可信签名密钥"),
    put(names.REVIEW, jcs.dumps(REVIEW | {"started": "x"}), rich=True), shell=True)  # fmt: skip
_rich("review:cut", "The review's signature is cut", "核查签名截短", names.REVIEW_SIGNATURE,
      ("is not 64 bytes", "不是 64 字节"), b"x" * 63)  # fmt: skip
_record("attended:nobody", "The attended capture names nobody", "值守取证未写明人员",
        names.ATTENDED, ("nobody is named", "未写明人员"), ATTENDED | {"by": ""})  # fmt: skip
_record("attended:numbers", "The moments are not numbered in order", "时刻编号不连续",
        names.ATTENDED, ("not numbered from 1", "编号有误"),
        ATTENDED | {"moments": [{"number": 1}, {"number": 3}]})  # fmt: skip
_rich("private:empty", "The encrypted part is empty", "加密部分为空", names.PRIVATE,
      ("is empty", "为空"), b"")  # fmt: skip
_rich("licence:not-utf8", "The licence's text is not UTF-8", "亮照文字不是 UTF-8",
      names.LICENCE_TEXT, ("is not UTF-8", "不是 UTF-8"), b"\xff\xfe")  # fmt: skip


def _fidelity(manifest: str, capture: str | None, archive: str | None, protocol: str) -> Make:
    def make(good: Good) -> bytes:
        draft: Draft = good.begin_rich()
        draft.fidelity = manifest
        stated = {} if capture is None else {"fidelity": capture}
        value = {k: v for k, v in CAPTURE.items() if k != "fidelity"} | stated
        draft.artefacts[names.CAPTURE] = jcs.dumps(value)
        put_archive(draft, archive, protocol)
        return draft.seal().pack()

    return make


SAYS = ("says that the exchanges are", "所述的保真度")
for _what, _zh, _en, _stated, _where, _says in (
    ("capture-decoded", "清单称原始、取证记录称已解码", "exact by the manifest, decoded by the record",
     ("exact", "decoded", "exact", "http/1.1"), names.CAPTURE, SAYS),
    ("warc-decoded", "清单称原始、WARC 称已解码", "exact by the manifest, decoded by the WARC",
     ("exact", "exact", "decoded", "http/1.1"), names.ARCHIVE, SAYS),
    ("warc-silent", "清单称原始、WARC 未写", "exact by the manifest, the WARC says nothing",
     ("exact", "exact", None, "http/1.1"), names.ARCHIVE, SAYS),
    ("warc-exact", "清单称遮盖、WARC 称原始", "redacted by the manifest, exact by the WARC",
     ("redacted", "redacted", "exact", "h1"), names.ARCHIVE, SAYS),
    ("http2", "清单称原始而经 HTTP/2", "exact, and an exchange over HTTP/2",
     ("exact", "exact", "exact", "h2"), names.ARCHIVE, ("over HTTP/2", "HTTP/2")),
):  # fmt: skip
    row(
        f"fidelity:{_what}", f"The exchanges are {_en}", f"保真度：{_zh}",
        "package", at(_where), _says, _fidelity(*_stated),
    )  # fmt: skip
_record("redacted:unlisted", "Masked, but what was masked is not listed", "有遮盖而未列明",
        names.CAPTURE, ("does not list what was masked", "没有列出遮盖之处"),
        {"fidelity": "redacted"})  # fmt: skip
_record("redacted:no-digests", "Masked, but the encrypted part's digests are not listed",
        "有遮盖而未列加密部分哈希值", names.CAPTURE, ("with its digests", "哈希值"),
        CAPTURE | {"private": [{"name": "data.warc.gz"}]})  # fmt: skip
row("redacted:no-original", "Masked, and the encrypted originals are left out",
    "有遮盖而无封存原文", "package", at(names.ARCHIVE), ("with the exact bytes is not", "封存原文"),
    sealed(lambda files: files.__delitem__(names.PRIVATE), rich=True))  # fmt: skip
