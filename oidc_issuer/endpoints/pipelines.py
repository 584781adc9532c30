"""`…/pipelines`: what builds, by slug or UUID."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.bodies import Body, Text, fields_of
from exchange_apps.api.conditional import described
from exchange_apps.api.errors import UnprocessableBody
from exchange_apps.api.moments import time_text
from exchange_apps.api.paging import answer_page
from exchange_apps.api.settings_view import SettingsView, changing
from exchange_apps.domain.problems import Problem
from oidc_issuer.endpoints.job_schema import ClusterRef
from oidc_issuer.endpoints.rows import get_pipeline, pipelines_of
from oidc_issuer.models import Cluster, Pipeline
from oidc_issuer.services.building import delete_pipeline, save_pipeline


class PipelineBody(Body):
    slug = Text(max_length=100)
    name = Text(max_length=200)
    cluster = serializers.UUIDField(required=False, allow_null=True, help_text="UUID of the cluster its jobs run in.")


class PipelineDocument(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    cluster = ClusterRef(allow_null=True)
    created_at = serializers.DateTimeField()


class PipelinePart(SettingsView):
    """What both addresses share."""

    def fill(self, pipeline: Pipeline, fields: dict[str, Any]) -> None:
        for name in fields.keys() - {"cluster"}:
            setattr(pipeline, name, fields[name])
        if "cluster" in fields:
            found = Cluster.objects.filter(organization=self.organization, pk=fields["cluster"]).first()
            if found is None and fields["cluster"] is not None:
                raise UnprocessableBody([Problem(("cluster",), "There is no such cluster.")])
            pipeline.cluster = found


class PipelinesView(PipelinePart):
    """The pipelines of the organization."""

    scopes = {"GET": "read_pipelines", "POST": "write_pipelines"}  # noqa: RUF012 - as declared by the base

    @extend_schema(
        operation_id="list_pipelines",
        parameters=schema.PAGE_PARAMETERS,
        responses={200: schema.page_of(PipelineDocument), **schema.ERRORS},
    )
    def get(self, request: Request, org: str) -> Response:
        return answer_page(request, pipelines_of(self.organization.pk), shown)

    @extend_schema(
        operation_id="create_pipeline",
        request=PipelineBody,
        responses={201: PipelineDocument, **schema.WRITE_ERRORS},
    )
    def post(self, request: Request, org: str) -> Response:
        pipeline = Pipeline(organization=self.organization)
        self.fill(pipeline, fields_of(request, PipelineBody))
        save_pipeline(pipeline, author=self.author())
        return described(request, shown(pipeline), status=201)


class PipelineView(PipelinePart):
    """One pipeline; its jobs go with it."""

    scopes = {"GET": "read_pipelines", "PATCH": "write_pipelines", "DELETE": "write_pipelines"}  # noqa: RUF012

    @extend_schema(operation_id="get_pipeline", responses={200: PipelineDocument, **schema.ERRORS})
    def get(self, request: Request, org: str, pipeline: str) -> Response:
        return described(request, shown(get_pipeline(self.organization.pk, pipeline)))

    @extend_schema(
        operation_id="update_pipeline",
        parameters=[schema.IF_MATCH],
        request=PipelineBody,
        responses={200: PipelineDocument, **schema.WRITE_ERRORS},
    )
    def patch(self, request: Request, org: str, pipeline: str) -> Response:
        fields = fields_of(request, PipelineBody, partial=True)
        key = get_pipeline(self.organization.pk, pipeline).pk
        with changing(request, pipelines_of(self.organization.pk), shown, pk=key) as row:
            self.fill(row, fields)
            save_pipeline(row, author=self.author())
        return described(request, shown(row))

    @extend_schema(
        operation_id="delete_pipeline",
        parameters=[schema.IF_MATCH],
        responses={204: None, **schema.WRITE_ERRORS},
    )
    def delete(self, request: Request, org: str, pipeline: str) -> Response:
        key = get_pipeline(self.organization.pk, pipeline).pk
        with changing(request, pipelines_of(self.organization.pk), shown, pk=key) as row:
            delete_pipeline(row, author=self.author())
        return Response(status=204)


def shown(pipeline: Pipeline) -> dict[str, Any]:
    cluster = pipeline.cluster
    return {
        "uuid": str(pipeline.pk),
        "slug": pipeline.slug,
        "name": pipeline.name,
        "cluster": {"id": str(cluster.pk), "name": cluster.name} if cluster else None,
        "created_at": time_text(pipeline.created_at),
    }
