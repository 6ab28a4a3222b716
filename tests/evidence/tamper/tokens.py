"""Crimes on timestamps, revocation data and the order of times; and on what is enclosed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from evidence.format import names
from evidence.format.names import revocation_name
from tests.evidence.builder import zipped
from tests.evidence.tamper.authority import ECDSA, NOW, OTHER_POLICY, YEAR, Maker, query
from tests.evidence.tamper.files import at
from tests.evidence.tamper.good import (
    DOSSIER,
    PAPERS,
    Good,
    Parts,
    flipped,
    ordered,
    packed,
)
from tests.evidence.tamper.table import Make, row
from tests.evidence.tamper.witnesses import WITNESSED

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


def odd(how: Callable[[Good], dict[str, object]]) -> Make:
    """The plain dossier with what the true authority answers, oddly."""
    return _token(lambda good, data: good.authority.stamp(data, **how(good)))


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
     ("a digest that is not relied on", "不采信的摘要"), _odd(imprint="sha1")),
    ("weak-signature", "时间戳以 SHA-1 签名", "The token is signed with SHA-1",
     ("signed with SHA-1, which is broken", "攻破的 SHA-1"), _odd(signing="sha1")),
    ("not-granted", "时间戳未获签发", "The response is a refusal",
     ("did not grant", "未签发"), _odd(status=2)),
    ("version", "时间戳结构版本改动", "The version of the token is changed",
     ("of another version", "版本不对"), _odd(versions=(1, 1))),
    ("info-version", "时间戳内容版本不是 1", "The version of the token's content is not 1",
     ("TSTInfo is not 1", "TSTInfo 的版本"), _odd(info=2)),
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
    # VERIFY.txt says that it leaves out what a token's signature does not cover.
    uncovered = ("version", "signer-version", "signature-algorithm", "weak-signature")
    row(
        f"token:{_what}", _en, _zh, "timestamp", ANSWERED, _says, _token(_stamp),
        shell=_what not in uncovered,
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
    trust=lambda g: kept(g, "two", tokens=2), code=3)  # fmt: skip
row("token:undefined-length", "The token is given in an indefinite form with bytes after it",
    "时间戳改为不定长编码并尾随字节", "timestamp", ANSWERED, MALFORMED,
    lambda g: packed(g, **{ANSWERED: _indefinite(g.draft.papers[ANSWERED]) + b"x"}))  # fmt: skip


def _indefinite(data: bytes) -> bytes:
    """Return a DER sequence in BER's indefinite form."""
    size = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    return b"\x30\x80" + data[size:] + b"\0\0"


def kept(good: Good, name: str, files: Parts | None = None, **policy: object) -> Path:
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
    ("after-the-end", "吊销列表签发于证书到期之后", "The revocation list is from after the certificate's end",
     ("covers 0 of 1", "覆盖 0 家"), lambda g: g.authority.listing(None, moment=NOW + 40 * YEAR), 3),
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
