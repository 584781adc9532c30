"""`…/clusters`, each with its queues."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.bodies import Body, Text, fields_of
from exchange_apps.api.conditional import described
from exchange_apps.api.moments import time_text
from exchange_apps.api.paging import answer_page
from exchange_apps.api.settings_view import SettingsView, changing, get_row
from oidc_issuer.endpoints.job_schema import QueueRef
from oidc_issuer.models import Cluster, Queue
from oidc_issuer.services.building import delete_cluster, delete_queue, save_cluster, save_queue


class ClusterBody(Body):
    name = Text(max_length=100)


class QueueBody(Body):
    key = Text(max_length=100)


class ClusterDocument(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    queues = QueueRef(many=True)
    created_at = serializers.DateTimeField()


class ClusterPart(SettingsView):
    """What all these addresses share."""

    def clusters(self) -> QuerySet[Cluster]:
        rows = Cluster.objects.filter(organization=self.organization)
        return rows.select_related("organization").prefetch_related("queues")


class ClustersView(ClusterPart):
    """The clusters of the organization."""

    scopes = {"GET": "read_clusters", "POST": "write_clusters"}  # noqa: RUF012 - as declared by the base

    @extend_schema(
        operation_id="list_clusters",
        parameters=schema.PAGE_PARAMETERS,
        responses={200: schema.page_of(ClusterDocument), **schema.ERRORS},
    )
    def get(self, request: Request, org: str) -> Response:
        return answer_page(request, self.clusters(), shown)

    @extend_schema(
        operation_id="create_cluster", request=ClusterBody, responses={201: ClusterDocument, **schema.WRITE_ERRORS}
    )
    def post(self, request: Request, org: str) -> Response:
        cluster = Cluster(organization=self.organization, **fields_of(request, ClusterBody))
        save_cluster(cluster, author=self.author())
        return described(request, shown(cluster), status=201)


class ClusterView(ClusterPart):
    """One cluster. It goes with its queues, and not while a pipeline runs there."""

    scopes = {"GET": "read_clusters", "PATCH": "write_clusters", "DELETE": "write_clusters"}  # noqa: RUF012

    @extend_schema(operation_id="get_cluster", responses={200: ClusterDocument, **schema.ERRORS})
    def get(self, request: Request, org: str, cluster_id: uuid.UUID) -> Response:
        return described(request, shown(get_row(self.clusters(), pk=cluster_id)))

    @extend_schema(
        operation_id="update_cluster",
        parameters=[schema.IF_MATCH],
        request=ClusterBody,
        responses={200: ClusterDocument, **schema.WRITE_ERRORS},
    )
    def patch(self, request: Request, org: str, cluster_id: uuid.UUID) -> Response:
        fields = fields_of(request, ClusterBody, partial=True)
        with changing(request, self.clusters(), shown, pk=cluster_id) as cluster:
            cluster.name = fields.get("name", cluster.name)
            save_cluster(cluster, author=self.author())
        return described(request, shown(cluster))

    @extend_schema(
        operation_id="delete_cluster", parameters=[schema.IF_MATCH], responses={204: None, **schema.WRITE_ERRORS}
    )
    def delete(self, request: Request, org: str, cluster_id: uuid.UUID) -> Response:
        with changing(request, self.clusters(), shown, pk=cluster_id) as cluster:
            delete_cluster(cluster, author=self.author())
        return Response(status=204)


class QueuesView(ClusterPart):
    """Where a queue is added to a cluster."""

    scopes = {"POST": "write_clusters"}  # noqa: RUF012 - as declared by the base

    @extend_schema(operation_id="create_queue", request=QueueBody, responses={201: QueueRef, **schema.WRITE_ERRORS})
    def post(self, request: Request, org: str, cluster_id: uuid.UUID) -> Response:
        fields = fields_of(request, QueueBody)
        queue = Queue(cluster=get_row(self.clusters(), pk=cluster_id), **fields)
        save_queue(queue, author=self.author())
        return Response(shown_queue(queue), 201)


class QueueView(ClusterPart):
    """One queue. Jobs that run there keep running; their tokens name no queue any more."""

    scopes = {"DELETE": "write_clusters"}  # noqa: RUF012 - as declared by the base

    @extend_schema(operation_id="delete_queue", responses={204: None, **schema.ERRORS})
    def delete(self, request: Request, org: str, cluster_id: uuid.UUID, queue_id: uuid.UUID) -> Response:
        cluster = get_row(self.clusters(), pk=cluster_id)
        delete_queue(get_row(cluster.queues.select_related("cluster__organization"), pk=queue_id), author=self.author())
        return Response(status=204)


def shown(cluster: Cluster) -> dict[str, Any]:
    return {
        "uuid": str(cluster.pk),
        "name": cluster.name,
        "queues": [shown_queue(queue) for queue in cluster.queues.all()],
        "created_at": time_text(cluster.created_at),
    }


def shown_queue(queue: Queue) -> dict[str, Any]:
    return {"id": str(queue.pk), "key": queue.key}
