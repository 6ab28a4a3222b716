"""The API as a whole: its operations, its errors, its description and its addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response, set_response_etag
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from desk.api import deciding, exhibits, reading
from desk.api.problems import MEDIA_TYPE, Fault, Unknown, problem, refused
from desk.errors import DeskError, NotFound

DESCRIPTION = """
What the pages of markseal show, for programs. Make a token on the page of your account and send
it as `Authorization: Bearer …`; it may do what its scopes and your own roles allow. A record of
another organisation answers 404. Refusals are problem details (RFC 9457) in Chinese and English.
"""


class Service(NinjaAPI):
    """The API, with an ETag for each record and problems as they are sent."""

    def create_response(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Return an answer; 304 when what was read has not changed since (If-None-Match)."""
        answer = super().create_response(request, *args, **options)
        answer["Cache-Control"] = "private, no-cache"
        if request.method != "GET" or answer.status_code != 200:
            return answer
        tag = set_response_etag(answer).headers["ETag"]
        return get_conditional_response(request, etag=tag, response=answer) or answer

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name of an operation: that of its function."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the description (OpenAPI 3.1); refusals are of their own media type."""
        schema = super().get_openapi_schema(**options)
        for operations in schema["paths"].values():
            for operation in operations.values():
                _finish(operation)
        return schema


def _finish(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if status >= 400 and "application/json" in content:
            answer["content"] = {MEDIA_TYPE: content["application/json"]}
    if operation["operationId"] == "dossier":
        operation["responses"][200]["content"] = {"application/zip": {}}


api = Service(
    title="markseal",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    urls_namespace="api",
)
api.add_router("", reading.router)
api.add_router("", exhibits.router)
api.add_router("", deciding.router)


@api.exception_handler(DeskError)
def _desk(request: HttpRequest, error: DeskError) -> HttpResponse:
    return refused(request, error)


@api.exception_handler(Unknown)
def _unknown(request: HttpRequest, error: Unknown) -> HttpResponse:
    return problem(request, 401, "no-token", error.en, error.zh)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [
        Fault(where=".".join(str(part) for part in one["loc"]), why=one["msg"])
        for one in error.errors
    ]
    en, zh = "A value cannot be used; see faults.", "有取值无法使用，详见 faults。"
    return problem(request, 422, "bad-input", en, zh, faults)


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    en, zh = "The body of the request cannot be read as JSON.", "请求内容不是可读取的 JSON。"
    return problem(request, error.status_code, "unreadable", en, zh)


def _nowhere(request: HttpRequest, **_: object) -> HttpResponse:
    raise Http404


def _by_token(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a view be reached without a session: tokens are asked for by each operation."""

    @wraps(view, assigned=())
    def reached(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            answer = view(request, *args, **kwargs)
        except Http404:
            return refused(request, NotFound("There is no such address.", "没有这个地址。"))
        if answer.status_code != 405:
            return answer
        en, zh = "This address does not take this method.", "该地址不支持此请求方法。"
        told = problem(request, 405, "method", en, zh)
        told["Allow"] = answer["Allow"]
        return told

    return csrf_exempt(login_not_required(reached))


def addresses() -> tuple[list[URLPattern], str, str]:
    """Return the addresses of the API; what is none of them answers 404 as a problem."""
    patterns, app, namespace = api.urls
    reached = [
        URLPattern(pattern.pattern, _by_token(pattern.callback), name=pattern.name)
        for pattern in patterns
        if isinstance(pattern, URLPattern) and pattern.callback is not None
    ]
    return [*reached, path("<path:rest>", _by_token(_nowhere))], app, namespace
