"""Crimes on timestamps, revocation data and the order of times; and on what is enclosed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from evidence.format import jcs, names
from evidence.format.anchor import Digest, Receipt
from evidence.format.entry import Fresh, FreshToken, fresh_data
from evidence.format.manifest import key_digest
from evidence.format.names import revocation_name
from evidence.format.policy import RevokedKey, TrustedSigner
from tests.evidence.builder import Draft, zipped
from tests.evidence.tamper.authority import ECDSA, NOW, OTHER_POLICY, YEAR, Maker, query
from tests.evidence.tamper.files import UNSIGNED, at
from tests.evidence.tamper.good import (
    DOSSIER,
    PAPERS,
    THIEF,
    Good,
    Parts,
    flipped,
    ordered,
    packed,
    pem,
)
from tests.evidence.tamper.logs import WITNESSED
from tests.evidence.tamper.table import Make, row
from tests.evidence.verify.trusting import private

ASKED, ANSWERED = PAPERS.request("local"), PAPERS.response("local")
NOT_VERIFIED = ("does not verify with the trusted authority", "不能以可信机构")
MALFORMED = ("is not a timestamp response", "不是时间戳应答")
Stamp = Callable[[Good, bytes], tuple[bytes, bytes]]


def _token(stamp: Stamp) -> Make:
    """The plain dossier with another request and response."""

    def make(good: Good) -> bytes:
        request, response = stamp(good, good.draft.inner[names.MANIFEST])
        return packed(good, **{ASKED: request, ANSWERED: response})

    return make


def _by(maker: Callable[[Good], Maker], **how: object) -> Stamp:
    return lambda good, data: maker(good).stamp(data, **how)


def _odd(**how: object) -> Stamp:
    """By the true authority, answering oddly."""
    return _by(lambda good: good.authority, **how)


def _child(**how: object) -> Stamp:
    """By a certificate that the true authority's root issued."""
    return _by(lambda good: Maker(1, parent=good.authority, **how))  # type: ignore[arg-type]


def _embedding(good: Good, data: bytes) -> tuple[bytes, bytes]:
    """A forger's chain under the true names, the true certificates embedded beside it."""
    forger, true = good.foreign, good.authority
    return forger.stamp(
        data, embedded=[forger.leaf, forger.certificate, true.leaf, true.certificate]
    )


def _self_signed(good: Good, data: bytes) -> tuple[bytes, bytes]:
    forger = good.foreign
    return forger.stamp(data, embedded=[forger.certificate, forger.leaf])


def _ess_of_another(good: Good, data: bytes) -> tuple[bytes, bytes]:
    return good.authority.stamp(data, ess=good.foreign.leaf)


def _renamed_digest(good: Good, data: bytes) -> tuple[bytes, bytes]:
    return good.authority.stamp(data, signature_oid=ECDSA["sha512"])


