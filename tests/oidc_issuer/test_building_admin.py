"""The portal's pages of pipelines, clusters, queues, jobs and what jobs may ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import Organization, User
from oidc_issuer.models import Cluster, IDTokenPolicy, Job, Pipeline, Queue
from tests.conftest import statements
from tests.exchange_apps.admin.portal import browser
from tests.oidc_issuer.stage import Building, ask

HERE = "/o/acme/oidc_issuer/"


def address(obj: models.Model, page: str = "change") -> str:
    return f"{HERE}{obj._meta.model_name}/{obj.pk}/{page}/"


def events(kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type=kind).order_by("id"))


def test_an_admin_sets_up_a_pipeline_in_a_cluster_with_a_queue(alice: User) -> None:
    portal = browser(alice)
    portal.post(f"{HERE}cluster/add/", {"name": "default"})
    cluster = Cluster.objects.get()
    portal.post(f"{HERE}queue/add/", {"key": "runners", "cluster": str(cluster.pk)})
    portal.post(f"{HERE}pipeline/add/", {"name": "Shop", "slug": "shop", "cluster": str(cluster.pk)})
    pipeline = Pipeline.objects.get()
    assert (pipeline.organization, pipeline.cluster) == (cluster.organization, cluster)
    assert [event.actor_name for event in events("PIPELINE_CREATED")] == ["alice@acme.test"]
    assert len(events("CLUSTER_CREATED")) == len(events("QUEUE_CREATED")) == 1
    page = portal.get(f"{HERE}pipeline/").content.decode()
    assert f'data-copy="{pipeline.pk}"' in page
    assert f'data-copy="{cluster.pk}"' in portal.get(address(cluster)).content.decode()


def test_a_change_is_recorded_before_and_after(alice: User, building: Building) -> None:
    form = {"name": "Shop", "slug": "shop2", "cluster": str(building.cluster.pk)}
    browser(alice).post(address(building.pipeline), form)
    (event,) = events("PIPELINE_UPDATED")
    assert event.data["changes"] == {"slug": {"before": "shop", "after": "shop2"}}


def test_a_slug_is_unique_in_its_organization_and_said_so_in_the_form(alice: User, building: Building) -> None:
    response = browser(alice).post(f"{HERE}pipeline/add/", {"name": "Other", "slug": "shop", "cluster": ""})
    assert response.status_code == 200
    assert Pipeline.objects.count() == 1
    assert "already exists" in response.content.decode()


def test_another_organizations_cluster_cannot_be_chosen(alice: User, building: Building, globex: Organization) -> None:
    foreign = Cluster.objects.create(organization=globex, name="theirs")
    portal = browser(alice)
    portal.post(f"{HERE}pipeline/add/", {"name": "X", "slug": "x", "cluster": str(foreign.pk)})
    portal.post(f"{HERE}queue/add/", {"key": "x", "cluster": str(foreign.pk)})
    assert (Pipeline.objects.count(), Queue.objects.count()) == (1, 1)


def test_a_cluster_in_use_is_not_deleted_and_the_reason_is_told(alice: User, building: Building) -> None:
    portal = browser(alice)
    page = portal.post(address(building.cluster, "delete"), {"post": "yes"}, follow=True).content.decode()
    assert "Pipelines still run in this cluster" in page
    portal.post(address(building.pipeline, "delete"), {"post": "yes"})
    portal.post(address(building.cluster, "delete"), {"post": "yes"})
    assert (Cluster.objects.count(), Queue.objects.count(), Pipeline.objects.count()) == (0, 0, 0)
    assert len(events("CLUSTER_DELETED")) == 1


def test_a_jobs_page_shows_what_it_asked_for(
    client: Client, carol: User, start_job: Callable[..., dict[str, Any]]
) -> None:
    job = start_job()
    assert "None so far." in browser(carol).get(f"{HERE}job/{job['id']}/change/").content.decode()
    ask(client, job, audience="sts.amazonaws.com")
    ask(client, job, lifetime=9999)
    page = browser(carol).get(f"{HERE}job/{job['id']}/change/").content.decode()
    for text in ("sts.amazonaws.com", "organization:acme:pipeline:shop", "max: 7200", "refs/heads/main", "running"):
        assert text in page
    assert job["token"] not in page
    (refusal,) = events("ID_TOKEN_DENIED")
    page = browser(carol).get(f"/o/acme/audit/auditevent/{refusal.pk}/change/").content.decode()
    assert "Job is running" in page
    assert "at most 7200" in page


def test_the_list_of_jobs_filters_and_costs_the_same_for_one_and_many(
    carol: User, building: Building, start_job: Callable[..., dict[str, Any]]
) -> None:
    start_job()
    portal = browser(carol)
    portal.get(f"{HERE}job/")
    with statements() as few:
        portal.get(f"{HERE}job/")
    for number in range(2, 7):
        start_job(build={"number": number})
    with statements() as many:
        page = portal.get(f"{HERE}job/").content.decode()
    assert len(few) == len(many)
    assert "shop #6" in page
    assert "shop #6" in portal.get(f"{HERE}job/?state=running&pipeline={building.pipeline.pk}").content.decode()
    assert "shop #6" not in portal.get(f"{HERE}job/?state=over").content.decode()


def test_the_policy_page_is_there_before_it_was_saved_and_then_changes_one_row(alice: User, carol: User) -> None:
    portal = browser(alice)
    assert portal.get(f"{HERE}idtokenpolicy/", follow=True).status_code == 200
    portal.post(f"{HERE}idtokenpolicy/add/", {"max_lifetime": "600", "allowed_audiences": "vault\nsts.amazonaws.com\n"})
    policy = IDTokenPolicy.objects.get()
    assert (policy.max_lifetime, policy.allowed_audiences) == (600, ["sts.amazonaws.com", "vault"])
    assert portal.get(f"{HERE}idtokenpolicy/add/").status_code == 403
    portal.post(address(policy), {"max_lifetime": "7201", "allowed_audiences": ""})
    portal.post(address(policy), {"max_lifetime": "600", "allowed_audiences": "a b"})
    policy.refresh_from_db()
    assert (policy.max_lifetime, policy.allowed_audiences) == (600, ["sts.amazonaws.com", "vault"])
    assert len(events("ID_TOKEN_POLICY_UPDATED")) == 1
    assert browser(carol).get(address(policy)).status_code == 200
    assert browser(carol).post(address(policy), {"max_lifetime": "700"}).status_code == 403


def test_members_and_strangers_find_nothing(
    bob: User, mallory: User, building: Building, start_job: Callable[..., dict[str, Any]]
) -> None:
    start_job()
    everything = [building.pipeline, building.cluster, building.queue, Job.objects.get()]
    pages = [address(obj, page) for obj in everything for page in ("change", "delete", "history")]
    pages += [f"{HERE}{name}/" for name in ("pipeline", "cluster", "queue", "job", "idtokenpolicy")]
    for person in (bob, mallory):
        for page in pages:
            for path in (page, page.replace("/o/acme", "/o/globex"), page.replace("/o/acme", "")):
                for response in (browser(person).get(path, follow=True), browser(person).post(path, {"post": "yes"})):
                    text = response.content.decode()
                    assert "shop #42" not in text, path
                    assert "runners" not in text, path
    assert (Pipeline.objects.count(), Cluster.objects.count(), Job.objects.count()) == (1, 1, 1)


def test_an_auditor_reads_and_changes_nothing(carol: User, building: Building) -> None:
    portal = browser(carol)
    for obj in (building.pipeline, building.cluster, building.queue):
        assert portal.get(address(obj)).status_code == 200
        assert portal.post(address(obj), {"name": "x", "slug": "x", "key": "x"}).status_code == 403
        assert portal.post(address(obj, "delete"), {"post": "yes"}).status_code == 403
