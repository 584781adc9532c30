"""A round through all endpoints with something to deliver: several at once, the quick ones first.

One round at a time in a process, so that slow receivers never take all the threads that the other jobs need.
"""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connections
from django.db.models import F, Q

from audit.models import AuditChain
from exchange_apps.models import WebhookProgress
from exchange_apps.services.webhooks.delivery import deliver_to

AT_ONCE = 8
_round = threading.Lock()


def deliver_due(*, now: datetime, most_seconds: float = 8.0) -> int:
    """Deliver what is due everywhere; answers how many events were accepted. No new try begins after `most_seconds`."""
    if not _round.acquire(blocking=False):
        return 0
    try:
        due = _due(now)
        if not due:
            return 0
        began = time.monotonic()

        def deliver(endpoint_id: uuid.UUID) -> int:
            try:
                elapsed = time.monotonic() - began
                at = now + timedelta(seconds=elapsed)
                return deliver_to(endpoint_id, now=at, most_seconds=most_seconds - elapsed)
            finally:
                connections.close_all()  # this thread's own

        with ThreadPoolExecutor(min(AT_ONCE, len(due)), "webhooks") as threads:
            return sum(threads.map(deliver, due))
    finally:
        _round.release()


def _due(now: datetime) -> list[uuid.UUID]:
    """Endpoints with sealed events before them, those that answer well and fast first."""
    ready = WebhookProgress.objects.filter(
        Q(retry_at=None) | Q(retry_at__lte=now), Q(claimed_until=None) | Q(claimed_until__lte=now), paused_at=None
    )
    order = (F("failing_since").asc(nulls_first=True), "last_elapsed_ms")
    rows = ready.order_by(*order).values_list("endpoint", "endpoint__organization", "delivered_sequence")
    places = list(rows)
    ends = dict(AuditChain.objects.filter(pk__in={chain for _, chain, _ in places}).values_list("pk", "sequence"))
    return [endpoint for endpoint, chain, place in places if ends.get(chain, 0) > place]
