"""Crimes of an opposing expert who has read the specifications closely."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

from evidence.format import names
from evidence.format.cdxj import print_index
from evidence.format.note import NoteSignature, SignedNote, sign_note
from evidence.format.tlogproof import TlogProof
from evidence.format.zipform import read_zip
from tests.evidence.builder import (
    BODY,
    HTTP,
    ORIGIN,
    index_line,
    response_headers,
    warc_record,
    warcinfo,
    zipped,
)
from tests.evidence.tamper.contents import CANONICAL, gzipped, resigned, sealed
from tests.evidence.tamper.files import STRANGE, at
from tests.evidence.tamper.good import DOSSIER, PAPERS, THIEF, Good, inside, packed
from tests.evidence.tamper.logs import WRONG, Liar
from tests.evidence.tamper.table import Make, row
from tests.evidence.tamper.tokens import ANSWERED, MALFORMED, odd
from tests.evidence.tamper.zips import HEADER, plain, raw_zip

Bytes = Callable[[bytes], bytes]
UNSEEN = ("outcome-float", "outcome-unknown", "gzip", "length", "header", "chunked", "granted",
          "time-local", "time-no-seconds")  # fmt: skip
"""What VERIFY.txt says that it leaves out: inside the WARC, how JSON and times are written."""
ORDER = 2**252 + 27742317777372353535851937790883648493
GZIP = ("of its gzip member holds more", "gzip 成员头含多余内容")
NUMBER = ("its length is not a number", "长度不是数字")
PAYLOAD = ("its payload digest is not that", "载荷摘要与内容不符")


def _manifest(change: Bytes) -> Make:
    """The insider's manifest in other bytes, signed and stamped rightly."""

    def make(good: Good) -> bytes:
        draft = good.begin().seal()
        return resigned(good, draft, change(draft.inner[names.MANIFEST]))

    return make


def _once(old: bytes, new: bytes) -> Bytes:
    def change(data: bytes) -> bytes:
        assert old in data, old
        return data.replace(old, new, 1)

    return change


def _outcome(change: Bytes) -> Make:
    """The operator logs an outcome in other bytes, and proves it rightly."""

    def make(good: Good) -> bytes:
        return Liar(good.world, stated={}, bytes_of=change).seal().pack()

    return make


def _warc(record: bytes, *more: bytes) -> Make:
    def edit(files: dict[str, bytes]) -> None:
        info = warcinfo()
        files[names.ARCHIVE] = info + record + b"".join(more)
        files[names.INDEX] = print_index([index_line(len(info), len(record))])

    return sealed(edit)


RESPONSE = warc_record("response", response_headers(), HTTP + BODY)
RAW = zlib.decompress(RESPONSE, 31)


def _record(change: Bytes) -> Make:
    return _warc(gzipped(change(RAW)))


def _gzip(flags: int, more: bytes) -> Make:
    head = bytearray(RESPONSE[:10])
    head[3] |= flags
    return _warc(bytes(head) + more + RESPONSE[10:])


def _named(name: bytes) -> Make:
    return lambda good: packed(good, raw_zip([*plain(good), (name, b"x")]))


def _proof(change: Bytes) -> Make:
    """Both proofs in other bytes."""

    def make(good: Good) -> bytes:
        wanted = (PAPERS.attempt_proof, PAPERS.outcome_proof)
        return packed(good, **{name: change(good.draft.papers[name]) for name in wanted})

    return make


def _stray_bits(data: bytes) -> bytes:
    lines = data.split(b"\n")
    line = lines[2]
    assert line.endswith(b"=")
    digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    lines[2] = line[:-2] + digits[digits.index(line[-2:-1]) + 1 :][:1] + b"="
    return b"\n".join(lines)


def _note(change: Callable[[Good, SignedNote], SignedNote]) -> Make:
    """Both proofs under another note."""

    def make(good: Good) -> bytes:
        papers = {}
        for name in (PAPERS.attempt_proof, PAPERS.outcome_proof):
            proof = TlogProof.parse(good.draft.papers[name])
            note = change(good, SignedNote.parse(proof.checkpoint)).to_bytes()
            papers[name] = replace(proof, checkpoint=note).to_bytes()
        return packed(good, **papers)

    return make


def _extended(good: Good, note: SignedNote) -> SignedNote:
    """With an extension line, by the log's own key."""
    return sign_note(note.text + "extra\n", ORIGIN, good.world.log_key)


