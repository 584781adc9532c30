"""When a message that was not accepted is tried again, and when no more."""

from __future__ import annotations

from datetime import timedelta

RETRY_AFTER = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)
MOST_TRIES = len(RETRY_AFTER) + 1
"""The last of them about 22 hours after the first."""
GONE = 410
"""HTTP status by which a receiver says that it wants no more."""


def next_try(tries: int) -> timedelta | None:
    """How long to wait after so many tries in vain; None: it was the last."""
    return RETRY_AFTER[tries - 1] if tries < MOST_TRIES else None
