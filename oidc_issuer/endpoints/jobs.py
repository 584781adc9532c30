"""`POST …/pipelines/{pipeline}/jobs` and `PUT …/jobs/{id}/finish`: where a CI scheduler starts and finishes jobs."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.origin import RequestOrigin
from exchange_apps.api import conditional
from exchange_apps.api.bodies import document_of
from exchange_apps.api.errors import ApiError, InvalidParameter
from exchange_apps.api.moments import time_text
from exchange_apps.api.paging import answer_page
from exchange_apps.api.schema import ERRORS, PAGE_PARAMETERS, Problem, page_of
from exchange_apps.api.settings_view import check_reads, get_row
from exchange_apps.api.views import OrganizationView
from oidc_issuer.endpoints.job_schema import Finished, JobDocument, Started, StartJob
from oidc_issuer.endpoints.rows import get_job, get_pipeline, jobs_of
from oidc_issuer.job_request import JobRefused, parse_started_job
from oidc_issuer.models import Job
from oidc_issuer.services.jobs import finish_job, start_job

SCOPE = "write_builds"
STATE = OpenApiParameter("state", str, enum=["running", "finished"])


class UnusableJob(ApiError):
    status = 422

    def __init__(self, refusal: JobRefused) -> None:
        errors = [{"field": problem.place, "message": problem.message} for problem in refusal.problems]
        super().__init__("The job cannot be started", errors=errors)


class PipelineJobsView(OrganizationView):
    """The jobs of a pipeline, and where a scheduler starts one."""

    scopes = {"GET": "read_builds", "POST": SCOPE}  # noqa: RUF012 - as declared by the base
    changes_trust = False

    @extend_schema(
        operation_id="list_pipeline_jobs",
        parameters=[STATE, *PAGE_PARAMETERS],
        responses={200: page_of(JobDocument), **ERRORS},
    )
    def get(self, request: Request, org: str, pipeline: str) -> Response:
        check_reads(self)
        of_pipeline = jobs_of(self.organization.pk).filter(pipeline=get_pipeline(self.organization.pk, pipeline))
        return answer_page(request, in_state(request, of_pipeline), shown)

    @extend_schema(
        operation_id="start_job", request=StartJob, responses={201: Started, 413: Problem, 422: Problem, **ERRORS}
    )
    def post(self, request: Request, org: str, pipeline: str) -> Response:
        """Start a job. Its token is in this answer, and nowhere else."""
        found = get_pipeline(self.organization.pk, pipeline)
        origin = RequestOrigin.of(request._request)
        try:
            started = parse_started_job(document_of(request))
            job, token = start_job(started, found, bearer=self.token, origin=origin, now=timezone.now())
        except JobRefused as refusal:
            raise UnusableJob(refusal) from None
        return Response(described(job) | {"token": token.secret}, 201)


class FinishJobView(OrganizationView):
    """Finish a job: its token is dead from now on."""

    scopes = {"PUT": SCOPE}  # noqa: RUF012 - as declared by the base
    changes_trust = False

    @extend_schema(operation_id="finish_job", request=None, responses={200: Finished, **ERRORS})
    def put(self, request: Request, org: str, pipeline: str, job_id: str) -> Response:
        job = get_job(get_pipeline(self.organization.pk, pipeline), job_id)
        finish_job(job, bearer=self.token, origin=RequestOrigin.of(request._request), now=timezone.now())
        return Response(described(job))


class JobsView(OrganizationView):
    """The jobs of all pipelines, the newest first."""

    scopes = {"GET": "read_builds"}  # noqa: RUF012 - as declared by the base
    changes_trust = False

    @extend_schema(
        operation_id="list_jobs", parameters=[STATE, *PAGE_PARAMETERS], responses={200: page_of(JobDocument), **ERRORS}
    )
    def get(self, request: Request, org: str) -> Response:
        check_reads(self)
        return answer_page(request, in_state(request, jobs_of(self.organization.pk)), shown)


class JobView(OrganizationView):
    """One job."""

    scopes = {"GET": "read_builds"}  # noqa: RUF012 - as declared by the base
    changes_trust = False

    @extend_schema(operation_id="get_job", responses={200: JobDocument, **ERRORS})
    def get(self, request: Request, org: str, job_id: uuid.UUID) -> Response:
        check_reads(self)
        return conditional.described(request, shown(get_row(jobs_of(self.organization.pk), pk=job_id)))


def in_state(request: Request, jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Raises InvalidParameter."""
    now = timezone.now()
    match request.query_params.get("state"):
        case None:
            return jobs
        case "running":
            return jobs.filter(pk__in=Job.objects.running(now).values("pk"), expires_at__gt=now)
        case "finished":
            return jobs.exclude(finished_at=None, expires_at__gt=now)
        case _:
            raise InvalidParameter("state", "state is running or finished")


def shown(job: Job) -> dict[str, Any]:
    """A job as a reader sees it: all the facts its tokens can carry."""
    cluster = job.pipeline.cluster
    return described(job) | {
        "build": {
            "id": str(job.build_id),
            "number": job.build_number,
            "branch": job.build_branch,
            "tag": job.build_tag or None,
            "commit": job.build_commit,
            "source": job.build_source,
        },
        "cluster": {"id": str(cluster.pk), "name": cluster.name} if cluster else None,
        "queue": {"id": str(job.queue.pk), "key": job.queue.key} if job.queue else None,
        "agent": {"id": str(job.agent_id), "tags": job.agent_tags, "hosted": job.agent_hosted},
    }


def described(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "state": "running" if job.is_running(timezone.now()) else "finished",
        "pipeline": {"id": str(job.pipeline_id), "slug": job.pipeline.slug},
        "build": {"id": str(job.build_id), "number": job.build_number},
        "step_key": job.step_key or None,
        "started_at": time_text(job.started_at),
        "finished_at": time_text(job.finished_at),
        "expires_at": time_text(job.expires_at),
        "agent_endpoint": f"{settings.PUBLIC_URL}/v3",
    }
