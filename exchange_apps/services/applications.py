"""Changing token exchange apps."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.parties import PartyType
from exchange_apps.models import ExchangeApplication, Scope
from exchange_apps.services.audited_changes import Author, ChangeKind, delete_audited, save_audited

APPLICATION = ChangeKind(
    party_type=PartyType.TOKEN_EXCHANGE_APP,
    created=AuditAction.TOKEN_EXCHANGE_APP_CREATED,
    updated=AuditAction.TOKEN_EXCHANGE_APP_UPDATED,
    deleted=AuditAction.TOKEN_EXCHANGE_APP_DELETED,
    fields=(
        "name",
        "description",
        "client_id",
        "jwks",
        "grantable_scopes",
        "default_scopes",
        "exchange_allowed_ips",
        "token_allowed_ips",
        "max_token_ttl",
        "max_assertion_lifetime",
        "enabled",
    ),
)


def save_application(application: ExchangeApplication, *, author: Author) -> bool:
    """Create or change an app; False when nothing differs. Raises ValidationError."""
    check_scopes_exist(application)
    application.grantable_scopes = sorted(set(application.grantable_scopes))
    application.default_scopes = sorted(set(application.default_scopes))
    return save_audited(application, APPLICATION, organization=application.organization.ref(), author=author)


def delete_application(application: ExchangeApplication, *, author: Author) -> None:
    """Remove an app. Its tokens stop working at once; its events stay."""
    delete_audited(application, APPLICATION, organization=application.organization.ref(), author=author)


def check_scopes_exist(application: ExchangeApplication) -> None:
    """Raises ValidationError naming each scope the catalogue does not have."""
    known = set(Scope.objects.values_list("name", flat=True))
    errors = {}
    for field in ("grantable_scopes", "default_scopes"):
        if unknown := sorted(set(getattr(application, field)) - known):
            errors[field] = _("There is no such scope: %s.") % ", ".join(unknown)
    if errors:
        raise ValidationError(errors)
