"""The issuer's part of the REST API."""

from django.urls import path

from oidc_issuer.endpoints import clusters, jobs, pipelines

_ORGANIZATION = "v2/organizations/<str:org>"
_PIPELINE = f"{_ORGANIZATION}/pipelines/<str:pipeline>"
_CLUSTER = f"{_ORGANIZATION}/clusters/<uuid:cluster_id>"

app_name = "oidc_api"
urlpatterns = [
    path(f"{_ORGANIZATION}/pipelines", pipelines.PipelinesView.as_view(), name="pipelines"),
    path(_PIPELINE, pipelines.PipelineView.as_view(), name="pipeline"),
    path(f"{_PIPELINE}/jobs", jobs.PipelineJobsView.as_view(), name="start_job"),
    path(f"{_PIPELINE}/jobs/<str:job_id>/finish", jobs.FinishJobView.as_view(), name="finish_job"),
    path(f"{_ORGANIZATION}/clusters", clusters.ClustersView.as_view(), name="clusters"),
    path(_CLUSTER, clusters.ClusterView.as_view(), name="cluster"),
    path(f"{_CLUSTER}/queues", clusters.QueuesView.as_view(), name="queues"),
    path(f"{_CLUSTER}/queues/<uuid:queue_id>", clusters.QueueView.as_view(), name="queue"),
    path(f"{_ORGANIZATION}/jobs", jobs.JobsView.as_view(), name="jobs"),
    path(f"{_ORGANIZATION}/jobs/<uuid:job_id>", jobs.JobView.as_view(), name="job"),
]
