"""`…/token-exchange-apps/{app}/keys`: what is known of each key of an app, and switching one off and on."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.applications import applications_of
from exchange_apps.api.moments import time_text
from exchange_apps.api.paging import answer_page
from exchange_apps.api.settings_view import SettingsView, get_row
from exchange_apps.models import ApplicationKey
from exchange_apps.services.kill_switch import switch_key_off, switch_key_on


class KeyDocument(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    kid = serializers.CharField()
    thumbprint = serializers.CharField(help_text="RFC 7638, SHA-256")
    kind = serializers.CharField()
    first_seen_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="By its own words: `exp`, or the certificate in `x5c`. It signs on."
    )
    gone_at = serializers.DateTimeField(allow_null=True, help_text="Since when the app's set lacks it.")
    last_used_at = serializers.DateTimeField(allow_null=True)
    mints = serializers.IntegerField()
    switched_off_at = serializers.DateTimeField(allow_null=True)


class SwitchedOffDocument(KeyDocument):
    revoked_tokens = serializers.IntegerField()


class KeysView(SettingsView):
    """The keys an app has and had, the newest first. What they count is up to a minute old."""

    scopes = {"GET": "read_organization_settings"}  # noqa: RUF012 - as declared by the base

    @extend_schema(
        operation_id="list_token_exchange_app_keys",
        parameters=schema.PAGE_PARAMETERS,
        responses={200: schema.page_of(KeyDocument), **schema.ERRORS},
    )
    def get(self, request: Request, org: str, app_id: uuid.UUID) -> Response:
        app = get_row(applications_of(self), pk=app_id)
        return answer_page(request, app.key_history.all(), shown)


class KeyOffView(SettingsView):
    """Refuse the key from now on, and revoke every live token minted through it."""

    scopes = {"POST": "write_organization_settings"}  # noqa: RUF012 - as declared by the base

    @extend_schema(operation_id="switch_key_off", request=None, responses={200: SwitchedOffDocument, **schema.ERRORS})
    def post(self, request: Request, org: str, app_id: uuid.UUID, key_id: uuid.UUID) -> Response:
        app = get_row(applications_of(self), pk=app_id)
        key = get_row(app.key_history.all(), pk=key_id)
        revoked = switch_key_off(app, key.kid, author=self.author())
        key.refresh_from_db()
        return Response({**shown(key), "revoked_tokens": revoked})


class KeyOnView(SettingsView):
    """Accept the key again. What was revoked stays revoked."""

    scopes = {"POST": "write_organization_settings"}  # noqa: RUF012 - as declared by the base

    @extend_schema(operation_id="switch_key_on", request=None, responses={200: KeyDocument, **schema.ERRORS})
    def post(self, request: Request, org: str, app_id: uuid.UUID, key_id: uuid.UUID) -> Response:
        app = get_row(applications_of(self), pk=app_id)
        key = get_row(app.key_history.all(), pk=key_id)
        switch_key_on(app, key.kid, author=self.author())
        key.refresh_from_db()
        return Response(shown(key))


def shown(key: ApplicationKey) -> dict[str, Any]:
    return {
        "uuid": str(key.pk),
        "kid": key.kid,
        "thumbprint": key.thumbprint,
        "kind": key.label,
        "first_seen_at": time_text(key.first_seen_at),
        "expires_at": time_text(key.expires_at),
        "gone_at": time_text(key.gone_at),
        "last_used_at": time_text(key.last_used_at),
        "mints": key.mints,
        "switched_off_at": time_text(key.switched_off_at),
    }