for _what, _zh, _en, _says, _stamp in (
    ("another-digest", "时间戳针对别的摘要", "The token is over another digest",
     ("over another digest", "不是 evidence/manifest.json 的摘要"),
     lambda g, _: g.authority.stamp(b"something else")),
    ("another-authority", "时间戳由同名的另一机构签发",
     "The token is of another authority of the same name", NOT_VERIFIED,
     _by(lambda good: good.foreign)),
    ("self-signed", "时间戳内嵌自签机构", "A self-signed authority is embedded in the token",
     NOT_VERIFIED, _self_signed),
    ("embedded-both", "内嵌自签机构与真机构证书（DER 排序）",
     "A self-signed authority is embedded beside the true one, in DER's order", NOT_VERIFIED,
     _embedding),
    ("expired", "签发时机构证书已过期", "The authority's certificate had ended when it stamped",
     ("not valid at the stated time", "不在证书有效期内"), _child(end=NOW - YEAR, serial=9)),
    ("not-yet-valid", "签发时机构证书尚未生效",
     "The authority's certificate was not yet valid when it stamped",
     ("not valid at the stated time", "不在证书有效期内"), _child(start=NOW + YEAR, serial=9)),
    ("no-use", "机构证书无时间戳用途", "The certificate is not for timestamps", ("not for timestamps alone", "并非专用于时间戳"),
     _child(usage="none", serial=9)),
    ("use-not-critical", "时间戳用途未标为关键", "The certificate's use is not critical",
     ("is not critical", "未标为关键"), _child(usage="plain", serial=9)),
    ("use-and-more", "机构证书兼有别的用途", "The certificate is for other uses besides",
     ("not for timestamps alone", "并非专用于时间戳"), _child(usage="more", serial=9)),
    ("weak-imprint", "时间戳针对 SHA-1 摘要", "The token is over a SHA-1 digest",
     ("not a granted token over a KNOWN digest", "不是已签发的"), _odd(imprint="sha1")),
    ("weak-signature", "时间戳以 SHA-1 签名", "The token is signed with SHA-1",
     ("signed with SHA-1, which is broken", "攻破的 SHA-1"), _odd(signing="sha1")),
    ("not-granted", "时间戳未获签发", "The response is a refusal",
     ("not a granted token", "不是已签发的"), _odd(status=2)),
    ("version", "时间戳结构版本改动", "The version of the token is changed",
     ("of another version", "版本不对"), _odd(versions=(1, 1))),
    ("signer-version", "签名者结构版本改动", "The version of the signer is changed",
     ("of another version", "版本不对"), _odd(versions=(3, 3))),
    ("signature-algorithm", "签名算法字段改写", "The signature names another digest",
     ("names another digest", "所写摘要"), _renamed_digest),
    ("other-signer-named", "时间戳另指一份证书", "The token names another signer's certificate",
     ("names another certificate", "不是签名者的证书"), _ess_of_another),
    ("two-signers", "时间戳有两个签名者", "The token has two signers",
     ("not exactly one signer", "不恰为一个"), _odd(signers=2)),
    ("trailing", "时间戳末尾另有字节", "Bytes follow the token", MALFORMED, _odd(trailing=b"\0")),
):  # fmt: skip
    row(
        f"token:{_what}", _en, _zh, "timestamp", ANSWERED, _says, _token(_stamp),
        shell=_what not in ("version", "signer-version", "signature-algorithm", "weak-signature"),
    )  # fmt: skip


def _asks(**how: object) -> Stamp:
    def stamp(good: Good, data: bytes) -> tuple[bytes, bytes]:
        return query(data, **how), good.authority.stamp(data)[1]  # type: ignore[arg-type]

    return stamp


UNASKED = ("does not answer the request", "并非对所附请求的应答")
for _what, _zh, _en, _says, _stamp in (
    ("policy", "签发策略与请求不符", "The token is of another policy than was asked for", UNASKED,
     _asks(policy=OTHER_POLICY)),
    ("nonce", "请求随机数与应答不符", "The token has another nonce than the request", UNASKED,
     _asks(nonce=5)),
    ("version", "请求版本不符", "The request is of another version", UNASKED, _asks(version=2)),
    ("other-data", "请求针对别的摘要", "The request is over another digest", UNASKED,
     lambda g, data: (query(b"x"), g.authority.stamp(data)[1])),
    ("trailing", "请求末尾另有字节", "Bytes follow the request",
     ("is not exactly one request", "不恰是一份"),
     lambda g, data: (query(data) + b"\0", g.authority.stamp(data)[1])),
):  # fmt: skip
    row(f"request:{_what}", _en, _zh, "timestamp", ASKED, _says, _token(_stamp))
row("token:byte", "A byte of the token's signature is changed", "改动时间戳签名一个字节",
    "timestamp", ANSWERED, NOT_VERIFIED,
    lambda g: packed(g, **{ANSWERED: flipped(g.draft.papers[ANSWERED], -20)}), shell=True)  # fmt: skip
row("token:redated", "The time in the token is changed", "改动时间戳中的时间",
    "timestamp", ANSWERED, NOT_VERIFIED,
    lambda g: packed(g, **{ANSWERED: g.draft.papers[ANSWERED].replace(
        b"20260102030406Z", b"20250102030406Z")}), shell=True)  # fmt: skip
row("token:html", "The response is a web page", "时间戳应答是网页", "timestamp", ANSWERED,
    MALFORMED, lambda g: packed(g, **{ANSWERED: b"<html>no</html>"}), shell=True)  # fmt: skip
row("token:missing", "The token is taken out", "抽去时间戳", "package",
    f"{DOSSIER}!authorities/local.pem", ("which does not belong in it", "不应有的"),
    lambda g: zipped({n: d for n, d in g.draft.parts().items() if n != ANSWERED}),
    shell=True)  # fmt: skip
