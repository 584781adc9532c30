"""`GET` and `DELETE /v2/access-token`: a token describes or revokes itself (CONTRACT 7.1)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.origin import RequestOrigin
from exchange_apps.models import MintedToken
from exchange_apps.oauth.bearer import api_response, bearer_token, refuse_bearer
from exchange_apps.oauth.machine_view import MachineView
from exchange_apps.services.minted_tokens import InactiveToken, revoke

logger = logging.getLogger(__name__)


class AccessTokenView(MachineView):
    answers = ("get", "delete")

    def get(self, request: HttpRequest) -> HttpResponse:
        return api_response(request, described(bearer_token(request)))

    def delete(self, request: HttpRequest) -> HttpResponse:
        token = bearer_token(request)
        revoke(token, actor=token.principal_party(), origin=RequestOrigin.of(request), now=timezone.now())
        response = HttpResponse(status=204, headers={"Cache-Control": "no-store"})
        del response["Content-Type"]  # there is nothing it could be the type of
        return response

    def refuse_method(self, request: HttpRequest) -> HttpResponse:
        return api_response(request, {"message": "Use GET or DELETE"}, 405, {"Allow": "GET, DELETE"})

    def answer_exception(self, error: Exception, request: HttpRequest) -> HttpResponse:
        if isinstance(error, InactiveToken):
            logger.info("access token refused", extra={"reason": error.why.value})
            return refuse_bearer(request)
        if isinstance(error, DatabaseError | InterfaceError):
            logger.error("access token not looked up", extra={"error": type(error).__name__})
            return api_response(request, {"message": "Try again shortly"}, 503, {"Retry-After": "5"})
        logger.error("access token request failed", exc_info=error)
        return api_response(request, {"message": "The service failed to answer the request"}, 500)


def described(token: MintedToken) -> dict[str, object]:
    """An app's token has no `identity_provider`, `workload` and `parent`, as the original's has not."""
    application, provider, organization, user = (
        token.application,
        token.identity_provider,
        token.organization,
        token.user,
    )
    holder = application or provider
    return {
        "uuid": str(token.pk),
        "scopes": token.scopes,
        "description": f"Minted by {holder}",
        "created_at": _timestamp(token.created_at),
        "expires_at": _timestamp(token.expires_at),
        "user": {"uuid": str(user.pk), "email": user.email, "name": user.name} if user else None,
        "organization": {"uuid": str(organization.pk), "slug": organization.slug},
        "app": (
            {"uuid": str(application.pk), "name": application.name, "client_id": application.client_id}
            if application
            else None
        ),
        **({"identity_provider": {"uuid": str(provider.pk), "name": provider.name}} if provider else {}),
        **({"workload": token.principal} if token.principal else {}),
        **({"parent": str(token.parent_id)} if token.parent_id else {}),
    }


def _timestamp(moment: datetime) -> str:
    """The original's form, which is not ISO 8601: `2026-01-02 03:04:05 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
