"""What a capture keeps besides its required records: the seams of optional files.

``Files`` maps a name in the package to its bytes, or to a file that is moved there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from evidence.browser.order import CaptureOrder
from evidence.browser.steps import Steps

Files = Mapping[str, bytes | Path]


def context_options(order: CaptureOrder, spool: Path) -> dict[str, Any]:
    """Return what the browser context is opened with; ``spool`` is private and goes afterwards."""
    return {
        "locale": order.locale,
        "timezone_id": order.timezone,
        "viewport": {"width": order.viewport.width, "height": order.viewport.height},
    }


def take_beside(context: BrowserContext, order: CaptureOrder, steps: Steps) -> Files:
    """Return what further pages give, taken after the page's own records: the licence page."""
    return {}


def take_after(spool: Path, order: CaptureOrder, steps: Steps) -> Files:
    """Return what is there only once the context has closed: the recording."""
    return {}
