"""Sending once by hand: a test event, or an event that was sent or set aside before. Out of the order, and at once."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

from audit.actions import AuditAction, Outcome
from audit.export_line import COLUMNS, event_document
from audit.identifiers import first_uuid7_at
from audit.models import AuditChain, AuditEvent, AuditSeal
from audit.recorder import event_row, record_event
from exchange_apps.models import DeliveryKind, WebhookDeadLetter, WebhookDelivery, WebhookEndpoint
from exchange_apps.services import rate_limit
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.webhooks.delivery import attempt_to_send
from exchange_apps.services.webhooks.messages import SealedEvent, sealed_event

BY_HAND_PER_MINUTE = 10
_CLOCKS_DIFFER = timedelta(minutes=1)
_LOOKED_AT = 500


def send_test(endpoint: WebhookEndpoint, *, author: Author) -> WebhookDelivery:
    """Send an event that is like those of the log, but in no log; what came of it is recorded.

    Raises ValidationError past the limit. Not to be called inside a transaction: it may take ten seconds.
    """
    _spend(endpoint, author.now)
    row = event_row(AuditAction.AUDIT_WEBHOOK_TESTED, **_about(endpoint, author), data={"test": True})
    document = event_document(*(row[column] for column in COLUMNS))
    event = SealedEvent(row["id"], 0, document)
    return _sent(endpoint, event, DeliveryKind.TEST, AuditAction.AUDIT_WEBHOOK_TESTED, author)


def send_again(endpoint: WebhookEndpoint, event_id: uuid.UUID, *, author: Author) -> WebhookDelivery | None:
    """Send one event of the log once more; None when it is no longer kept. Raises ValidationError past the limit.

    One that was set aside is so no longer when it is accepted.
    """
    event = sealed_event(endpoint.organization_id, event_id)
    if event is None or event.document is None:
        return None
    _spend(endpoint, author.now)
    return _sent(endpoint, event, DeliveryKind.AGAIN, AuditAction.AUDIT_WEBHOOK_REPLAYED, author)


def place_at(endpoint: WebhookEndpoint, moment: datetime) -> int:
    """The first place in the chain that may hold an event of that time or later."""
    first = first_uuid7_at(moment - _CLOCKS_DIFFER)
    events = AuditEvent.objects.filter(organization_id=endpoint.organization_id, id__gte=first).order_by("id")
    # Late commits were sealed behind younger events: the lowest place of the first ones, not that of the first
    found = AuditSeal.objects.filter(event_id__in=list(events.values_list("pk", flat=True)[:_LOOKED_AT]))
    place = found.order_by("sequence").values_list("sequence", flat=True).first()
    chain = AuditChain.objects.filter(pk=endpoint.organization_id).first()
    return place or (chain.sequence + 1 if chain else 1)


def _sent(
    endpoint: WebhookEndpoint, event: SealedEvent, kind: DeliveryKind, action: AuditAction, author: Author
) -> WebhookDelivery:
    attempt = attempt_to_send(endpoint, event, now=author.now, kind=kind)
    attempt.save()
    if attempt.is_delivered:
        WebhookDeadLetter.objects.filter(endpoint=endpoint, event_id=event.id).delete()
    record_event(
        action,
        **_about(endpoint, author),
        outcome=Outcome.SUCCESS if attempt.is_delivered else Outcome.FAILED,
        reason="" if attempt.is_delivered else attempt.result,
        data={"event": str(event.id), "status": attempt.status},
    )
    return attempt


def _about(endpoint: WebhookEndpoint, author: Author) -> dict[str, Any]:
    return {
        "occurred_at": author.now,
        "organization": endpoint.organization.ref(),
        "actor": author.actor,
        "subject": endpoint.party(),
        "origin": author.origin,
    }


def _spend(endpoint: WebhookEndpoint, now: datetime) -> None:
    """Raises ValidationError: a button of ours must not become a means to flood somebody."""
    key = f"webhook-by-hand:{endpoint.organization_id}"
    spent = rate_limit.spend(key, BY_HAND_PER_MINUTE, now_ms=int(now.timestamp() * 1000))
    if spent.is_exceeded:
        sentence = ngettext(
            "That was a lot of messages. The next is possible in %d second.",
            "That was a lot of messages. The next is possible in %d seconds.",
            spent.reset,
        )
        raise ValidationError(sentence % spent.reset)
