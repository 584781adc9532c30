"""Delivering to one endpoint: its events in order, each until it is accepted.

The place is written after each event that was accepted. Killed in between, the event is sent once more: at least once,
with the same `webhook-id`.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime

from cryptography.fernet import InvalidToken
from django.db import transaction

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from audit.recorder import record_event
from exchange_apps.domain.webhook_retries import GONE, next_try
from exchange_apps.models import (
    DeliveryKind,
    PauseReason,
    WebhookDeadLetter,
    WebhookDelivery,
    WebhookEndpoint,
)
from exchange_apps.safe_fetch import FetchedDocument
from exchange_apps.services.outbound import FetchFailure
from exchange_apps.services.webhooks.claims import Claim
from exchange_apps.services.webhooks.messages import SealedEvent, sealed_after, send
from exchange_apps.services.writers_turn import unhurried_transaction, unhurried_turn, writers_turn

KEPT_DELIVERIES = 200
_BY_ITSELF = RequestOrigin(None, "", "", "SystemContext")


def deliver_to(endpoint_id: uuid.UUID, *, now: datetime, most_seconds: float = 8.0) -> int:
    """Send what is sealed and not yet delivered; answers how many events were accepted.

    0 when another worker is at it. No new try begins after `most_seconds`. Never raises for what a host does.
    """
    claim = Claim(endpoint_id, now)
    if not claim.take():
        return 0
    try:
        endpoint = WebhookEndpoint.objects.select_related("progress").get(pk=endpoint_id)
        return _deliver(endpoint, claim, time.monotonic() + most_seconds)
    except WebhookEndpoint.DoesNotExist:
        return 0
    finally:
        claim.let_go()
        _forget_old(endpoint_id)


def _deliver(endpoint: WebhookEndpoint, claim: Claim, deadline: float) -> int:
    accepted, place = 0, endpoint.progress.delivered_sequence
    while page := sealed_after(endpoint.organization_id, place):
        for event in page:
            if time.monotonic() >= deadline:
                return accepted
            if not endpoint.wants(event.type) or event.document is None:
                continue
            if not _try(endpoint, claim, event):
                return accepted
            accepted += 1
        place = page[-1].sequence
        with unhurried_turn():  # what it does not want is passed by, too
            if not claim.write(delivered_sequence=place):
                return accepted
    return accepted


def _try(endpoint: WebhookEndpoint, claim: Claim, event: SealedEvent) -> bool:
    """Whether the event was accepted, and written as such."""
    assert event.document is not None  # noqa: S101 - see above
    progress = endpoint.progress
    attempt = attempt_to_send(endpoint, event, now=claim.now, number=progress.tries + 1)
    if not attempt.is_delivered:
        _note_failure(endpoint, claim, event, attempt)
        return False
    progress.tries, progress.failing_since = 0, None
    with unhurried_transaction():  # lost with the machine's power, it is sent once more
        written = claim.write(
            delivered_sequence=event.sequence,
            tries=0,
            retry_at=None,
            failing_since=None,
            last_delivered_at=claim.now,
            last_elapsed_ms=attempt.elapsed_ms,
        )
        if written:
            attempt.save()
            WebhookDeadLetter.objects.filter(endpoint=endpoint, event_id=event.id).delete()
    return written


def attempt_to_send(
    endpoint: WebhookEndpoint,
    event: SealedEvent,
    *,
    now: datetime,
    number: int = 1,
    kind: DeliveryKind = DeliveryKind.ORDERLY,
) -> WebhookDelivery:
    """Send once; answers the row of the try, which is not saved yet."""
    began = time.monotonic()
    answer: FetchedDocument | FetchFailure
    try:
        answer = send(endpoint, event.document or {}, now=now)
    except InvalidToken:
        sentence = "None of ENCRYPTION_KEYS opens the secret; give the webhook a new one."
        answer = FetchFailure("secret_unreadable", sentence)
    failure = answer if isinstance(answer, FetchFailure) else None
    return WebhookDelivery(
        endpoint=endpoint,
        kind=kind,
        event_id=event.id,
        event_type=event.type,
        sequence=event.sequence or None,
        number=number,
        tried_at=now,
        result=failure.code if failure else WebhookDelivery.DELIVERED,
        sentence=failure.sentence[:500] if failure else "",
        status=answer.status,
        elapsed_ms=int((time.monotonic() - began) * 1000),
    )


def _note_failure(endpoint: WebhookEndpoint, claim: Claim, event: SealedEvent, attempt: WebhookDelivery) -> None:
    wait = None if attempt.status == GONE else next_try(attempt.number)
    failing_since = endpoint.progress.failing_since or claim.now
    noted = {"tries": attempt.number, "failing_since": failing_since, "last_elapsed_ms": attempt.elapsed_ms}
    with writers_turn(), transaction.atomic():
        if wait is not None:
            written = claim.write(retry_at=claim.now + wait, **noted)
        else:
            reason = PauseReason.GONE if attempt.status == GONE else PauseReason.FAILURES
            written = claim.write(paused_at=claim.now, paused_because=reason, retry_at=None, **noted)
        if not written:
            return
        attempt.save()
        if wait is None:
            _park(endpoint, event, attempt, reason, claim.now)


def _park(
    endpoint: WebhookEndpoint, event: SealedEvent, attempt: WebhookDelivery, reason: PauseReason, now: datetime
) -> None:
    """Set the event aside where people see it; the place of delivery stays before it."""
    WebhookDeadLetter.objects.update_or_create(
        endpoint=endpoint,
        event_id=event.id,
        defaults={
            "event_type": event.type,
            "sequence": event.sequence,
            "tries": attempt.number,
            "parked_at": now,
            "sentence": attempt.sentence,
        },
    )
    record_event(
        AuditAction.AUDIT_WEBHOOK_PAUSED,
        occurred_at=now,
        organization=endpoint.organization.ref(),
        actor=SYSTEM,
        subject=endpoint.party(),
        origin=_BY_ITSELF,
        outcome=Outcome.FAILED,
        reason=reason.value,
        data={"event": str(event.id), "sequence": event.sequence, "tries": attempt.number, "result": attempt.result},
    )


def _forget_old(endpoint_id: uuid.UUID) -> None:
    """Keep the last tries only."""
    tries = WebhookDelivery.objects.filter(endpoint=endpoint_id).order_by("-id")
    oldest_kept = tries.values_list("pk", flat=True)[KEPT_DELIVERIES - 1 : KEPT_DELIVERIES].first()
    if oldest_kept is not None:
        with writers_turn():
            WebhookDelivery.objects.filter(endpoint=endpoint_id, pk__lt=oldest_kept).delete()
