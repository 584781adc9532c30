"""The federation assistant in the portal: who may, what it offers, and that nothing of a pasted token stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import Organization, User
from oidc_issuer.federation import TARGETS
from oidc_issuer.models import Cluster, Pipeline
from tests.conftest import statements
from tests.exchange_apps.admin.portal import browser
from tests.exchange_apps.test_no_secrets import (  # noqa: F401 - fixtures
    assert_absent,
    everything_written,
    log,
    parts_of,
)
from tests.oidc_issuer.stage import Building, ask
from tests.world import World

PAGE = "/o/acme/federation/"
KEYS = list(TARGETS)
StartJob = Callable[..., dict[str, Any]]


def chosen(building: Building, target: str, **changes: str) -> str:
    values = {"subject": "pipeline_id", "ref_kind": "branch", "ref": "main", "step": ""} | changes
    query = "&".join(f"{name}={value}" for name, value in values.items())
    return f"{PAGE}?target={target}&pipeline={building.pipeline.pk}&{query}"


@pytest.mark.parametrize(
    ("name", "status"), [("olga", 200), ("alice", 200), ("carol", 200), ("otto", 200), ("bob", 403), ("mallory", 404)]
)
def test_whoever_may_read_may_use_it(world: World, name: str, status: int) -> None:
    portal = browser(world.person(name))
    for key in KEYS:
        assert portal.get(f"{PAGE}?target={key}").status_code == status
        assert portal.post(f"{PAGE}?target={key}", {"pasted": "x"}).status_code == status
    assert portal.get("/federation/").status_code == 404


def test_there_are_no_other_targets(alice: User) -> None:
    assert browser(alice).get(f"{PAGE}?target=moon").status_code == 404


@pytest.mark.parametrize("key", KEYS)
def test_it_begins_with_something_to_paste(alice: User, building: Building, key: str) -> None:
    page = browser(alice).get(f"{PAGE}?target={key}&pipeline={building.pipeline.pk}").content.decode()
    assert "buildkite-agent oidc request-token" in page
    assert str(building.pipeline.pk) in page.split("1. Tell")[1]
    assert "The issuer must be https" in page


def test_the_pipelines_own_page_leads_there(carol: User, building: Building) -> None:
    page = browser(carol).get(f"/o/acme/oidc_issuer/pipeline/{building.pipeline.pk}/change/").content.decode()
    assert f"{PAGE}?pipeline={building.pipeline.pk}" in page


def test_another_organizations_pipelines_and_clusters_are_unknown_here(
    alice: User, building: Building, globex: Organization
) -> None:
    theirs = Pipeline.objects.create(organization=globex, slug="secret-pipe", name="Secret pipe")
    cluster = Cluster.objects.create(organization=globex, name="secret-cluster")
    page = browser(alice).get(PAGE).content.decode()
    assert "secret-" not in page.lower().replace("secret pipe", "secret-")
    for query in (f"pipeline={theirs.pk}", f"ref_kind=any&subject=cluster_id&cluster={cluster.pk}"):
        page = browser(alice).get(f"{PAGE}?{query}").content.decode()
        assert "1. Tell" not in page
        assert "to correct" in page


@pytest.mark.parametrize("bad", ["ref=a%22%27$(id)", "step=a%20b", "audience=a%20b", "role=a%27b", "account=12"])
def test_what_could_end_a_quotation_is_not_taken(alice: User, building: Building, bad: str) -> None:
    page = browser(alice).get(f"{chosen(building, 'aws')}&{bad}").content.decode()
    assert "1. Tell" not in page
    assert "to correct" in page


@pytest.mark.parametrize("key", KEYS)
def test_the_last_job_is_tried_without_anything_being_signed_or_recorded(
    alice: User, building: Building, start_job: StartJob, key: str
) -> None:
    portal = browser(alice)
    assert "No job has run yet" in portal.post(chosen(building, key), {"last_job": "1"}).content.decode()
    start_job()
    before = AuditEvent.objects.count()
    page = portal.post(chosen(building, key), {"last_job": "1"}).content.decode()
    assert "would accept it" in page
    page = portal.post(chosen(building, key, ref="Main"), {"last_job": "1"}).content.decode()
    if key != "azure":
        assert "would refuse it" in page
        assert "Only capital letters differ" in page
    assert AuditEvent.objects.count() == before


def test_a_job_without_the_claim_is_told_as_the_job_would_be(
    alice: User, building: Building, start_job: StartJob
) -> None:
    start_job(queue=None)
    address = chosen(building, "vault", subject="queue_id", queue=str(building.queue.pk))
    page = browser(alice).post(address, {"last_job": "1"}).content.decode()
    assert "Claim queue_id has no value for this job" in page


@pytest.mark.usefixtures("shared_database")
def test_a_pasted_token_is_checked_with_its_signature_and_leaves_no_trace(
    client: Client,
    alice: User,
    building: Building,
    start_job: StartJob,
    everything_written: Callable[[], bytes],  # noqa: F811
) -> None:
    token = ask(client, start_job(), audience="sts.amazonaws.com").json()["token"]
    address = chosen(building, "aws", subject="")
    response = browser(alice).post(address, {"pasted": f" {token}\n"})
    page = response.content.decode()
    assert "would accept it" in page
    assert "refs/heads/main" in page
    assert not re.search(r"<textarea[^>]*>\s*\S+\s*</textarea>", page)
    forged = token[:-8] + ("AAAAAAAA" if not token.endswith("AAAAAAAA") else "BBBBBBBB")
    assert "would refuse it" in browser(alice).post(address, {"pasted": forged}).content.decode()
    assert "There is no token to try" in browser(alice).post(address, {"pasted": "a.b"}).content.decode()
    for written in (response.content, everything_written()):
        assert_absent(parts_of(token), written)


def test_it_costs_the_same_for_few_and_many_pipelines(alice: User, building: Building) -> None:
    portal = browser(alice)
    portal.get(PAGE)
    with statements() as few:
        portal.get(PAGE)
    rows = [Pipeline(organization=building.organization, slug=f"p{number}", name="P") for number in range(40)]
    Pipeline.objects.bulk_create(rows)
    with statements() as many:
        portal.get(PAGE)
    assert len(many) <= len(few)
