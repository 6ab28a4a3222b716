"""What a monitor remembers between two looks: ``markseal-monitor/3``, canonical JSON in one file.

The file is replaced atomically, under a lock, and never by what knows less; its own SHA-256 stands
in it, so that a damaged one is told from a log that changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.errors import EvidenceError, FormatError, InputError, LogError
from evidence.format import jcs
from evidence.format.digests import check_hex, sha256_hex
from evidence.format.note import NoteKey
from evidence.format.times import format_time, parse_time
from evidence.log.durable import locked, replace_file
from evidence.log.following import Following
from evidence.log.keysinforce import KeysInForce, by_digest
from evidence.log.report import AuditReport, Finding
from evidence.log.store import Head, open_checkpoint
from evidence.monitor.frontier import Frontier

FORMAT = "markseal-monitor/3"
FORMER = {
    "markseal-monitor/2": {"erased"},
    "markseal-monitor/1": {"erased", "doubtful", "handed"},
}
"""What is read too, and what it does not have."""
LIMIT = 1 << 30
MOST = 100
"""So many findings and contradicting checkpoints are kept; more say nothing new."""
_TEXT = ("vkey", "checkpoint", "looked", "previous", "time")
_LISTS = (
    "pending",
    "levels",
    "signers",
    "revoked",
    "doubtful",
    "succeeds",
    "recovery",
    "findings",
    "contradictions",
)


@dataclass(frozen=True)
class State:
    """The log as it was followed last.

    ``head`` is the checkpoint up to which everything was read and held, None before the first;
    ``pending`` are newer ones that the log signed and whose entries could not be read yet.
    ``frontier`` and ``facts`` (cases, open attempts …) are those of ``head``. ``findings`` and
    ``contradictions`` (checkpoints that the log signed too) stay for ever.
    """

    key: NoteKey
    head: Head | None = None
    pending: tuple[Head, ...] = ()
    looked: str = ""
    frontier: Frontier = field(default_factory=Frontier)
    facts: dict[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    contradictions: tuple[bytes, ...] = ()

    @property
    def newest(self) -> Head | None:
        """The newest checkpoint that was seen."""
        return self.pending[-1] if self.pending else self.head

    def to_bytes(self) -> bytes:
        """Return the file's bytes; the exact inverse of ``parse``."""
        value: dict[str, Any] = {
            "format": FORMAT,
            "vkey": self.key.text(),
            "checkpoint": _note(self.head),
            "pending": [_note(head) for head in self.pending],
            "looked": self.looked,
            "levels": self.frontier.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
            "contradictions": [note.decode() for note in self.contradictions],
            **(self.facts or facts_of(_nothing())),
        }
        value["sha256"] = sha256_hex(jcs.dumps(value))
        return jcs.dumps(value)

    @classmethod
    def parse(cls, data: bytes) -> State:
        """Read a state file strictly, or raise FormatError or ProofError."""
        value = jcs.loads(data, "monitor state", limit=LIMIT)
        kinds: dict[str, type | tuple[type, ...]] = dict.fromkeys(("format", *_TEXT), str)
        kinds |= dict.fromkeys(_LISTS, list) | {"attempts": int, "cases": dict, "open": dict}
        kinds |= {"handed": dict, "erased": dict, "sha256": str}
        former = str(value.get("format")) if isinstance(value, dict) else ""
        for name in FORMER.get(former, ()):
            del kinds[name]
        fields = jcs.take(value, "monitor state", kinds)
        if fields["format"] not in (FORMAT, *FORMER):
            raise FormatError(f"this is not {FORMAT}", f"不是 {FORMAT}")
        rest = {name: item for name, item in fields.items() if name != "sha256"}
        if sha256_hex(jcs.dumps(rest)) != fields["sha256"]:
            raise FormatError("its own SHA-256 does not fit", "自身的 SHA-256 不符")
        key = NoteKey.parse(fields["vkey"])
        head = _head(fields["checkpoint"], key)
        pending = tuple(open_checkpoint(note.encode(), key) for note in fields["pending"])
        frontier = Frontier.parse(head.size if head else 0, fields["levels"])
        if head is not None and frontier.root() != head.checkpoint.root:
            raise FormatError("the tree's edge has another root", "树的右缘与树根不符")
        return cls(
            key,
            head,
            pending,
            fields["looked"],
            frontier,
            {name: rest.get(name, []) for name in _FACTS},
            tuple(_finding(item) for item in fields["findings"]),
            tuple(item.encode() for item in fields["contradictions"]),
        )

    def with_pending(self, head: Head) -> State:
        """Return the state with one more checkpoint that was seen and not read up to yet."""
        return replace(self, pending=(*self.pending[: MOST - 1], head))

    def with_findings(self, found: tuple[Finding, ...], notes: tuple[bytes, ...] = ()) -> State:
        """Return the state with further findings and contradicting checkpoints, each once."""
        findings = tuple(dict.fromkeys((*self.findings, *found)))[:MOST]
        return replace(
            self,
            findings=findings,
            contradictions=tuple(dict.fromkeys((*self.contradictions, *notes)))[:MOST],
        )


_FACTS = (
    "previous",
    "time",
    "attempts",
    "cases",
    "open",
    "signers",
    "revoked",
    "doubtful",
    "handed",
    "succeeds",
    "recovery",
    "erased",
)


def _nothing() -> Following:
    report = AuditReport()
    return Following(report, KeysInForce(report))


