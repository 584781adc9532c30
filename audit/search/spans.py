"""Spans of time as spans of keys, and of keys as spans of places."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from pyroaring import BitMap64

from audit.identifiers import first_uuid7_at
from audit.models import AuditEvent, AuditEventQuerySet, AuditSeal
from audit.proof.hash_chain import INSTALLATION
from audit.search.candidates import Window, late_places
from audit.search.conditions import RECORDED_WITHIN
from audit.search.query import SearchQuery
from audit.search.times import moment_of
from audit.search.vocabulary import Key

_AT_ONCE = 4096
_FOLLOWING = 20


@dataclass(frozen=True, slots=True)
class Span:
    """Events with `above` < id < `below`; None: no bound."""

    above: uuid.UUID | None = None
    below: uuid.UUID | None = None

    def __bool__(self) -> bool:
        return bool(self.above or self.below)

    def __contains__(self, id: uuid.UUID) -> bool:
        return (self.above is None or id > self.above) and (self.below is None or id < self.below)

    @property
    def is_empty(self) -> bool:
        return self.above is not None and self.below is not None and self.below.int - self.above.int <= 1

    def of(self, rows: AuditEventQuerySet) -> AuditEventQuerySet:
        if self.above:
            rows = rows.filter(pk__gt=self.above)
        return rows.filter(pk__lt=self.below) if self.below else rows

    def beyond(self, cursor: uuid.UUID | None, *, newest_first: bool) -> Span:
        """The part of it that a page behind this cursor shows."""
        if cursor is None:
            return self
        if newest_first:
            return Span(self.above, min(cursor, self.below) if self.below else cursor)
        return Span(max(cursor, self.above) if self.above else cursor, self.below)

    def up_to(self, end: uuid.UUID, *, newest_first: bool) -> Span:
        """The part of it as far as to this event."""
        return self.beyond(uuid.UUID(int=end.int + (-1 if newest_first else 1)), newest_first=not newest_first)

    def from_on(self, id: uuid.UUID) -> Span:
        """The part of it from this event on. One bound is left: of two, SQLite uses whichever it met last."""
        return self.beyond(uuid.UUID(int=max(id.int - 1, 0)), newest_first=False)

    def narrowed_to(self, query: SearchQuery, *, now: datetime, zone: tzinfo) -> Span:
        """The part of it that may hold events of the times a search names."""
        above, below = self.above, self.below
        if after := query.moment(Key.AFTER):
            first = uuid.UUID(int=first_uuid7_at(moment_of(after, now=now, zone=zone)).int - 1)
            above = max(above, first) if above else first
        if before := query.moment(Key.BEFORE):
            last = first_uuid7_at(moment_of(before, now=now, zone=zone) + RECORDED_WITHIN)
            below = min(below, last) if below else last
        return Span(above, below)


def window_of(span: Span, chain: uuid.UUID, number: int, first: int, last: int) -> Window:
    """Where among these places of a chain the events of a span of keys are."""
    if not span or first > last:
        return Window(first, last)
    late = [place for place in late_places(number, last) if place >= first]
    ordinary = BitMap64()
    ordinary.add_range(first, last + 1)
    ordinary -= BitMap64(late)
    begin = _first_beyond(ordinary, chain, span.above, last) if span.above else first
    end = _first_beyond(ordinary, chain, span.below, last) - 1 if span.below else last
    # A late one stands behind its time, never before it
    return Window(begin, end, tuple(_in_span(span, chain, [place for place in late if place > end])))


def _first_beyond(ordinary: BitMap64, chain: uuid.UUID, id: uuid.UUID, last: int) -> int:
    """The first place whose event has this key or a greater one; `last` + 1 where there is none. Keys ascend."""
    if not ordinary or _is_before(chain, ordinary.max(), id):
        return last + 1
    if not _is_before(chain, ordinary.min(), id):
        return ordinary.min()
    return _place_of_next(ordinary, chain, id) or _place_by_halving(ordinary, chain, id)


def _place_of_next(ordinary: BitMap64, chain: uuid.UUID, id: uuid.UUID) -> int | None:
    """By the table's index; None where all the events of the next keys were late."""
    events = AuditEvent.objects.filter(organization_id=None if chain == INSTALLATION else chain, pk__gte=id)
    following = list(events.order_by("pk").values_list("pk", flat=True)[:_FOLLOWING])
    # By keys alone: SQLite would rather go through the whole chain
    seals = AuditSeal.objects.filter(pk__in=following).values_list("chain", "sequence")
    return min((place for of, place in seals if of == chain and place in ordinary), default=None)


def _place_by_halving(ordinary: BitMap64, chain: uuid.UUID, id: uuid.UUID) -> int:
    low, high = 0, len(ordinary) - 1  # which is not before it
    while low < high:
        middle = (low + high) // 2
        if _is_before(chain, ordinary[middle], id):
            low = middle + 1
        else:
            high = middle
    return int(ordinary[low])


def _is_before(chain: uuid.UUID, place: int, id: uuid.UUID) -> bool:
    found = AuditSeal.objects.filter(chain=chain, sequence=place).values_list("pk", flat=True).first()
    return found is None or found < id  # none: retention let it go, with all before it


def _in_span(span: Span, chain: uuid.UUID, places: list[int]) -> Iterator[int]:
    for start in range(0, len(places), _AT_ONCE):
        seals = AuditSeal.objects.filter(chain=chain, sequence__in=places[start : start + _AT_ONCE])
        yield from (sequence for id, sequence in seals.values_list("pk", "sequence") if id in span)
