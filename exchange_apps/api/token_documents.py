"""Minted tokens as they are answered: whose, from what, until when, and never the token."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from exchange_apps.api.moments import time_text
from exchange_apps.api.schema import UserRef, user_ref
from exchange_apps.models import ExchangeApplication, IdentityProvider, MintedToken, User

STATES = ("live", "expired", "revoked")


class AppRef(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    client_id = serializers.CharField()


class ProviderRef(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    name = serializers.CharField()


class TokenDocument(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    last_four = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    user = UserRef(allow_null=True)
    app = AppRef(allow_null=True)
    identity_provider = ProviderRef(allow_null=True)
    workload = serializers.CharField(allow_null=True, help_text="Whom it acts for, where that is no user.")
    made_from = serializers.UUIDField(allow_null=True, help_text="The token that was made smaller.")
    key_id = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    allowed_ips = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_ip = serializers.CharField(allow_null=True)


def with_related(tokens: list[Any]) -> None:
    """Three look-ups for a page, and not a join: a token outlives its app, its provider and its user."""
    apps = ExchangeApplication.with_deleted.in_bulk({token.application_id for token in tokens} - {None})
    providers = IdentityProvider.objects.in_bulk({token.identity_provider_id for token in tokens} - {None})
    users = User.objects.in_bulk({token.user_id for token in tokens} - {None})
    for token in tokens:
        token.shown_provider = providers.get(token.identity_provider_id)
        token.shown_app, token.shown_user = apps.get(token.application_id), users.get(token.user_id)


def shown(token: Any) -> dict[str, Any]:
    """Of a token that went through `with_related`."""
    app: ExchangeApplication | None = token.shown_app
    provider: IdentityProvider | None = token.shown_provider
    user: User | None = token.shown_user
    row: MintedToken = token
    return {
        "uuid": str(row.pk),
        "last_four": row.last_four,
        "state": row.state(timezone.now()),
        "user": user_ref(user) if user else None,
        "app": {"uuid": str(app.pk), "name": app.name, "client_id": app.client_id} if app else None,
        "identity_provider": {"uuid": str(provider.pk), "name": provider.name} if provider else None,
        "workload": row.principal or None,
        "made_from": str(row.parent_id) if row.parent_id else None,
        "key_id": row.key_id,
        "scopes": row.scopes,
        "allowed_ips": row.allowed_ips,
        "created_at": time_text(row.created_at),
        "expires_at": time_text(row.expires_at),
        "revoked_at": time_text(row.revoked_at),
        "last_used_at": time_text(row.last_used_at),
        "last_used_ip": row.last_used_ip,
    }
