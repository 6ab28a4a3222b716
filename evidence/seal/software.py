"""What made a package: the program's name and version, as it stands in the manifest."""

from __future__ import annotations

import importlib.metadata


def software() -> str:
    """Return ``markseal`` and its version; ``(from source)`` when it is not installed."""
    try:
        return f"markseal {importlib.metadata.version('markseal')}"
    except importlib.metadata.PackageNotFoundError:
        return "markseal (from source)"
