"""Crimes on what is enclosed for reading: keys, certificates, VERIFY.txt, receipts; strays."""

from __future__ import annotations

from evidence.format import jcs, names
from evidence.format.anchor import Digest, Receipt
from tests.evidence.builder import zipped
from tests.evidence.tamper.authority import NOW
from tests.evidence.tamper.good import (
    DOSSIER,
    PAPERS,
    THIEF,
    Good,
    flipped,
    ordered,
    packed,
    pem,
)
from tests.evidence.tamper.table import Make, row

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
