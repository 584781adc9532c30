"""A name for every request, and what its person may see."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from exchange_apps.access import access_of

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdentity:
    """Gives each request an id: in the answer, in every log line, in its audit events."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = request_id = str(uuid.uuid4())  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class OrganizationAccessMiddleware:
    """Puts `request.organization_access` there, read from the database only when somebody looks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.organization_access = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: access_of(getattr(request, "user", None))
        )
        return self.get_response(request)
