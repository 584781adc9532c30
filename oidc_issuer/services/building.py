"""Changing pipelines, clusters, queues and what jobs may ask for."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.parties import PartyType
from exchange_apps.services.audited_changes import Author, ChangeKind, delete_audited, save_audited
from oidc_issuer.models import Cluster, IDTokenPolicy, Pipeline, Queue

CLUSTER = ChangeKind(
    PartyType.CLUSTER, AuditAction.CLUSTER_CREATED, AuditAction.CLUSTER_UPDATED, AuditAction.CLUSTER_DELETED, ("name",)
)
QUEUE = ChangeKind(
    PartyType.QUEUE, AuditAction.QUEUE_CREATED, AuditAction.QUEUE_UPDATED, AuditAction.QUEUE_DELETED, ("key", "cluster")
)
PIPELINE = ChangeKind(
    PartyType.PIPELINE,
    AuditAction.PIPELINE_CREATED,
    AuditAction.PIPELINE_UPDATED,
    AuditAction.PIPELINE_DELETED,
    ("slug", "name", "cluster"),
)
ID_TOKEN_POLICY = ChangeKind(
    PartyType.ID_TOKEN_POLICY,
    AuditAction.ID_TOKEN_POLICY_UPDATED,
    AuditAction.ID_TOKEN_POLICY_UPDATED,
    None,
    ("max_lifetime", "allowed_audiences"),
)


def save_cluster(cluster: Cluster, *, author: Author) -> bool:
    """Create or change; False when nothing differs. Raises ValidationError, as all of these."""
    return save_audited(cluster, CLUSTER, organization=cluster.organization.ref(), author=author)


def delete_cluster(cluster: Cluster, *, author: Author) -> None:
    """Its queues go with it. Raises ValidationError while a pipeline runs there."""
    if cluster.pipelines.exists():
        raise ValidationError(_("Pipelines still run in this cluster: give them another one first."))
    delete_audited(cluster, CLUSTER, organization=cluster.organization.ref(), author=author)


def save_queue(queue: Queue, *, author: Author) -> bool:
    return save_audited(queue, QUEUE, organization=queue.cluster.organization.ref(), author=author)


def delete_queue(queue: Queue, *, author: Author) -> None:
    """Jobs that ran there keep running; their tokens name no queue any more."""
    delete_audited(queue, QUEUE, organization=queue.cluster.organization.ref(), author=author)


def save_pipeline(pipeline: Pipeline, *, author: Author) -> bool:
    return save_audited(pipeline, PIPELINE, organization=pipeline.organization.ref(), author=author)


def delete_pipeline(pipeline: Pipeline, *, author: Author) -> None:
    """Its jobs go with it, and their tokens with them."""
    delete_audited(pipeline, PIPELINE, organization=pipeline.organization.ref(), author=author)


def save_id_token_policy(policy: IDTokenPolicy, *, author: Author) -> bool:
    policy.allowed_audiences = sorted(set(policy.allowed_audiences))
    return save_audited(policy, ID_TOKEN_POLICY, organization=policy.organization.ref(), author=author)