def _zeroed(good: Good, note: SignedNote) -> SignedNote:
    """The size with a leading zero, by the log's own key."""
    origin, _, rest = note.text.partition("\n")
    return sign_note(f"{origin}\n0{rest}", ORIGIN, good.world.log_key)


def _junk_beside(good: Good, note: SignedNote) -> SignedNote:
    true = note.signatures[0]
    return SignedNote(note.text, (NoteSignature(true.name, true.key_id, b"\0" * 64), true))


def _malleated(good: Good, note: SignedNote) -> SignedNote:
    true = note.signatures[0]
    scalar = int.from_bytes(true.value[32:], "little") + ORDER
    value = true.value[:32] + scalar.to_bytes(32, "little")
    return SignedNote(note.text, (replace(true, value=value),))


def _local_zip64(good: Good) -> bytes:
    """A ZIP64 field in the local header of the last entry alone."""
    whole = raw_zip(plain(good), extra=struct.pack("<HHQQ", 1, 16, 9, 9))
    extra = struct.pack("<HHQQ", 1, 16, 9, 9)
    at_end = whole.rindex(extra)
    directory = whole.index(b"PK\1\2")
    last = whole.rindex(b"PK\1\2")
    cut = bytearray(whole[:at_end] + whole[at_end + len(extra) :])
    cut[last + 30 : last + 32] = b"\0\0"
    end = len(cut) - 22
    cut[end + 12 : end + 16] = struct.pack("<I", end - directory)
    return packed(good, bytes(cut))


def _descriptor(good: Good) -> bytes:
    """The last entry's sizes stand behind it in a data descriptor, and are others."""
    wacz = bytearray(good.draft.wacz)
    entry = read_zip(io.BytesIO(bytes(wacz)))[-1]
    wacz[entry.offset + 6 : entry.offset + 8] = b"\x08\0"
    wacz[entry.offset + 14 : entry.offset + 26] = b"\0" * 12
    told = struct.pack("<4s3I", b"PK\7\x08", entry.crc, entry.size + 1, entry.size + 1)
    directory = len(wacz) - 22
    start = struct.unpack("<I", wacz[directory + 16 : directory + 20])[0]
    last = bytes(wacz).rindex(b"PK\1\2")
    wacz[last + 8 : last + 10] = b"\x08\0"
    wacz[directory + 16 : directory + 20] = struct.pack("<I", start + len(told))
    return packed(good, bytes(wacz[:start]) + told + bytes(wacz[start:]))


def _two_signatures(good: Good) -> bytes:
    true = good.draft.inner[names.SIGNATURE]
    return inside(good, {names.SIGNATURE: true + THIEF.sign(good.draft.inner[names.MANIFEST])})


def _policy(good: Good) -> bytes:
    """The dossier brings a trust folder of its own."""
    policy = (good.trust / "policy.toml").read_bytes()
    return zipped(good.draft.parts() | {"policy.toml": policy})


def _chunked(body: bytes, head: bytes) -> Make:
    block = head + body
    return _warc(warc_record("response", response_headers(1, BODY), block))


