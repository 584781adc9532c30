"""Taking away what nobody needs any more, in small batches, each in a transaction of its own.

A batch is found by index and goes on where the last one ended, so it holds its locks for a blink however much there is
to prune, and mints go on beside it. Safe to run twice at once: deleting what is gone deletes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from audit.identifiers import first_uuid7_at
from exchange_apps.domain.lifetimes import LONGEST_TOKEN_TTL
from exchange_apps.models import (
    KEEP_DECISIONS,
    CacheEntry,
    DailyCount,
    DenialTally,
    ExchangeApplication,
    Invitation,
    MintedToken,
    RateWindow,
    RemoteKeySet,
    TrustDecision,
    UsedAssertion,
)
from exchange_apps.services.daily_counts import KEEP_DAILY_COUNTS
from exchange_apps.services.rate_limit import WINDOW_MS
from exchange_apps.services.writers_turn import writers_turn

BATCH = 500
PAUSE = 0.01  # seconds between batches: SQLite has one writer, and mints want a turn
KEEP_ENDED_TOKENS = timedelta(days=30)
"""Expired tokens stay listed this long; their events stay for ever."""
KEEP_EXPIRED_INVITATIONS = timedelta(days=30)
KEEP_DELETED_APPS = timedelta(days=30)
"""So long a deleted app can be restored."""
KEEP_UNUSED_KEY_SETS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """Rows to delete, and the indexed column in whose order they are found."""

    rows: QuerySet[Any]
    column: str


def prune(*, now: datetime, most_seconds: float = 45.0, sleep: Callable[[float], None] = time.sleep) -> dict[str, int]:
    """Prune everything that is due, for at most `most_seconds`; answers how many rows of each kind went."""
    deadline = time.monotonic() + most_seconds
    return {name: delete_in_batches(due, deadline, sleep) for name, due in _everything_due(now).items()}


def _everything_due(now: datetime) -> dict[str, Due]:
    window_over = int(now.timestamp() * 1000) - 2 * WINDOW_MS
    ended = now - KEEP_ENDED_TOKENS
    # Identifiers grow with the time of the mint, so tokens of this age are found by key, without an index on the end
    minted_before = first_uuid7_at(ended - timedelta(seconds=LONGEST_TOKEN_TTL))
    unused = RemoteKeySet.objects.filter(
        applications=None, identity_providers=None, attempted_at__lt=now - KEEP_UNUSED_KEY_SETS
    )
    deleted = ExchangeApplication.with_deleted.filter(deleted_at__lt=now - KEEP_DELETED_APPS)
    return {
        "deleted_apps": Due(deleted, "deleted_at"),
        "used_assertions": Due(UsedAssertion.objects.filter(expires_at__lt=now), "expires_at"),
        "minted_tokens": Due(MintedToken.objects.filter(id__lt=minted_before, expires_at__lt=ended), "id"),
        "cache_entries": Due(CacheEntry.objects.filter(expires__lt=now), "expires"),
        "rate_windows": Due(RateWindow.objects.filter(started_ms__lt=window_over), "started_ms"),
        "denial_tallies": Due(DenialTally.objects.filter(started_ms__lt=window_over, suppressed=0), "started_ms"),
        "daily_counts": Due(DailyCount.objects.filter(day__lt=(now - KEEP_DAILY_COUNTS).date()), "day"),
        "trust_decisions": Due(TrustDecision.objects.filter(id__lt=first_uuid7_at(now - KEEP_DECISIONS)), "id"),
        "invitations": Due(Invitation.objects.filter(expires_at__lt=now - KEEP_EXPIRED_INVITATIONS), "expires_at"),
        "remote_key_sets": Due(unused, "attempted_at"),
    }


def delete_in_batches(due: Due, deadline: float, sleep: Callable[[float], None]) -> int:
    gone, everything = 0, due.rows.order_by(due.column)
    rows = everything
    while time.monotonic() < deadline:
        places = list(rows.values_list(due.column, flat=True)[:BATCH])
        if not places:
            break
        with writers_turn():
            # The database finds the keys itself: to send them there and back cost more than the deletion
            gone += due.rows.model._base_manager.filter(pk__in=rows.values("pk")[:BATCH]).delete()[0]
        # The rows just deleted stay in the index until it is cleaned; beginning behind them spares reading them again
        rows = everything.filter(**{f"{due.column}__gte": places[-1]})
        sleep(PAUSE)
    return gone
