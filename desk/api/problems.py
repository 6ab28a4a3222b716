"""Answers that refuse: problem details in both languages (RFC 9457).

``detail`` is in the language of the request (Accept-Language), ``zh`` and ``en`` are in both.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, JsonResponse
from django.utils.translation import get_language
from ninja import Schema

from desk.errors import (
    AlreadyDecided,
    BadInput,
    DeskError,
    NotAllowed,
    NotFound,
    NotPossible,
)

MEDIA_TYPE = "application/problem+json"
STATUSES: dict[type[DeskError], tuple[int, str]] = {
    NotFound: (404, "not-found"),
    NotAllowed: (403, "not-allowed"),
    NotPossible: (409, "not-possible"),
    AlreadyDecided: (409, "already-decided"),
    BadInput: (422, "bad-input"),
}


class Fault(Schema):
    """One value that cannot be used: where it stands and why (in English)."""

    where: str
    why: str


class Problem(Schema):
    """Why nothing was done: one sentence in both languages."""

    type: str
    status: int
    title: str
    detail: str
    zh: str
    en: str
    faults: list[Fault]


class Unknown(DeskError):
    """No valid token came with the request."""

    def __init__(self) -> None:
        super().__init__(
            "Send a valid token: Authorization: Bearer ….",
            "请在请求头中提供有效的令牌：Authorization: Bearer …。",
        )


def refused(request: HttpRequest, error: DeskError) -> JsonResponse:
    """Return the problem that says an error of the desk."""
    status, name = STATUSES.get(type(error), (400, "refused"))
    return problem(request, status, name, error.en, error.zh)


def problem(
    request: HttpRequest,
    status: int,
    name: str,
    en: str,
    zh: str,
    faults: Iterable[Fault] = (),
) -> JsonResponse:
    """Return a problem; ``name`` ends its type ``urn:markseal:problem:…``."""
    told = Problem(
        type=f"urn:markseal:problem:{name}",
        status=status,
        title=name.replace("-", " "),
        detail=en if get_language() == "en" else zh,
        zh=zh,
        en=en,
        faults=list(faults),
    )
    answer = JsonResponse(
        told.model_dump(), status=status, json_dumps_params={"ensure_ascii": False}
    )
    answer["Content-Type"] = MEDIA_TYPE
    answer["Cache-Control"] = "no-store"
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="markseal"'
    return answer
