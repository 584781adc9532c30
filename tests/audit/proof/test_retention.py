"""Events that were kept for their time go; nothing else can, and what is left still verifies."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditCheckpoint, AuditEvent, AuditRetention, AuditSeal
from audit.proof.findings import Kind
from audit.proof.retention import prune_log
from tests.audit.proof import log

pytestmark = pytest.mark.django_db


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.fixture(autouse=True)
def _keeps_forty_days(settings: Settings) -> None:
    settings.AUDIT_RETENTION_DAYS = 40


def prune(now: datetime | None = None) -> int:
    """How many events of Acme went; the making of the signing keys is an event, too."""
    before = AuditEvent.objects.filter(organization_id=log.ACME.uuid).exclude(type="AUDIT_LOG_PRUNED")
    count = before.count()
    prune_log(now=now or timezone.now())
    return count - before.count()


@pytest.fixture
def old() -> list[uuid.UUID]:
    """Five events of 50 days ago and five of 45, beside five of 35."""
    written = []
    for days in (50, 45, 35):
        written += log.write(5, at=days_ago(days))
        log.sign(at=days_ago(days))
    return written


def test_whole_old_spans_go_and_the_rest_still_verifies(old: list[uuid.UUID]) -> None:
    before = AuditCheckpoint.objects.count()
    assert prune() == 10
    assert list(AuditEvent.objects.filter(pk__in=old).order_by("pk").values_list("pk", flat=True)) == old[10:]
    assert not AuditSeal.objects.filter(pk__in=old[:10]).exists()
    assert AuditCheckpoint.objects.count() == before
    assert log.verify() == []
    log.sign()
    assert log.verify() == []


def test_it_is_recorded_with_the_span_that_went(old: list[uuid.UUID]) -> None:
    prune()
    event = AuditEvent.objects.get(type="AUDIT_LOG_PRUNED", organization_id=log.ACME.uuid)
    assert event.organization_id == log.ACME.uuid
    assert (event.data["first_sequence"], event.data["last_sequence"], event.data["days_kept"]) == (1, 10, 40)


def test_it_happens_at_most_once_a_day(old: list[uuid.UUID]) -> None:
    assert [prune() for _ in range(3)] == [10, 0, 0]
    assert prune(timezone.now() + timedelta(days=5, hours=12)) == 0
    assert prune(timezone.now() + timedelta(days=6, hours=1)) == 5
    assert AuditRetention.objects.filter(chain=log.ACME.uuid).count() == 2
    log.sign()
    assert log.verify() == []


def test_without_the_setting_everything_stays(old: list[uuid.UUID], settings: Settings) -> None:
    settings.AUDIT_RETENTION_DAYS = None
    assert prune() == 0


def test_what_is_not_signed_stays() -> None:
    log.write(5, at=days_ago(50))
    log.seal(at=days_ago(50))
    assert prune() == 0


def test_killed_half_way_it_verifies_and_the_next_run_goes_on(
    old: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr("audit.proof.retention.BATCH", 3)

    def killed(seconds: float) -> None:
        if AuditEvent.objects.filter(pk__in=old).count() < len(old):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune_log(now=timezone.now(), sleep=killed)
    assert AuditEvent.objects.filter(pk__in=old).count() == 12
    assert log.verify() == []
    settings.AUDIT_RETENTION_DAYS = None  # what was named may go even so
    assert prune() == 7
    assert log.verify() == []


def test_an_export_begins_with_the_checkpoint_that_stayed(old: list[uuid.UUID]) -> None:
    prune()
    lines = log.export()
    assert lines[0] == {"checkpoint": AuditCheckpoint.objects.get(chain=log.ACME.uuid, last_sequence=10).jws}
    assert lines[1]["seal"]["sequence"] == 11
    assert log.verify_export(lines) == []


REFUSED = {
    "a span that is too young": (11, 15),
    "half a span": (1, 3),
    "a span with an older one before it": (6, 10),
    "no span of this chain": (1, 99),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_door_opens_for_whole_old_spans_only(old: list[uuid.UUID], name: str) -> None:
    first, last = REFUSED[name]
    if name == "a span that is too young":
        AuditRetention.objects.create(
            chain=log.ACME.uuid, first_sequence=1, last_sequence=10, created_at=timezone.now()
        )
        log.write(5)
        log.sign()
        first, last = 11, 20
    with pytest.raises(DatabaseError, match="whole sealed spans"), transaction.atomic():
        AuditRetention.objects.create(
            chain=log.ACME.uuid, first_sequence=first, last_sequence=last, created_at=timezone.now()
        )


def test_the_open_door_lets_nothing_else_through(old: list[uuid.UUID]) -> None:
    AuditRetention.objects.create(chain=log.ACME.uuid, first_sequence=1, last_sequence=5, created_at=timezone.now())
    for table, column in (("event", "id"), ("seal", "event_id")):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            log.sql(f"DELETE FROM audit_audit{table} WHERE {column} = %s", log.db(old[5]))  # noqa: S608
    for table in ("auditcheckpoint", "auditretention"):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            log.sql(f"DELETE FROM audit_{table}")  # noqa: S608
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        log.sql("UPDATE audit_auditretention SET last_sequence = 15")
    log.sql("DELETE FROM audit_auditevent WHERE id = %s", log.db(old[4]))


def test_a_retention_that_no_event_tells_of_is_found(old: list[uuid.UUID]) -> None:
    AuditRetention.objects.create(chain=log.ACME.uuid, first_sequence=1, last_sequence=5, created_at=timezone.now())
    log.sql("DELETE FROM audit_auditevent WHERE id = %s", log.db(old[4]))
    assert [(finding.kind, finding.sequence) for finding in log.verify()] == [(Kind.DELETED, 5)]
