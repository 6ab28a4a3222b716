"""Crimes on the log: entries, proofs, checkpoints, cosignatures, another history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from evidence.format import jcs, names
from evidence.format.checkpoint import Checkpoint
from evidence.format.entry import Sealed, parse_entry
from evidence.format.note import NoteSignature, SignedNote, sign_note
from evidence.format.tlogproof import TlogProof
from tests.evidence.builder import ORIGIN, Draft, zipped
from tests.evidence.tamper.files import at
from tests.evidence.tamper.good import (
    DOSSIER,
    PAPERS,
    THIEF,
    WACZ,
    Good,
    flipped,
    packed,
)
from tests.evidence.tamper.table import Make, row

ROOT = ("does not lead to the root", "")
Change = Callable[[TlogProof], TlogProof]


def head(good: Good) -> Checkpoint:
    """Return the checkpoint of the plain dossier's proofs."""
    proof = TlogProof.parse(good.draft.papers[PAPERS.outcome_proof])
    return Checkpoint.parse(SignedNote.parse(proof.checkpoint).text)


def _proof(change: Change, *, both: bool = False) -> Make:
    def make(good: Good) -> bytes:
        wanted = (PAPERS.attempt_proof, PAPERS.outcome_proof) if both else (PAPERS.outcome_proof,)
        old = {name: TlogProof.parse(good.draft.papers[name]) for name in wanted}
        return packed(good, **{name: change(proof).to_bytes() for name, proof in old.items()})

    return make


def _forged(proof: TlogProof) -> TlogProof:
    """The same head, signed with a key of the forger's own under the log's name."""
    text = SignedNote.parse(proof.checkpoint).text
    return replace(proof, checkpoint=sign_note(text, ORIGIN, THIEF).to_bytes())


def _edited(proof: TlogProof, **stated: object) -> TlogProof:
    note = SignedNote.parse(proof.checkpoint)
    other = replace(Checkpoint.parse(note.text), **stated)  # type: ignore[arg-type]
    return replace(proof, checkpoint=replace(note, text=other.text()).to_bytes())


def _unsigned(proof: TlogProof) -> TlogProof:
    text = SignedNote.parse(proof.checkpoint).text
    line = NoteSignature("other.example/log", b"\1\2\3\4", b"\0" * 64)
    return replace(proof, checkpoint=SignedNote(text, (line,)).to_bytes())


WRONG = ("the signature of log.example/markseal", "的签名不对")
NOT_SIGNED = ("is not signed by a trusted key", "没有可信密钥的签名")
for _what, _zh, _en, _says, _edit, _both in (
    ("index", "证明中的序号改动", "The index in the proof is changed",
     ("exhibit.outcome.tlog-proof", ""), lambda p: replace(p, index=p.index - 1), False),
    ("hash-dropped", "证明少一个散列", "A hash of the proof is dropped",
     ("exhibit.outcome.tlog-proof", ""), lambda p: replace(p, hashes=p.hashes[:-1]), False),
    ("hash-added", "证明多一个散列", "A hash is added to the proof",
     ("exhibit.outcome.tlog-proof", ""), lambda p: replace(p, hashes=(*p.hashes, b"\0" * 32)), False),
    ("hash-changed", "证明中一个散列改动", "A hash of the proof is changed",
     ("exhibit.outcome.tlog-proof", ""),
     lambda p: replace(p, hashes=(b"\0" * 32, *p.hashes[1:])), False),
    ("extra", "证明带额外数据", "The proof has extra data", ("has extra data", "额外数据"),
     lambda p: replace(p, extra=b"x"), False),
    ("checkpoint-forged", "检查点由他人密钥签名", "The checkpoint is signed by another key",
     NOT_SIGNED, _forged, True),
    ("checkpoint-unsigned", "检查点没有日志签名", "The checkpoint is not signed by the log",
     NOT_SIGNED, _unsigned, True),
    ("checkpoint-size", "检查点中的大小改动", "The size in the checkpoint is changed",
     WRONG, lambda p: _edited(p, size=99), True),
    ("checkpoint-root", "检查点中的树根改动", "The root in the checkpoint is changed",
     WRONG, lambda p: _edited(p, root=b"\7" * 32), True),
    ("checkpoint-origin", "检查点改称另一日志", "The checkpoint names another log",
     WRONG, lambda p: _edited(p, origin="log.example/other"), True),
):  # fmt: skip
    row(
        f"log:{_what}", _en, _zh, "inclusion", PAPERS.outcome_proof, _says,
        _proof(_edit, both=_both), shell=_what not in ("extra", "checkpoint-unsigned"),
    )  # fmt: skip


