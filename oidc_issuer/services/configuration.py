"""Clusters with their queues, and pipelines, in the file of `manage.py apply`."""

from __future__ import annotations

from functools import partial

from exchange_apps.domain.problems import Path
from exchange_apps.models import Organization
from exchange_apps.services.configuration.clashes import Entry, entries
from exchange_apps.services.configuration.outcome import Action, EntryOutcome
from exchange_apps.services.configuration.run import Run, shown_before
from exchange_apps.services.configuration.schema_parts import UUID, entries_of, entry, text
from exchange_apps.services.configuration.sections import Section
from oidc_issuer.models import Cluster, Pipeline, Queue
from oidc_issuer.services.building import (
    CLUSTER,
    PIPELINE,
    QUEUE,
    delete_cluster,
    delete_pipeline,
    save_cluster,
    save_pipeline,
    save_queue,
)

Found = list[tuple[Path, Entry]]


def apply_clusters(run: Run, organization: Organization, found: Found, path: Path) -> list[EntryOutcome]:
    stored = {row.name: row for row in Cluster.objects.filter(organization_id=organization.pk)}
    outcomes = []
    for place, given in found:
        name = given.get("name", "")
        cluster = stored.get(name) or Cluster(organization=organization, name=name)
        before = shown_before(cluster, CLUSTER)
        run.begin(cluster, given, place)
        save = partial(save_cluster, cluster, author=run.author)
        action, changes = run.finish(cluster, CLUSTER, before, save, place)
        names = {"name": cluster.name, "uuid": run.shown_id(cluster.pk)}
        outcomes.append(EntryOutcome("cluster", names, action, changes))
        outcomes += _apply_queues(run, cluster, list(entries(given, "queues", place)))
    return outcomes


def _apply_queues(run: Run, cluster: Cluster, found: Found) -> list[EntryOutcome]:
    stored = {row.key: row for row in Queue.objects.filter(cluster_id=cluster.pk)}
    outcomes = []
    for place, given in found:
        key = given.get("key", "")
        queue = stored.get(key) or Queue(cluster=cluster, key=key)
        before = shown_before(queue, QUEUE)
        run.begin(queue, given, place)
        save = partial(save_queue, queue, author=run.author)
        action, changes = run.finish(queue, QUEUE, before, save, place)
        names = {"cluster": cluster.name, "key": queue.key, "uuid": run.shown_id(queue.pk)}
        outcomes.append(EntryOutcome("queue", names, action, changes))
    return outcomes


def prune_clusters(run: Run, organization: Organization, found: Found, path: Path) -> list[EntryOutcome]:
    """With their queues. One that a pipeline still runs in is refused."""
    outcomes = []
    for row in Cluster.objects.filter(organization=organization).exclude(name__in=_named(found, "name")):
        names: dict[str, str | None] = {"name": row.name, "uuid": str(row.pk)}
        outcomes.append(EntryOutcome("cluster", names, Action.DELETED, {}))
        run.attempt((*path, "clusters"), partial(delete_cluster, row, author=run.author))
    return outcomes


def apply_pipelines(run: Run, organization: Organization, found: Found, path: Path) -> list[EntryOutcome]:
    stored = {row.slug: row for row in Pipeline.objects.filter(organization_id=organization.pk)}
    clusters = {row.name: row for row in Cluster.objects.filter(organization_id=organization.pk)}
    outcomes = []
    for place, given in found:
        slug = given.get("slug", "")
        pipeline = stored.get(slug) or Pipeline(organization=organization, slug=slug, name=slug)
        before = shown_before(pipeline, PIPELINE)
        run.begin(pipeline, given, place)
        run.fill(pipeline, given, {"name": "name"})
        if "cluster" in given:
            pipeline.cluster = clusters.get(given["cluster"])
            if given["cluster"] and pipeline.cluster is None:
                run.problems.add((*place, "cluster"), "This organization has no cluster of that name.")
        save = partial(save_pipeline, pipeline, author=run.author)
        action, changes = run.finish(pipeline, PIPELINE, before, save, place)
        names = {"slug": pipeline.slug, "uuid": run.shown_id(pipeline.pk)}
        outcomes.append(EntryOutcome("pipeline", names, action, changes))
    return outcomes


def prune_pipelines(run: Run, organization: Organization, found: Found, path: Path) -> list[EntryOutcome]:
    outcomes = []
    for row in Pipeline.objects.filter(organization=organization).exclude(slug__in=_named(found, "slug")):
        names: dict[str, str | None] = {"slug": row.slug, "uuid": str(row.pk)}
        outcomes.append(EntryOutcome("pipeline", names, Action.DELETED, {}))
        run.attempt((*path, "pipelines"), partial(delete_pipeline, row, author=run.author))
    return outcomes


def _named(found: Found, name: str) -> list[str]:
    return [given[name] for _, given in found if name in given]


CLUSTERS = Section(
    key="clusters",
    named_by="name",
    description="Clusters; each is named by its name.",
    definition="cluster",
    definitions={
        "cluster": entry(
            "Where jobs run.",
            ["name"],
            {
                "name": text("The key inside the organization.", most=100),
                "uuid": UUID,
                "queues": entries_of("Queues; each is named by its key. None is ever removed.", "queue"),
            },
        ),
        "queue": entry(
            "Where jobs of the cluster wait for an agent.",
            ["key"],
            {"key": text("The key inside the cluster.", most=100), "uuid": UUID},
        ),
    },
    apply=apply_clusters,
    prune=prune_clusters,
    inner_lists=("queues",),
)
PIPELINES = Section(
    key="pipelines",
    named_by="slug",
    description="Pipelines; each is named by its slug.",
    definition="pipeline",
    definitions={
        "pipeline": entry(
            "What builds: its jobs ask for ID tokens.",
            ["slug"],
            {
                "slug": text("The key inside the organization.", most=100),
                "uuid": UUID,
                "name": text("What people read; the slug when absent.", most=200),
                "cluster": text("The name of a cluster; empty: none.", least=0, most=100),
            },
        )
    },
    apply=apply_pipelines,
    prune=prune_pipelines,
)
