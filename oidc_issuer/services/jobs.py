"""Starting and finishing jobs, on behalf of a scheduler that holds a minted token."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.actions import AuditAction
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.domain.problems import Problems
from exchange_apps.models import MintedToken
from exchange_apps.services.writers_turn import writers_turn
from oidc_issuer.job_request import JobRefused, StartedJob
from oidc_issuer.models import JOB_TOKEN_LIFETIME, JOB_TOKEN_PREFIX, Job, Pipeline, Queue, derived_build_id


def start_job(
    started: StartedJob, pipeline: Pipeline, *, bearer: MintedToken, origin: RequestOrigin, now: datetime
) -> tuple[Job, OpaqueToken]:
    """The running job and its token, which is shown once and kept as a digest. Raises JobRefused."""
    queue = _get_queue(pipeline, started.queue)
    token = OpaqueToken.generate(JOB_TOKEN_PREFIX)
    job = Job(
        organization=pipeline.organization,
        pipeline=pipeline,
        queue=queue,
        token_digest=token.digest(),
        build_id=started.build_id or derived_build_id(pipeline.pk, started.build_number),
        build_number=started.build_number,
        build_branch=started.branch,
        build_tag=started.tag or "",
        build_commit=started.commit,
        build_source=started.source,
        step_key=started.step_key or "",
        agent_id=started.agent_id,
        agent_tags=dict(started.agent_tags),
        agent_hosted=started.agent_hosted,
        started_at=now,
        expires_at=now + JOB_TOKEN_LIFETIME,
    )
    with writers_turn(), transaction.atomic():
        job.save(force_insert=True)
        data = {"build_id": str(job.build_id), "branch": job.build_branch, "tag": job.build_tag}
        data |= {"commit": job.build_commit, "source": job.build_source, "agent_id": str(job.agent_id)}
        _record(AuditAction.JOB_STARTED, job, bearer, origin, now, data)
    return job, token


def finish_job(job: Job, *, bearer: MintedToken, origin: RequestOrigin, now: datetime) -> None:
    """The job's token is dead from now on. Finishing twice changes nothing."""
    with writers_turn(), transaction.atomic():
        if Job.objects.filter(pk=job.pk, finished_at=None).update(finished_at=now):
            job.finished_at = now
            _record(AuditAction.JOB_FINISHED, job, bearer, origin, now, {})


def job_party(job: Job) -> Party:
    return Party(PartyType.JOB, job.pk, str(job))


def _get_queue(pipeline: Pipeline, key: str | None) -> Queue | None:
    if key is None:
        return None
    queue = Queue.objects.filter(cluster=pipeline.cluster_id, key=key).first() if pipeline.cluster_id else None
    if queue is None:
        problems = Problems()
        problems.add(("queue",), "The pipeline's cluster has no such queue.")
        raise JobRefused(problems)
    return queue


def _record(
    action: AuditAction, job: Job, bearer: MintedToken, origin: RequestOrigin, now: datetime, data: dict[str, Any]
) -> None:
    record_event(
        action,
        occurred_at=now,
        organization=job.organization.ref(),
        actor=bearer.holder_party(),
        on_behalf_of=bearer.principal_party(),
        subject=job_party(job),
        origin=origin,
        data={"pipeline": str(job.pipeline_id), "pipeline_slug": job.pipeline.slug, **data},
    )
