"""Crimes on the order of times: clocks, the attempt's own token, terms of the signer's keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from evidence.format import names
from evidence.format.entry import Fresh, FreshToken, fresh_data
from evidence.format.manifest import key_digest
from evidence.format.policy import RevokedKey, TrustedSigner
from tests.evidence.tamper.authority import NOW
from tests.evidence.tamper.files import UNSIGNED, at
from tests.evidence.tamper.good import (
    PAPERS,
    Good,
    pem,
)
from tests.evidence.tamper.table import Make, row
from tests.evidence.tamper.tokens import ANSWERED, ASKED, MALFORMED, NOT_VERIFIED, kept
from tests.evidence.verify.trusting import private


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
        return kept(good, name, files, signers=(TrustedSigner("old.pem", *bounds),))

    return trust


TERM = ("was not the signer's at", "不是签名人所用密钥")
for _what, _zh, _en, _says, _trust in (
    ("ended", "签名密钥的期限已过", "The signer's key had ended", TERM,
     _former(None, -DAY, "ended")),
    ("not-begun", "签名密钥尚未启用", "The signer's key was not yet in use", TERM,
     _former(DAY, None, "later")),
    ("revoked", "签名密钥此前已吊销", "The signer's key was revoked before",
     ("was revoked from", "已吊销"),
     lambda g: kept(g, "revoked", revoked=(
         RevokedKey(key_digest(g.world.signer.public_key()), NOW - DAY),))),
    ("unknown", "签名密钥不在所列之中", "The signer's key is one that nobody lists", UNSIGNED,
     lambda g: kept(g, "unknown", {"signer.pem": pem(NEXT)})),
):  # fmt: skip
    row(f"key:{_what}", _en, _zh, "signature", at(names.SIGNATURE), _says,
        lambda g: g.draft.pack(), trust=_trust, shell=_what == "unknown")  # fmt: skip
