"""The application ``cases``."""

from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Registers the tables of this room."""

    name = "desk.cases"
    label = "cases"
    verbose_name = "固证"
