"""robots.txt (RFC 9309): what may be read, and how slowly.

No file (4xx) allows everything; a file that cannot be had (5xx, no answer) forbids it.
"""

from __future__ import annotations

from dataclasses import dataclass

from protego import Protego

MAX_BYTES = 512 * 1024
MAX_DELAY = 60.0


@dataclass(frozen=True)
class Robots:
    """The rules of one host for one agent."""

    rules: Protego
    agent: str

    def allows(self, url: str) -> bool:
        """Return whether the agent may read an address."""
        return bool(self.rules.can_fetch(url, self.agent))

    def delay(self) -> float:
        """Return the seconds between requests the site asks for, at most 60; 0 if it is silent."""
        delay = float(self.rules.crawl_delay(self.agent) or 0)
        rate = self.rules.request_rate(self.agent)
        if rate is not None and rate.requests:
            delay = max(delay, rate.seconds / rate.requests)
        return min(delay, MAX_DELAY)


def read_robots(data: bytes, agent: str) -> Robots:
    """Return the rules of a robots.txt; what is not understood in it is passed over."""
    return Robots(Protego.parse(data[:MAX_BYTES].decode("utf-8", "replace")), product(agent))


def product(agent: str) -> str:
    """Return the product token of a user agent (``markseal/1 (+…)`` is ``markseal``)."""
    return agent.split("/", maxsplit=1)[0].split(" ", maxsplit=1)[0]
