"""The application ``console``: the pages of the desk."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Registers the pages, their templates, static files and translations."""

    name = "desk.console"
    label = "console"
    verbose_name = "工作台"
