"""Fetching key sets from customers' hosts (CONTRACT 5, "Remote sets").

Correctness never depends on Celery: an exchange that finds a set stale, or a key id unknown, fetches by itself. The
worker only keeps sets warm. Nothing here is to be called inside a transaction: a fetch may take five seconds.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

from django.db.models import F, Q

from exchange_apps.domain import key_freshness
from exchange_apps.models import RemoteKeySet
from exchange_apps.safe_fetch import FetchedDocument
from exchange_apps.services.discovery import discover, discovery_uri
from exchange_apps.services.fetch_outcomes import keep_last_good, take_in
from exchange_apps.services.outbound import FetchFailure, fetch_document

_GAP = timedelta(seconds=key_freshness.REFETCH_GAP)

_next_attempt: dict[uuid.UUID, datetime] = {}
"""When this process may next ask the database for the right to fetch; spares a flood of unknown key ids the asking."""


def key_set_of(uri: str) -> RemoteKeySet:
    """The row of a URI, made when it is new."""
    return RemoteKeySet.objects.get_or_create(uri=uri)[0]


def discovered_key_set_of(issuer: str) -> RemoteKeySet:
    """The row of an issuer whose keys are found by discovery."""
    return RemoteKeySet.objects.get_or_create(uri=discovery_uri(issuer), defaults={"issuer": issuer})[0]


def refresh_key_set(key_set_id: uuid.UUID, *, now: datetime) -> bool:
    """Fetch a set unless somebody did within the last minute; True when this call was the one to try.

    Never raises for what a host does: the outcome is in the row, and in the log of each app that uses it.
    """
    if not _claim_attempt(key_set_id, now):
        return False
    key_set = RemoteKeySet.objects.get(pk=key_set_id)
    fetched = _fetch(key_set)
    if isinstance(fetched, FetchFailure):
        keep_last_good(key_set_id, fetched, now=now)
    else:
        take_in(key_set_id, fetched, now=now)
    return True


def _fetch(key_set: RemoteKeySet) -> FetchedDocument | FetchFailure:
    """The set itself. An issuer that moved its keys is followed, and their entity tag forgotten."""
    if not key_set.issuer:
        return fetch_document(key_set.uri, etag=key_set.etag or None)
    found = discover(key_set.issuer)
    if isinstance(found, FetchFailure):
        return found
    if found.jwks_uri != key_set.jwks_uri:
        key_set.jwks_uri, key_set.etag = found.jwks_uri, ""
        key_set.save(update_fields=["jwks_uri", "etag"])
    return fetch_document(found.jwks_uri, etag=key_set.etag or None)


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
