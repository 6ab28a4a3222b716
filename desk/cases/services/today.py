"""Today's verdict on a sealed exhibit of this installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from desk.cases.models import Exhibit
from desk.cases.selectors import dossier_of, erased, kept_of
from evidence.verify import verify_file, verify_opened


def verdict_of(exhibit: Exhibit) -> dict[str, Any]:
    """Return today's verdict on a dossier, or on what is left of an erased exhibit.

    Without a trust policy nothing is trusted. Whether somebody may see it is not checked here.
    """
    trust = Path(settings.MARKSEAL_HOME) / "trust"
    trusted = trust if (trust / "policy.toml").is_file() else None
    if erased(exhibit):
        path = kept_of(exhibit).path(exhibit.wacz)
        return verify_file(path, trust=trusted).to_json()
    dossier = dossier_of(exhibit)
    with dossier.open() as file:
        return verify_opened(file, dossier.path, trust=trusted).to_json()