row("token:two-required", "One of two required tokens lacks", "要求两枚时间戳而只有一枚",
    "timestamp", None, ("1 of 2 required", "要求 2 枚"), lambda g: g.draft.pack(),
    trust=lambda g: _kept(g, "two", tokens=2), code=3)  # fmt: skip
row("token:undefined-length", "The token is given in an indefinite form with bytes after it",
    "时间戳改为不定长编码并尾随字节", "timestamp", ANSWERED, MALFORMED,
    lambda g: packed(g, **{ANSWERED: _indefinite(g.draft.papers[ANSWERED]) + b"x"}))  # fmt: skip


def _indefinite(data: bytes) -> bytes:
    """Return a DER sequence in BER's indefinite form."""
    size = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    return b"\x30\x80" + data[size:] + b"\0\0"


def _kept(good: Good, name: str, files: Parts | None = None, **policy: object) -> Path:
    folder = good.folder / "trusts" / name
    return folder if folder.exists() else good.trusting(name, files, **policy)


def _list(data: Callable[[Good], bytes]) -> Make:
    return lambda good: zipped(
        ordered(good.full | {revocation_name("local", 1, "crl"): data(good)})
    )


LIST = revocation_name("local", 1, "crl")
for _what, _zh, _en, _says, _data, _code in (
    ("revoked", "机构证书此前已吊销", "The authority's certificate was revoked before",
     ("was revoked on", "吊销，早于"), lambda g: g.authority.listing(NOW - timedelta(days=1)), 1),
    ("impostor", "吊销列表由他人签发", "The revocation list is by an impostor",
     ("not signed by the issuer", "签名与其所称的签发者不符"),
     lambda g: g.authority.listing(None, by=g.foreign), 1),
    ("byte", "改动吊销列表一个字节", "A byte of the revocation list is changed",
     ("not signed by the issuer", "签名与其所称的签发者不符"),
     lambda g: g.authority.listing(None).replace(b"260101030405Z", b"250101030405Z"), 1),
    ("other-issuer", "吊销列表改称另一签发者", "The revocation list names another issuer",
     ("covers 0 of 1", "覆盖 0 家"),
     lambda g: g.authority.listing(None).replace(b"Test Root", b"Best Root"), 3),
    ("trailing", "吊销列表末尾另有字节", "Bytes follow the revocation list",
     ("cannot be read", "无法读取"), lambda g: g.authority.listing(None) + b"\0", 1),
    ("junk", "吊销列表无法读取", "The revocation list is no list",
     ("cannot be read", "无法读取"), lambda _: b"<html>", 1),
):  # fmt: skip
    row(f"revocation:{_what}", _en, _zh, "revocation", LIST if _code == 1 else None, _says,
        _list(_data), trust=WITNESSED, code=_code)  # fmt: skip
row("revocation:none", "The revocation data is taken out where it is required",
    "抽去所要求的吊销数据", "revocation", None, ("covers 0 of 1", "覆盖 0 家"),
    lambda g: zipped({n: d for n, d in g.full.items() if n != LIST}), trust=WITNESSED,
    code=3)  # fmt: skip


def _over_checkpoint(stamp: Stamp) -> Make:
    def make(good: Good) -> bytes:
        asked, answered = PAPERS.checkpoint("local")
        request, response = stamp(good, b"another checkpoint")
        return zipped(ordered(good.full | {asked: request, answered: response}))

    return make


row("checkpoint-token:another", "The token over the checkpoint is over something else",
    "检查点的时间戳针对别的内容", "order", PAPERS.checkpoint("local")[1],
    ("over something else", "不是其所附的内容"), _over_checkpoint(_odd()), trust=WITNESSED)  # fmt: skip
row("checkpoint-token:foreign", "The token over the checkpoint is of another authority",
    "检查点的时间戳由另一机构签发", "order", PAPERS.checkpoint("local")[1], NOT_VERIFIED,
    lambda g: _checkpoint_by(g, g.foreign), trust=WITNESSED)  # fmt: skip


