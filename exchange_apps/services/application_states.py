"""The states of an app beside its settings: switched on or off, and back from deletion.

Neither asks whether the rest of the app would still be accepted: in an emergency a switch has to work.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from exchange_apps.models import ExchangeApplication, MintedToken, Organization
from exchange_apps.services.application_keys import note_keys
from exchange_apps.services.applications import APPLICATION
from exchange_apps.services.audited_changes import Author, record_change
from exchange_apps.services.minted_tokens import revoke_all
from exchange_apps.services.pruning import KEEP_DELETED_APPS


def switch_application(application: ExchangeApplication, *, enabled: bool, author: Author) -> bool:
    """Refuse the app and its tokens from now on, or accept both again; False when it was so already."""
    with transaction.atomic():
        changed = ExchangeApplication.objects.filter(pk=application.pk, enabled=not enabled).update(
            enabled=enabled, updated_at=author.now
        )
        if changed:
            application.enabled = enabled
            changes = {"enabled": {"before": not enabled, "after": enabled}}
            _record(AuditAction.TOKEN_EXCHANGE_APP_UPDATED, application, author, changes)
    return bool(changed)


def restorable_applications(organization: Organization, *, now: datetime) -> QuerySet[ExchangeApplication]:
    """The deleted apps that may still come back; not those of the last minute of their time."""
    since = now - KEEP_DELETED_APPS + timedelta(minutes=1)
    gone = ExchangeApplication.with_deleted.filter(organization=organization, deleted_at__gt=since)
    return gone.select_related("organization", "key_set")


def restore_application(application: ExchangeApplication, *, name: str, author: Author) -> None:
    """Bring a deleted app back under `name`, disabled: nothing it signs or minted works before somebody enables it.

    Raises ValidationError for a name that another app has by now.
    """
    with transaction.atomic():
        if ExchangeApplication.objects.filter(organization=application.organization_id, name=name).exists():
            raise ValidationError({"name": _("Another app of this organization has the name “%s” by now.") % name})
        changes = {"name": {"before": application.name, "after": name}} if name != application.name else {}
        application.name, application.deleted_at = name, None
        application.full_clean(validate_constraints=False)
        application.save(update_fields=["name", "deleted_at", "updated_at"])
        note_keys(application, application.keys(), now=author.now)  # another organization may have a key of it by now
        _record(AuditAction.TOKEN_EXCHANGE_APP_RESTORED, application, author, changes)


def revoke_tokens_of(application: ExchangeApplication, *, author: Author) -> int:
    """End every live token of an app for good; answers how many."""
    tokens = live_tokens_of(application, now=author.now)
    return revoke_all(tokens, actor=author.actor, origin=author.origin, now=author.now)


def live_tokens_of(application: ExchangeApplication, *, now: datetime) -> QuerySet[MintedToken]:
    """Tokens that are neither over nor revoked; they work while the app is enabled."""
    return MintedToken.objects.live(now).filter(application=application)


def _record(
    action: AuditAction, application: ExchangeApplication, author: Author, changes: Mapping[str, object]
) -> None:
    organization = application.organization.ref()
    record_change(action, application, APPLICATION, organization=organization, author=author, changes=changes)
