"""The published form of an event: complete, plain, and the same for the API, an export and a seal."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from audit.export_line import COLUMNS, event_as_json, event_document, iso_time
from audit.models import AuditEvent

EVENT = AuditEvent(
    id=uuid.UUID("0199aaaa-0000-7000-8000-000000000001"),
    type="ACCESS_TOKEN_MINTED",
    occurred_at=datetime(2026, 1, 2, 3, 4, 5, 678000, UTC),
    outcome="success",
    organization_id=uuid.UUID(int=1),
    organization_slug="acme",
    actor_type="TOKEN_EXCHANGE_APP",
    actor_id=uuid.UUID(int=2),
    actor_name="deploy-bot",
    context_type="RequestContext",
    data={"scopes": ["read_builds"]},
)


def test_it_is_plain_json_with_the_address_of_the_page_beside() -> None:
    document = event_as_json(EVENT, "https://counterfoil.test/e")
    assert json.loads(json.dumps(document)) == document
    assert document["occurred_at"] == "2026-01-02T03:04:05.678Z"
    assert document["actor"] == {"type": "TOKEN_EXCHANGE_APP", "uuid": str(uuid.UUID(int=2)), "name": "deploy-bot"}
    assert document["subject"] is None
    assert document["url"] == "https://counterfoil.test/e"


def test_every_column_of_the_table_is_in_it() -> None:
    assert set(COLUMNS) == {field.attname for field in AuditEvent._meta.concrete_fields}


CHANGES: dict[str, Any] = {
    name: {"data": {"x": 1}, "schema_version": 2, "occurred_at": EVENT.occurred_at + timedelta(microseconds=1)}.get(
        name, uuid.UUID(int=99) if name.endswith("id") and name not in ("key_id", "request_id") else "changed"
    )
    for name in COLUMNS
}


@pytest.mark.parametrize("column", COLUMNS)
def test_no_column_can_change_without_the_document_changing(column: str) -> None:
    row = {name: getattr(EVENT, name) for name in COLUMNS}
    assert event_document(*row.values()) != event_document(*(row | {column: CHANGES[column]}).values())


def test_times_of_every_zone_are_written_in_utc() -> None:
    assert iso_time(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00.000Z"
