"""What a handler is handed: the payload of its job, and a way to say how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


def _silent(_: str) -> None:
    return None


@dataclass(frozen=True)
class Work:
    """One job as its handler sees it. A handler may be run again after any interruption."""

    payload: Mapping[str, Any]
    report: Callable[[str], None] = _silent


class Later(Exception):
    """Raised by a handler whose work must wait for something; counts as no failure."""

    def __init__(self, delay: timedelta, en: str, zh: str) -> None:
        super().__init__(en)
        self.delay = delay
        self.en = en
        self.zh = zh


Handler = Callable[[Work], object]
