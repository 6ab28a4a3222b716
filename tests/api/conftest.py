"""Programs that ask the API on behalf of the people of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from django.test import Client
from django.utils import timezone

from desk.register.models import TokenScope
from desk.register.services.tokens import make_token
from tests.console.conftest import world
from tests.console.world import World

__all__ = ["world"]
Programs = Callable[..., Client]


@pytest.fixture
def program(world: World) -> Programs:
    """Return a function that gives a person's program a token: with all scopes, or those named."""

    def make(
        name: str, scopes: Iterable[str] = TokenScope.values, language: str = "zh-hans"
    ) -> Client:
        now = timezone.now()
        person = world.people[name]
        _, text = make_token(account=person, name="t", scopes=scopes, days=1, now=now)
        return Client(
            HTTP_AUTHORIZATION=f"Bearer {text}",
            HTTP_ACCEPT_LANGUAGE=language,
            enforce_csrf_checks=True,
        )

    return make
