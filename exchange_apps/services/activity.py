"""What an organization or an app did lately, from the daily counts."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from exchange_apps.models import DailyCount, ExchangeApplication, Organization
from exchange_apps.services.daily_counts import OBSERVED_ACCEPTED, OBSERVED_REFUSED, counted_until

DAYS = 30


@dataclass(frozen=True, slots=True)
class Activity:
    """The last 30 days (UTC), oldest first, each with its mints and refusals."""

    days: tuple[date, ...]
    mints: tuple[int, ...]
    denials: tuple[int, ...]
    reasons: tuple[tuple[str, int], ...]  # the most frequent first
    counted_until: datetime | None

    @property
    def is_empty(self) -> bool:
        return not (sum(self.mints) or sum(self.denials))


def activity_of(owner_id: uuid.UUID, *, now: datetime) -> Activity:
    """Of one organization, or of one app."""
    today = now.astimezone(UTC).date()
    days = tuple(today - timedelta(days=back) for back in reversed(range(DAYS)))
    mints, denials, reasons = Counter[date](), Counter[date](), Counter[str]()
    rows = DailyCount.objects.of(owner_id, days=DAYS, until=today).values_list("day", "reason", "count")
    for day, reason, count in rows:
        if reason in (OBSERVED_ACCEPTED, OBSERVED_REFUSED):
            continue
        if reason:
            denials[day] += count
            reasons[reason] += count
        else:
            mints[day] += count
    return Activity(
        days,
        tuple(mints[day] for day in days),
        tuple(denials[day] for day in days),
        tuple(sorted(reasons.items(), key=lambda found: (-found[1], found[0]))),
        counted_until(),
    )


def failing_apps(organization: Organization) -> list[ExchangeApplication]:
    """Enabled apps whose keys cannot be fetched, the longest failing first."""
    apps = ExchangeApplication.objects.filter(organization=organization, enabled=True)
    return list(apps.with_failing_keys().select_related("key_set").order_by("key_set__failing_since"))
