"""One page of a search, by key and in a time that hardly grows with the log.

What no index of the table can answer comes from the search index; newer events are looked through in the table.
Every event found is compared with the search once more, in SQL and together with whose log it is.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice

from audit.models import AuditEvent, AuditEventQuerySet
from audit.search.conditions import matching
from audit.search.index_question import question_of
from audit.search.many_chains import ChainsWalk
from audit.search.one_chain import ChainWalk
from audit.search.query import SearchQuery
from audit.search.spans import Span
from audit.search.vocabulary import Key


@dataclass(frozen=True, slots=True)
class Page:
    """Events in the order of travel. `more`: there may be others behind. `searched_to` is the id up to which nothing
    else was found when the page ends early; the next page begins there."""

    events: list[AuditEvent]
    more: bool
    searched_to: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A search in somebody's log: `log` holds the events that may be seen at all, of `organizations` (None: of all).

    The pages of one organization's search are in the order of sealing, so that an event that was committed late is
    among the newest. Lists that need no index, and those of several organizations, are in the order of the keys.
    """

    query: SearchQuery
    log: AuditEventQuerySet
    organizations: frozenset[uuid.UUID] | None
    now: datetime
    zone: tzinfo

    @property
    def rows(self) -> AuditEventQuerySet:
        """Everything it finds, in no order yet."""
        return self._span.of(self._matching)

    @property
    def _matching(self) -> AuditEventQuerySet:
        """The same without a bound to the keys, for events that are named by theirs: SQLite would rather go through
        the span."""
        return self.log.filter(matching(self.query, now=self.now, zone=self.zone))

    @property
    def _span(self) -> Span:
        return Span().narrowed_to(self.query, now=self.now, zone=self.zone)

    def page(self, *, older_than: uuid.UUID | None = None, newer_than: uuid.UUID | None = None, length: int) -> Page:
        """At most `length` events behind one, newest first; or before one, oldest first; or the newest."""
        newest_first, cursor, searched_to = newer_than is None, newer_than or older_than, None
        span, rows = self._span, self._matching
        if self._needs_the_index and self.organizations and len(self.organizations) == 1:
            (chain,) = self.organizations
            walk = ChainWalk(chain, rows, question_of(self.query), newest_first=newest_first)
            found = list(islice(walk.events(cursor, span, length + 1), length + 1))
            searched_to = walk.searched_to
        elif self._needs_the_index:
            span, question = span.beyond(cursor, newest_first=newest_first), question_of(self.query)
            walks = ChainsWalk(self.organizations, self.log, rows, question, newest_first)
            found, searched_to = walks.events(span, length + 1)
        else:
            behind = span.beyond(cursor, newest_first=newest_first).of(rows)
            found = list(behind.order_by("-pk" if newest_first else "pk")[: length + 1])
        if len(found) > length:
            return Page(found[:length], True)
        return Page(found, searched_to is not None, searched_to)

    @property
    def _needs_the_index(self) -> bool:
        return bool(self.query.filters) and not self.query.wanted(Key.REQUEST)
