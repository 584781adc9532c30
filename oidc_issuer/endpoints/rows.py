"""Finding what an address names, within the caller's organization."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from exchange_apps.api.errors import NotFound
from oidc_issuer.models import Job, Pipeline


def pipelines_of(organization_id: uuid.UUID) -> QuerySet[Pipeline]:
    return Pipeline.objects.select_related("organization", "cluster").filter(organization=organization_id)


def jobs_of(organization_id: uuid.UUID) -> QuerySet[Job]:
    rows = Job.objects.filter(organization=organization_id)
    return rows.select_related("organization", "pipeline__cluster", "queue")


def pipeline_key(slug_or_uuid: str) -> dict[str, object]:
    """What to look a pipeline up by."""
    identifier = _as_uuid(slug_or_uuid)
    return {"pk": identifier} if identifier else {"slug": slug_or_uuid}


def get_pipeline(organization_id: uuid.UUID, slug_or_uuid: str) -> Pipeline:
    """Raises NotFound."""
    found = None if "\0" in slug_or_uuid else pipelines_of(organization_id).filter(**pipeline_key(slug_or_uuid)).first()
    if found is None:
        raise NotFound
    return found


def get_job(pipeline: Pipeline, job_id: str) -> Job:
    """Raises NotFound."""
    identifier = _as_uuid(job_id)
    rows = Job.objects.select_related("organization", "pipeline").filter(pipeline=pipeline)
    job = rows.filter(pk=identifier).first() if identifier else None
    if job is None:
        raise NotFound
    return job


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
