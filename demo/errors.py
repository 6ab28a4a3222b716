"""What can go wrong in a demo run.

DemoError
├── ChildEnded     the shop or the service ended by itself
├── TooLong        something awaited did not come in time
└── NotAsTold      the product did not do what the demo promises
"""

from __future__ import annotations


class DemoError(Exception):
    """The demo cannot go on; both sentences say why."""

    exit_code = 1

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class ChildEnded(DemoError):
    """The shop or the service ended by itself."""


class TooLong(DemoError):
    """Something awaited did not come in time."""


class NotAsTold(DemoError):
    """The product did not do what the demo promises."""
