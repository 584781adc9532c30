"""How often each key signed, and when last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max

from audit.identifiers import first_uuid7_at
from exchange_apps.models import ApplicationKey, ExchangeApplication, MintedToken, Watermark
from exchange_apps.services.counting import catch_up

IN_USE = timedelta(hours=24)
"""A key that signed within this span is one somebody counts on."""


def count_key_use(*, now: datetime, most_seconds: float = 45.0) -> int:
    """Add the mints since the last count to their keys; answers how many there were. Safe to run twice at once."""
    return catch_up("key_use", now=now, beginning=_beginning, read=_uses, write=_add, most_seconds=most_seconds)


def keys_in_use(application: ExchangeApplication, kids: Sequence[str], *, now: datetime) -> list[ApplicationKey]:
    """Those of an app's keys that signed within the last day: by the count, and by the tokens it has yet to count."""
    since = now - IN_USE
    mark = Watermark.objects.filter(name="key_use").values_list("counted_until", flat=True).first()
    uncounted = MintedToken.objects.filter(
        organization=application.organization_id,
        id__gte=first_uuid7_at(max(since, mark or since)),
        application=application,
    )
    known = {key.kid: key for key in application.key_history.filter(kid__in=kids)}
    found = []
    for kid in kids:
        key = known.get(kid) or ApplicationKey(application=application, kid=kid)
        latest = uncounted.filter(key_id=kid).order_by("-id").values_list("created_at", flat=True).first()
        key.last_used_at = latest or key.last_used_at
        if key.last_used_at is not None and key.last_used_at > since:
            found.append(key)
    return found


def _beginning() -> datetime | None:
    """The first count begins with the oldest token there is."""
    return MintedToken.objects.order_by("id").values_list("created_at", flat=True).first()


def _uses(since: datetime, until: datetime) -> list[dict[str, Any]]:
    minted = MintedToken.objects.filter(id__gte=first_uuid7_at(since), id__lt=first_uuid7_at(until))
    return list(
        minted.order_by().values("application_id", "key_id").annotate(mints=Count("pk"), last=Max("created_at"))
    )


def _add(uses: list[dict[str, Any]], since: datetime) -> int:
    for use in uses:
        ApplicationKey.objects.filter(application_id=use["application_id"], kid=use["key_id"]).update(
            mints=F("mints") + use["mints"], last_used_at=use["last"]
        )
    return sum(use["mints"] for use in uses)
