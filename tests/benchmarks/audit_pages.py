"""Each page of the log's benchmark asked for again and again: the 95th percentile in milliseconds.

Searches of one organization that has half of the log, and of an operator who sees all thousand of them.
"""

from __future__ import annotations

import gc
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles

from audit.models import AuditEvent
from audit.search.find import Search
from audit.search.query import parse
from tests.benchmarks.audit_events import BIG, named

ROUNDS, LENGTH, PAGES, STEP = 60, 50, 1000, 1000
SEARCHES = (
    "",
    "type:ACCESS_TOKEN_MINTED",
    "type:ORGANIZATION_MEMBER_DELETED",
    "type:TOKEN_EXCHANGE_DENIED reason:address_not_allowed",
    f"actor:{named('app', 3)}",
    "kid:key-3-1 type:ORGANIZATION_MEMBER_DELETED",
    "type:TOKEN_EXCHANGE_APP_UPDATED ip:10.0.0.0/20",
    "ip:10.0.3.0/26 outcome:denied",
    "-type:ACCESS_TOKEN_MINTED -type:TOKEN_EXCHANGE_DENIED",
    f"token:{'0' * 64}",
    "outcome:failed",
    "ip:10.200.0.0/16 type:ACCESS_TOKEN_MINTED",
    "after:200d before:100d type:USER_SIGNED_IN",
    "-app:app-1 -app:app-2 type:ACCESS_TOKEN_REVOKED -ip:10.0.0.0/20",
)
OF_ALL = (
    "",
    "type:ACCESS_TOKEN_MINTED",
    "reason:address_not_allowed",
    "actor:app-7003",
    "type:ORGANIZATION_MEMBER_DELETED",
    "outcome:failed",
    "after:200d before:100d type:USER_SIGNED_IN",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one search: the rows of its first page, p95 of that page, the last page of the scroll and its number."""

    search: str
    rows: int
    first: float
    page: int
    deep: float


def measure_pages() -> list[Figures]:
    gc.collect()
    gc.freeze()  # as a web worker does
    own = frozenset({BIG})
    of_one = [_measured(text, AuditEvent.objects.filter(organization_id=BIG), own) for text in SEARCHES]
    return of_one + [_measured(text, AuditEvent.objects.all(), None) for text in OF_ALL]


def _measured(text: str, log: object, organizations: frozenset[uuid.UUID] | None) -> Figures:
    search = Search(parse(text), log, organizations, datetime.now(UTC), UTC)  # type: ignore[arg-type]
    rows, first = _timed(search, None)
    number, cursor = _scrolled(search)
    _, deep = _timed(search, cursor)
    return Figures(f"{'' if organizations else 'all: '}{text or '(none)'}", rows, first, number, deep)


def _scrolled(search: Search) -> tuple[int, uuid.UUID | None]:
    """Page PAGES, or the last: its number, and the event it lies behind. In steps of many pages, to save time."""
    cursor, rows = None, 0
    while rows < LENGTH * (PAGES - 1):
        page = search.page(older_than=cursor, length=min(STEP, LENGTH * (PAGES - 1) - rows))
        if not page.more:
            break
        cursor = page.searched_to or page.events[-1].pk
        rows += len(page.events)
    return rows // LENGTH + 1, cursor


def _timed(search: Search, older_than: uuid.UUID | None) -> tuple[int, float]:
    taken, rows = [], 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        rows = len(search.page(older_than=older_than, length=LENGTH).events)
        taken.append((time.perf_counter() - started) * 1000)
    return rows, quantiles(taken, n=20)[18]
