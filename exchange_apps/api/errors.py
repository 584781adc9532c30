"""Every answer that is no success: `{"message", "errors"?, "request_id"}`, whatever went wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from exchange_apps.domain.problems import Problem

logger = logging.getLogger(__name__)
_RETRY_AFTER = "5"  # seconds


class ApiError(Exception):
    """An answer on purpose. `body` is joined to the envelope; it never holds a credential."""

    status = 400

    def __init__(self, message: str, headers: Mapping[str, str] | None = None, **body: Any) -> None:
        super().__init__(message)
        self.message, self.headers, self.body = message, dict(headers or {}), body


class InvalidParameter(ApiError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, errors=[{"field": field, "message": message}])


class UnprocessableBody(ApiError):
    """422: JSON, but not what can be saved. Each fault with its place; the first one is the message."""

    status = 422

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = list(problems)
        errors = [{"field": problem.place, "message": problem.message} for problem in found]
        super().__init__(str(found[0]), errors=errors)

    @classmethod
    def of(cls, refusal: ValidationError) -> UnprocessableBody:
        """What a service or a model refuses."""
        by_field = getattr(refusal, "message_dict", {NON_FIELD_ERRORS: refusal.messages})
        return cls(
            Problem(() if field == NON_FIELD_ERRORS else (field,), sentence)
            for field, sentences in by_field.items()
            for sentence in sentences
        )


class Unauthenticated(ApiError):
    """401. Why the token is inactive is nobody's business but the log's."""

    status = 401

    def __init__(self, *, has_token: bool) -> None:
        message = (
            "The access token is invalid, expired, revoked, or used from an address it is not allowed for"
            if has_token
            else "An access token is required: Authorization: Bearer <token>"
        )
        challenge = f'Bearer error="invalid_token", error_description="{message}"' if has_token else "Bearer"
        super().__init__(message, {"WWW-Authenticate": challenge})


class Forbidden(ApiError):
    status = 403


class InsufficientScope(Forbidden):
    """RFC 6750 section 3.1."""

    def __init__(self, *, needed: str, held: list[str]) -> None:
        message = f"This needs the scope {needed}. The token has: {', '.join(sorted(held)) or 'no scope'}"
        challenge = f'Bearer error="insufficient_scope", scope="{needed}"'
        super().__init__(message, {"WWW-Authenticate": challenge}, needed_scope=needed, token_scopes=sorted(held))


class NotFound(ApiError):
    """Also for what another organization has: the same answer, word for word."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Not found")


class Conflict(ApiError):
    """Not yet, or no longer: the message says which."""

    status = 409


class PreconditionFailed(ApiError):
    status = 412


def answer_exception(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler for all of the API."""
    request_id = context["request"].request_id
    if isinstance(error, Http404):
        error = NotFound()
    if isinstance(error, ValidationError):
        error = UnprocessableBody.of(error)
    if isinstance(error, ApiError):
        body = {"message": error.message, **error.body, "request_id": request_id}
        return Response(body, error.status, headers=error.headers)
    if isinstance(error, APIException | PermissionDenied):
        status = getattr(error, "status_code", 403)
        return Response({"message": str(getattr(error, "detail", "Forbidden")), "request_id": request_id}, status)
    if isinstance(error, DatabaseError | InterfaceError):
        logger.error("API request not answered", extra={"error": type(error).__name__})
        body = {"message": "Try again shortly", "request_id": request_id}
        return Response(body, 503, headers={"Retry-After": _RETRY_AFTER})
    logger.error("API request failed", exc_info=error)
    return Response({"message": "The service failed to answer the request", "request_id": request_id}, 500)
