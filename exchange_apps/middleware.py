"""A name for every request, and what its person may see."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from audit.origin import current_request_id, forwarded_scheme
from exchange_apps.access import portal_access_of

GetResponse = Callable[[HttpRequest], HttpResponse]


def name_request(request: HttpRequest) -> str:
    """Give the request an id: for the answer, every log line, and its audit events."""
    request_id = str(uuid.uuid4())
    request.request_id = request_id  # type: ignore[attr-defined]
    current_request_id.set(request_id)
    return request_id


class RequestIdentity:
    """Names each request, in its answer too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = name_request(request)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class ForwardedScheme:
    """Makes `request.is_secure()` true behind a trusted proxy that ended TLS."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if scheme := forwarded_scheme(request):
            request.META["wsgi.url_scheme"] = scheme
        return self.get_response(request)


class OrganizationAccessMiddleware:
    """Puts `request.organization_access` there, read from the database only when somebody looks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.organization_access = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: portal_access_of(getattr(request, "user", None))
        )
        return self.get_response(request)
