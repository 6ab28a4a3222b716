"""Crimes on witnesses and histories: cosignatures, forks, replays, ends of logs, case exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from evidence.format.caseexport import CaseExport, CaseRow
from evidence.format.checkpoint import Checkpoint
from evidence.format.merkle import inclusion_proof, leaf_hash, memory_reader, tree_root
from evidence.format.note import NoteKey, NoteSignature, SignedNote, sign_note
from evidence.format.policy import FormerLog
from evidence.format.tlogproof import TlogProof
from tests.evidence.builder import ORIGIN, SALT, Draft, zipped
from tests.evidence.tamper.good import (
    BRAND,
    NOTARY,
    PAPERS,
    SEEN,
    STRANGER,
    Good,
    Parts,
    flipped,
    ordered,
    packed,
)
from tests.evidence.tamper.logs import another, head
from tests.evidence.tamper.table import Make, row
from tests.evidence.verify.trusting import cosigned, private, text_of


def _trust(name: str, **policy: object) -> Callable[[Good], Path]:
    def trust(good: Good) -> Path:
        folder = good.folder / "trusts" / name
        return folder if folder.exists() else good.witnessed(name, **policy)

    return trust


WITNESSED = _trust("witnessed")
LINES = (NOTARY, BRAND)


def _seen(
    good: Good, lines: Callable[[str], list[NoteSignature]], draft: Draft | None = None
) -> Parts:
    base = draft or good.draft
    return good.beside(cosigned(base, *lines(text_of(base))))


def _cosigned(lines: Callable[[str], list[NoteSignature]]) -> Make:
    return lambda good: zipped(_seen(good, lines))


def _broken(text: str) -> list[NoteSignature]:
    line = NOTARY.line(text, SEEN)
    return [NoteSignature(line.name, line.key_id, flipped(line.value)), BRAND.line(text, SEEN)]


def _redated(text: str) -> list[NoteSignature]:
    line = NOTARY.line(text, SEEN)
    later = (int(SEEN.timestamp()) + 60).to_bytes(8, "big")
    return [NoteSignature(line.name, line.key_id, later + line.value[8:]), BRAND.line(text, SEEN)]


def _impostor(text: str) -> list[NoteSignature]:
    """A stranger's line under the notary's name and key id."""
    line = STRANGER.line(text, SEEN)
    return [NoteSignature(NOTARY.key.name, NOTARY.key.key_id, line.value), BRAND.line(text, SEEN)]


BAD_LINE = ("the cosignature of", "见证签名不对")
FEW = ("1 of 2 witnesses", "得到 1 名")
for _what, _zh, _en, _says, _lines, _code in (
    ("edited", "见证签名改动一个字节", "A byte of a cosignature is changed", BAD_LINE, _broken, 1),
    ("redated", "见证签名的时间改动", "The time of a cosignature is changed", BAD_LINE, _redated, 1),
    ("impostor", "他人冒名见证", "A stranger cosigns under the notary's name",
     BAD_LINE, _impostor, 1),
    ("other-tree", "见证签名属于另一检查点", "A cosignature is of another checkpoint", BAD_LINE,
     lambda t: [NOTARY.line(t.replace("\n7\n", "\n8\n"), SEEN), BRAND.line(t, SEEN)], 1),
    ("early", "见证时间早于结果条目", "A witness cosigned before the outcome was logged",
     ("before the outcome was logged", "早于结果条目"),
     lambda t: [NOTARY.line(t, SEEN - timedelta(hours=1)), BRAND.line(t, SEEN)], 1),
    ("too-few", "见证人不足", "One witness too few cosigned", FEW,
     lambda t: [NOTARY.line(t, SEEN)], 3),
    ("twice", "同一见证人签两次", "One witness cosigned twice", FEW,
     lambda t: [NOTARY.line(t, SEEN), NOTARY.line(t, SEEN + timedelta(seconds=5))], 3),
    ("wrong", "见证人不在所列之中", "A witness whom nobody lists cosigned", FEW,
     lambda t: [STRANGER.line(t, SEEN), BRAND.line(t, SEEN)], 3),
    ("none", "没有见证签名", "All cosignatures are taken out",
     ("0 of 2 witnesses", "得到 0 名"), lambda _: [], 3),
):  # fmt: skip
    row(
        f"witness:{_what}", _en, _zh, "witness", PAPERS.outcome_proof if _code == 1 else None,
        _says, _cosigned(_lines), trust=WITNESSED, code=_code,
    )  # fmt: skip


def _all(text: str) -> list[NoteSignature]:
    return [n.line(text, SEEN) for n in LINES]


def _forked(good: Good) -> bytes:
    """Another history of the same log, under its key; the cosignatures are of the true one."""
    other = another(good)
    true = _all(text_of(good.draft))
    return zipped(_seen(good, lambda _: true, other))


def _under(checkpoint: Callable[[Good], bytes], draft: Callable[[Good], Draft]) -> Make:
    """A checkpoint put under the proofs of a draft."""

    def make(good: Good) -> bytes:
        parts = draft(good).parts()
        note = checkpoint(good)
        for name in (PAPERS.attempt_proof, PAPERS.outcome_proof):
            parts[name] = replace(TlogProof.parse(parts[name]), checkpoint=note).to_bytes()
        return zipped(good.beside(parts))

    return make


def _true(good: Good) -> bytes:
    parts = cosigned(good.draft, *_all(text_of(good.draft)))
    return TlogProof.parse(parts[PAPERS.outcome_proof]).checkpoint


def _old(good: Good) -> bytes:
    """A checkpoint from before the outcome was logged, rightly signed and cosigned then."""
    text = Checkpoint(ORIGIN, head(good).size - 1, bytes(range(32))).text()
    note = sign_note(text, ORIGIN, good.world.log_key)
    return SignedNote(text, (*note.signatures, *_all(text))).to_bytes()


row("log:forked", "The log's operator shows another history, with the true one's cosignatures",
    "运营者出示分叉的日志，借用真日志的见证签名", "witness", PAPERS.outcome_proof, BAD_LINE,
    _forked, trust=WITNESSED)  # fmt: skip
row("log:second", "A second log with the same key and name, which no witness saw",
    "同名同密钥的第二份日志，无人见证", "witness", None, ("0 of 2 witnesses", "得到 0 名"),
    lambda g: zipped(_seen(g, lambda _: [], another(g))), trust=WITNESSED, code=3)  # fmt: skip
row("log:true-head", "The true checkpoint is put under the proofs of another history",
    "把真检查点放到另一历史的证明之下", "inclusion", PAPERS.outcome_proof,
    (PAPERS.outcome_proof, ""), _under(_true, another), trust=WITNESSED, shell=True)  # fmt: skip
row("log:old-checkpoint", "An older checkpoint is replayed", "重放较早的检查点",
    "inclusion", PAPERS.outcome_proof, (PAPERS.outcome_proof, ""),
    _under(_old, lambda g: g.draft), trust=WITNESSED, shell=True)  # fmt: skip


def _two_heads(good: Good) -> bytes:
    other = another(good, filler=9).papers
    return packed(good, **{n: d for n, d in other.items() if ".outcome." in n})


row("log:two-checkpoints", "The two proofs are against two checkpoints", "两份证明用不同的检查点",
    "inclusion", PAPERS.outcome_proof, ("not against one checkpoint", "检查点不同"),
    _two_heads)  # fmt: skip
_NEXT = NoteKey("log.example/second", private(53).public_key().public_bytes_raw())


def _ended(more: int, root: str | None = None) -> Callable[[Good], Path]:
    def trust(good: Good) -> Path:
        folder = good.folder / "trusts" / f"ended{more}"
        last = head(good)
        files = {
            "log.vkey": _NEXT.text().encode(), "old.vkey": good.world.note_key.text().encode()
        }  # fmt: skip
        former = FormerLog("old.vkey", last.size + more, root or last.root.hex())
        return folder if folder.exists() else good.trusting(folder.name, files, logs=(former,))

    return trust


row("log:beyond-its-end", "The checkpoint is beyond the end of a log that was succeeded",
    "检查点超出已终止日志的终点", "inclusion", PAPERS.outcome_proof, ("ended with", "止于"),
    lambda g: g.draft.pack(), trust=_ended(-1))  # fmt: skip
row("log:forked-at-its-end", "The checkpoint has another root than the log ended with",
    "检查点与日志终止时的树根不同", "inclusion", PAPERS.outcome_proof, ("forked", "分叉"),
    lambda g: g.draft.pack(), trust=_ended(0, "ab" * 32))  # fmt: skip


def _case(change: Callable[[list[CaseRow]], list[CaseRow]]) -> Make:
    """The dossier with an export of its case: two entries, not closed."""

    def make(good: Good) -> bytes:
        papers = good.draft.papers
        found = []
        for entry, proof in (
            (PAPERS.attempt, PAPERS.attempt_proof), (PAPERS.outcome, PAPERS.outcome_proof)
        ):  # fmt: skip
            shown = TlogProof.parse(papers[proof])
            found.append(CaseRow(shown.index, papers[entry], shown.hashes))
        export = CaseExport("案件-1", SALT, shown.checkpoint, tuple(change(found)))
        return zipped(ordered(good.draft.parts() | {PAPERS.case: export.to_bytes()}))

    return make


def _case_of_another(good: Good) -> bytes:
    """Its export is under a later checkpoint of the log's key; nobody else saw that one."""
    own = [good.draft.papers[name] for name in (PAPERS.attempt, PAPERS.outcome)]
    entries = [b'{"other":%d}' % n for n in range(5)] + own + [b'{"other":9}']
    read, size = memory_reader([leaf_hash(entry) for entry in entries]), len(entries)
    text = Checkpoint(ORIGIN, size, tree_root(size, read)).text()
    rows = tuple(CaseRow(n, entries[n], tuple(inclusion_proof(n, size, read))) for n in (5, 6))
    note = sign_note(text, ORIGIN, good.world.log_key).to_bytes()
    export = CaseExport("案件-1", SALT, note, rows).to_bytes()
    return zipped(ordered(_seen(good, _all) | {PAPERS.case: export}))


row("case:without-this", "The export of the case leaves this exhibit's outcome out",
    "案件清单漏去本证据的结果条目", "case", PAPERS.case, ("does not have", "其中没有"),
    _case(lambda rows: rows[:1]))  # fmt: skip
row("case:entry-edited", "An entry in the export of the case is edited", "案件清单中一条改动",
    "case", f"{PAPERS.case}: entry 5", ("Entry 5", "第 5 条"),
    _case(lambda rows: [replace(rows[0], entry=rows[0].entry.replace(b'"number":1', b'"number":2')),
                        rows[1]]))  # fmt: skip
row("case:another-history", "The export of the case is of another history, which no witness saw",
    "案件清单出自无人见证的另一历史", "witness", PAPERS.case, ("0 of 2 witnesses", "得到 0 名"),
    _case_of_another, trust=WITNESSED, code=3)  # fmt: skip