def _checkpoint_by(good: Good, maker: Maker, moment: timedelta = timedelta(seconds=5)) -> bytes:
    from evidence.format.stampednote import stamped_note
    from evidence.format.tlogproof import TlogProof

    asked, answered = PAPERS.checkpoint("local")
    note = stamped_note(TlogProof.parse(good.full[PAPERS.outcome_proof]).checkpoint)
    request, response = maker.stamp(note, moment=NOW + moment)
    return zipped(ordered(good.full | {asked: request, answered: response}))


row("checkpoint-token:early", "The log had the outcome before it was written",
    "检查点时间戳早于结果条目", "order", at(names.MANIFEST),
    ("The first token over the checkpoint", "检查点的首枚时间戳"),
    lambda g: _checkpoint_by(g, g.authority, -timedelta(hours=1)), trust=WITNESSED)  # fmt: skip


class _Fresh(Draft):
    """A draft whose attempt has a token of its own."""

    fresh: Fresh

    def close(self, entries: list[bytes], attempt_index: int) -> None:
        super().close(entries, attempt_index)


def _times(**how: timedelta) -> Make:
    def make(good: Good) -> bytes:
        draft = good.begin()
        for name, shift in how.items():
            setattr(draft, name, draft.now + shift)
        return draft.seal().pack()

    return make


DAY = timedelta(days=1)
for _what, _zh, _en, _says, _how in (
    ("capture-backdated", "取证时间倒填一日", "The capture is dated a day before its attempt",
     ("The start of the capture", "固证开始"), {"started": -DAY}),
    ("outcome-backdated", "结果时间倒填", "The outcome is dated before the token",
     ("The outcome", "结果"), {"outcome_time": -timedelta(hours=1)}),
    ("clock-rolled-back", "时钟被拨回三十日", "The clock was rolled back by thirty days",
     ("The outcome", "结果"),
     {"attempt_time": -30 * DAY, "outcome_time": -30 * DAY + timedelta(seconds=20)}),
    ("attempt-postdated", "尝试时间晚于取证", "The attempt is dated after the capture",
     ("The start of the capture", "固证开始"), {"attempt_time": timedelta(hours=1)}),
    ("finished-first", "取证结束早于开始", "The capture ended before it began",
     ("The end of the capture", "固证结束"), {"started": timedelta(minutes=2)}),
):  # fmt: skip
    row(f"time:{_what}", _en, _zh, "order", at(names.MANIFEST), _says, _times(**_how))


def _postdated(good: Good) -> bytes:
    draft = good.begin()
    draft.now += timedelta(hours=1)
    return draft.seal().pack()


row("time:capture-postdated", "The capture is dated an hour after its token",
    "取证时间晚于时间戳一小时", "order", at(names.MANIFEST), ("The first token", "首枚时间戳"),
    _postdated)  # fmt: skip


def _bounded(stamp: Callable[[Good, bytes], bytes]) -> Make:
    """The attempt's entry has a token of its own, made by ``stamp`` over what it should be."""

    def make(good: Good) -> bytes:
        from evidence.format.entry import Attempt, parse_entry

        class Bounded(Draft):
            def close(self, entries: list[bytes], attempt_index: int) -> None:
                super().close(entries, attempt_index)

        draft = Bounded(good.world, now=NOW)
        draft.fresh = lambda attempt: stamp(good, attempt)  # type: ignore[attr-defined]
        plain = parse_entry(good.draft.papers[PAPERS.attempt])
        assert isinstance(plain, Attempt)
        stated = fresh_data(plain.capture_id, plain.case_tag, "ab" * 16, plain.url_commitment)
        token = FreshToken("local", stamp(good, stated))
        entry = replace(plain, fresh=Fresh("ab" * 16, token)).to_bytes()
        return sealed_around(good, entry)

    return make


def sealed_around(good: Good, attempt: bytes) -> bytes:
    """Return the plain dossier sealed anew around another attempt's entry."""
    from evidence.format.attempt import AttemptRecord
    from evidence.format.entry import entry_hash

    draft = good.begin()
    record = AttemptRecord.parse(good.draft.artefacts[names.ATTEMPT])
    record = replace(record, entry_sha256=entry_hash(attempt))
    draft.artefacts[names.ATTEMPT] = record.to_bytes()
    draft.build_manifest(record.index, entry_hash(attempt))
    request, response = good.authority.stamp(draft.inner[names.MANIFEST])
    draft.papers |= {PAPERS.attempt: attempt, ASKED: request, ANSWERED: response}
    entries = [b'{"other":%d}' % n for n in range(draft.filler)]
    draft.close([*entries, attempt], record.index)
    return draft.pack()