CHUNKED = HTTP.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
FRAMED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
M, W, R, OUTCOME = at(names.MANIFEST), at(names.ARCHIVE), PAPERS.outcome_proof, PAPERS.outcome
for _what, _zh, _en, _claim, _where, _says, _make in (
    ("manifest-float", "清单中大小写成小数", "A size in the manifest is written as a fraction",
     "manifest", M, CANONICAL, _manifest(_once(b',"sm3"', b'.0,"sm3"'))),
    ("manifest-exponent", "清单中大小写成指数", "A size in the manifest is written with an exponent",
     "manifest", M, CANONICAL, _manifest(_once(b',"sm3"', b'e0,"sm3"'))),
    ("manifest-big-number", "清单中大小超出双精度", "A size in the manifest is beyond double precision",
     "manifest", M, ("no canonical JSON form", "没有规范 JSON 形式"), _manifest(_once(b',"sm3"', b'00000000000000000001,"sm3"'))),
    ("manifest-proto", "清单藏有 __proto__ 键", "The manifest has a key __proto__",
     "manifest", M, ("has the unknown field", "有未知字段"), _manifest(_once(b'{"artefacts"', b'{"__proto__":{"url":"x"},"artefacts"'))),
    ("manifest-february-30", "清单日期为 2 月 30 日", "A time in the manifest is of 30 February",
     "manifest", M, ("started is not a UTC time", "started 不是形如"), _manifest(_once(b'"started":"2026-01-02', b'"started":"2026-02-30'))),
    ("manifest-leap-second", "清单时间为第 60 秒", "A time in the manifest has a second 60",
     "manifest", M, ("started is not a UTC time", "started 不是形如"), _manifest(_once(b'"started":"2026-01-02T03:04:01', b'"started":"2026-01-02T03:04:60'))),
    ("manifest-key-escaped", "清单的键用转义写出", "A key of the manifest is written with an escape",
     "manifest", M, CANONICAL, _manifest(_once(b'"url"', b'"\\u0075rl"'))),
    ("two-signatures", "签名文件含两份签名", "The signature file has two signatures, the second a thief's",
     "signature", at(names.SIGNATURE), ("is not 64 bytes", "不是 64 字节"), _two_signatures),
    ("outcome-key-twice", "结果条目有重复的键", "The logged outcome has a key twice",
     "inclusion", OUTCOME, ("occurs twice", "出现两次"), _outcome(_once(b'{"attempt"', b'{"attempt":0,"attempt"'))),
    ("outcome-float", "结果条目的编号写成小数", "The logged outcome has its number as a fraction",
     "inclusion", OUTCOME, CANONICAL, _outcome(_once(b'"number":1', b'"number":1.0'))),
    ("outcome-unknown-field", "结果条目有未知字段", "The logged outcome has an unknown field",
     "inclusion", OUTCOME, ("has the unknown field", "有未知字段"), _outcome(_once(b'"number":1', b'"note":"x","number":1'))),
    ("name-nfd", "分解形式的孪生名", "An entry's name has a combining accent",
     "package", at("evidence/do\u0301m.html"), STRANGE, _named("evidence/do\u0301m.html".encode())),
    ("name-full-width", "全角字母的孪生名", "An entry's name has full-width letters",
     "package", at("evidence/\uff44om.html"), STRANGE, _named("evidence/\uff44om.html".encode())),
    ("name-right-to-left", "名称含从右至左控制符", "An entry's name runs from right to left",
     "package", at("evidence/\u202elmth.mod"), STRANGE, _named("evidence/\u202elmth.mod".encode())),
    ("name-overlong", "名称以超长 UTF-8 写斜杠", "An entry's name has a slash in overlong UTF-8",
     "package", at("evidence\\xc0\\xafdom.html"), STRANGE, _named(b"evidence\xc0\xafdom.html")),
    ("name-surrogate", "名称含编码后的半个字符", "An entry's name has half a character in UTF-8",
     "package", at("evidence/\\xed\\xa0\\x80.html"), STRANGE, _named(b"evidence/\xed\xa0\x80.html")),
    ("name-proto", "条目名为 __proto__", "An entry is named __proto__",
     "package", at("__proto__"), STRANGE, _named(b"__proto__")),
    ("zip64-local", "仅本地头有 ZIP64 字段", "A ZIP64 field stands in the local header alone",
     "package", at(names.DATAPACKAGE_DIGEST), HEADER, _local_zip64),
    ("descriptor-other", "数据描述符与中央目录不符", "A data descriptor states other sizes than the directory",
     "package", at(names.DATAPACKAGE_DIGEST), HEADER, _descriptor),
    ("own-policy", "移交包自带 policy.toml", "The dossier brings a policy.toml of its own",
     "package", f"{DOSSIER}!policy.toml", STRANGE, _policy),
    ("gzip-two-members", "一条记录分在两个 gzip 成员", "A record is split over two gzip members",
     "package", W, ("its header has no end", "记录头没有结尾"), _warc(gzipped(RAW[:200]), gzipped(RAW[200:]))),
    ("gzip-extra", "gzip 头有附加字段", "A gzip member has an extra field",
     "package", W, GZIP, _gzip(4, b"\6\0AB\2\0hi")),
    ("gzip-header-crc", "gzip 头有头部校验和", "A gzip member has a checksum of its head",
     "package", W, GZIP, _gzip(2, b"\0\0")),
    ("gzip-reserved", "gzip 头有保留标志", "A gzip member has a reserved flag",
     "package", W, GZIP, _gzip(0x80, b"")),
    ("gzip-length", "gzip 尾部长度不对", "A gzip member lies about its length",
     "package", W, ("at offset 229: gzip", "偏移 229 处的 WARC 记录：gzip"), _warc(RESPONSE[:-4] + b"\1\0\0\0")),
    ("length-zero", "记录长度带前导零", "A record's length has a leading zero",
     "package", W, NUMBER, _record(_once(b"Content-Length: ", b"Content-Length: 0"))),
    ("length-plus", "记录长度带加号", "A record's length has a plus sign",
     "package", W, NUMBER, _record(_once(b"Content-Length: ", b"Content-Length: +"))),
    ("length-twice", "记录长度写两次，大小写不同", "A record's length stands twice, in other letters",
     "package", W, ("Content-Length occurs twice", "Content-Length 出现两次"), _record(_once(b"Content-Length: ", b"content-length: 5\r\nContent-Length: "))),
    ("header-folded", "头字段折行", "A header of a record is folded",
     "package", W, ("a header line is malformed", "有一行格式不对"), _record(_once(b"WARC-Target-URI: ", b"WARC-Target-URI:\r\n "))),
    ("chunked-lying", "分块应答的载荷摘要不实", "A chunked response's payload digest is of other chunks",
     "package", W, PAYLOAD, _chunked(FRAMED.replace(b"x" * 40, b"y" * 40), CHUNKED)),
    ("chunked-not", "称分块而不分块", "A response says that it is chunked and is not",
     "package", W, PAYLOAD, _chunked(b"zz" + BODY, CHUNKED)),
    ("two-signer-infos", "时间戳另有伪造者的签名者", "A forger signs the token beside the authority",
     "timestamp", ANSWERED, ("not exactly one signer", "签名者不恰为一个"), odd(lambda g: {"also": g.foreign})),
    ("ess-v1-other", "时间戳以 SHA-1 指名别的证书", "The token names another certificate by SHA-1",
     "timestamp", ANSWERED, ("names another certificate", "不是签名者的证书"), odd(lambda g: {"ess_v1": True, "ess": g.foreign.leaf})),
    ("granted-with-mods", "时间戳“有改动地”签发", "The token was granted with modifications",
     "timestamp", ANSWERED, ("did not grant", "未签发"), odd(lambda g: {"status": 1})),
    ("time-local", "时间戳时刻带时区", "The token's time is in another zone",
     "timestamp", ANSWERED, MALFORMED, odd(lambda g: {"time": b"20260102110406+0800"})),
    ("time-february-30", "时间戳日期为 2 月 30 日", "The token's time is of 30 February",
     "timestamp", ANSWERED, MALFORMED, odd(lambda g: {"time": b"20260230030406Z"})),
    ("time-no-seconds", "时间戳时刻没有秒", "The token's time has no seconds",
     "timestamp", ANSWERED, MALFORMED, odd(lambda g: {"time": b"202601020304Z"})),
    ("proof-crlf", "证明用 CRLF 换行", "The proof has CRLF line ends",
     "inclusion", R, ("is not ASCII text", "不是 ASCII 文本"), _proof(lambda d: d.replace(b"\n", b"\r\n"))),
    ("proof-blank-line", "证明中多一个空行", "The proof has a blank line more",
     "inclusion", R, ("has no index line", "没有序号行"), _proof(_once(b"\nindex", b"\n\nindex"))),
    ("proof-after-the-note", "证明末尾另有一行", "A line follows the note of the proof",
     "inclusion", R, ("a malformed signature line", "签名格式不对"), _proof(lambda d: d + b"hello\n")),
    ("proof-base64-bits", "证明散列的 base64 末位不规范", "A hash of the proof has stray bits in base64",
     "inclusion", R, ("is not canonical base64", "不是规范的 base64"), _proof(_stray_bits)),
    ("proof-huge-index", "证明序号加 2 的 64 次方", "The index of the proof is beyond 64 bits",
     "inclusion", R, ("index is not a plain decimal", "不是规范的十进制数"), _proof(_once(b"\nindex ", b"\nindex 1844674407370955162"))),
    ("checkpoint-extension", "检查点带扩展行且由日志签名", "The log signed a checkpoint with an extension line",
     "inclusion", R, ("a checkpoint is three lines", "检查点应为三行"), _note(_extended)),
    ("checkpoint-zero", "检查点大小带前导零且由日志签名", "The log signed a checkpoint whose size has a leading zero",
     "inclusion", R, ("size is not a plain decimal", "不是规范的十进制数"), _note(_zeroed)),
    ("note-two-of-a-name", "检查点有同名的两个签名", "The note has two signatures of one name, the first junk",
     "inclusion", R, WRONG, _note(_junk_beside)),
    ("note-malleated", "检查点签名改写为等价形式", "The log's signature is rewritten in an equivalent form",
     "inclusion", R, WRONG, _note(_malleated)),
):  # fmt: skip
    row(
        f"expert:{_what}", _en, _zh, _claim, _where, _says, _make,
        shell=not _what.startswith(UNSEEN),
    )  # fmt: skip
