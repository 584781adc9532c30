"""Old jobs go; young ones, running or not, stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.models import AuditEvent
from oidc_issuer.models import Job
from oidc_issuer.services.pruning import KEEP_JOBS, prune_jobs


def test_jobs_go_thirty_days_after_their_start_and_their_events_stay(start_job: Callable[..., dict[str, Any]]) -> None:
    start_job()
    started_at = timezone.now()
    assert prune_jobs(now=started_at + KEEP_JOBS - timedelta(minutes=1)) == 0
    assert prune_jobs(now=started_at + KEEP_JOBS + timedelta(minutes=1)) == 1
    assert not Job.objects.exists()
    assert AuditEvent.objects.filter(type="JOB_STARTED").count() == 1
