"""The application ``leads``."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LeadsConfig(AppConfig):
    """Registers the tables of this room."""

    name = "desk.leads"
    label = "leads"
    verbose_name = "线索"

    def ready(self) -> None:
        """Have the database count its leads from the first migration on."""
        post_migrate.connect(_keep_counting, sender=self, dispatch_uid="leads.counting")


def _keep_counting(*, using: str, **_: Any) -> None:
    from desk.leads.counting import keep_counting  # the tables are known only now

    keep_counting(using=using)
