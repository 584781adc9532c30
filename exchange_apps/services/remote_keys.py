"""Fetching key sets from customers' hosts (CONTRACT 5, "Remote sets").

Correctness never depends on Celery: an exchange that finds a set stale, or a key id unknown, fetches by itself. The
worker only keeps sets warm. Nothing here is to be called inside a transaction: a fetch may take five seconds.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from exchange_apps.domain import key_freshness
from exchange_apps.models import RemoteKeySet
from exchange_apps.safe_fetch import FetchError, safe_fetch
from exchange_apps.services.fetch_outcomes import FetchFailure, keep_last_good, take_in

_GAP = timedelta(seconds=key_freshness.REFETCH_GAP)

_next_attempt: dict[uuid.UUID, datetime] = {}
"""When this process may next ask the database for the right to fetch; spares a flood of unknown key ids the asking."""


def key_set_of(uri: str) -> RemoteKeySet:
    """The row of a URI, made when it is new."""
    return RemoteKeySet.objects.get_or_create(uri=uri)[0]


def refresh_key_set(key_set_id: uuid.UUID, *, now: datetime) -> bool:
    """Fetch a set unless somebody did within the last minute; True when this call was the one to try.

    Never raises for what a host does: the outcome is in the row, and in the log of each app that uses it.
    """
    if not _claim_attempt(key_set_id, now):
        return False
    key_set = RemoteKeySet.objects.get(pk=key_set_id)
    try:
        fetched = safe_fetch(
            key_set.uri,
            allowed_networks=settings.OUTBOUND_ALLOWED_NETWORKS,
            etag=key_set.etag or None,
            user_agent=f"Counterfoil (+{settings.PUBLIC_URL})",
            ca_bundle=settings.OUTBOUND_CA_BUNDLE or None,
        )
    except FetchError as error:
        keep_last_good(key_set_id, FetchFailure(error.code.value, error.sentence, error.status), now=now)
    except OSError:  # safe_fetch raises it for this reason alone
        sentence = "The file that OUTBOUND_CA_BUNDLE names cannot be read; the operator of this server can mend that."
        keep_last_good(key_set_id, FetchFailure("ca_bundle_unreadable", sentence), now=now)
    else:
        take_in(key_set_id, fetched, now=now)
    return True


def refresh_due(*, now: datetime, most_seconds: float = 45.0) -> int:
    """Fetch the sets that will soon be stale; answers how many. Safe to run twice at once: each fetch is claimed.

    Hosts in good health come first, so that those that hang use up only what time is left.
    """
    began = time.monotonic()
    due = RemoteKeySet.objects.due(now).order_by(F("failing_since").asc(nulls_first=True), "refresh_at")
    tried = 0
    for key_set_id in list(due.values_list("pk", flat=True)):
        elapsed = time.monotonic() - began
        if elapsed >= most_seconds:
            break
        tried += refresh_key_set(key_set_id, now=now + timedelta(seconds=elapsed))
    return tried


def _claim_attempt(key_set_id: uuid.UUID, now: datetime) -> bool:
    """One conditional UPDATE decides for all processes; the pause begins with the attempt, not with success."""
    if _next_attempt.get(key_set_id, now) > now:
        return False
    free = Q(attempted_at=None) | Q(attempted_at__lte=now - _GAP)
    row = RemoteKeySet.objects.filter(pk=key_set_id)
    won = row.filter(free).update(attempted_at=now) == 1
    attempted_at = now if won else row.values_list("attempted_at", flat=True).first()
    _next_attempt[key_set_id] = (attempted_at or now) + _GAP
    return won


def forget_attempts() -> None:
    """For tests: a new process knows of no attempt."""
    _next_attempt.clear()