def _not_canonical(good: Good) -> bytes:
    proof = good.draft.papers[PAPERS.outcome_proof]
    return packed(good, **{PAPERS.outcome_proof: proof.replace(b"\nindex ", b"\nindex 0", 1)})


row("log:proof-number", "The index in the proof has a leading zero", "证明中的序号带前导零",
    "inclusion", PAPERS.outcome_proof, ("not a plain decimal", "规范的十进制数"),
    _not_canonical)  # fmt: skip
row("log:proof-cut", "The proof is cut off", "证明截短", "inclusion", PAPERS.outcome_proof,
    ("exhibit.outcome.tlog-proof", "exhibit.outcome.tlog-proof"),
    lambda g: packed(g, **{PAPERS.outcome_proof: g.draft.papers[PAPERS.outcome_proof][:60]}),
    shell=True)  # fmt: skip
for _what, _zh, _name in (
    ("attempt", "尝试条目", PAPERS.attempt), ("outcome", "结果条目", PAPERS.outcome)
):  # fmt: skip
    row(f"log:{_what}-byte", f"A byte of the {_what}'s entry is changed", f"改动{_zh}一个字节",
        "inclusion", _name, (_name, ""),
        lambda g, n=_name: packed(g, **{n: flipped(g.draft.papers[n], -10)}), shell=True)  # fmt: skip
    row(f"log:{_what}-dropped", f"The {_what}'s entry is taken out", f"抽去{_zh}",
        "package", f"{DOSSIER}!{_name}", ("lacks", "缺少"),
        lambda g, n=_name: zipped({k: v for k, v in g.draft.parts().items() if k != n}),
        shell=True)  # fmt: skip


def _entry(**stated: object) -> Make:
    """The outcome's entry edited, its proof left."""

    def make(good: Good) -> bytes:
        entry = parse_entry(good.draft.papers[PAPERS.outcome])
        assert isinstance(entry, Sealed)
        return packed(good, **{PAPERS.outcome: replace(entry, **stated).to_bytes()})  # type: ignore[arg-type]

    return make


row("log:outcome-edited", "The outcome names another attempt number", "结果条目改写编号",
    "inclusion", PAPERS.outcome, (PAPERS.outcome, ""), _entry(number=2), shell=True)  # fmt: skip


def _logged(**stated: object) -> Make:
    """The operator logs an outcome that lies, and proves it rightly."""

    def make(good: Good) -> bytes:
        draft = Liar(good.world, stated=stated)
        return draft.seal().pack()

    return make


class Liar(Draft):
    """Logs an outcome with other statements, or (``bytes_of``) in other bytes."""

    def __init__(
        self,
        world: object,
        stated: dict[str, object],
        bytes_of: Callable[[bytes], bytes] = lambda data: data,
    ) -> None:
        from tests.evidence.tamper.authority import NOW

        self.stated, self.bytes_of = stated, bytes_of
        super().__init__(world, now=NOW)  # type: ignore[arg-type]

    def close(self, entries: list[bytes], attempt_index: int) -> None:
        super().close(entries, attempt_index)
        entry = parse_entry(self.papers[PAPERS.outcome])
        assert isinstance(entry, Sealed)
        change = {k: v(entry) if callable(v) else v for k, v in self.stated.items()}
        told = self.bytes_of(replace(entry, **change).to_bytes())
        self.relog([*entries, told], attempt_index)

    def relog(self, entries: list[bytes], attempt_index: int) -> None:
        from evidence.format import merkle

        read = merkle.memory_reader([merkle.leaf_hash(e) for e in entries])
        size = len(entries)
        note = sign_note(
            Checkpoint(ORIGIN, size, merkle.tree_root(size, read)).text(),
            ORIGIN, self.world.log_key,
        ).to_bytes()  # fmt: skip
        self.papers[PAPERS.outcome] = entries[-1]
        for name, index in (
            (PAPERS.attempt_proof, attempt_index), (PAPERS.outcome_proof, size - 1)
        ):  # fmt: skip
            hashes = tuple(merkle.inclusion_proof(index, size, read))
            self.papers[name] = TlogProof(index, hashes, note).to_bytes()


