"""Answers machines before sessions, CSRF and messages are set up for people.

These endpoints use none of that, and at thousands of calls a minute it is what a request would mostly pay for
(docs/benchmarks.md). The same routes are in `config.urls` too, so `reverse()` knows them.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RegexPattern

GetResponse = Callable[[HttpRequest], HttpResponse]


class MachineEndpoints:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.resolver = URLResolver(RegexPattern(r"^/"), "config.machine_urls")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            match = self.resolver.resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response
