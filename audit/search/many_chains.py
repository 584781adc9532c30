"""Searching the logs of several organizations, or all of them, in the order of their keys.

Places of different chains cannot be compared. So the bitmaps say how many events a search finds at most. Few are
fetched and put in order. Many lie close together, and the table is looked through from the cursor on, so many rows
for a page.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Q

from audit.models import AuditChain, AuditEvent, AuditEventQuerySet, AuditSeal, AuditSealer, SearchChain
from audit.search.candidates import Window, places_in_chains
from audit.search.index_terms import IndexQuestion
from audit.search.spans import Span

FEW = 5_000
MOST_ROWS = 20_000
"""So many rows one page looks through. Then it says how far it came."""
_AT_ONCE = 1000
_CHAINS_AT_ONCE = 100
_NO_CHAIN = SearchChain(number=0)
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class ChainsWalk:
    """Through the logs of `chains` (None: of all). `rows` is what the search finds, `log` all that may be seen."""

    chains: frozenset[uuid.UUID] | None
    log: AuditEventQuerySet
    rows: AuditEventQuerySet
    question: IndexQuestion
    newest_first: bool

    def events(self, span: Span, length: int) -> tuple[list[AuditEvent], uuid.UUID | None]:
        """At most `length` events, and the key up to which nothing else was found, where there may be more."""
        ids = self._ids()
        if ids is None:
            return self._looked_through(span, length)
        found: list[AuditEvent] = []
        travel = sorted((id for id in ids if id in span), reverse=self.newest_first)
        for start in range(0, len(travel), _AT_ONCE):
            part = self.rows.filter(pk__in=travel[start : start + _AT_ONCE])
            found += sorted(part, key=lambda event: event.pk, reverse=self.newest_first)
            if len(found) >= length:
                break
        return found[:length], None

    def _looked_through(self, span: Span, length: int) -> tuple[list[AuditEvent], uuid.UUID | None]:
        order = "-pk" if self.newest_first else "pk"
        end = span.of(self.log).order_by(order).values_list("pk", flat=True)[MOST_ROWS - 1 : MOST_ROWS].first()
        part = span.up_to(end, newest_first=self.newest_first) if end else span
        found = list(part.of(self.rows).order_by(order)[:length])
        return found, end if len(found) < length else None

    def _ids(self) -> set[uuid.UUID] | None:
        """Of all candidates; None where they are more than a few. What is not indexed yet counts whole."""
        # The newest first: what a job takes on meanwhile is seen twice, and not missed
        look_from = AuditSealer.objects.values_list("look_from", flat=True).first() or uuid.UUID(int=0)
        ids = set(self.rows.filter(pk__gte=look_from).values_list("pk", flat=True)[: FEW + 1])
        ends = AuditChain.objects.all() if self.chains is None else AuditChain.objects.filter(pk__in=self.chains)
        indexed = {chain.chain: chain for chain in SearchChain.objects.all()}
        states = [(chain, indexed.get(chain) or _NO_CHAIN, end) for chain, end in ends.values_list("pk", "sequence")]
        wanted = [
            Q(chain=chain, sequence__gt=known.indexed_to) for chain, known, end in states if end > known.indexed_to
        ]
        count = len(ids) + sum(end - known.indexed_to for _, known, end in states)
        by_number = {known.number: chain for chain, known, _ in states}
        windows = {known.number: Window(known.gone_to + 1, known.indexed_to) for _, known, _ in states if known.number}
        for number, places in places_in_chains(self.question, windows):
            count += len(places)
            if count > FEW:
                return None
            wanted += [Q(chain=by_number[number], sequence__in=part) for part in _parts(places, _AT_ONCE)]
        if count > FEW:
            return None
        for conditions in _parts(wanted, _CHAINS_AT_ONCE):
            ids.update(AuditSeal.objects.filter(reduce(or_, conditions)).values_list("pk", flat=True))
        return ids


def _parts(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
