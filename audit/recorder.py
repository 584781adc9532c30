"""`record_event`: the only way into the log.

`event_row` is its pure half: the row as plain values. The mint writes such rows itself, in the same statement as the
token they are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.actions import AuditAction, Outcome
from audit.identifiers import uuid7
from audit.models import SCHEMA_VERSION, AuditEvent
from audit.origin import RequestOrigin
from audit.parties import OrganizationRef, Party

_NOBODY = ("", None, "")


def event_row(
    action: AuditAction,
    *,
    occurred_at: datetime,
    organization: OrganizationRef | None,
    actor: Party,
    origin: RequestOrigin,
    subject: Party | None = None,
    on_behalf_of: Party | None = None,
    outcome: Outcome = Outcome.SUCCESS,
    reason: str = "",
    key_id: str = "",
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One event as column → value. `data` holds no credential: keys and secrets appear as ids and digests."""
    subject_columns = (subject.type.value, subject.uuid, subject.name[:320]) if subject else _NOBODY
    behalf_columns = (on_behalf_of.type.value, on_behalf_of.uuid, on_behalf_of.name[:320]) if on_behalf_of else _NOBODY
    return {
        "id": uuid7(),
        "schema_version": SCHEMA_VERSION,
        "type": action.value,
        # The published form has milliseconds; a finer row would be a difference nobody sees
        "occurred_at": occurred_at.replace(microsecond=occurred_at.microsecond // 1000 * 1000),
        "outcome": outcome.value,
        "reason": reason,
        "organization_id": organization.uuid if organization else None,
        "organization_slug": organization.slug if organization else "",
        "actor_type": actor.type.value,
        "actor_id": actor.uuid,
        "actor_name": actor.name[:320],
        "on_behalf_of_type": behalf_columns[0],
        "on_behalf_of_id": behalf_columns[1],
        "on_behalf_of_name": behalf_columns[2],
        "subject_type": subject_columns[0],
        "subject_id": subject_columns[1],
        "subject_name": subject_columns[2],
        "key_id": key_id,
        "context_type": origin.type,
        "request_id": origin.request_id,
        "request_ip": str(origin.ip) if origin.ip else None,
        "request_user_agent": origin.user_agent,
        "data": dict(data or {}),
    }


def record_event(action: AuditAction, **fields: Any) -> AuditEvent:
    """Write one event; arguments as for `event_row`.

    Must run inside the transaction of what it records, so that neither is ever there without the other; a caller that
    has none (a denial, a sign-in) gets one of its own.
    """
    event = AuditEvent(**event_row(action, **fields))
    with transaction.atomic():
        event.save()
    return event


def record_events(rows: Iterable[dict[str, Any]]) -> None:
    """Write many events of one change; rows as `event_row` makes them. Must run inside the change's transaction."""
    AuditEvent.objects.bulk_create([AuditEvent(**row) for row in rows])