def facts_of(following: Following) -> dict[str, Any]:
    """Return what following the entries has shown, as far as later entries are held against it."""
    return {
        "previous": (following.previous or b"").decode(),
        "time": following.time.decode(),
        "attempts": following.attempts,
        "cases": {tag.decode(): counts for tag, counts in following.cases.items()},
        "open": {
            str(index): [capture.decode(), case.decode(), number]
            for index, (capture, case, number) in following.open.items()
        },
        "signers": sorted(key.hex() for key in following.keys.signers.values()),
        "revoked": sorted(following.keys.revoked),
        "doubtful": sorted(following.keys.doubtful),
        "handed": {key: format_time(time) for key, time in following.keys.handed.items()},
        "succeeds": list(following.succeeds or ()),
        "recovery": list(following.keys.renewed or ()),
        "erased": {str(outcome): index for outcome, index in following.ended.items()},
    }


def follow_on(
    facts: dict[str, Any],
    report: AuditReport,
    *,
    signers: tuple[bytes, ...],
    recovery: tuple[int, tuple[bytes, ...]],
    earlier: Sequence[tuple[int, Sequence[bytes]]] = (),
) -> Following:
    """Return a following that goes on from ``facts``; raises FormatError when they are damaged."""
    keys = KeysInForce.known(report, signers, recovery, earlier)
    following = Following(report, keys)
    if not facts:
        return following
    try:
        keys.signers |= by_digest([bytes.fromhex(text) for text in facts["signers"]])
        keys.revoked = {check_hex(text, "revoked") for text in facts["revoked"]}
        keys.handed = {
            check_hex(text, "handed"): parse_time(time)
            for text, time in dict(facts["handed"]).items()
        }
        keys.doubtful = {check_hex(text, "doubtful") for text in facts["doubtful"]}
        if facts["succeeds"]:
            origin, size = facts["succeeds"]
            following.succeeds = str(origin), int(size)
        if facts["recovery"]:
            need, *texts = facts["recovery"]
            keys.renew(int(need), [bytes.fromhex(text) for text in texts])
        following.previous = facts["previous"].encode()
        following.time = facts["time"].encode()
        following.attempts = facts["attempts"]
        following.cases = {
            check_hex(tag, "case").encode(): [int(n) for n in counts]
            for tag, counts in facts["cases"].items()
        }
        following.open = {
            int(index): (str(capture).encode(), str(case).encode(), int(number))
            for index, (capture, case, number) in facts["open"].items()
        }
        following.ended = {int(at): int(index) for at, index in dict(facts["erased"]).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise FormatError("what it tells of cases is damaged", "其中的案件信息已损坏") from error
    return following


@dataclass(frozen=True)
class StateFile:
    """The file in which a monitor keeps its state."""

    path: Path

    @contextmanager
    def held(self, *, seconds: float = 5.0) -> Iterator[None]:
        """Be the only monitor at this file for a ``with`` block; InputError while another is."""
        try:
            with locked(self.path.with_name(self.path.name + ".lock"), seconds=seconds):
                yield
        except OSError as error:
            raise self._unusable(error) from error
        except LogError as error:
            if error.__class__ is not LogError or ".lock" not in error.en:
                raise
            raise InputError(
                f"Another monitor is at work with {self.path}; wait for it, or give another "
                "--state.",
                f"另一个监视程序正在使用 {self.path}；请稍候，或另给 --state。",
            ) from error

    def load(self, key: NoteKey) -> State:
        """Return the state of the log ``key``, a fresh one when there is no file.

        Raises InputError when the file is damaged or of another log: it is never begun anew
        by itself, for with it what was seen would be forgotten.
        """
        try:
            state = State.parse(self.path.read_bytes())
        except FileNotFoundError:
            return State(key)
        except OSError as error:
            raise self._unusable(error) from error
        except EvidenceError as error:
            raise InputError(
                f"The monitor's state {self.path} is damaged ({error.en}); restore it from a copy. "
                "Removing it begins anew, and what was seen before is forgotten.",
                f"监视状态文件 {self.path} 已损坏（{error.zh}）；请由副本恢复。"
                "删除它即从头开始，此前所见不再作数。",
            ) from error
        if state.key != key:
            raise InputError(
                f"{self.path} is the state of another log ({state.key.name}); give another "
                "--state.",
                f"{self.path} 是另一日志（{state.key.name}）的状态；请另给 --state。",
            )
        return state

    def keep(self, state: State, *, now: datetime) -> None:
        """Put ``state`` into the file, durably."""
        try:
            replace_file(self.path, replace(state, looked=format_time(now)).to_bytes())
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> InputError:
        return InputError(
            f"The monitor's state {self.path} cannot be used ({error.strerror}); give another "
            "--state.",
            f"监视状态文件 {self.path} 无法使用（{error.strerror}）；请另给 --state。",
        )


def _note(head: Head | None) -> str:
    return "" if head is None else head.note.decode()


def _head(text: str, key: NoteKey) -> Head | None:
    return open_checkpoint(text.encode(), key) if text else None


def _finding(value: Any) -> Finding:
    kinds: dict[str, type | tuple[type, ...]] = {"code": str, "zh": str, "en": str}
    fields = jcs.take(value, "finding", kinds | {"entry": (int, type(None))})
    return Finding(fields["code"], fields["entry"], fields["zh"], fields["en"])
