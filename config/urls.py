"""Addresses of the console, and the switch between Chinese and English."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from desk.api.service import addresses

urlpatterns = [
    path("language/", login_not_required(set_language), name="set_language"),
    path("api/v1/", addresses()),
    path("", include("desk.console.urls")),
]
