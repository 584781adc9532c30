"""Jobs: what a scheduler started, and what asks for ID tokens until it is finished."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.identifiers import first_uuid7_at, uuid7
from exchange_apps.models import Organization
from oidc_issuer.claims import JobFacts
from oidc_issuer.models.pipeline import Pipeline, Queue

JOB_TOKEN_PREFIX = "bkaj_"
JOB_TOKEN_LIFETIME = timedelta(hours=24)
_BUILDS = uuid.UUID("5c4d6be3-0b8c-4b0e-9a51-6f0a8f6f0c1e")  # any: what build ids are derived from


class JobQuerySet(models.QuerySet["Job"]):
    def running(self, now: datetime) -> JobQuerySet:
        """Found by the identifier, which grows with time: nothing older can be running."""
        return self.filter(id__gte=first_uuid7_at(now - JOB_TOKEN_LIFETIME), finished_at=None)


class Job(models.Model):
    """One step of a build on one agent, as its scheduler told it; none of it changes. The token is kept as a digest."""

    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", db_index=False)
    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="jobs", verbose_name=_("pipeline"))
    queue = models.ForeignKey(Queue, models.SET_NULL, null=True, related_name="+", verbose_name=_("queue"))
    token_digest = models.BinaryField(_("SHA-256"), max_length=32, unique=True, editable=False)
    build_id = models.UUIDField(_("build UUID"))
    build_number = models.PositiveIntegerField(_("build"))
    build_branch = models.CharField(_("branch"), max_length=255)
    build_tag = models.CharField(_("tag"), max_length=255, blank=True)
    build_commit = models.CharField(_("commit"), max_length=100)
    build_source = models.CharField(_("source"), max_length=20)
    step_key = models.CharField(_("step"), max_length=100, blank=True)
    agent_id = models.UUIDField(_("agent UUID"))
    agent_tags = models.JSONField(_("agent tags"), default=dict)
    agent_hosted = models.BooleanField(_("hosted agent"), default=False)
    started_at = models.DateTimeField(_("started"))
    expires_at = models.DateTimeField(_("token expires"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects: ClassVar[models.Manager[Job]] = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = (models.Index(fields=("organization", "-id"), name="job_by_organization"),)

    def __str__(self) -> str:
        return job_name(self.pipeline.slug, self.build_number, self.step_key)

    def is_running(self, now: datetime) -> bool:
        return self.finished_at is None and now < self.expires_at

    def facts(self) -> JobFacts:
        """Names as they are now, identifiers as they ever were."""
        cluster = self.pipeline.cluster
        return JobFacts(
            organization_id=str(self.organization_id),
            organization_slug=self.organization.slug,
            pipeline_id=str(self.pipeline_id),
            pipeline_slug=self.pipeline.slug,
            build_id=str(self.build_id),
            build_number=self.build_number,
            build_branch=self.build_branch,
            build_tag=self.build_tag or None,
            build_commit=self.build_commit,
            build_source=self.build_source,
            step_key=self.step_key or None,
            job_id=str(self.pk),
            agent_id=str(self.agent_id),
            runner_environment="buildkite-hosted" if self.agent_hosted else "self-hosted",
            cluster_id=str(cluster.pk) if cluster else None,
            cluster_name=cluster.name if cluster else None,
            queue_id=str(self.queue_id) if self.queue else None,
            queue_key=self.queue.key if self.queue else None,
            agent_tags=self.agent_tags,
        )


def job_name(pipeline_slug: str, build_number: int, step_key: str | None) -> str:
    """As people read it: `shop #42 deploy`."""
    return f"{pipeline_slug} #{build_number} {step_key or ''}".rstrip()


def derived_build_id(pipeline_id: uuid.UUID, number: int) -> uuid.UUID:
    """The UUID of a build whose scheduler gives it none: the same for all jobs of one build."""
    return uuid.uuid5(_BUILDS, f"{pipeline_id}/{number}")
