"""Reading a bearer token from a request (RFC 6750 section 2.1) and refusing it (section 3)."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.origin import client_ip
from exchange_apps.models import MintedToken
from exchange_apps.services.minted_tokens import Inactive, InactiveToken, authenticate


def bearer_token(request: HttpRequest) -> MintedToken:
    """The live token of the caller; raises InactiveToken. A request without a token is UNKNOWN's kin: MALFORMED."""
    scheme, _, secret = _credentials(request)
    if scheme.lower() != "bearer":
        raise InactiveToken(Inactive.MALFORMED)
    return authenticate(secret.strip(), address=client_ip(request), now=timezone.now())


def refuse_bearer(request: HttpRequest) -> HttpResponse:
    """401. Why the token is inactive is nobody's business but the log's."""
    has_token = _credentials(request)[0].lower() == "bearer"
    message = (
        "The access token is invalid, expired, revoked, or used from an address it is not allowed for"
        if has_token
        else "An access token is required: Authorization: Bearer <token>"
    )
    challenge = f'Bearer error="invalid_token", error_description="{message}"' if has_token else "Bearer"
    return api_response(request, {"message": message}, 401, {"WWW-Authenticate": challenge})


def _credentials(request: HttpRequest) -> tuple[str, str, str]:
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    return header.partition(" ")


def api_response(
    request: HttpRequest, body: dict[str, object], status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    if status >= 400:
        body = body | {"request_id": request.request_id}  # type: ignore[attr-defined]
    all_headers = {"Content-Type": "application/json", "Cache-Control": "no-store"} | (headers or {})
    return HttpResponse(json.dumps(body), status=status, headers=all_headers)
