"""Acme builds: a scheduler with a minted token, a pipeline in a cluster, and a job that asks for ID tokens."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from audit.origin import RequestOrigin
from exchange_apps.models import ExchangeApplication, MintedToken, Organization, User
from oidc_issuer.job_request import parse_started_job
from oidc_issuer.models import Cluster, Job, Pipeline, Queue
from oidc_issuer.refusals import IDTokenRefused
from oidc_issuer.services.id_tokens import issue_id_token
from oidc_issuer.services.jobs import start_job

AGENT = "0199aaaa-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Building:
    organization: Organization
    pipeline: Pipeline
    cluster: Cluster
    queue: Queue


def make_building(organization: Organization) -> Building:
    cluster = Cluster.objects.create(organization=organization, name="default")
    queue = Queue.objects.create(cluster=cluster, key="runners")
    pipeline = Pipeline.objects.create(organization=organization, slug="shop", name="Shop", cluster=cluster)
    return Building(organization, pipeline, cluster, queue)


def started(**changes: Any) -> dict[str, Any]:
    """What a scheduler says of a job, all good; `build` and `agent` are merged."""
    build = {"number": 42, "branch": "main", "commit": "5d1c0b", "source": "webhook"} | changes.pop("build", {})
    agent = {"id": AGENT, "tags": {"queue": "runners"}, "hosted": False} | changes.pop("agent", {})
    good = {"build": build, "step_key": "deploy", "queue": "runners", "agent": agent} | changes
    return {name: value for name, value in good.items() if value is not None}


def call(client: Client, method: str, path: str, token: str, body: Any = None, scheme: str = "Bearer") -> Any:
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return client.generic(method, path, content, "application/json", headers={"Authorization": f"{scheme} {token}"})


def start(client: Client, bearer: str, organization: str = "acme", pipeline: str = "shop", **changes: Any) -> Any:
    return call(
        client, "POST", f"/v2/organizations/{organization}/pipelines/{pipeline}/jobs", bearer, started(**changes)
    )


def ask(client: Client, job: dict[str, Any], **body: Any) -> Any:
    """As the job itself; `job` is the scheduler's answer."""
    return call(client, "POST", f"/v3/jobs/{job['id']}/oidc/tokens", job["token"], body, scheme="Token")


def bearer_of(application: ExchangeApplication, user: User) -> MintedToken:
    """A minted token of a scheduler, as far as services look at it."""
    return MintedToken(application=application, user=user, organization=application.organization)


def run_job(building: Building, bearer: MintedToken) -> Job:
    """A running job that got one ID token and was refused another."""
    origin, now = RequestOrigin.command("test"), timezone.now()
    job, token = start_job(parse_started_job(started()), building.pipeline, bearer=bearer, origin=origin, now=now)
    issue_id_token(str(job.pk), token.secret, b"{}", origin=origin, now=now)
    with suppress(IDTokenRefused):
        issue_id_token(str(job.pk), token.secret, b'{"lifetime": 9999}', origin=origin, now=now)
    return job
