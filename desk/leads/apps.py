"""The application ``leads``."""

from __future__ import annotations

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Registers the tables of this room."""

    name = "desk.leads"
    label = "leads"
    verbose_name = "线索"
