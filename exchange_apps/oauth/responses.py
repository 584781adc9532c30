"""The answers of the token endpoint (RFC 6749 sections 5.1 and 5.2, RFC 8693 section 2.2)."""

from __future__ import annotations

import json

from django.conf import settings
from django.http import HttpResponse

from exchange_apps.domain import urns
from exchange_apps.domain.errors import OAuthError
from exchange_apps.services.exchange_flow import IssuedToken

_JSON = "application/json"


def token_response(issued: IssuedToken) -> HttpResponse:
    body = {
        "access_token": issued.token.secret,
        "issued_token_type": urns.TOKEN_TYPE_ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    }
    return _json_response(body, 200, issued.budget.headers("exchange"))


def error_response(error: OAuthError, request_id: str) -> HttpResponse:
    body: dict[str, object] = {
        "error": error.code,
        "error_description": error.description,
        "request_id": request_id,
        "error_uri": f"{settings.PUBLIC_URL}/requests/{request_id}",
    }
    retry = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return _json_response(body, error.status, error.headers | retry)


def _json_response(body: dict[str, object], status: int, headers: dict[str, str]) -> HttpResponse:
    response = HttpResponse(json.dumps(body), content_type=_JSON, status=status, headers=headers)
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response