BEFORE = NOW - timedelta(seconds=6)
for _what, _zh, _en, _where, _says, _stamp_it in (
    ("another", "尝试的时间戳针对别的内容", "The attempt's own token is over something else",
     PAPERS.attempt, ("over something else", "不是其所附的内容"),
     lambda g, _: g.authority.stamp(b"x", moment=BEFORE)[1]),
    ("foreign", "尝试的时间戳由另一机构签发", "The attempt's own token is of another authority",
     PAPERS.attempt, NOT_VERIFIED, lambda g, data: g.foreign.stamp(data, moment=BEFORE)[1]),
    ("late", "尝试的时间戳晚于尝试一小时", "The attempt's own token is an hour after it",
     at(names.MANIFEST), ("The attempt (", "尝试（"),
     lambda g, data: g.authority.stamp(data, moment=NOW + timedelta(hours=1))[1]),
    ("junk", "尝试的时间戳无法读取", "The attempt's own token is none",
     PAPERS.attempt, MALFORMED, lambda *_: b"<html>"),
):  # fmt: skip
    row(f"attempt-token:{_what}", _en, _zh, "order", _where, _says, _bounded(_stamp_it))
NEXT = private(51)


def _former(start: timedelta | None, end: timedelta | None, name: str) -> Callable[[Good], Path]:
    def trust(good: Good) -> Path:
        bounds = [None if b is None else NOW + b for b in (start, end)]
        files = {"signer.pem": pem(NEXT), "old.pem": good.world.signer_pem}
        return _kept(good, name, files, signers=(TrustedSigner("old.pem", *bounds),))

    return trust


TERM = ("was not the signer's at", "不是签名人所用密钥")
for _what, _zh, _en, _says, _trust in (
    ("ended", "签名密钥的期限已过", "The signer's key had ended", TERM,
     _former(None, -DAY, "ended")),
    ("not-begun", "签名密钥尚未启用", "The signer's key was not yet in use", TERM,
     _former(DAY, None, "later")),
    ("revoked", "签名密钥此前已吊销", "The signer's key was revoked before",
     ("was revoked from", "已吊销"),
     lambda g: _kept(g, "revoked", revoked=(
         RevokedKey(key_digest(g.world.signer.public_key()), NOW - DAY),))),
    ("unknown", "签名密钥不在所列之中", "The signer's key is one that nobody lists", UNSIGNED,
     lambda g: _kept(g, "unknown", {"signer.pem": pem(NEXT)})),
):  # fmt: skip
    row(f"key:{_what}", _en, _zh, "signature", at(names.SIGNATURE), _says,
        lambda g: g.draft.pack(), trust=_trust, shell=_what == "unknown")  # fmt: skip
OUTSIDE = ("is not one that this trust folder lists", "不在此信任文件夹所列")
row("enclosed:signer", "The enclosed signer's key is the thief's", "所附签名公钥换成他人的",
    "signature", names.SIGNER_KEY, OUTSIDE,
    lambda g: packed(g, **{names.SIGNER_KEY: pem(THIEF)}))  # fmt: skip
row("enclosed:signer-junk", "The enclosed signer's key is none", "所附签名公钥无法读取",
    "package", names.SIGNER_KEY, ("is not a PEM public key", "不是 PEM 公钥"),
    lambda g: packed(g, **{names.SIGNER_KEY: b"no key\n"}))  # fmt: skip


def _log_key(good: Good) -> bytes:
    from evidence.format.note import NoteKey

    key = NoteKey("log.example/markseal", THIEF.public_key().public_bytes_raw())
    return packed(good, **{names.LOG_KEY: (key.text() + "\n").encode()})


row("enclosed:log-key", "The enclosed log key is the thief's", "所附日志公钥换成他人的",
    "inclusion", f"{DOSSIER}!{names.LOG_KEY}", OUTSIDE, _log_key)  # fmt: skip
row("enclosed:log-key-byte", "A byte of the enclosed log key is changed", "改动所附日志公钥一个字节",
    "package", f"{DOSSIER}!{names.LOG_KEY}", ("vkey", "vkey"),
    lambda g: packed(g, **{names.LOG_KEY: flipped(g.draft.parts()[names.LOG_KEY])}))  # fmt: skip
