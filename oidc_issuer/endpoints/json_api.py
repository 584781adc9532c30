"""What the JSON endpoints of the issuer share: reading a body, answering, and answering for whatever went wrong."""

from __future__ import annotations

import logging

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from exchange_apps.domain.errors import OAuthError
from exchange_apps.oauth.bearer import api_response
from exchange_apps.oauth.machine_view import MachineView
from exchange_apps.oauth.requests import read_body

logger = logging.getLogger(__name__)


class Refused(Exception):
    """An answer that is no success: a status, a sentence, and where it helps the places in the body."""

    def __init__(self, status: int, message: str, errors: list[dict[str, str]] | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"message": message} | ({"errors": errors} if errors else {})
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class JSONView(MachineView):
    """Subclasses raise Refused, or handle their own exceptions in `answer_own` (None: not theirs)."""

    def refuse_method(self, request: HttpRequest) -> HttpResponse:
        allowed = ", ".join(method.upper() for method in self.answers)
        return api_response(request, {"message": f"Use {allowed}"}, 405, {"Allow": allowed})

    def answer_own(self, error: Exception, request: HttpRequest) -> HttpResponse | None:
        return None

    def answer_exception(self, error: Exception, request: HttpRequest) -> HttpResponse:
        if isinstance(error, Refused):
            return api_response(request, error.body, error.status, error.headers)
        if (answer := self.answer_own(error, request)) is not None:
            return answer
        if isinstance(error, DatabaseError | InterfaceError):
            logger.error("request not stored", extra={"error": type(error).__name__})
            return api_response(request, {"message": "Try again shortly"}, 503, {"Retry-After": "5"})
        logger.error("request failed", exc_info=error)
        return api_response(request, {"message": "The service failed to answer the request"}, 500)


def body_of(request: HttpRequest) -> bytes:
    """Raises Refused (413) for more than 64 KiB."""
    try:
        return read_body(request)
    except OAuthError as error:
        raise Refused(error.status, error.description) from None