for _what, _zh, _en, _where, _says, _stated in (
    ("package-sha256", "日志所记封装 SHA-256 不符", "The log names another SHA-256 of the package",
     WACZ, ("names another package", "另一个封装"),
     {"package": lambda e: replace(e.package, sha256="0" * 64)}),
    ("package-sm3", "日志所记封装 SM3 不符", "The log names another SM3 of the package",
     WACZ, ("names another package", "另一个封装"),
     {"package": lambda e: replace(e.package, sm3="0" * 64)}),
    ("package-size", "日志所记封装大小不符", "The log names another size of the package",
     WACZ, ("names another package", "另一个封装"),
     {"package": lambda e: replace(e.package, size=1)}),
    ("manifest-sm3", "日志所记清单 SM3 不符", "The log names another SM3 of the manifest",
     at(names.MANIFEST), ("names another manifest", "另一份清单"), {"manifest_sm3": "0" * 64}),
    ("other-capture", "日志所记为另一次取证", "The log's outcome is of another capture",
     PAPERS.outcome, ("outcome of another attempt", "另一次尝试"), {"capture_id": "f" * 32}),
    ("other-number", "日志所记为另一编号", "The log's outcome has another number",
     PAPERS.outcome, ("outcome of another attempt", "另一次尝试"), {"number": 2}),
    ("other-case", "日志所记为另一案件", "The log's outcome is of another case",
     PAPERS.outcome, ("outcome of another attempt", "另一次尝试"), {"case_tag": "0" * 64}),
):  # fmt: skip
    row(f"log:names-{_what}", _en, _zh, "inclusion", _where, _says, _logged(**_stated))


def another(good: Good, **how: object) -> Draft:
    """Return another exhibit of the same house."""
    draft = good.begin(**how)
    draft.artefacts[names.TEXT] = "另一段文字\n".encode()
    return draft.seal()


def _papers_of(*wanted: str) -> Make:
    """The plain dossier with some papers of another exhibit."""

    def make(good: Good) -> bytes:
        other = another(good, filler=6).papers
        return packed(good, **{n: d for n, d in other.items() if any(w in n for w in wanted)})

    return make


row("other:attempt", "Attempt and its proof are those of another exhibit", "换成另一证据的尝试条目",
    "inclusion", PAPERS.attempt, ("names another attempt entry", "尝试条目不是这一条"),
    _papers_of(".attempt."), shell=True)  # fmt: skip
row("other:outcome", "Outcome and its proof are those of another exhibit", "换成另一证据的结果条目",
    "inclusion", WACZ, ("names another package", "另一个封装"), _papers_of(".outcome."),
    shell=True)  # fmt: skip
row("other:papers", "Everything beside the package certifies another exhibit",
    "随附的全部凭证属于另一证据", "timestamp", PAPERS.response("local"),
    ("over another digest", "不是 evidence/manifest.json 的摘要"),
    _papers_of(".attempt.", ".outcome.", ".local."), shell=True)  # fmt: skip
row("other:wacz", "The package is that of another exhibit", "封装换成另一证据的",
    "inclusion", WACZ, ("names another package", "另一个封装"),
    lambda g: packed(g, another(g).wacz), shell=True)  # fmt: skip


def _attempt_record(**stated: object) -> Make:
    def make(good: Good) -> bytes:
        draft = good.begin()
        record = jcs.loads(good.draft.artefacts[names.ATTEMPT], "attempt")
        draft.artefacts[names.ATTEMPT] = jcs.dumps(record | stated)
        return draft.seal().pack()

    return make


OPEN = ("do not open the commitments", "承诺不符")
row("attempt:address", "The package states another address than was logged",
    "封装所写网址与日志承诺不符", "inclusion", at(names.ATTEMPT), OPEN,
    _attempt_record(url="https://other.example/"))  # fmt: skip
row("attempt:case", "The package states another case than was logged",
    "封装所写案件与日志标签不符", "inclusion", at(names.ATTEMPT), OPEN,
    _attempt_record(case="案件-2"))  # fmt: skip
row("attempt:number", "The package states another attempt number than was logged",
    "封装所写编号与日志不符", "inclusion", at(names.ATTEMPT), OPEN,
    _attempt_record(number=2))  # fmt: skip
