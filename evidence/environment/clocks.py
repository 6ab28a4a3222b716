"""The clocks of this machine: wall against monotonic, and whether the kernel holds them in step."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from evidence.environment.rows import Row, checked, differs, not_checked
from evidence.format.times import parse_time

BOUND = Decimal("0.5")
_TIME_ERROR = 5
_STA_UNSYNC = 0x40
_STATES = ("ok", "insert leap second", "delete leap second", "leap second", "wait", "error")
Look = dict[str, Any]


class _Timex(ctypes.Structure):
    """``struct timex`` of adjtimex(2) on 64-bit Linux, as far as it is read here."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


def compared(before: Look, after: Look) -> dict[str, str]:
    """Return how far wall and monotonic clock went between the looks, and the difference (s)."""
    wall = parse_time(after["wall"]) - parse_time(before["wall"])
    walked = Decimal(wall.days * 86_400 + wall.seconds) + Decimal(wall.microseconds).scaleb(-6)
    steady = Decimal(after["monotonic"]) - Decimal(before["monotonic"])
    return {
        "wall_seconds": f"{walked:.6f}",
        "monotonic_seconds": f"{steady:.6f}",
        "difference_seconds": f"{walked - steady:.6f}",
    }


def clock_row(before: Look, after: Look) -> Row:
    """Return ``differs`` when the wall clock was moved during the capture by more than 0.5 s."""
    found = compared(before, after)
    gap = found["difference_seconds"]
    zh = f"取证期间系统时钟与单调时钟相差 {gap} 秒。"
    en = f"During the capture the wall clock went {gap} s further than the monotonic clock."
    if abs(Decimal(gap)) > BOUND:
        return differs("clock", f"{zh}系统时钟在取证期间被调整。", f"{en} It was set.", **found)
    return checked("clock", zh, en, **found)


def kernel_time() -> tuple[int, int, int]:
    """Return state, status bits and estimated error (µs) of adjtimex(2); raises OSError."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        call = library.adjtimex
    except (OSError, AttributeError) as error:
        raise OSError("this system has no adjtimex") from error
    timex = _Timex()
    state = int(call(ctypes.byref(timex)))
    if state < 0:
        raise OSError(ctypes.get_errno(), "adjtimex refused")
    return state, int(timex.status), int(timex.maxerror)


def sync_row(ask: Callable[[], tuple[int, int, int]] = kernel_time) -> Row:
    """Return whether the kernel says that something keeps its clock in step."""
    state, status, most = ask()
    if not 0 <= state < len(_STATES):
        return not_checked("time_sync", "内核应答不明。", "The kernel's answer is not understood.")
    data = {"state": _STATES[state], "status": status, "maximum_error_microseconds": most}
    if state == _TIME_ERROR or status & _STA_UNSYNC:
        return differs(
            "time_sync",
            "内核报告系统时钟未与任何时间源同步（容器内常见）。",
            "The kernel says that nothing keeps its clock in step (usual in a container).",
            **data,
        )
    return checked(
        "time_sync",
        f"内核报告系统时钟已同步，最大误差 {most} 微秒。",
        f"The kernel says that its clock is kept in step, within {most} microseconds.",
        **data,
    )
