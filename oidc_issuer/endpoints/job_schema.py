"""The forms of what schedulers send and get, for the API's schema; `job_request` is what checks them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from oidc_issuer.job_request import SOURCES


class BuildGiven(serializers.Serializer[Any]):
    id = serializers.UUIDField(required=False, help_text="Derived from pipeline and number when absent.")
    number = serializers.IntegerField(min_value=1)
    branch = serializers.CharField()
    tag = serializers.CharField(required=False)
    commit = serializers.CharField()
    source = serializers.ChoiceField(SOURCES)  # type: ignore[assignment]


class AgentGiven(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    tags = serializers.DictField(child=serializers.CharField(), required=False)
    hosted = serializers.BooleanField(required=False)


class StartJob(serializers.Serializer[Any]):
    build = BuildGiven()
    step_key = serializers.CharField(required=False)
    queue = serializers.CharField(required=False, help_text="Key of a queue of the pipeline's cluster.")
    agent = AgentGiven()


class PipelineRef(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()


class BuildRef(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()


class Finished(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(["running", "finished"])
    pipeline = PipelineRef()
    build = BuildRef()
    step_key = serializers.CharField(allow_null=True)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    agent_endpoint = serializers.URLField(help_text="What buildkite-agent takes as BUILDKITE_AGENT_ENDPOINT.")


class Started(Finished):
    token = serializers.CharField(help_text="The job token, shown once.")


class ClusterRef(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class QueueRef(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    key = serializers.CharField()


class BuildDocument(BuildRef):
    branch = serializers.CharField()
    tag = serializers.CharField(allow_null=True)
    commit = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class AgentDocument(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    tags = serializers.DictField(child=serializers.CharField())
    hosted = serializers.BooleanField()


class JobDocument(Finished):
    build = BuildDocument()
    cluster = ClusterRef(allow_null=True)
    queue = QueueRef(allow_null=True)
    agent = AgentDocument()
