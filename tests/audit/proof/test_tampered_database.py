"""One row changed in a copy of the database whose triggers are gone: found, and named."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.export_line import COLUMNS, event_document
from audit.models import AuditChain, AuditCheckpoint, AuditEvent, AuditSeal
from audit.proof.findings import Finding, Kind
from audit.proof.hash_chain import event_bytes, link_hash
from audit.proof.sealing import sweep
from tests.audit.proof import log

pytestmark = pytest.mark.usefixtures("without_triggers")


@pytest.fixture
def events() -> list[uuid.UUID]:
    """Twelve of Acme, in two signed spans of six, beside three of Globex."""
    now = timezone.now()
    written = log.write(6, at=now - timedelta(hours=2))
    log.sign(at=now - timedelta(hours=2))
    written += log.write(6, at=now - timedelta(minutes=1))
    log.sign(at=now)
    log.write(3, organization=log.GLOBEX)
    log.sign(at=now)
    assert log.verify() == []
    return written


def named(kind: Kind, event: uuid.UUID | None = None, sequence: int | None = None) -> tuple[object, ...]:
    return (kind, str(event) if event else None, sequence)


def found() -> list[tuple[object, ...]]:
    findings = log.verify()
    assert all(log.GLOBEX.uuid.hex not in finding.chain for finding in findings)
    return [(finding.kind, finding.event, finding.sequence) for finding in findings]


def change(event: uuid.UUID, column: str, value: object) -> None:
    log.sql(f"UPDATE audit_auditevent SET {column} = %s WHERE id = %s", value, log.db(event))  # noqa: S608


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "x"),
        ("outcome", "denied"),
        ("type", "ORGANIZATION_DELETED"),
        ("actor_name", "Mallory"),
        ("request_ip", "192.0.2.1"),
        ("data", "{}"),
        ("subject_name", "x"),
        ("schema_version", 2),
    ],
)
def test_an_edited_row(events: list[uuid.UUID], column: str, value: object) -> None:
    change(events[3], column, value)
    assert found() == [named(Kind.EDITED, events[3], 4)]


def test_a_deleted_row(events: list[uuid.UUID]) -> None:
    log.sql("DELETE FROM audit_auditevent WHERE id = %s", log.db(events[3]))
    assert found() == [named(Kind.DELETED, events[3], 4)]


def test_a_row_deleted_with_its_seal(events: list[uuid.UUID]) -> None:
    log.sql("DELETE FROM audit_auditevent WHERE id = %s", log.db(events[3]))
    log.sql("DELETE FROM audit_auditseal WHERE event_id = %s", log.db(events[3]))
    assert found() == [named(Kind.GAP, None, 4)]


def test_a_whole_span_deleted_with_its_seals(events: list[uuid.UUID]) -> None:
    for event in events[:6]:
        log.sql("DELETE FROM audit_auditevent WHERE id = %s", log.db(event))
        log.sql("DELETE FROM audit_auditseal WHERE event_id = %s", log.db(event))
    assert found() == [named(Kind.GAP, None, 1)]


def test_an_inserted_row_that_has_no_seal(events: list[uuid.UUID]) -> None:
    (forged,) = log.write(at=timezone.now() - timedelta(hours=1))
    assert found() == [named(Kind.INSERTED, forged)]


def test_an_inserted_row_that_the_sealer_took_for_a_late_one(events: list[uuid.UUID]) -> None:
    (forged,) = log.write(at=timezone.now() - timedelta(hours=1))
    sweep(now=timezone.now())
    log.sign()
    assert found() == [named(Kind.BACK_DATED, forged, 13)]


def test_an_inserted_row_with_a_forged_seal(events: list[uuid.UUID]) -> None:
    (forged,) = log.write(at=timezone.now() - timedelta(minutes=1))
    log.sql(
        "UPDATE audit_auditseal SET sequence = sequence + 100 WHERE chain = %s AND sequence > 9", log.db(log.ACME.uuid)
    )
    log.sql("UPDATE audit_auditseal SET sequence = sequence - 99 WHERE sequence > 100")
    AuditSeal.objects.create(event_id=forged, chain=log.ACME.uuid, sequence=10, previous=bytes(32), hash=bytes(32))
    AuditChain.objects.filter(pk=log.ACME.uuid).update(sequence=13)
    assert named(Kind.EDITED, forged, 10) in found()


def test_two_rows_that_changed_places(events: list[uuid.UUID]) -> None:
    seals = {seal.pk: seal for seal in AuditSeal.objects.filter(pk__in=(events[3], events[4]))}
    for event in seals:
        log.sql("DELETE FROM audit_auditseal WHERE event_id = %s", log.db(event))
    for event, other in ((events[3], events[4]), (events[4], events[3])):
        place = seals[other]
        AuditSeal.objects.create(
            event_id=event, chain=place.chain, sequence=place.sequence, previous=place.previous, hash=place.hash
        )
    assert found() == [named(Kind.REORDERED, events[4], 4), named(Kind.REORDERED, events[3], 5)]


def test_two_seals_that_changed_numbers(events: list[uuid.UUID]) -> None:
    number = "UPDATE audit_auditseal SET sequence = %s WHERE event_id = %s"
    log.sql(number, 99, log.db(events[3]))
    log.sql(number, 4, log.db(events[5]))
    log.sql(number, 6, log.db(events[3]))
    assert {finding[:2] for finding in found()} == {
        (Kind.REORDERED, str(events[3])),
        (Kind.REORDERED, str(events[5])),
    }


def test_a_back_dated_row(events: list[uuid.UUID]) -> None:
    change(events[9], "occurred_at", timezone.now() - timedelta(days=30))
    assert found() == [named(Kind.BACK_DATED, events[9], 10)]


def test_an_event_edited_and_hashed_anew(events: list[uuid.UUID]) -> None:
    change(events[3], "reason", "x")
    rehash(events[3:4])
    assert found() == [named(Kind.EDITED, events[3], 4)]


def test_an_event_edited_and_the_whole_rest_hashed_anew(events: list[uuid.UUID]) -> None:
    change(events[3], "reason", "x")
    rehash(events[3:])
    assert named(Kind.EDITED, None, 6) in found()


def rehash(events: list[uuid.UUID]) -> None:
    for event in events:
        seal = AuditSeal.objects.get(pk=event)
        before = AuditSeal.objects.get(chain=seal.chain, sequence=seal.sequence - 1)
        body = event_bytes(event_document(*AuditEvent.objects.values_list(*COLUMNS).get(pk=event)))
        digest = link_hash(bytes(before.hash), seal.sequence, body)
        log.sql(
            "UPDATE audit_auditseal SET previous = %s, hash = %s WHERE event_id = %s",
            before.hash,
            digest,
            log.db(event),
        )


CHECKPOINTS: dict[str, tuple[Callable[[str], str | None], Kind]] = {
    "gone": (lambda jws: None, Kind.MISSING_CHECKPOINT),
    "with another signature": (lambda jws: jws[:-4] + "AAAA", Kind.BAD_SIGNATURE),
    "with another payload": (lambda jws: ".".join((jws.split(".")[0], "e30", jws.split(".")[2])), Kind.BAD_SIGNATURE),
    "no checkpoint at all": (lambda jws: "x", Kind.BAD_SIGNATURE),
}


@pytest.mark.parametrize("change", CHECKPOINTS)
def test_a_checkpoint(events: list[uuid.UUID], change: str) -> None:
    changed, kind = CHECKPOINTS[change]
    first = AuditCheckpoint.objects.get(chain=log.ACME.uuid, first_sequence=1)
    jws = changed(first.jws)
    if jws is None:
        log.sql("DELETE FROM audit_auditcheckpoint WHERE id = %s", log.db(first.pk))
    else:
        log.sql("UPDATE audit_auditcheckpoint SET jws = %s WHERE id = %s", jws, log.db(first.pk))
    assert kind in {kind for kind, *_ in found()}


def test_events_that_nobody_sealed_or_signed_are_told_of_after_five_minutes() -> None:
    written = log.write(2)
    later = timezone.now() + timedelta(minutes=6)
    assert log.verify() == []
    assert [finding.event for finding in log.verify(now=later) if finding.kind is Kind.UNSEALED] == [
        str(event) for event in written
    ]
    log.seal()
    assert Kind.MISSING_CHECKPOINT in {finding.kind for finding in log.verify(now=later)}


class TestTruncation:
    """Taking away the newest events with all their traces."""

    def test_the_end_that_the_sealer_remembers(self, events: list[uuid.UUID]) -> None:
        self.cut(events)
        assert named(Kind.TRUNCATED, None, 6) in found()

    def test_without_that_memory_only_a_checkpoint_kept_elsewhere_shows_it(self, events: list[uuid.UUID]) -> None:
        kept = AuditCheckpoint.objects.get(chain=log.ACME.uuid, last_sequence=12).jws
        assert log.verify(kept=kept) == []
        self.cut(events)
        AuditChain.objects.filter(pk=log.ACME.uuid).update(sequence=6, signed_sequence=6)
        assert log.verify() == []
        assert [finding.kind for finding in log.verify(kept=kept)] == [Kind.TRUNCATED]

    def test_a_kept_checkpoint_shows_a_log_that_was_written_anew(self, events: list[uuid.UUID]) -> None:
        kept = AuditCheckpoint.objects.get(chain=log.ACME.uuid, last_sequence=12).jws
        self.cut(events)
        AuditChain.objects.filter(pk=log.ACME.uuid).update(
            sequence=6, signed_sequence=6, hash=AuditSeal.objects.get(chain=log.ACME.uuid, sequence=6).hash
        )
        log.write(8)
        log.sign()
        assert log.verify() == []
        assert [finding.kind for finding in log.verify(kept=kept)] == [Kind.EDITED]

    def cut(self, events: list[uuid.UUID]) -> None:
        for event in events[6:]:
            log.sql("DELETE FROM audit_auditevent WHERE id = %s", log.db(event))
            log.sql("DELETE FROM audit_auditseal WHERE event_id = %s", log.db(event))
        log.sql("DELETE FROM audit_auditcheckpoint WHERE chain = %s AND last_sequence > 6", log.db(log.ACME.uuid))


def test_a_finding_reads_as_a_sentence() -> None:
    assert (
        str(Finding(Kind.BACK_DATED, "organization x", "it says 1999", 4, "0199"))
        == "BACK-DATED in organization x at 4, event 0199: it says 1999"
    )
