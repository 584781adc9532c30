"""Mints and refusals of each organization, app and identity provider, day by day (UTC): what the overview shows."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

from django.db.models import Count, IntegerField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from audit.actions import AuditAction, Outcome
from audit.identifiers import first_uuid7_at
from audit.models import AuditEvent
from exchange_apps.models import DailyCount, MintedToken, Watermark
from exchange_apps.services.counting import catch_up

_NAME = "daily_counts"
_MINTS = ""
OBSERVED_ACCEPTED, OBSERVED_REFUSED = "observed:accepted", "observed:refused"
"""What a provider in observe mode would have done; counted for the provider alone."""
KEEP_DAILY_COUNTS = timedelta(days=90)

Counts = Counter[tuple[uuid.UUID, str]]
"""How often, by organization, app or provider, and reason."""


def count_days(*, now: datetime, most_seconds: float = 45.0) -> int:
    """Add what happened since the last count to its day; answers how much it was. Safe to run twice at once."""

    def beginning() -> datetime | None:
        oldest = AuditEvent.objects.order_by("id").values_list("occurred_at", flat=True).first()
        return oldest and max(oldest, now - KEEP_DAILY_COUNTS)

    return catch_up(_NAME, now=now, beginning=beginning, read=_read, write=_write, most_seconds=most_seconds)


def counted_until() -> datetime | None:
    """Up to when the counts are complete; None before the first one."""
    return Watermark.objects.filter(name=_NAME).values_list("counted_until", flat=True).first()


def _read(since: datetime, until: datetime) -> Counts:
    counts: Counts = Counter()
    span = {"id__gte": first_uuid7_at(since), "id__lt": first_uuid7_at(until)}
    minted = (
        MintedToken.objects.filter(**span)
        .order_by()
        .values_list("organization_id", "application_id", "identity_provider_id")
    )
    for organization, application, provider, mints in minted.annotate(mints=Count("pk")):
        counts[organization, _MINTS] += mints
        counts[application or provider, _MINTS] += mints
    # A tallied refusal stands for those before it that got no event of their own
    tallied = Cast(KeyTextTransform("suppressed_before", "data"), IntegerField())
    denied = AuditEvent.objects.filter(**span, type=AuditAction.TOKEN_EXCHANGE_DENIED, organization_id__isnull=False)
    rows = denied.order_by().values_list("organization_id", "actor_id", "reason")
    for organization, client, reason, denials in rows.annotate(denials=Count("pk") + Coalesce(Sum(tallied), 0)):
        counts[organization, reason] += denials
        if client is not None:
            counts[client, reason] += denials
    observed = AuditEvent.objects.filter(**span, type=AuditAction.TOKEN_EXCHANGE_OBSERVED)
    for provider, outcome, decisions in observed.order_by().values_list("actor_id", "outcome").annotate(Count("pk")):
        counts[provider, OBSERVED_ACCEPTED if outcome == Outcome.SUCCESS else OBSERVED_REFUSED] += decisions
    return counts


def _write(counts: Counts, since: datetime) -> int:
    day = since.astimezone(UTC).date()
    owners = {owner for owner, _ in counts}
    before = DailyCount.objects.filter(day=day, owner_id__in=owners).values_list("owner_id", "reason", "count")
    kept = {(owner, reason): count for owner, reason, count in before}
    DailyCount.objects.bulk_create(
        [
            DailyCount(owner_id=owner, day=day, reason=reason, count=kept.get((owner, reason), 0) + count)
            for (owner, reason), count in counts.items()
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["owner_id", "day", "reason"],
        update_fields=["count"],
    )
    return counts.total()
