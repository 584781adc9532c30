"""Counting what happened from the rows themselves, a moment later: counting in the mint would make one hot row of every
busy app and key.

Tokens and events have identifiers that grow with time, so a count goes on where the last one ended, and a row counted
once is never read again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db import transaction

from exchange_apps.models import Watermark
from exchange_apps.services.writers_turn import writers_turn

SETTLED = timedelta(seconds=15)
"""Rows commit within this time of their own clock reading; counting stays behind it and so misses none."""
_STEP = timedelta(hours=1)

Found = TypeVar("Found")


def catch_up(
    name: str,
    *,
    now: datetime,
    beginning: Callable[[], datetime | None],
    read: Callable[[datetime, datetime], Found],
    write: Callable[[Found, datetime], int],
    most_seconds: float,
) -> int:
    """Count on from where the count of that name ended; answers the sum of what `write` answers.

    `read` looks at a span that lies within one hour and one day (UTC), `write` stores what it found, given the span's
    beginning. Each span is stored once, whoever else counts at the same time; after a pause there are many of them.
    """
    deadline = time.monotonic() + most_seconds
    settled = now - SETTLED
    total = 0
    since = _counted_until(name, settled, beginning)
    while since < settled and time.monotonic() < deadline:
        until = min(settled, since + _STEP, _next_midnight(since))
        found = read(since, until)  # outside the transaction: on SQLite it would keep mints from writing
        with writers_turn(), transaction.atomic():
            mark = Watermark.objects.select_for_update().get(name=name)
            if mark.counted_until == since:
                total += write(found, since)
                mark.counted_until = until
                mark.save()
        since = mark.counted_until
    return total


def _counted_until(name: str, settled: datetime, beginning: Callable[[], datetime | None]) -> datetime:
    mark = Watermark.objects.filter(name=name).first()
    if mark is None:
        oldest = beginning()
        first = settled if oldest is None else min(settled, oldest - SETTLED)
        mark, _ = Watermark.objects.get_or_create(name=name, defaults={"counted_until": first})
    return mark.counted_until


def _next_midnight(moment: datetime) -> datetime:
    return (moment.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
