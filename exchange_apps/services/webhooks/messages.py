"""What is sent: an event as an export has it, seal included, or in ECS; signed anew for each try."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from audit.ecs import ecs_document
from audit.export_line import COLUMNS, event_document
from audit.models import AuditEvent, AuditSeal
from exchange_apps.domain.standard_webhooks import signed_headers
from exchange_apps.models import WebhookEndpoint, WebhookFormat
from exchange_apps.safe_fetch import FetchedDocument
from exchange_apps.services.encryption import decrypt
from exchange_apps.services.outbound import FetchFailure, post_message

TRY_SECONDS = 10.0
PAGE = 50


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """An event at its place; `document` is None where retention was quicker."""

    id: uuid.UUID
    sequence: int
    document: dict[str, Any] | None

    @property
    def type(self) -> str:
        return str(self.document["type"]) if self.document else ""


def sealed_after(chain: uuid.UUID, sequence: int) -> list[SealedEvent]:
    """The next page of an organization's chain, in its order."""
    return list(_with_events(AuditSeal.objects.filter(chain=chain, sequence__gt=sequence).order_by("sequence")[:PAGE]))


def sealed_event(chain: uuid.UUID, event_id: uuid.UUID) -> SealedEvent | None:
    return next(_with_events(AuditSeal.objects.filter(chain=chain, event_id=event_id)), None)


def _with_events(seals: Any) -> Iterator[SealedEvent]:
    page = list(seals)
    rows = AuditEvent.objects.filter(pk__in=[seal.event_id for seal in page]).values_list(*COLUMNS)
    events = {row[0]: event_document(*row) for row in rows}
    for seal in page:
        document = events.get(seal.event_id)
        if document is not None:
            document["seal"] = {
                "sequence": seal.sequence,
                "previous": bytes(seal.previous).hex(),
                "hash": bytes(seal.hash).hex(),
            }
        yield SealedEvent(seal.event_id, seal.sequence, document)


def send(endpoint: WebhookEndpoint, document: dict[str, Any], *, now: datetime) -> FetchedDocument | FetchFailure:
    """Post one event; answers what came of it. Not to be called inside a transaction: it may take ten seconds."""
    shown = ecs_document(document) if endpoint.format == WebhookFormat.ECS else document
    body = orjson.dumps(shown)
    # The clock itself, not the job's: receivers refuse what is signed minutes ago
    signed = signed_headers(document["uuid"], int(time.time()), body, _secrets(endpoint, now))
    return post_message(endpoint.url, body, {"Content-Type": "application/json", **signed}, total_timeout=TRY_SECONDS)


def _secrets(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    previous = [endpoint.previous_secret] if endpoint.has_two_secrets(now) else []
    return [decrypt(encrypted) for encrypted in (endpoint.secret, *previous)]
