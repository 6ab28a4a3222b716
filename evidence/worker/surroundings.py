"""What the capture's process is given of its caller's surroundings: little, and by name.

No setting of ours, no address of a database, no proxy: the page's browser inherits this.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from evidence.worker.private import Private
from evidence.worker.request import Isolation, Request

_KEPT = (
    "PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH",
    "PYTHONPATH", "PLAYWRIGHT_BROWSERS_PATH", "PLAYWRIGHT_NODEJS_PATH",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR",
)  # fmt: skip
_SEEN = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR")


def user_fonts(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Return the folders of fonts that the caller installed for themselves."""
    home = (os.environ if environ is None else environ).get("HOME")
    places = (".fonts", ".local/share/fonts") if home else ()
    return tuple(p for p in (Path(home or "/") / name for name in places) if p.is_dir())


def lend_fonts(private: Private, fonts: tuple[Path, ...]) -> None:
    """Make the caller's own fonts those of the private home."""
    place = private.inside / "home" / ".fonts"
    if fonts:
        place.mkdir()
    for number, folder in enumerate(fonts):
        (place / str(number)).symlink_to(folder.resolve())


def environment(
    private: Private, *, visible: bool, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the variables of the capture's process; ``visible`` adds those of the screen."""
    held = os.environ if environ is None else environ
    kept = {
        name: value
        for name, value in held.items()
        if (name in _KEPT or name.startswith("LC_")) and (visible or name not in _SEEN)
    }
    code = str(Path(__file__).resolve().parents[2])
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [code, kept.get("PYTHONPATH", "")]))
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    kept["HOME"] = str(private.inside / "home")
    kept["TMPDIR"] = str(private.inside / "tmp")
    if visible and held.get("HOME"):
        kept.setdefault("XAUTHORITY", str(Path(held["HOME"]) / ".Xauthority"))
    downloads = Path(held.get("HOME") or "/") / ".cache" / "ms-playwright"
    if downloads.is_dir():
        kept.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(downloads))
    return kept


def command(request: Request) -> list[str]:
    """Return the command line of the capture's process, in bubblewrap where that is the means."""
    python = [sys.executable, "-P", "-m", "evidence.worker"]
    if request.isolation is not Isolation.BUBBLEWRAP:
        return python
    line = ["bwrap", "--die-with-parent", "--dev-bind", "/", "/"]
    if os.geteuid() == 0:  # root could go through the root folder of a process outside
        line += ["--unshare-pid", "--proc", "/proc"]
    for path in (secret.path for secret in request.secrets):
        if path.is_dir():
            line += ["--tmpfs", str(path)]
        elif path.exists():
            line += ["--ro-bind", os.devnull, str(path)]
    line += ["--bind", str(request.folder), str(request.folder)]
    line += ["--bind", str(request.inside), str(request.inside)]
    for path in request.readable:
        line += ["--ro-bind", str(path), str(path)]
    return [*line, "--", *python]


def has_bubblewrap() -> bool:
    """Return whether ``bwrap`` is installed; whether it works shows when it is run."""
    return shutil.which("bwrap") is not None
