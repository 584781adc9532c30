"""Searching one organization's log. It has three parts: what is not sealed yet, in the order of its keys; what is
sealed and not indexed yet; and what is indexed. The first two are short, and looked through in the table. Where the
second is long, because the jobs fell behind, one page looks through a part of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from pyroaring import BitMap

from audit.models import AuditEvent, AuditEventQuerySet, AuditSeal, SearchChain
from audit.proof.unsealed import SealedState
from audit.search.candidates import candidates
from audit.search.index_question import IndexQuestion
from audit.search.spans import Span, window_of

MOST_AT_ONCE = 2048
MOST_ROWS = 20_000
"""So many places that are not indexed one page looks through. Then it says how far it came."""
_NO_CHAIN = SearchChain(number=0)

Events = Iterator[AuditEvent]


class ChainWalk:
    """Through the log of one chain from a cursor on, newest first or oldest first. `rows` are all events that the
    search finds: each one that the index names is compared with it. A walk that ends before the end of the log has
    `searched_to`, the event as far as to which nothing else was found."""

    searched_to: uuid.UUID | None = None

    def __init__(
        self, chain: uuid.UUID, rows: AuditEventQuerySet, question: IndexQuestion, *, newest_first: bool
    ) -> None:
        self.chain, self.rows, self.question, self.newest_first = chain, rows, question, newest_first
        self.sealed = SealedState.of(chain)
        self.indexed = SearchChain.objects.filter(chain=chain).first() or _NO_CHAIN

    def events(self, cursor: uuid.UUID | None, span: Span, length: int) -> Events:
        """What comes behind the cursor and lies in the span; `length` is how many are probably wanted."""
        sealed = AuditSeal.objects.filter(chain=self.chain, pk=cursor) if cursor else AuditSeal.objects.none()
        place = sealed.values_list("sequence", flat=True).first()
        first, last = self.indexed.gone_to + 1, self.sealed.sealed_to
        if place is None:
            span = span.beyond(cursor, newest_first=self.newest_first)
            if cursor and cursor >= self.sealed.look_from and not self.newest_first:
                first = last + 1  # it is not sealed yet: all that is sealed comes before it
        elif self.newest_first:
            last = min(last, place - 1)
        else:
            first = max(first, place + 1)
        indexed_to = min(self.indexed.indexed_to, last)
        parts: list[Callable[[], Events]] = [
            lambda: self._unsealed(span, length) if last == self.sealed.sealed_to else iter(()),
            lambda: self._sealed(span, range(max(first, self.indexed.indexed_to + 1), last + 1)),
            lambda: self._indexed(span, first, indexed_to, length),
        ]
        for part in parts if self.newest_first else parts[::-1]:
            yield from part()
            if self.searched_to:
                return

    def _unsealed(self, span: Span, length: int) -> Events:
        newest = span.from_on(self.sealed.look_from)
        if not newest.is_empty:
            rows = newest.of(self.sealed.unsealed(self.rows))
            yield from rows.order_by("-pk" if self.newest_first else "pk")[:length]

    def _sealed(self, span: Span, places: range) -> Events:
        """By the table, so many places of the chain at once; no more of them than one page may take."""
        travel = places[::-1] if self.newest_first else places
        for start in range(0, min(len(travel), MOST_ROWS), MOST_AT_ONCE):
            part = travel[start : start + MOST_AT_ONCE]
            seals = AuditSeal.objects.filter(chain=self.chain, sequence__range=(min(part), max(part)))
            found = list(span.of(self.rows).filter(pk__in=seals.values("pk")))
            place_of = dict(seals.filter(pk__in=[event.pk for event in found]).values_list("pk", "sequence"))
            yield from sorted(found, key=lambda event: place_of[event.pk], reverse=self.newest_first)
        if len(travel) > MOST_ROWS:
            last = seals.order_by("sequence" if self.newest_first else "-sequence")
            self.searched_to = last.values_list("pk", flat=True).first()

    def _indexed(self, span: Span, first: int, last: int, length: int) -> Events:
        window = window_of(span, self.chain, self.indexed.number, first, last)
        found = candidates(self.question, self.indexed.number, window, newest_first=self.newest_first)
        return self._compared(span, (start + place for start, of in found for place in self._in_order(of)), length)

    def _in_order(self, places: BitMap) -> Iterator[int]:
        return (places[-1 - n] for n in range(len(places))) if self.newest_first else iter(places)

    def _compared(self, span: Span, places: Iterable[int], length: int) -> Events:
        """The events at these places, in this order, that the search finds; more at once the fewer those are."""
        waiting, size = iter(places), length
        while part := list(islice(waiting, size)):
            seals = AuditSeal.objects.filter(chain=self.chain, sequence__in=part)
            place_of = {id: sequence for id, sequence in seals.values_list("pk", "sequence") if id in span}
            found = list(self.rows.filter(pk__in=list(place_of))) if place_of else []
            yield from sorted(found, key=lambda event: place_of[event.pk], reverse=self.newest_first)
            size = min(2 * size, MOST_AT_ONCE)
