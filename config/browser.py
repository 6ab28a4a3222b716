"""Where Chromium is: the setting, the system's, or Playwright's own download."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from config.environment import SettingError, setting

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
DOWNLOADS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium",
)


def find_browser() -> Path:
    """Return the path of Chromium; raises SettingError with what to do when there is none."""
    chosen = setting("MARKSEAL_BROWSER")
    if chosen:
        return _usable(Path(chosen))
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    downloads = Path(
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright"
    )
    for pattern in DOWNLOADS:
        for path in sorted(downloads.glob(pattern), reverse=True):
            return path
    raise SettingError(
        "No Chromium was found; install the package chromium or set MARKSEAL_BROWSER.",
        "没有找到 Chromium；请安装 chromium，或设置 MARKSEAL_BROWSER。",
    )


def _usable(path: Path) -> Path:
    if path.is_file() and os.access(path, os.X_OK):
        return path
    raise SettingError(
        f"MARKSEAL_BROWSER names {path}, which is no program.",
        f"MARKSEAL_BROWSER 指定的 {path} 不是可执行程序。",
    )
