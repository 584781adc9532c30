"""How long a fetched key set may be used, and when it is fetched again. All spans are in seconds."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta

DEFAULT_FRESH = 3_600
SHORTEST_FRESH = 300
LONGEST_FRESH = 86_400
USABLE = 86_400
"""So long the last good set serves after its last fetch; longer would be a revocation that never arrives."""
REFETCH_GAP = 60
"""Between two fetches of one URI, across all processes, whoever asks."""
WARMING = 0.8
"""Celery fetches again after about this share of the fresh span, so that no exchange ever waits for a fetch."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def fresh_seconds(cache_control: str | None) -> int:
    """The fresh span a host asks for with `Cache-Control: max-age`, within our bounds (RFC 9111 section 5.2.2.1)."""
    found = _MAX_AGE.search(cache_control or "")
    return DEFAULT_FRESH if found is None else min(max(int(found[1]), SHORTEST_FRESH), LONGEST_FRESH)


def warming_time(fetched_at: datetime, fresh_until: datetime) -> datetime:
    """When to fetch ahead: before the set is stale, a little differently each time so that hosts see no rush."""
    share = WARMING * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
    return fetched_at + timedelta(seconds=(fresh_until - fetched_at).total_seconds() * share)
