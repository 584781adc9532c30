"""How often each key signed, and when last: counted a moment later from the tokens themselves.

Counting in the mint would make one hot row of every busy key.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Max

from audit.identifiers import first_uuid7_at
from exchange_apps.models import ApplicationKey, MintedToken, Watermark

_NAME = "key_use"
_SETTLED = timedelta(seconds=15)
"""Mints commit within this time of their own clock reading; counting stays behind it and so misses none."""
_STEP = timedelta(hours=1)


def count_key_use(*, now: datetime, most_seconds: float = 45.0) -> int:
    """Add the mints since the last count to their keys; answers how many there were. Safe to run twice at once.

    After a pause it catches up hour by hour, each in a transaction of its own.
    """
    deadline = time.monotonic() + most_seconds
    settled = now - _SETTLED
    total, counted_until = 0, settled - _STEP
    while counted_until < settled and time.monotonic() < deadline:
        minted, counted_until = _count_step(settled)
        total += minted
    return total


def _count_step(settled: datetime) -> tuple[int, datetime]:
    with transaction.atomic():
        Watermark.objects.get_or_create(name=_NAME, defaults={"counted_until": _beginning(settled)})
        mark = Watermark.objects.select_for_update().get(name=_NAME)
        if mark.counted_until >= settled:
            return 0, mark.counted_until
        until = min(settled, mark.counted_until + _STEP)
        total = _count_between(mark.counted_until, until)
        mark.counted_until = until
        mark.save()
    return total, until


def _beginning(settled: datetime) -> datetime:
    """The first count begins with the oldest token there is."""
    oldest = MintedToken.objects.order_by("id").values_list("created_at", flat=True).first()
    return settled if oldest is None else min(settled, oldest - _SETTLED)


def _count_between(since: datetime, until: datetime) -> int:
    total = 0
    minted = MintedToken.objects.filter(id__gte=first_uuid7_at(since), id__lt=first_uuid7_at(until))
    uses = minted.order_by().values("application_id", "key_id").annotate(mints=Count("pk"), last=Max("created_at"))
    for use in uses:
        ApplicationKey.objects.filter(application_id=use["application_id"], kid=use["key_id"]).update(
            mints=F("mints") + use["mints"], last_used_at=use["last"]
        )
        total += use["mints"]
    return total
