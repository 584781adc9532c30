"""Retention: events that were kept for their time go, whole sealed spans only, oldest first.

First a row that names the spans is written together with the event that says so; it is the one door in the triggers of
the log. Then the events and their seals go in small batches, each in a transaction of its own. The checkpoints stay, so
that the chain still verifies: what is left continues the last of them. Killed at any moment, the next run goes on.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit.actions import AuditAction
from audit.export_line import iso_time
from audit.models import AuditChain, AuditCheckpoint, AuditEvent, AuditRetention, AuditSeal
from audit.origin import RequestOrigin
from audit.parties import SYSTEM, OrganizationRef
from audit.proof.hash_chain import INSTALLATION
from audit.proof.needs import writers_turn
from audit.recorder import record_event

SHORTEST_DAYS = 30  # the triggers hold to it too (migration 0005)
BATCH = 500
PAUSE = 0.01  # seconds between batches: SQLite has one writer, and mints want a turn
AT_ONCE = timedelta(days=1)
"""Spans of a day go together, so that the log of what went does not grow as fast as what goes."""
_BY_ITSELF = RequestOrigin(None, "", "", "SystemContext")


def prune_log(*, now: datetime, most_seconds: float = 45.0, sleep: Callable[[float], None] = time.sleep) -> int:
    """Let go what is older than AUDIT_RETENTION_DAYS; answers how many events went."""
    deadline, gone = time.monotonic() + most_seconds, 0
    for chain in list(AuditChain.objects.all()):
        if settings.AUDIT_RETENTION_DAYS is not None:
            _name_old_spans(chain, now, timedelta(days=settings.AUDIT_RETENTION_DAYS))
        gone += _delete_named(chain.pk, deadline, sleep)
    return gone


def _name_old_spans(chain: AuditChain, now: datetime, keep: timedelta) -> None:
    pruned_to = _named_to(chain.pk)
    checkpoints = AuditCheckpoint.objects.filter(
        chain=chain.pk, last_sequence__gt=pruned_to, created_at__lte=now - keep
    )
    oldest, newest = (checkpoints.order_by(order).first() for order in ("last_sequence", "-last_sequence"))
    if oldest is None or newest is None or oldest.created_at > now - keep - AT_ONCE:
        return
    with writers_turn(), transaction.atomic():
        if _named_to(chain.pk) != pruned_to:  # another worker was quicker
            return
        AuditRetention.objects.create(
            chain=chain.pk, first_sequence=pruned_to + 1, last_sequence=newest.last_sequence, created_at=now
        )
        record_event(
            AuditAction.AUDIT_LOG_PRUNED,
            occurred_at=now,
            organization=None if chain.pk == INSTALLATION else OrganizationRef(chain.pk, chain.slug),
            actor=SYSTEM,
            origin=_BY_ITSELF,
            data={
                "first_sequence": pruned_to + 1,
                "last_sequence": newest.last_sequence,
                "sealed_before": iso_time(newest.created_at),
                "days_kept": keep.days,
            },
        )


def _delete_named(chain: uuid.UUID, deadline: float, sleep: Callable[[float], None]) -> int:
    gone = 0
    seals = AuditSeal.objects.filter(chain=chain, sequence__lte=_named_to(chain)).order_by("sequence")
    while time.monotonic() < deadline:
        events = list(seals.values_list("pk", flat=True)[:BATCH])
        if not events:
            break
        with writers_turn(), transaction.atomic():
            # The query sets refuse to delete, here as anywhere; what may go is decided by the triggers
            AuditEvent.objects.filter(pk__in=events)._raw_delete("default")
            AuditSeal.objects.filter(pk__in=events)._raw_delete("default")
        gone += len(events)
        sleep(PAUSE)
    return gone


def _named_to(chain: uuid.UUID) -> int:
    last = AuditRetention.objects.filter(chain=chain).order_by("-last_sequence").first()
    return last.last_sequence if last else 0
