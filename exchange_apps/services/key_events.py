"""Events about fetched key sets: which keys came and went; a failure once when it begins and once when it ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from audit.recorder import record_event
from exchange_apps.models import ApplicationKey, ExchangeApplication, IdentityProvider, RemoteKeySet
from exchange_apps.services.application_keys import KeyChanges

_ORIGIN = RequestOrigin(None, "", "", "SystemContext")


def keys_changed(application: ExchangeApplication, changes: KeyChanges, now: datetime) -> None:
    data = {"came": [_shown(row) for row in changes.came], "went": [_shown(row) for row in changes.went]}
    _record(AuditAction.TOKEN_EXCHANGE_APP_KEYS_CHANGED, application, now, data)


def fetch_failed(user: ExchangeApplication | IdentityProvider, key_set: RemoteKeySet, now: datetime) -> None:
    data = {
        "uri": key_set.uri,
        "sentence": key_set.last_sentence,
        "status": key_set.last_status,
        "usable_until": key_set.usable_until and key_set.usable_until.isoformat(),
    }
    _record(AuditAction.JWKS_REFRESH_FAILED, user, now, data, reason=key_set.last_result)


def fetch_recovered(user: ExchangeApplication | IdentityProvider, key_set: RemoteKeySet, now: datetime) -> None:
    _record(AuditAction.JWKS_REFRESH_RECOVERED, user, now, {"uri": key_set.uri})


def _record(
    action: AuditAction,
    user: ExchangeApplication | IdentityProvider,
    now: datetime,
    data: dict[str, Any],
    reason: str = "",
) -> None:
    record_event(
        action,
        occurred_at=now,
        organization=user.organization.ref(),
        actor=SYSTEM,
        subject=user.party(),
        origin=_ORIGIN,
        outcome=Outcome.FAILED if reason else Outcome.SUCCESS,
        reason=reason,
        data=data,
    )


def _shown(row: ApplicationKey) -> dict[str, Any]:
    shown = {"kid": row.kid, "thumbprint": row.thumbprint}
    return shown | {"ignored": "an app of another organization has this key"} if row.is_foreign else shown
