"""The world of the pages, and a browser's session for each person in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client, override_settings

from tests.console.world import World, build

Sessions = Callable[..., Client]


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """Return a fresh world; passwords are hashed the quick way, which only tests may."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield build()


@pytest.fixture
def session(world: World) -> Sessions:
    """Return a function that signs a person in; nobody: not signed in."""

    def sign_in(name: str | None = None, *, language: str = "zh-hans", **options: bool) -> Client:
        client = Client(HTTP_ACCEPT_LANGUAGE=language, **options)
        if name is not None:
            client.force_login(world.people[name])
        return client

    return sign_in
