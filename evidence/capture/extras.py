"""What a capture keeps besides its required records: the seams of optional files.

``Files`` maps a name in the package to its bytes, or to a file that is moved there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidence.browser.order import CaptureOrder, Profile
from evidence.capture.login import LoginState

Files = Mapping[str, bytes | Path]


def context_options(
    order: CaptureOrder, version: str, login: LoginState | None = None
) -> dict[str, Any]:
    """Return what the browser context is opened with; ``version`` is the browser's own.

    The mobile profile declares a telephone's window, touch and user agent, with the version that
    the browser really has. A visible window is as large as its person makes it. ``login`` is the
    declared login state that the context begins with.
    """
    window = order.window
    options: dict[str, Any] = {"locale": order.locale, "timezone_id": order.timezone}
    if login is not None:
        options["storage_state"] = dict(login.for_browser)
    if order.profile is Profile.MOBILE:
        options |= {
            "device_scale_factor": order.scale,
            "is_mobile": True,
            "has_touch": True,
            "user_agent": mobile_agent(version),
        }
    elif order.headed:
        return {**options, "no_viewport": True}
    return {**options, "viewport": {"width": window.width, "height": window.height}}


def mobile_agent(version: str) -> str:
    """Return the user agent that Chromium of this version sends on a telephone."""
    major = version.partition(".")[0]
    return (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 Mobile Safari/537.36"
    )
