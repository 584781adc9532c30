"""`…/rate_limit`: how much of this minute's requests is left. Asking counts as one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.limits import ORGANIZATION, USER
from exchange_apps.api.moments import time_text
from exchange_apps.api.views import OrganizationView
from exchange_apps.services.rate_limit import Window


class LimitDocument(serializers.Serializer[Any]):
    limit = serializers.IntegerField(help_text="Requests a minute; 0: no limit.")
    current = serializers.IntegerField(help_text="Used so far, this request included.")
    reset = serializers.IntegerField(help_text="Seconds until the window ends.")
    reset_at = serializers.DateTimeField(allow_null=True)
    enforced = serializers.BooleanField(help_text="false: no limit, or its counter cannot be reached at present.")


class LimitScopes(serializers.Serializer[Any]):
    rest = LimitDocument(help_text="All requests of the organization.")
    rest_user = LimitDocument(help_text="Those of the token's user in it.")


class RateLimitDocument(serializers.Serializer[Any]):
    scopes = LimitScopes()


class RateLimitView(OrganizationView):
    """The limits of the REST API, as they stand after this request."""

    scopes = {"GET": "read_organizations"}  # noqa: RUF012 - as declared by the base

    @extend_schema(operation_id="get_rate_limit", responses={200: RateLimitDocument, **schema.ERRORS})
    def get(self, request: Request, org: str) -> Response:
        unknown = Window(0, 0, 0)
        organization, user = (self._spent.organization, self._spent.user) if self._spent else (unknown, unknown)
        return Response({"scopes": {ORGANIZATION: shown(organization), USER: shown(user)}})


def shown(window: Window) -> dict[str, Any]:
    return {
        "limit": window.limit,
        "current": window.used,
        "reset": window.reset,
        "reset_at": time_text(timezone.now() + timedelta(seconds=window.reset)) if window.limit else None,
        "enforced": bool(window.limit),
    }
