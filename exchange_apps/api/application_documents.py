"""Token exchange apps as they are sent and answered, with the names of the configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from exchange_apps.api.bodies import Body, Flag, Text, Texts, Whole
from exchange_apps.api.moments import time_text
from exchange_apps.domain.jwk import inspect_jwks
from exchange_apps.models import ExchangeApplication


class KeySet(serializers.JSONField):
    """A JWKS. Its value holds public members only, and no error repeats anything of it."""

    def to_internal_value(self, data: Any) -> Any:
        if data is None:
            return None
        if not isinstance(data, Mapping):
            raise serializers.ValidationError('A JSON object with a "keys" array is expected.')
        inspection = inspect_jwks(data)
        del data  # it may hold a private key, and tracebacks show variables
        if inspection.usable is None or inspection.all_problems:
            raise serializers.ValidationError([str(problem) for problem in inspection.all_problems])
        return inspection.usable.as_document()


class ApplicationBody(Body):
    name = Text(max_length=100)
    description = Text(max_length=1000, allow_blank=True, required=False)
    client_id = Text(max_length=20, required=False, help_text="20 lower-case hex digits; given by nobody: generated.")
    jwks = KeySet(required=False, allow_null=True, help_text="Exactly one of jwks and jwks_uri.")
    jwks_uri = Text(max_length=2000, allow_blank=True, required=False)
    grantable_scopes = Texts()
    default_scopes = Texts(required=False)
    exchange_allowed_ips = Texts(required=False)
    token_allowed_ips = Texts(required=False)
    max_token_ttl = Whole(required=False, min_value=30, max_value=86_400)
    max_assertion_lifetime = Whole(required=False, min_value=60, max_value=3_600)
    enabled = Flag(required=False)

    def validate_description(self, text: str) -> str:
        if "PRIVATE KEY-----" in text:
            raise serializers.ValidationError("A private key does not belong here. Treat it as leaked, and replace it.")
        return text


class ApplicationDocument(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    client_id = serializers.CharField()
    jwks = serializers.JSONField(allow_null=True)
    jwks_uri = serializers.CharField(allow_null=True)
    grantable_scopes = serializers.ListField(child=serializers.CharField())
    default_scopes = serializers.ListField(child=serializers.CharField())
    exchange_allowed_ips = serializers.ListField(child=serializers.CharField())
    token_allowed_ips = serializers.ListField(child=serializers.CharField())
    max_token_ttl = serializers.IntegerField()
    max_assertion_lifetime = serializers.IntegerField()
    enabled = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class RestoreBody(Body):
    name = Text(max_length=100, required=False, help_text="Where another app has its name by now.")


def shown(app: ExchangeApplication) -> dict[str, Any]:
    return {
        "uuid": str(app.pk),
        "name": app.name,
        "description": app.description,
        "client_id": app.client_id,
        "jwks": app.jwks,
        "jwks_uri": app.jwks_uri or None,
        "grantable_scopes": app.grantable_scopes,
        "default_scopes": app.default_scopes,
        "exchange_allowed_ips": app.exchange_allowed_ips,
        "token_allowed_ips": app.token_allowed_ips,
        "max_token_ttl": app.max_token_ttl,
        "max_assertion_lifetime": app.max_assertion_lifetime,
        "enabled": app.enabled,
        "created_at": time_text(app.created_at),
        "created_by": app.created_by,
        "updated_at": time_text(app.updated_at),
        "deleted_at": time_text(app.deleted_at),
    }


def fill(app: ExchangeApplication, fields: Mapping[str, Any]) -> None:
    """Put what a body gives into an app. One source of keys replaces the other."""
    for name, value in fields.items():
        setattr(app, name, value)
    if fields.get("jwks") and "jwks_uri" not in fields:
        app.jwks_uri = ""
    if fields.get("jwks_uri") and "jwks" not in fields:
        app.jwks = None
