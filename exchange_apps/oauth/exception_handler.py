"""Whatever goes wrong at the token endpoint becomes the JSON of RFC 6749 section 5.2; never HTML, never a traceback."""

from __future__ import annotations

import logging

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, ProgrammingError
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidRequest, OAuthError, ServerError, TemporarilyUnavailable
from exchange_apps.oauth.responses import error_response
from exchange_apps.services.rate_limit import RedisGone

logger = logging.getLogger(__name__)

_OUR_MISTAKES = (DataError, IntegrityError, ProgrammingError)
_RETRY_AFTER = 5  # seconds


def answer_exception(error: Exception, request: HttpRequest) -> HttpResponse:
    return error_response(as_oauth_error(error), request.request_id)  # type: ignore[attr-defined]


def as_oauth_error(error: Exception) -> OAuthError:
    if isinstance(error, OAuthError):
        return error
    if isinstance(error, UnreadablePostError):
        return InvalidRequest(DenialReason.NOT_A_FORM)
    is_outage = isinstance(error, DatabaseError | InterfaceError | RedisGone)
    if is_outage and not isinstance(error, _OUR_MISTAKES):
        # Locked, full or gone. Nothing was acknowledged, so nothing is lost; the class is enough for the log
        logger.error("exchange not stored", extra={"error": type(error).__name__, "detail": str(error)[:200]})
        return TemporarilyUnavailable(DenialReason.DATABASE_UNAVAILABLE, retry_after=_RETRY_AFTER)
    logger.error("exchange failed", exc_info=error)
    return ServerError(DenialReason.INTERNAL_ERROR)
