"""Who asks: a token with the scope that an address needs, on behalf of a person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from desk.api.problems import Problem, Unknown
from desk.errors import NotAllowed
from desk.register.models import Token, TokenScope, User
from desk.register.services.tokens import token_of


class Bearer(HttpBearer):
    """Lets in a valid token that has the scope; the request is then its person's."""

    def __init__(self, scope: TokenScope | None) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Token:
        """Return the token; raises Unknown without a valid one, NotAllowed without the scope."""
        found: Token | None = super().__call__(request)
        if found is None:
            raise Unknown
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """Return the token of this text, None when it is none or no longer valid."""
        found = token_of(token, now=timezone.now())
        if found is None:
            return None
        if self.scope is not None and self.scope not in found.scopes:
            raise NotAllowed(
                f"This token lacks the scope {self.scope.value}.",
                f"该令牌没有“{self.scope.label}”（{self.scope.value}）权限。",
            )
        request.user = found.account
        return found


def asker(request: HttpRequest) -> User:
    """Return the person on whose behalf a token asks."""
    if not isinstance(request.user, User):
        raise Unknown
    return request.user


def guarded(scope: TokenScope | None, answer: Any, *further: int) -> dict[str, Any]:
    """Return how an operation is declared: who may ask, and every answer there is.

    ``further`` are statuses of problems besides those that any operation may have.
    """
    problems = dict.fromkeys((401, 403, 404, 422, *further), Problem)
    return {
        "auth": Bearer(scope),
        "response": {200: answer, **problems},
        "openapi_extra": {"x-scope": scope.value if scope is not None else ""},
    }
