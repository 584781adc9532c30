"""`POST /v3/jobs/{id}/oidc/tokens`: from a job's token to an ID token, and every way it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from exchange_apps.models import Organization
from oidc_issuer.models import IDTokenPolicy, Job, SigningKey
from oidc_issuer.services.asking_job import read_asking_job
from oidc_issuer.services.signing_keys import revoke_signing_key
from tests.conftest import at_once, statements
from tests.oidc_issuer.conftest import author_at
from tests.oidc_issuer.stage import AGENT, Building, ask, call

StartJob = Callable[..., dict[str, Any]]
ISSUER = "http://localhost:8000"


def verified(client: Client, token: str, audience: str = f"{ISSUER}/acme") -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[key.algorithm_name], audience=audience, issuer=ISSUER)
    return claims


def events(kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type=f"ID_TOKEN_{kind}").order_by("id"))


def test_a_bare_request_gets_a_token_with_the_default_claims(client: Client, start_job: StartJob) -> None:
    job = start_job()
    response = ask(client, job)
    assert (response.status_code, set(response.json())) == (200, {"token"})
    assert response["Cache-Control"] == "no-store"
    claims = verified(client, response.json()["token"])
    assert UUID(claims.pop("jti")).version == 7
    issued_at = claims.pop("iat")
    assert (claims.pop("nbf"), claims.pop("exp")) == (issued_at, issued_at + 300)
    assert claims == {
        "iss": ISSUER,
        "sub": "organization:acme:pipeline:shop:ref:refs/heads/main:commit:5d1c0b:step:deploy",
        "aud": f"{ISSUER}/acme",
        "organization_slug": "acme",
        "pipeline_slug": "shop",
        "build_number": 42,
        "build_branch": "main",
        "build_tag": None,
        "build_commit": "5d1c0b",
        "step_key": "deploy",
        "job_id": job["id"],
        "agent_id": AGENT,
        "build_source": "webhook",
        "runner_environment": "self-hosted",
    }
    assert set(jwt.get_unverified_header(response.json()["token"])) == {"alg", "kid"}


def test_everything_can_be_asked_for_at_once(client: Client, start_job: StartJob, building: Building) -> None:
    job = start_job(build={"tag": "v1"}, agent={"hosted": True, "tags": {"queue": "runners", "os": "linux"}})
    token = ask(
        client,
        job,
        audience="sts.amazonaws.com",
        lifetime=7200,
        claims=["organization_id", "queue_key", "cluster_name", "agent_tag:os"],
        aws_session_tags=["build_number", "cluster_id"],
        subject_claim="queue_id",
    ).json()["token"]
    claims = verified(client, token, "sts.amazonaws.com")
    assert claims["sub"] == claims["queue_id"] == str(building.queue.pk)
    assert (claims["organization_id"], claims["agent_tag:os"]) == (str(building.organization.pk), "linux")
    assert (claims["queue_key"], claims["cluster_name"]) == ("runners", "default")
    assert claims["exp"] - claims["iat"] == 7200
    assert (claims["build_tag"], claims["runner_environment"]) == ("v1", "buildkite-hosted")
    tags = {"build_number": ["42"], "cluster_id": [str(building.cluster.pk)]}
    assert claims["https://aws.amazon.com/tags"] == {"principal_tags": tags}


def test_each_token_is_recorded_without_the_token(client: Client, start_job: StartJob) -> None:
    job = start_job()
    token = ask(client, job, claims=["pipeline_id"], audience="vault").json()["token"]
    claims = verified(client, token, "vault")
    (event,) = events("ISSUED")
    assert event.key_id == jwt.get_unverified_header(token)["kid"]
    assert (event.subject_id, event.actor_name, event.organization_slug) == (UUID(job["id"]), "shop", "acme")
    told = {"audience": "vault", "sub": claims["sub"], "lifetime": 300, "claims": ["pipeline_id"], "jti": claims["jti"]}
    assert told.items() <= event.data.items()
    for piece in token.split("."):
        assert piece not in str(event.__dict__)
    assert job["token"] not in str(event.__dict__)


def test_es256_is_a_setting_and_needs_no_waiting(client: Client, start_job: StartJob, settings: Settings) -> None:
    job = start_job()
    assert jwt.get_unverified_header(ask(client, job).json()["token"])["alg"] == "RS256"
    settings.ID_TOKEN_ALGORITHM = "ES256"
    token = ask(client, job).json()["token"]
    assert jwt.get_unverified_header(token)["alg"] == "ES256"
    assert verified(client, token)


def test_bearer_is_understood_too(client: Client, start_job: StartJob) -> None:
    job = start_job()
    assert call(client, "POST", f"/v3/jobs/{job['id']}/oidc/tokens", job["token"]).status_code == 200


def test_a_refusal_is_told_to_the_job_and_kept_in_the_log_with_its_receipt(client: Client, start_job: StartJob) -> None:
    job = start_job()
    response = ask(client, job, lifetime=14400)
    assert response.status_code == 422
    assert response.json()["message"] == "Requested lifetime too high (requested: 14400 max: 7200)"
    (event,) = events("DENIED")
    assert (event.outcome, event.reason, event.organization_slug) == ("denied", "lifetime_too_high", "acme")
    assert event.request_id == response.json()["request_id"]
    assert [(row["check"], row["passed"]) for row in event.data["receipt"]] == [
        ("job_token", True), ("job", True), ("running", True), ("request", True), ("lifetime", False),
    ]  # fmt: skip


def test_the_policy_of_the_organization_and_the_ceiling_of_the_operator_hold(
    client: Client, start_job: StartJob, acme: Organization, settings: Settings
) -> None:
    job = start_job()
    IDTokenPolicy.objects.create(organization=acme, max_lifetime=600, allowed_audiences=["vault"])
    assert ask(client, job, audience="vault", lifetime=601).json()["message"].endswith("(requested: 601 max: 600)")
    assert "not on the organization's list" in ask(client, job).json()["message"]
    assert ask(client, job, audience="vault").status_code == 200
    settings.ID_TOKEN_MAX_LIFETIME = 60
    assert ask(client, job, audience="vault", lifetime=61).json()["message"].endswith("(requested: 61 max: 60)")


@pytest.mark.parametrize("token", ["bkaj_nonsense", "x", "bktx_" + "0" * 44])
def test_strangers_are_refused_and_fill_no_log(client: Client, start_job: StartJob, token: str) -> None:
    job = start_job() | {"token": token}
    response = ask(client, job)
    assert (response.status_code, response.json()["message"]) == (401, "The job token is not valid")
    assert not events("DENIED")


def test_without_a_token_it_says_how(client: Client, start_job: StartJob) -> None:
    response = client.post(f"/v3/jobs/{start_job()['id']}/oidc/tokens", b"{}", "application/json")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Token")


def test_a_job_token_is_good_for_its_own_job_only(client: Client, start_job: StartJob) -> None:
    one, other = start_job(), start_job()
    assert ask(client, one | {"id": other["id"]}).status_code == 403
    assert ask(client, one | {"id": str(uuid4())}).status_code == 404
    assert ask(client, one | {"id": "no-uuid"}).status_code == 404
    assert [event.reason for event in events("DENIED")] == ["job_of_another_token", "job_unknown", "job_unknown"]
    assert {str(event.subject_id) for event in events("DENIED")} == {one["id"]}


def test_a_finished_job_gets_nothing_more(client: Client, scheduler: str, start_job: StartJob) -> None:
    job = start_job()
    call(client, "PUT", f"/v2/organizations/acme/pipelines/shop/jobs/{job['id']}/finish", scheduler)
    response = ask(client, job)
    assert (response.status_code, response.json()["message"]) == (409, "The job is not running")
    assert events("DENIED")[0].reason == "job_not_running"


def test_a_job_token_dies_after_a_day_whatever_the_scheduler_forgot(client: Client, start_job: StartJob) -> None:
    job = start_job()
    with time_machine.travel(timezone.now() + timedelta(hours=24), tick=False):
        response = ask(client, job)
    assert (response.status_code, response.json()["message"]) == (401, "The job token has expired")


def test_while_no_key_may_sign_it_says_when_to_come_again(client: Client, start_job: StartJob) -> None:
    job = start_job()
    assert ask(client, job).status_code == 200
    for _ in range(2):
        found = SigningKey.objects.filter(algorithm="RS256", state__in=("active", "next")).order_by("id").first()
        assert found is not None
        revoke_signing_key(found, author=author_at(timezone.now()))
    response = ask(client, job)
    assert response.status_code == 503
    assert 3500 < int(response["Retry-After"]) <= 3601
    assert events("DENIED")[0].reason == "no_signing_key"


def test_a_body_that_is_too_large_or_no_object_is_refused(client: Client, start_job: StartJob) -> None:
    job = start_job()
    path = f"/v3/jobs/{job['id']}/oidc/tokens"
    assert call(client, "POST", path, job["token"], b"[" * 70_000).status_code == 413
    assert call(client, "POST", path, job["token"], b"[]").status_code == 400


def test_a_token_costs_one_look_up_and_one_insert(client: Client, start_job: StartJob) -> None:
    job = start_job()
    ask(client, job)
    with statements() as asked:
        assert ask(client, job).status_code == 200
    # On PostgreSQL both are prepared and sent past Django's cursor
    expected = [] if connection.vendor == "postgresql" else ["SELECT j.id", "INSERT INTO audit_auditevent"]
    assert len(asked) == len(expected), asked
    assert all(text.startswith(beginning) for text, beginning in zip(asked, expected, strict=True))


@pytest.mark.parametrize("queue", ["runners", None])
def test_the_plain_query_says_of_a_job_what_its_model_says(start_job: StartJob, queue: str | None) -> None:
    answer = start_job(queue=queue, build={"tag": "v1"}, agent={"tags": {"os": "linux"}, "hosted": queue is None})
    job = Job.objects.get(pk=answer["id"])
    asking = read_asking_job(bytes(job.token_digest), algorithm="RS256")
    assert asking is not None
    assert (asking.facts, asking.expires_at, asking.finished_at) == (job.facts(), job.expires_at, None)
    assert (asking.organization, asking.pipeline.uuid) == (job.organization.ref(), job.pipeline_id)


def test_32_requests_at_once_get_32_tokens_each_with_its_event(shared_database: str, start_job: StartJob) -> None:
    job = start_job()
    answers = at_once(32, lambda _: ask(Client(), job).json()["token"])
    told = {jwt.decode(token, options={"verify_signature": False})["jti"] for token in answers}
    assert len(told) == 32
    assert {event.data["jti"] for event in events("ISSUED")} == told


def test_a_revoked_key_signs_nothing_more_in_a_process_that_still_holds_it(client: Client, start_job: StartJob) -> None:
    job = start_job()
    before = jwt.get_unverified_header(ask(client, job).json()["token"])["kid"]
    revoke_signing_key(SigningKey.objects.get(kid=before), author=author_at(timezone.now() + timedelta(hours=2)))
    after = jwt.get_unverified_header(ask(client, job).json()["token"])["kid"]
    assert (before != after, SigningKey.objects.get(kid=after).state) == (True, "active")
