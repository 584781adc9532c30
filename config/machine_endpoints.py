"""Answers machines before sessions, CSRF and messages are set up for people.

Machine endpoints use none of that, and at thousands of calls a minute it is what a request would mostly pay for: see
the ladder in docs/benchmarks.md. There are two doors to the same views: the WSGI application, which goes around
Django's handler and its signals as well, and a middleware for the test client and for whoever calls Django's handler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver, get_resolver, path

from exchange_apps.middleware import name_request

View = Callable[[HttpRequest], HttpResponse]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
WSGIApplication = Callable[..., Iterable[bytes]]

_NAMED_BELOW = ("/v3/",)
"""Below these, addresses hold names of things; all the others are fixed texts, and finding one is a look-up."""


def find_machine_view(address: str) -> View | None:
    """None: the REST API answers this address, or the portal does."""
    view = machine_views().get(address)
    if view is not None or not address.startswith(_NAMED_BELOW):
        return view
    for pattern in machine_patterns():
        if match := pattern.resolve(address.removeprefix("/")):
            return partial(match.func, *match.args, **match.kwargs)
    return None


def unknown_address(request: HttpRequest) -> HttpResponse:
    """For whoever calls an interface that is not there: JSON, not the portal's page."""
    return JsonResponse({"message": "There is no such address", "request_id": request.request_id}, status=404)  # type: ignore[attr-defined]


@cache
def machine_views() -> dict[str, View]:
    """Address → view, for the addresses that are fixed texts."""
    return {address: view for address, view in _routes(get_resolver("config.machine_urls"), "/") if "<" not in address}


@cache
def machine_patterns() -> list[URLPattern]:
    """The addresses that hold names of things, each in one piece: Django would try all of the others first."""
    routes = _routes(get_resolver("config.machine_urls"), "")
    return [path(address, view) for address, view in routes if "<" in address]


def _routes(resolver: URLResolver, prefix: str) -> Iterable[tuple[str, View]]:
    for entry in resolver.url_patterns:
        address = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from _routes(entry, address)
        else:
            yield address, entry.callback


class MachineEndpoints:
    """The middleware: the first after the one that names the request."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return (find_machine_view(request.path_info) or self.get_response)(request)


class MachineFirst:
    """The WSGI application: machines are answered here, everything else by Django's handler."""

    def __init__(self, django: WSGIApplication) -> None:
        self.django = django
        # Now, in one thread: the first requests of a new process come many at once, and would import half-made modules
        machine_views()
        machine_patterns()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        view = find_machine_view(environ.get("PATH_INFO", ""))
        if view is None:
            return self.django(environ, start_response)
        request = WSGIRequest(environ)
        request_id = name_request(request)
        response = view(request)
        headers = [*response.items(), ("X-Request-Id", request_id), ("Content-Length", str(len(response.content)))]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        return [response.content]  # a list, because servers answer it in one piece
