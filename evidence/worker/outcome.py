"""From how a capture's process ended to a snapshot, or to one sentence that says why not."""

from __future__ import annotations

import signal

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.capture import Snapshot
from evidence.errors import CaptureError, FormatError, InputError
from evidence.replay import cut_short, leave_unchecked
from evidence.worker.codec import loads
from evidence.worker.private import Private, read_answer, require_plain
from evidence.worker.request import PROGRESS, RESULT, RESULT_LIMIT, Kind, Outcome, Request
from evidence.worker.supervisor import NO_ROOM, Ending

_WORDS_LIMIT = 1_000_000


def snapshot_of(request: Request, private: Private, ending: Ending | None) -> Snapshot:
    """Return the finished capture; raises what the capture raised, or PageNotCaptured.

    The answer is written when the capture is whole and its files are closed; what the process
    left must be plain files. A replay that did not end well is noted as not checked.
    """
    data = read_answer(request.inside / RESULT, RESULT_LIMIT)
    if data is None:
        raise _died(request, private, ending)
    outcome = loads(Outcome, data)
    if outcome.kind is not Kind.CAPTURED or outcome.snapshot is None:
        raise _failure(outcome)
    odd = require_plain(request.folder)
    if odd is not None:
        raise PageNotCaptured(
            Reason.UNSOUND,
            f"The capture left something that is no plain file ({odd[:80]!r}); it is not used.",
            f"取证结果中含有非普通文件（{odd[:80]!r}），不予采用。",
        )
    if request.replay and (ending is None or (ending.how, ending.value) != ("exit", 0)):
        leave_unchecked(request.folder, cut_short(_cause(request, private, ending)[1]))
    return outcome.snapshot


def _failure(outcome: Outcome) -> Exception:
    if outcome.kind is Kind.NOT_CAPTURED:
        return PageNotCaptured(Reason(outcome.reason), outcome.en, outcome.zh)
    if outcome.kind is Kind.UNSOUND:
        return FormatError(outcome.en, outcome.zh)
    if outcome.kind is Kind.INPUT:
        return InputError(outcome.en, outcome.zh)
    if outcome.kind is Kind.SYSTEM:
        return OSError(outcome.number, outcome.en, outcome.file or None)
    return CaptureError(outcome.en, outcome.zh)


def _died(request: Request, private: Private, ending: Ending | None) -> PageNotCaptured:
    """Return the failure of a capture that gave no answer, with the last step it told of."""
    reason, en, zh = _cause(request, private, ending)
    step = _last_step(request)
    if step:
        en, zh = f"{en} (last step: {step})", f"{zh}（最后一步：{step}）"
    return PageNotCaptured(reason, f"{en}.", f"{zh}。")


def _cause(request: Request, private: Private, ending: Ending | None) -> tuple[Reason, str, str]:
    if ending is None:
        return (
            Reason.BROWSER,
            "The process that watches over the capture was ended from outside",
            "看护取证的进程被外部终止",
        )
    if ending.how == "time":
        bound = f"{request.bounds.seconds_for(request.order):.0f}"
        return (
            Reason.TIMEOUT,
            f"The capture as a whole took longer than {bound} seconds and was ended",
            f"整个取证过程超过 {bound} 秒，已终止",
        )
    if ending.how == "memory":
        most, used = (
            f"{n / 1024**2:.0f}" for n in (request.bounds.memory_bytes, ending.peak_bytes)
        )
        return (
            Reason.LIMIT,
            f"The browser used {used} MB of memory, more than {most} MB, and was ended",
            f"浏览器占用内存 {used} MB，超过 {most} MB 的上限，已终止",
        )
    if ending.how == "signal":
        name = _signal(ending.value)
        return (
            Reason.BROWSER,
            f"The capture's process was killed ({name}), as a system short of memory also does",
            f"取证进程被终止（{name}）；系统内存不足时也会如此",
        )
    if (ending.how, ending.value) == ("exit", NO_ROOM):
        return Reason.STORAGE, "The capture could not write its files", "取证进程无法写入文件"
    said = _last_line(private)
    if ending.how == "not started":
        return (
            Reason.BROWSER,
            f"The capture's process could not be started ({said})",
            f"取证进程未能启动（{said}）",
        )
    return Reason.BROWSER, f"The capture's process failed ({said})", f"取证进程出错（{said}）"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_line(private: Private) -> str:
    data = read_answer(private.words, _WORDS_LIMIT) or b""
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    last = lines[-1].strip() if lines else "no word from it"
    return "".join(c for c in last if c.isprintable())[:200]


def _last_step(request: Request) -> str:
    data = read_answer(request.inside / PROGRESS, _WORDS_LIMIT) or b""
    steps = data.decode("utf-8", "replace").splitlines()
    return "".join(c for c in steps[-1] if c.isprintable())[:80] if steps else ""
