"""The one seam to the network: an address in, an answer or the reason for none out."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Answer:
    """What a site sent: status, headers (lower-case names), body after content decoding."""

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class NoAnswer:
    """Why there is no answer: ``refused`` by the guard, or failed; ``reason`` is its code."""

    url: str
    reason: str
    refused: bool = False


class Fetch(Protocol):
    """One GET of an address, or one POST of a JSON body to it."""

    def __call__(self, url: str, body: str | None = None) -> Awaitable[Answer | NoAnswer]:
        """Return the answer, or why there is none."""
        ...
