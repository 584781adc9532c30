"""Writers hold their transactions open for seconds while the sealer runs: none of them loses its place."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from audit.models import AuditEvent, AuditSeal
from audit.proof import unsealed
from audit.proof.sealing import seal_events
from tests.audit.proof import log
from tests.conftest import at_once


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.usefixtures("transactional_db")
def test_writers_that_commit_seconds_later_are_sealed_without_a_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsealed, "MARGIN", timedelta(milliseconds=200))
    done = threading.Event()

    def act(number: int) -> list[uuid.UUID]:
        if number == 0:  # the sealer, running all the time
            while not done.is_set():
                seal_events(now=timezone.now())
                time.sleep(0.02)
            return []
        if number == 1:  # quick writers go by meanwhile, so that the sealer's look moves on
            written = []
            for _ in range(60):
                written += log.write()
                time.sleep(0.05)
            time.sleep(0.5)
            done.set()
            return written
        with transaction.atomic():
            written = log.write()
            time.sleep(0.4 * number)
            written += log.write()
        return written

    written = [event for events in at_once(8, act) for event in events]
    assert len(written) == 60 + 6 * 2
    assert AuditSeal.objects.filter(pk__in=written).count() == len(written)
    log.sign()
    assert log.verify() == []
    # It is the late ones that made this a test: their numbers do not follow their identifiers
    ids = list(AuditSeal.objects.filter(chain=log.ACME.uuid).order_by("sequence").values_list("pk", flat=True))
    assert ids != sorted(ids)


@pytest.mark.usefixtures("shared_database")
def test_several_sealers_and_writers_at_once_leave_one_whole_chain() -> None:
    log.write()
    log.sign()
    until = time.monotonic() + 3

    def act(number: int) -> None:
        while time.monotonic() < until:
            if number < 2:
                log.sign()
            else:
                log.write(5, organization=(log.ACME, log.GLOBEX)[number % 2])
            time.sleep(0.02)

    at_once(5, act)
    log.sign()
    assert AuditSeal.objects.count() == AuditEvent.objects.count()
    assert log.verify() == []
    connections.close_all()
