"""A DRF view without what machines do not need.

Content negotiation, authenticators, permissions and throttles of DRF cost more here than the signature check
(docs/benchmarks.md), and the endpoints below use none of them: one parser, one renderer, one exception handler each.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView


class MachineView(APIView):
    """Subclasses name their handlers `post`, `get`, `delete` as always and take Django's own request."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.answers else None
        try:
            return handler(request, *args, **kwargs) if handler else self.refuse_method(request)
        except Exception as error:  # noqa: BLE001 - the edge: everything ends as the endpoint's own JSON
            return self.answer_exception(error, request)

    answers: tuple[str, ...] = ()

    def refuse_method(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    def answer_exception(self, error: Exception, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError
