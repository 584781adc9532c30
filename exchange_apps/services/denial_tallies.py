"""Closing the tallies of refused strangers: a count that no later refusal carried into the log is recorded here."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.recorder import record_event
from exchange_apps.models import DenialTally, ExchangeApplication, IdentityProvider
from exchange_apps.services.rate_limit import WINDOW_MS


def close_tallies(*, now: datetime) -> int:
    """Record what the tallies of past minutes still hold; answers how many events that made."""
    over = DenialTally.objects.filter(started_ms__lte=int(now.timestamp() * 1000) - WINDOW_MS, suppressed__gt=0)
    return sum(_close(key, now) for key in list(over.values_list("pk", flat=True)[:1000]))


def _close(key: str, now: datetime) -> int:
    client_id, _, reason = key.partition(":")
    with transaction.atomic():
        tally = DenialTally.objects.select_for_update().filter(pk=key, suppressed__gt=0).first()
        if tally is None:  # another worker was quicker
            return 0
        DenialTally.objects.filter(pk=key).update(suppressed=0)
        client = _find_client(client_id)
        if client is None:
            return 0
        record_event(
            AuditAction.TOKEN_EXCHANGE_DENIED,
            occurred_at=now,
            organization=client.organization.ref(),
            actor=client.party(),
            origin=RequestOrigin(None, "", "", "SystemContext"),
            outcome=Outcome.DENIED,
            reason=reason,
            data={"client_id": client_id, "suppressed_before": tally.suppressed},
        )
    return 1


def _find_client(client_id: str) -> ExchangeApplication | IdentityProvider | None:
    """An app by its client id, a provider by its UUID."""
    if len(client_id) == 36:
        return IdentityProvider.objects.select_related("organization").filter(pk=client_id).first()
    return ExchangeApplication.objects.select_related("organization").filter(client_id=client_id).first()
