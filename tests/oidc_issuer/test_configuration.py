"""Clusters, queues and pipelines in the file of `apply`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from audit.models import AuditEvent
from oidc_issuer.models import Cluster, Pipeline, Queue
from tests.configurations import acme, apply, document, refusals

pytestmark = pytest.mark.django_db


def building(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {
        "clusters": [{"name": "default", "queues": [{"key": "runners"}]}],
        "pipelines": [{"slug": "shop", "name": "Shop", "cluster": "default"}],
    }
    return document(acme(**(good | changes)))


def test_they_are_created_with_their_uuids_and_a_second_run_changes_nothing() -> None:
    cluster, queue, pipeline = (str(uuid4()) for _ in range(3))
    file = building(
        clusters=[{"name": "default", "uuid": cluster, "queues": [{"key": "runners", "uuid": queue}]}],
        pipelines=[{"slug": "shop", "uuid": pipeline, "cluster": "default"}],
    )
    assert apply(file).counts()["created"] == 7
    found = Pipeline.objects.get(pk=pipeline)
    assert (found.name, str(found.cluster_id)) == ("shop", cluster)
    assert Queue.objects.get(pk=queue).cluster_id == Cluster.objects.get().pk
    assert not apply(file).changed
    assert AuditEvent.objects.filter(type="PIPELINE_CREATED", actor_name="apply").count() == 1


def test_a_change_is_told_and_applied() -> None:
    apply(building())
    outcome = apply(building(pipelines=[{"slug": "shop", "name": "The shop", "cluster": ""}]))
    (told,) = outcome.as_json()["organizations"][0]["pipelines"]
    assert told["changes"]["name"] == {"before": "Shop", "after": "The shop"}
    assert Pipeline.objects.get().cluster is None


def test_a_plan_changes_nothing() -> None:
    assert apply(building(), plan=True).changed
    assert not Cluster.objects.exists()


def test_what_is_wrong_is_told_in_its_place() -> None:
    file = building(
        clusters=[{"name": "default", "queues": [{"key": "a b"}, {"key": "x", "colour": 1}]}, {"name": "default"}],
        pipelines=[{"slug": "Shop"}, {"slug": "other", "cluster": "nowhere"}, {"slug": "third", "uuid": "1"}],
    )
    told = refusals(file)
    assert set(told) == {
        "organizations[0].clusters[0].queues[0].key",
        "organizations[0].clusters[0].queues[1].colour",
        "organizations[0].clusters[1].name",
        "organizations[0].pipelines[0].slug",
        "organizations[0].pipelines[1].cluster",
        "organizations[0].pipelines[2].uuid",
    }
    assert told["organizations[0].pipelines[1].cluster"] == "This organization has no cluster of that name."
    assert not Cluster.objects.exists()


def test_pruning_removes_what_the_lists_do_not_name_pipelines_first() -> None:
    apply(building())
    assert not apply(building(clusters=[], pipelines=[])).changed
    outcome = apply(building(clusters=[], pipelines=[], prune=True))
    assert outcome.counts()["deleted"] == 2
    assert not Pipeline.objects.exists()
    assert not Cluster.objects.exists()


def test_a_cluster_that_is_still_needed_is_not_pruned() -> None:
    apply(building())
    told = refusals(building(clusters=[], pipelines=None, prune=True))
    assert "Pipelines still run in this cluster" in told["organizations[0].clusters"]
    assert Cluster.objects.exists()
