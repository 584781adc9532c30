"""The published form of an event: what the API answers, an export writes, and a seal covers (docs/audit-log.md).

Every column is in it, so no column can change without the seal showing it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from audit.models import AuditEvent

COLUMNS = (
    "id",
    "schema_version",
    "type",
    "occurred_at",
    "outcome",
    "reason",
    "organization_id",
    "organization_slug",
    "actor_type",
    "actor_id",
    "actor_name",
    "on_behalf_of_type",
    "on_behalf_of_id",
    "on_behalf_of_name",
    "subject_type",
    "subject_id",
    "subject_name",
    "key_id",
    "context_type",
    "request_id",
    "request_ip",
    "request_user_agent",
    "data",
)
"""What `event_document` takes, in its order: `event_document(*row)` of a `values_list(*COLUMNS)`."""

_columns_of: Callable[[AuditEvent], tuple[Any, ...]] = attrgetter(*COLUMNS)


def event_as_json(event: AuditEvent, url: str = "") -> dict[str, Any]:
    """The event as the API shows it, with the address of its page."""
    return event_document(*_columns_of(event)) | {"url": url}


def event_document(
    uuid: uuid.UUID | str,
    schema_version: int,
    type: str,
    occurred_at: datetime | str,
    outcome: str,
    reason: str,
    organization_id: uuid.UUID | str | None,
    organization_slug: str,
    actor_type: str,
    actor_id: uuid.UUID | str | None,
    actor_name: str,
    on_behalf_of_type: str,
    on_behalf_of_id: uuid.UUID | str | None,
    on_behalf_of_name: str,
    subject_type: str,
    subject_id: uuid.UUID | str | None,
    subject_name: str,
    key_id: str,
    context_type: str,
    request_id: str,
    request_ip: str | None,
    request_user_agent: str,
    data: Any,
) -> dict[str, Any]:
    """The event as sealed: plain JSON values, without what the installation may change (its address).

    Where UUIDs and the time are texts already, they are in the published form.
    """
    return {
        "uuid": str(uuid),
        "schema_version": schema_version,
        "type": type,
        "occurred_at": occurred_at if isinstance(occurred_at, str) else iso_time(occurred_at),
        "outcome": outcome,
        "reason": reason,
        "organization": organization_document(organization_id, organization_slug),
        "actor": party_document(actor_type, actor_id, actor_name),
        "on_behalf_of": party_document(on_behalf_of_type, on_behalf_of_id, on_behalf_of_name),
        "subject": party_document(subject_type, subject_id, subject_name),
        "key_id": key_id,
        "context": {
            "type": context_type,
            "request_id": request_id,
            "request_ip": request_ip,
            "request_user_agent": request_user_agent,
        },
        "data": data,
    }


def iso_time(moment: datetime) -> str:
    """ISO 8601 in UTC to the millisecond; finer only where the row is finer, so that a seal misses nothing."""
    timespec = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def organization_document(id: uuid.UUID | str | None, slug: str) -> dict[str, Any] | None:
    return {"uuid": id and str(id), "slug": slug} if id or slug else None


def party_document(type: str, id: uuid.UUID | str | None, name: str) -> dict[str, Any] | None:
    return {"type": type, "uuid": id and str(id), "name": name} if type or id or name else None
