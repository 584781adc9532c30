"""`/.well-known/oauth-authorization-server` (RFC 8414)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from exchange_apps.domain import urns
from exchange_apps.jose import ALGORITHMS
from exchange_apps.models import Scope


def authorization_server_metadata(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {
            "issuer": settings.PUBLIC_URL,
            "jwks_uri": f"{settings.PUBLIC_URL}/.well-known/jwks",
            "token_endpoint": f"{settings.PUBLIC_URL}/oauth/token",
            "grant_types_supported": [urns.GRANT_TOKEN_EXCHANGE, urns.GRANT_CLIENT_CREDENTIALS, urns.GRANT_JWT_BEARER],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "scopes_supported": list(Scope.objects.order_by("name").values_list("name", flat=True)),
        },
        headers={"Cache-Control": "public, max-age=300"},
    )
