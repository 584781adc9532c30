"""Changing token exchange apps."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.parties import PartyType
from exchange_apps.domain.jwk import JWKSet, JWKSetError
from exchange_apps.models import MOST_URI_CHARACTERS, ExchangeApplication, RemoteKeySet, Scope
from exchange_apps.safe_fetch import FetchRefused
from exchange_apps.safe_fetch.precheck import check_fetchable
from exchange_apps.services import key_events
from exchange_apps.services.application_keys import foreign_thumbprints, note_keys
from exchange_apps.services.audited_changes import Author, ChangeKind, record_deletion, save_audited
from exchange_apps.services.remote_keys import key_set_of, refresh_key_set

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
        "jwks_uri",
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
    check_keys_are_own(application)
    check_client_id_is_free(application)
    check_name_is_free(application)
    application.grantable_scopes = sorted(set(application.grantable_scopes))
    application.default_scopes = sorted(set(application.default_scopes))
    if application._state.adding:
        application.created_by = author.actor.name[:320]
    with transaction.atomic():
        key_set = follow_uri(application)
        saved = save_audited(application, APPLICATION, organization=application.organization.ref(), author=author)
        if saved:
            changes = note_keys(application, application.keys(), now=author.now)
            if changes and key_set is not None:
                key_events.keys_changed(application, changes, author.now)
    if saved and key_set is not None and not key_set.is_fresh(author.now):
        transaction.on_commit(lambda: _fetch_for(application, author.now), robust=True)  # it is saved, come what may
    return saved


def fetch_now(application: ExchangeApplication, *, now: datetime) -> bool:
    """Fetch the app's key set unless that was done within the last minute; what came of it is in its row.

    False when it was too early, or the app has pasted keys. Not to be called inside a transaction.
    """
    key_set = application.key_set
    if key_set is None:
        return False
    tried = refresh_key_set(key_set.pk, now=now)
    key_set.refresh_from_db()
    return tried


def _fetch_for(application: ExchangeApplication, now: datetime) -> None:
    """The first fetch for an app. Its log hears of a failure that began before it came."""
    fetch_now(application, now=now)
    key_set = application.key_set
    if key_set is not None and key_set.failing_since is not None and key_set.failing_since < now:
        key_events.fetch_failed(application, key_set, now)


def follow_uri(application: ExchangeApplication) -> RemoteKeySet | None:
    """Point the app at the row of its URI, or at none; raises ValidationError for a URI that may not be fetched.

    To be called in the transaction that saves the app: together, they leave no row that nobody points at.
    """
    if not application.jwks_uri:
        application.key_set = None
        return None
    check_uri(application.jwks_uri)
    if application.key_set is None or application.key_set.uri != application.jwks_uri:
        application.key_set = key_set_of(application.jwks_uri)
    return application.key_set


def check_uri(uri: str) -> None:
    """Raises ValidationError for a JWKS URI that policy forbids; a host that is down is no reason."""
    try:
        check_fetchable(uri, settings.OUTBOUND_ALLOWED_NETWORKS)
    except FetchRefused as error:
        raise ValidationError({"jwks_uri": error.sentence}) from None
    if len(uri) > MOST_URI_CHARACTERS:
        raise ValidationError({"jwks_uri": _("At most %d characters.") % MOST_URI_CHARACTERS})


def check_keys_are_own(application: ExchangeApplication) -> None:
    """Raises ValidationError for a pasted key that another organization's app holds."""
    if not application.jwks:
        return
    try:
        keys = JWKSet.parse(application.jwks)
    except JWKSetError:
        return  # the model's own check says so, with all problems together
    foreign = foreign_thumbprints(application, keys)
    if kids := [key.kid for key in keys.keys if key.thumbprint in foreign]:
        sentence = _("Already used by an app of another organization: %s. Generate a key pair of your own.")
        raise ValidationError({"jwks": sentence % ", ".join(kids)})


def check_client_id_is_free(application: ExchangeApplication) -> None:
    """Raises ValidationError for the client id of another app, also of one that was deleted and may come back."""
    others = ExchangeApplication.with_deleted.filter(client_id=application.client_id).exclude(pk=application.pk)
    if others.exists():
        raise ValidationError({"client_id": _("Another app has this client id already.")})


def check_name_is_free(application: ExchangeApplication) -> None:
    """Raises ValidationError for the name of another app of the organization; a deleted app's name is free."""
    same = ExchangeApplication.objects.filter(organization=application.organization_id, name=application.name)
    if same.exclude(pk=application.pk).exists():
        raise ValidationError({"name": _("Another app of this organization has this name.")})


def delete_application(application: ExchangeApplication, *, author: Author) -> None:
    """Take an app away: its tokens stop working at once, its events stay, and for 30 days it can be restored.

    It is disabled as well, so that whatever asks only whether an app is enabled refuses it too.
    """
    with transaction.atomic():
        record_deletion(application, APPLICATION, organization=application.organization.ref(), author=author)
        application.enabled, application.deleted_at = False, author.now
        application.save(update_fields=["enabled", "deleted_at", "updated_at"])


def check_scopes_exist(application: ExchangeApplication) -> None:
    """Raises ValidationError naming each scope the catalogue does not have."""
    known = set(Scope.objects.values_list("name", flat=True))
    errors = {}
    for field in ("grantable_scopes", "default_scopes"):
        if unknown := sorted(set(getattr(application, field)) - known):
            errors[field] = _("There is no such scope: %s.") % ", ".join(unknown)
    if errors:
        raise ValidationError(errors)
