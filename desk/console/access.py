"""Who may open which page: roles are asked on the server, rows by the selectors.

A page of another role answers 403; a record of another organisation answers 404, as
if it did not exist. Signing in itself is required by Django's LoginRequiredMiddleware.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from desk.errors import NotAllowed, NotFound
from desk.register.models import Role, User
from desk.register.roles import roles_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

READERS = (Role.OWNER, Role.OFFICER, Role.AUDITOR)
EXHIBIT_READERS = (Role.OFFICER, Role.NOTARY, Role.AUDITOR)
KEEPERS = (Role.OFFICER, Role.AUDITOR)
WATCHERS = (Role.OFFICER, Role.NOTARY, Role.AUDITOR, Role.ADMINISTRATOR)
EVERYBODY = tuple(Role)


def viewer_of(request: HttpRequest) -> User:
    """Return the person signed in; raises PermissionDenied when there is none."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def role_required(*roles: Role) -> Callable[[View[P]], View[P]]:
    """Let a view be opened only by people who hold one of the roles.

    The desk's NotFound becomes 404 and its NotAllowed 403. Which rows a person may
    see is not checked here: the view reads through the selectors.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if roles_of(viewer_of(request)).isdisjoint(roles):
                raise PermissionDenied
            try:
                return view(request, *args, **kwargs)
            except NotFound as error:
                raise Http404 from error
            except NotAllowed as error:
                raise PermissionDenied from error

        return guarded

    return decorate