row("enclosed:log-key-open", "The enclosed log key lacks its newline", "所附日志公钥缺少换行",
    "package", f"{DOSSIER}!{names.LOG_KEY}", ("is not one line", "不恰是一行"),
    lambda g: packed(g, **{names.LOG_KEY: g.draft.parts()[names.LOG_KEY][:-1]}))  # fmt: skip
row("enclosed:signer-more", "Text stands before the enclosed signer's key", "所附签名公钥前另有文字",
    "package", names.SIGNER_KEY, ("is not exactly one public key", "不恰是一个"),
    lambda g: packed(g, **{names.SIGNER_KEY: b"hello\n" + g.world.signer_pem}))  # fmt: skip
AUTHORITY = names.certificate_name("local")
row("enclosed:authority", "The enclosed authority's certificate is another's",
    "所附机构证书换成他人的", "timestamp", f"{DOSSIER}!{AUTHORITY}",
    ("not those of the trusted authority", "不是可信机构"),
    lambda g: packed(g, **{AUTHORITY: g.foreign.root}))  # fmt: skip
row("enclosed:authority-junk", "The enclosed authority's certificate is none",
    "所附机构证书无法读取", "package", f"{DOSSIER}!{AUTHORITY}",
    ("no readable PEM certificates", "没有可读的 PEM 证书"),
    lambda g: packed(g, **{AUTHORITY: b"nothing\n"}))  # fmt: skip
row("enclosed:verify-text", "VERIFY.txt tells to run something else", "VERIFY.txt 另教执行别的命令",
    "package", f"{DOSSIER}!{names.VERIFY_TEXT}", ("is not the text that belongs", "不是本证据移交包应有的"),
    lambda g: packed(g, **{names.VERIFY_TEXT: b"$ echo OK\n"}))  # fmt: skip
row("enclosed:verify-text-byte", "A byte of VERIFY.txt is changed", "改动 VERIFY.txt 一个字节",
    "package", f"{DOSSIER}!{names.VERIFY_TEXT}", ("is not the text that belongs", "不是本证据移交包应有的"),
    lambda g: packed(g, **{names.VERIFY_TEXT: flipped(g.draft.parts()[names.VERIFY_TEXT])}))  # fmt: skip


def _receipt(name: str) -> Make:
    anchored = Digest("manifest", "sha256", "0" * 64)
    data = Receipt(name, anchored, NOW, "text/plain", b"x").to_bytes()
    return lambda good: zipped(ordered(good.draft.parts() | {PAPERS.anchor("court"): data}))


row("anchor:of-another", "A receipt of anchoring is of another receiver than its name says",
    "存证回执与文件名不符", "package", PAPERS.anchor("court"), ("is of", "属于"),
    _receipt("bureau"))  # fmt: skip
row("anchor:junk", "A receipt of anchoring is none", "存证回执无法读取", "package",
    PAPERS.anchor("court"), ("is not JSON", "不是 JSON"),
    lambda g: zipped(ordered(g.draft.parts() | {PAPERS.anchor("court"): b"<html>"})))  # fmt: skip
row("renewal:junk", "The record of renewals is none", "续期记录无法读取", "timestamp",
    PAPERS.renewal, ("is not JSON", "不是 JSON"),
    lambda g: zipped(ordered(g.draft.parts() | {PAPERS.renewal: b"<html>"})))  # fmt: skip
row("renewal:format", "The record of renewals is of an unknown format", "续期记录格式未知",
    "timestamp", PAPERS.renewal, (PAPERS.renewal, PAPERS.renewal),
    lambda g: zipped(ordered(g.draft.parts() | {PAPERS.renewal: jcs.dumps({"format": "x"})})))  # fmt: skip
row("stray:file", "A file stands in the dossier that belongs in none", "移交包中另有无关文件",
    "package", f"{DOSSIER}!setup.exe", ("which does not belong in it", "不应有的"),
    lambda g: zipped(g.draft.parts() | {"setup.exe": b"MZ"}))  # fmt: skip
row("stray:second-package", "A second package stands in the dossier", "移交包中另有一个封装",
    "package", f"{DOSSIER}!other.wacz", ("which does not belong in it", "不应有的"),
    lambda g: zipped(g.draft.parts() | {"other.wacz": g.rich.wacz}))  # fmt: skip
