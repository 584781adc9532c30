"""What is known of each key of an app: when it came and went, and whether another organization holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from exchange_apps.domain.jwk import JWKSet, PublicJWK
from exchange_apps.models import ApplicationKey, ExchangeApplication


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """The rows of the keys that came and of those that went; false when there are none."""

    came: tuple[ApplicationKey, ...]
    went: tuple[ApplicationKey, ...]

    def __bool__(self) -> bool:
        return bool(self.came or self.went)


def note_keys(application: ExchangeApplication, keys: JWKSet, *, now: datetime) -> KeyChanges:
    """Bring the app's key rows in step with the set it has now; rows that need no change are not written."""
    with transaction.atomic():
        # Two at once would both insert the same key
        ExchangeApplication.objects.select_for_update().values_list("pk").get(pk=application.pk)
        rows = {row.kid: row for row in application.key_history.all()}
        foreign = foreign_thumbprints(application, keys)
        came = []
        for key in keys.keys:
            row = rows.pop(key.kid, None)
            if row is None or row.gone_at is not None or row.thumbprint != key.thumbprint:
                row = row or ApplicationKey(application=application, kid=key.kid, first_seen_at=now)
                came.append(_write(row, key, key.thumbprint in foreign))
            elif (row.is_foreign, row.expires_at) != (key.thumbprint in foreign, expiry_of(key)):
                _write(row, key, key.thumbprint in foreign)
        went = [row for row in rows.values() if row.gone_at is None]
        ApplicationKey.objects.filter(pk__in=[row.pk for row in went]).update(gone_at=now)
    return KeyChanges(tuple(came), tuple(went))


def _write(row: ApplicationKey, key: PublicJWK, is_foreign: bool) -> ApplicationKey:
    row.thumbprint, row.label, row.gone_at, row.is_foreign = key.thumbprint, key.label(), None, is_foreign
    row.expires_at = expiry_of(key)
    row.save()
    return row


def expiry_of(key: PublicJWK) -> datetime | None:
    """When the key ends by its own words."""
    return None if key.expires_at is None else datetime.fromtimestamp(key.expires_at, UTC)


def foreign_thumbprints(application: ExchangeApplication, keys: JWKSet) -> set[str]:
    """Keys that an app of another organization holds: whoever has its private key could sign for both.

    Who held a key first keeps it; the later one's row is marked, and does not count here.
    """
    held = ApplicationKey.objects.filter(
        thumbprint__in=[key.thumbprint for key in keys.keys], gone_at=None, application__deleted_at=None
    )
    others = held.filter(is_foreign=False).exclude(application__organization=application.organization_id)
    return set(others.values_list("thumbprint", flat=True))
