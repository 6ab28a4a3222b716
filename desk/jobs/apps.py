"""The application ``jobs``."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the tables of this room."""

    name = "desk.jobs"
    label = "jobs"
    verbose_name = "任务"
