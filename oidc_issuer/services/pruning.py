"""Taking away jobs that ended long ago; their events stay."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from audit.identifiers import first_uuid7_at
from exchange_apps.services.pruning import Due, delete_in_batches
from oidc_issuer.models import Job

KEEP_JOBS = timedelta(days=30)


def prune_jobs(*, now: datetime, most_seconds: float = 45.0) -> int:
    """Delete jobs started more than 30 days ago, in small batches; answers how many. Safe to run twice at once."""
    old = Job.objects.filter(id__lt=first_uuid7_at(now - KEEP_JOBS))
    return delete_in_batches(Due(old, "id"), time.monotonic() + most_seconds, time.sleep)
