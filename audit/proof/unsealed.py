"""Which committed events have no seal yet, found without an index that every mint would pay for.

Identifiers grow with time, so new events are at the end of the key. But an event becomes visible when its transaction
commits, which may be long after its identifier was made. So each look begins before the oldest transaction that was
open when the last look began: whatever that look could not see yet is behind this point. What comes from a clock that
is further off is found by a second look, which goes through the whole log in slices.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from audit.export_line import COLUMNS
from audit.identifiers import first_uuid7_at
from audit.models import AuditChain, AuditEvent, AuditEventQuerySet, AuditSeal, AuditSealer

MARGIN = timedelta(seconds=60)
"""How long before its transaction an identifier may have been made, and how far a web machine's clock may be behind."""

Row = tuple[Any, ...]


def next_look_from(now: datetime) -> uuid.UUID:
    """Where the look after this one begins. To be asked before this one reads events."""
    return first_uuid7_at(min(now, _oldest_open_transaction() or now) - MARGIN)


def unsealed_events(first: uuid.UUID, last: uuid.UUID | None = None) -> QuerySet[AuditEvent, Row]:
    """Visible events without a seal, oldest identifier first, as rows for `event_document`."""
    seal = AuditSeal.objects.filter(event_id=OuterRef("pk"), event_id__gte=first)
    events = AuditEvent.objects.filter(~Exists(seal), pk__gte=first)
    if last is not None:
        events = events.filter(pk__lte=last)
    return events.order_by("pk").values_list(*COLUMNS)


@dataclass(frozen=True, slots=True)
class SealedState:
    """How far a chain is sealed. All else of it that is visible is `unsealed`, found by a short search."""

    chain: uuid.UUID
    look_from: uuid.UUID
    sealed_to: int

    @classmethod
    def of(cls, chain: uuid.UUID) -> SealedState:
        # In this order: what is below `look_from` is sealed, and so not behind the end that is read then
        look_from = AuditSealer.objects.values_list("look_from", flat=True).first()
        sealed_to = AuditChain.objects.filter(pk=chain).values_list("sequence", flat=True).first()
        return cls(chain, look_from or uuid.UUID(int=0), sealed_to or 0)

    def unsealed(self, events: AuditEventQuerySet) -> AuditEventQuerySet:
        seal = AuditSeal.objects.filter(event_id=OuterRef("pk"), chain=self.chain, sequence__lte=self.sealed_to)
        return events.filter(~Exists(seal), pk__gte=self.look_from)


def slice_after(first: uuid.UUID, size: int) -> uuid.UUID | None:
    """The identifier that ends a slice of so many events; None where fewer are left."""
    return AuditEvent.objects.filter(pk__gt=first).order_by("pk").values_list("pk", flat=True)[size : size + 1].first()


def _oldest_open_transaction() -> datetime | None:
    """SQLite has one writer, so whoever holds the turn to write sees everything written before."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]
