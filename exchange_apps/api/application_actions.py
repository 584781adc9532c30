"""What is done to an app beside its settings: switch it, bring it back, fetch its keys now."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.application_documents import ApplicationDocument, RestoreBody, shown
from exchange_apps.api.applications import applications_of
from exchange_apps.api.bodies import fields_of
from exchange_apps.api.errors import Conflict
from exchange_apps.api.moments import time_text
from exchange_apps.api.settings_view import SettingsView, get_row
from exchange_apps.models import RemoteKeySet
from exchange_apps.services.application_states import restorable_applications, restore_application, switch_application
from exchange_apps.services.applications import fetch_now


class FetchDocument(serializers.Serializer[Any]):
    fetched = serializers.BooleanField(help_text="false: it was tried less than a minute ago, and not again.")
    succeeded = serializers.BooleanField(help_text="Whether the last try, this one or the one before, brought keys.")
    message = serializers.CharField(help_text="How the last try ended, in a sentence, where it failed.")
    status = serializers.IntegerField(allow_null=True, help_text="The HTTP status of the last try.")
    attempted_at = serializers.DateTimeField(allow_null=True)
    fetched_at = serializers.DateTimeField(allow_null=True, help_text="The last success.")
    keys = serializers.IntegerField(help_text="How many of the fetched keys may sign.")


class SwitchView(SettingsView):
    """What both switches share."""

    scopes = {"POST": "write_organization_settings"}  # noqa: RUF012 - as declared by the base

    def switched(self, app_id: uuid.UUID, *, enabled: bool) -> Response:
        app = get_row(applications_of(self), pk=app_id)
        switch_application(app, enabled=enabled, author=self.author())
        app.refresh_from_db()
        return Response(shown(app))


class EnableView(SwitchView):
    """The app may mint again, and its tokens that are not over work again."""

    @extend_schema(
        operation_id="enable_token_exchange_app",
        request=None,
        responses={200: ApplicationDocument, **schema.ERRORS},
    )
    def post(self, request: Request, org: str, app_id: uuid.UUID) -> Response:
        return self.switched(app_id, enabled=True)


class DisableView(SwitchView):
    """Exchanges are refused and live tokens stop working at once, until the app is on again."""

    @extend_schema(
        operation_id="disable_token_exchange_app",
        request=None,
        responses={200: ApplicationDocument, **schema.ERRORS},
    )
    def post(self, request: Request, org: str, app_id: uuid.UUID) -> Response:
        return self.switched(app_id, enabled=False)


class RestoreView(SettingsView):
    """Bring a deleted app back, disabled: nothing it signs or minted works before somebody enables it."""

    scopes = {"POST": "write_organization_settings"}  # noqa: RUF012 - as declared by the base

    @extend_schema(
        operation_id="restore_token_exchange_app",
        request=RestoreBody,
        responses={200: ApplicationDocument, **schema.WRITE_ERRORS},
    )
    def post(self, request: Request, org: str, app_id: uuid.UUID) -> Response:
        self.check_owns("restore an app")
        fields = fields_of(request, RestoreBody)
        app = get_row(restorable_applications(self.organization, now=timezone.now()), pk=app_id)
        restore_application(app, name=fields.get("name", app.name), author=self.author())
        return Response(shown(app))


class FetchView(SettingsView):
    """Fetch the keys of an app with a `jwks_uri` now; at most once a minute for an address, whoever asks."""

    scopes = {"POST": "write_organization_settings"}  # noqa: RUF012 - as declared by the base

    @extend_schema(
        operation_id="fetch_token_exchange_app_keys",
        request=None,
        responses={200: FetchDocument, 409: schema.Problem, **schema.ERRORS},
    )
    def post(self, request: Request, org: str, app_id: uuid.UUID) -> Response:
        app = get_row(applications_of(self), pk=app_id)
        if app.key_set is None:
            raise Conflict("The app has pasted keys: there is nothing to fetch")
        fetched = fetch_now(app, now=timezone.now())
        return Response({"fetched": fetched, **_outcome(app.key_set, len(app.keys().keys))})


def _outcome(key_set: RemoteKeySet, keys: int) -> dict[str, Any]:
    return {
        "succeeded": key_set.failing_since is None and key_set.fetched_at is not None,
        "message": key_set.last_sentence,
        "status": key_set.last_status,
        "attempted_at": time_text(key_set.attempted_at),
        "fetched_at": time_text(key_set.fetched_at),
        "keys": keys,
    }
