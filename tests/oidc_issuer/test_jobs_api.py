"""Starting and finishing jobs: what a scheduler may do, and what it is told otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import Organization
from oidc_issuer.models import Job
from tests.conftest import Exchange
from tests.oidc_issuer.stage import AGENT, Building, call, make_building, start, started

StartJob = Callable[..., dict[str, Any]]
JOBS = "/v2/organizations/acme/pipelines/shop/jobs"


def test_a_started_job_is_stored_with_a_digest_of_its_token_and_recorded(
    start_job: StartJob, building: Building
) -> None:
    answer = start_job()
    job = Job.objects.get()
    assert answer["id"] == str(job.pk)
    assert answer["state"] == "running"
    assert answer["agent_endpoint"] == "http://localhost:8000/v3"
    assert answer["token"].startswith("bkaj_")
    assert bytes(job.token_digest) == hashlib.sha256(answer["token"].encode()).digest()
    assert (job.queue, str(job.agent_id), job.agent_tags) == (building.queue, AGENT, {"queue": "runners"})
    event = AuditEvent.objects.get(type="JOB_STARTED")
    assert (event.actor_name, event.on_behalf_of_name) == ("deploy-bot", "bob@acme.test")
    assert (event.subject_id, event.subject_name) == (job.pk, "shop #42 deploy")
    assert answer["token"] not in str(event.__dict__)


def test_jobs_of_one_build_share_a_build_id_that_is_given_or_derived(start_job: StartJob) -> None:
    first, second, other = start_job(), start_job(step_key="test"), start_job(build={"number": 43})
    assert first["build"]["id"] == second["build"]["id"] != other["build"]["id"]
    given = str(uuid4())
    assert start_job(build={"id": given})["build"]["id"] == given


def test_a_finished_job_is_recorded_once(client: Client, scheduler: str, start_job: StartJob) -> None:
    job = start_job()
    for _ in range(2):
        response = call(client, "PUT", f"{JOBS}/{job['id']}/finish", scheduler)
        assert (response.status_code, response.json()["state"]) == (200, "finished")
    assert AuditEvent.objects.filter(type="JOB_FINISHED").count() == 1


def test_organization_and_pipeline_may_be_named_by_uuid(client: Client, scheduler: str, building: Building) -> None:
    response = start(client, scheduler, str(building.organization.pk), str(building.pipeline.pk))
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"build": {"branch": "a:b"}}, ["build.branch"]),
        ({"build": {"branch": "x" * 256}}, ["build.branch"]),
        ({"build": {"branch": "a..b"}}, ["build.branch"]),
        ({"build": {"tag": ""}}, ["build.tag"]),
        ({"build": {"commit": "a:step:deploy"}}, ["build.commit"]),
        ({"build": {"number": 0}}, ["build.number"]),
        ({"build": {"number": True, "source": "cron"}}, ["build.number", "build.source"]),
        ({"build": {"colour": "red"}}, ["build.colour"]),
        ({"step_key": "a b"}, ["step_key"]),
        ({"queue": "nowhere"}, ["queue"]),
        ({"agent": {"id": "me"}}, ["agent.id"]),
        ({"agent": {"tags": {"a b": "c"}}}, ["agent.tags.a b"]),
        ({"agent": {"tags": {"a": 1}}}, ["agent.tags.a"]),
        ({"agent": {"hosted": "yes"}}, ["agent.hosted"]),
        ({"steps": []}, ["steps"]),
    ],
)
def test_what_would_mislead_a_token_is_refused_in_its_place(
    client: Client, scheduler: str, changes: dict[str, Any], places: list[str]
) -> None:
    response = start(client, scheduler, **changes)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == places
    assert not Job.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b'{"build": 1}'])
def test_a_body_that_is_no_job_is_refused(client: Client, scheduler: str, body: bytes) -> None:
    response = call(client, "POST", JOBS, scheduler, body)
    assert response.status_code in (400, 422)
    assert UUID(response.json()["request_id"])


def test_without_the_scope_it_says_which_is_needed(client: Client, building: Building, exchange: Exchange) -> None:
    secret = exchange(scope="read_builds").json()["access_token"]
    response = start(client, secret)
    assert response.status_code == 403
    assert response.json()["message"] == "This needs the scope write_builds. The token has: read_builds"
    assert response["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="write_builds"'


def test_without_a_good_token_nothing_is_told(client: Client, building: Building) -> None:
    for token in ("", "bktx_nonsense"):
        response = start(client, token)
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Bearer")


def test_another_organization_and_what_is_not_there_look_alike(
    client: Client, scheduler: str, globex: Organization
) -> None:
    make_building(globex)
    for organization, pipeline in (
        ("globex", "shop"),
        ("nowhere", "shop"),
        ("acme", "nothing"),
        ("acme", str(uuid4())),
    ):
        response = start(client, scheduler, organization, pipeline)
        assert response.status_code == 404, response.content
    response = call(client, "PUT", f"{JOBS}/{uuid4()}/finish", scheduler)
    assert response.status_code == 404
    assert call(client, "PUT", f"{JOBS}/no-uuid/finish", scheduler).status_code == 404


def test_other_methods_and_addresses_are_answered_in_json(client: Client, scheduler: str) -> None:
    response = call(client, "PUT", JOBS, scheduler)
    assert response.status_code == 405
    assert response.json()["message"]
    response = client.get("/v2/nothing/here")
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")


def test_a_job_needs_no_queue_no_step_and_no_cluster(client: Client, scheduler: str, building: Building) -> None:
    building.pipeline.cluster = None
    building.pipeline.save()
    body = started(queue=None, step_key=None)
    assert call(client, "POST", JOBS, scheduler, body).status_code == 201
