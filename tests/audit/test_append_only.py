"""Nobody changes or deletes an event: not through the models, not in bulk, not with SQL of his own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.actions import AuditAction
from audit.models import AppendOnlyError, AuditEvent
from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from audit.recorder import record_event

ON_POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def event(db: None) -> Iterator[AuditEvent]:
    """An event, which at the end of each test still is what it was."""
    recorded = record_event(
        AuditAction.CONFIGURATION_APPLIED,
        occurred_at=timezone.now(),
        organization=None,
        actor=SYSTEM,
        origin=RequestOrigin.command("test"),
        data={"file": "config.yaml"},
    )
    recorded.refresh_from_db()
    before = AuditEvent.objects.values().get()
    yield recorded
    assert AuditEvent.objects.values().get() == before


CHANGES: dict[str, Callable[[AuditEvent], object]] = {
    "saving it again": lambda event: event.save(),
    "saving a field": lambda event: event.save(update_fields=["data"]),
    "saving a copy with its key": lambda event: AuditEvent.objects.get(pk=event.pk).save(force_update=True),
    "deleting it": lambda event: event.delete(),
    "updating the query set": lambda event: AuditEvent.objects.update(reason="x"),
    "updating a filtered one": lambda event: AuditEvent.objects.filter(pk=event.pk).update(reason="x"),
    "deleting the query set": lambda event: AuditEvent.objects.all().delete(),
    "deleting a filtered one": lambda event: AuditEvent.objects.filter(pk=event.pk).delete(),
}


@pytest.mark.parametrize("way", CHANGES)
def test_the_models_refuse(event: AuditEvent, way: str) -> None:
    event.data = {"file": "another.yaml"}
    with pytest.raises(AppendOnlyError, match="never changed or deleted"):
        CHANGES[way](event)


DETOURS: dict[str, Callable[[AuditEvent], object]] = {
    "bulk_update": lambda event: AuditEvent.objects.bulk_update([event], ["data"]),
    "update_or_create": lambda event: AuditEvent.objects.update_or_create(pk=event.pk, defaults={"reason": "x"}),
    "bulk_create that updates": lambda event: AuditEvent.objects.bulk_create(
        [event], update_conflicts=True, unique_fields=["id"], update_fields=["data"]
    ),
    "a second row with its key": lambda event: AuditEvent(pk=event.pk, type="x", occurred_at=timezone.now()).save(),
    "_raw_delete": lambda event: AuditEvent.objects.all()._raw_delete("default"),
    "a plain query set, updating": lambda event: QuerySet(AuditEvent).update(reason="x"),
    "a plain query set, deleting": lambda event: QuerySet(AuditEvent).delete(),
}


@pytest.mark.parametrize("way", DETOURS)
def test_detours_around_the_models_are_refused_as_well(event: AuditEvent, way: str) -> None:
    event.data = {"file": "another.yaml"}
    with pytest.raises((AppendOnlyError, DatabaseError)), transaction.atomic():
        DETOURS[way](event)


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


STATEMENTS = [
    "UPDATE audit_auditevent SET reason = 'x'",
    "UPDATE audit_auditevent SET id = id",
    "DELETE FROM audit_auditevent",
    "DELETE FROM audit_auditevent WHERE type = 'CONFIGURATION_APPLIED'",
    "INSERT INTO audit_auditevent SELECT * FROM audit_auditevent WHERE true"
    " ON CONFLICT (id) DO UPDATE SET reason = 'x'",
]
ON_POSTGRESQL_ONLY = ["TRUNCATE audit_auditevent", "TRUNCATE audit_auditevent CASCADE"]
ON_SQLITE_ONLY = [
    "REPLACE INTO audit_auditevent SELECT * FROM audit_auditevent",
    "UPDATE OR REPLACE audit_auditevent SET reason = 'x'",
    "INSERT OR REPLACE INTO audit_auditevent (rowid, id, schema_version, type, occurred_at, outcome, reason,"
    " organization_slug, actor_type, actor_name, on_behalf_of_type, on_behalf_of_name, subject_type, subject_name,"
    " key_id, context_type, request_id, request_user_agent, data)"
    " SELECT rowid, 'another', 1, type, occurred_at, outcome, 'x', '', '', '', '', '', '', '', '', '', '', '', '{}'"
    " FROM audit_auditevent",
]


@pytest.mark.parametrize("statement", STATEMENTS + (ON_POSTGRESQL_ONLY if ON_POSTGRESQL else ON_SQLITE_ONLY))
def test_the_database_itself_refuses(event: AuditEvent, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)


def test_the_refusal_says_why(event: AuditEvent) -> None:
    with pytest.raises(DatabaseError, match="audit events are never changed or deleted"), transaction.atomic():
        sql("DELETE FROM audit_auditevent")


def test_new_events_are_welcome(event: AuditEvent) -> None:
    with transaction.atomic():
        record_event(
            AuditAction.CONFIGURATION_APPLIED,
            occurred_at=timezone.now(),
            organization=None,
            actor=SYSTEM,
            origin=RequestOrigin.command("test"),
        )
        assert AuditEvent.objects.count() == 2
        transaction.set_rollback(True)
