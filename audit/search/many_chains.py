"""Searching the logs of several organizations, or all of them, in the order of their keys.

What is frequent fills its page with a glance at the table. For the rest, places of different chains cannot be compared,
so the bitmaps say how many events a search finds at most. Few are fetched and put in order. Many lie close enough
together, and the table is looked through from the cursor on, so many rows for a page.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_
from typing import NamedTuple, TypeVar

from django.db.models import Q

from audit.models import AuditChain, AuditEvent, AuditEventQuerySet, AuditSeal, AuditSealer, SearchChain
from audit.search.candidates import Window, places_in_chains
from audit.search.index_question import IndexQuestion
from audit.search.sealed_places import Place, events_at
from audit.search.spans import Span

GLANCE = 4_096
"""So many rows are looked through before the index is asked, which for a thousand chains takes longer."""
FEW = 5_000
MOST_ROWS = 20_000
"""So many rows one page looks through. Then it says how far it came."""
_AT_ONCE = 1000
_CHAINS_AT_ONCE = 100
_Item = TypeVar("_Item")


class _Indexed(NamedTuple):
    """How far a chain is indexed, without the cost of a model for each of a thousand."""

    number: int = 0
    indexed_to: int = 0
    gone_to: int = 0


_NOT_INDEXED = _Indexed()


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
        glanced, end = self._looked_through(span, length, GLANCE)
        if end is None:
            return glanced, None
        ids = self._ids()
        if ids is None:
            return self._looked_through(span, length, MOST_ROWS)
        found: list[AuditEvent] = []
        waiting, size = iter(sorted((id for id in ids if id in span), reverse=self.newest_first)), length
        while len(found) < length and (part := list(islice(waiting, size))):
            of_part = self.rows.filter(pk__in=part)
            found += sorted(of_part, key=lambda event: event.pk, reverse=self.newest_first)
            size = min(2 * size, _AT_ONCE)
        return found[:length], None

    def _looked_through(self, span: Span, length: int, most: int) -> tuple[list[AuditEvent], uuid.UUID | None]:
        """What these many rows hold, and where they end if the page is not full by then."""
        order = "-pk" if self.newest_first else "pk"
        end = span.of(self.log).order_by(order).values_list("pk", flat=True)[most - 1 : most].first()
        part = span.up_to(end, newest_first=self.newest_first) if end else span
        found = list(part.of(self.rows).order_by(order)[:length])
        return found, end if len(found) < length else None

    def _ids(self) -> set[uuid.UUID] | None:
        """Of all candidates; None where they are more than a few. What is not indexed yet counts whole."""
        # The newest first: what a job takes on meanwhile is seen twice, and not missed
        look_from = AuditSealer.objects.values_list("look_from", flat=True).first() or uuid.UUID(int=0)
        ids = set(self.rows.filter(pk__gte=look_from).values_list("pk", flat=True)[: FEW + 1])
        ends = AuditChain.objects.all() if self.chains is None else AuditChain.objects.filter(pk__in=self.chains)
        indexed = {
            chain: _Indexed(*known) for chain, *known in SearchChain.objects.values_list("chain", *_Indexed._fields)
        }
        states = [(chain, indexed.get(chain) or _NOT_INDEXED, end) for chain, end in ends.values_list("pk", "sequence")]
        tails = [
            Q(chain=chain, sequence__gt=known.indexed_to) for chain, known, end in states if end > known.indexed_to
        ]
        count = len(ids) + sum(end - known.indexed_to for _, known, end in states)
        if count > FEW:
            return None
        by_number = {known.number: chain for chain, known, _ in states}
        windows = {known.number: Window(known.gone_to + 1, known.indexed_to) for _, known, _ in states if known.number}
        wanted: list[Place] = []
        for number, places in places_in_chains(self.question, windows):
            wanted += [(by_number[number], place) for place in places]
            if count + len(wanted) > FEW:
                return None
        for part in _parts(wanted, _AT_ONCE):
            ids.update(events_at(part))
        for conditions in _parts(tails, _CHAINS_AT_ONCE):
            ids.update(AuditSeal.objects.filter(reduce(or_, conditions)).values_list("pk", flat=True))
        return ids


def _parts(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
