"""Times as the API writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def time_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second; None stays None."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
