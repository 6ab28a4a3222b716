"""The application ``register``."""

from __future__ import annotations

from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """Registers the tables of this room."""

    name = "desk.register"
    label = "register"
    verbose_name = "商标与权利"
