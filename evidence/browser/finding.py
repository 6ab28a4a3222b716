"""Finding a browser: the one that is named, the system's Chromium, or Playwright's download."""

from __future__ import annotations

import shutil
from pathlib import Path

from evidence.errors import InputError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_DOWNLOADS = "chromium-*/chrome-linux*/chrome"


def find_browser(named: str = "", *, downloads: Path | None = None) -> Path:
    """Return the path of Chromium; ``named`` (MARKSEAL_BROWSER) comes first.

    ``downloads`` is where Playwright keeps its own; default: the user's cache. Raises
    InputError with what to do when there is none. Whether it starts is not checked.
    """
    if named:
        path = Path(named)
        if not path.is_file():
            raise InputError(
                f"There is no browser at {named}; correct MARKSEAL_BROWSER.",
                f"{named} 处没有浏览器；请更正 MARKSEAL_BROWSER。",
            )
        return path
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    folder = downloads or Path.home() / ".cache" / "ms-playwright"
    downloaded = sorted(folder.glob(_DOWNLOADS))
    if downloaded:
        return downloaded[-1]
    raise InputError(
        "No Chromium was found; install it (Debian: apt install chromium fonts-noto-cjk), or "
        "run python -m playwright install chromium, or set MARKSEAL_BROWSER.",
        "未找到 Chromium；请安装（Debian：apt install chromium fonts-noto-cjk），或执行 "
        "python -m playwright install chromium，或设置 MARKSEAL_BROWSER。",
    )
