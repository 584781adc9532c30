"""What a fetch does to the row of a key set: a good set replaces the last one, anything worse does not.

Each outcome is one transaction with its events. An outcome that comes so late that another attempt has begun since is
dropped: the newer one decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from exchange_apps.domain import key_freshness
from exchange_apps.domain.jwk import KeyProblem, KeySetInspection, inspect_jwks
from exchange_apps.models import ExchangeApplication, IdentityProvider, RemoteKeySet
from exchange_apps.safe_fetch import FetchedDocument
from exchange_apps.services import key_events
from exchange_apps.services.application_keys import note_keys
from exchange_apps.services.outbound import FetchFailure

NO_USABLE_KEY = "no_usable_key"
_RETRY_FAILED = timedelta(minutes=5)
_MOST_PROBLEMS_KEPT = 50
_MOST_SENTENCES = 3


def take_in(key_set_id: uuid.UUID, fetched: FetchedDocument, *, now: datetime) -> None:
    """Keep what a host answered, if there is a usable key in it or it says that nothing changed (304)."""
    if fetched.status == 304:
        _keep(key_set_id, fetched, None, now)
        return
    inspection = inspect_jwks(fetched.body)
    if inspection.usable is not None:
        _keep(key_set_id, fetched, inspection, now)
        return
    sentence = " ".join(str(problem) for problem in inspection.all_problems[:_MOST_SENTENCES])
    failure = FetchFailure(NO_USABLE_KEY, sentence, fetched.status, inspection.all_problems)
    keep_last_good(key_set_id, failure, now=now)


def keep_last_good(key_set_id: uuid.UUID, failure: FetchFailure, *, now: datetime) -> None:
    """Note a failure; the last good set stays. The log of each app hears of it once, when it begins."""
    with transaction.atomic():
        key_set = _lock(key_set_id, now)
        if key_set is None:
            return
        began = key_set.failing_since is None
        key_set.failing_since = key_set.failing_since or now
        key_set.last_result, key_set.last_status = failure.code, failure.status
        key_set.last_sentence = failure.sentence[:500]
        key_set.refresh_at = now + _RETRY_FAILED
        if failure.problems:
            key_set.problems = _shown(failure.problems)
            key_set.etag = ""  # so that the next answer comes in full, and its problems take the place of these
        _save(key_set)
        for user in _users(key_set) if began else ():
            key_events.fetch_failed(user, key_set, now)


def _keep(key_set_id: uuid.UUID, fetched: FetchedDocument, inspection: KeySetInspection | None, now: datetime) -> None:
    with transaction.atomic():
        key_set = _lock(key_set_id, now)
        if key_set is None:
            return
        if inspection is not None and inspection.usable is not None:
            key_set.document = inspection.usable.as_document()
            key_set.problems = _shown(inspection.all_problems)
        recovered = key_set.failing_since is not None
        _note_success(key_set, fetched, now)
        _save(key_set)
        for application in key_set.applications.select_related("organization", "key_set"):
            changes = note_keys(application, application.keys(), now=now)
            if changes:
                key_events.keys_changed(application, changes, now)
        for user in _users(key_set) if recovered else ():
            key_events.fetch_recovered(user, key_set, now)


def _users(key_set: RemoteKeySet) -> Iterable[ExchangeApplication | IdentityProvider]:
    """Whoever trusts the set."""
    yield from key_set.applications.select_related("organization")
    yield from key_set.identity_providers.select_related("organization")


def _note_success(key_set: RemoteKeySet, fetched: FetchedDocument, now: datetime) -> None:
    etag = fetched.etag or ""
    key_set.etag = etag if len(etag) <= 256 else ""  # half a tag would match nothing
    key_set.fetched_at = now
    key_set.fresh_until = now + timedelta(seconds=key_freshness.fresh_seconds(fetched.cache_control))
    key_set.refresh_at = key_freshness.warming_time(now, key_set.fresh_until)
    key_set.failing_since = None
    key_set.last_result, key_set.last_sentence = "ok", ""
    key_set.last_status, key_set.last_elapsed_ms = fetched.status, int(fetched.elapsed * 1000)


def _save(key_set: RemoteKeySet) -> None:
    """Kept standings hold the times of the set; new versions of who trusts it make every process read them anew."""
    key_set.save()
    key_set.applications.update(name=F("name"))
    key_set.identity_providers.update(name=F("name"))


def _lock(key_set_id: uuid.UUID, attempted_at: datetime) -> RemoteKeySet | None:
    """The row, when this attempt is still the last one."""
    return RemoteKeySet.objects.select_for_update().filter(pk=key_set_id, attempted_at=attempted_at).first()


def _shown(problems: Sequence[KeyProblem]) -> list[dict[str, Any]]:
    return [
        {"kid": problem.kid, "path": problem.path, "code": problem.code.value, "message": problem.message}
        for problem in problems[:_MOST_PROBLEMS_KEPT]
    ]
