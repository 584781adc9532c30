from oidc_issuer.models.job import JOB_TOKEN_LIFETIME, JOB_TOKEN_PREFIX, Job, derived_build_id, job_name
from oidc_issuer.models.pipeline import Cluster, Pipeline, Queue
from oidc_issuer.models.signing_key import ALGORITHMS, SigningKey
from oidc_issuer.models.token_policy import IDTokenPolicy

__all__ = [
    "ALGORITHMS",
    "JOB_TOKEN_LIFETIME",
    "JOB_TOKEN_PREFIX",
    "Cluster",
    "IDTokenPolicy",
    "Job",
    "Pipeline",
    "Queue",
    "SigningKey",
    "derived_build_id",
    "job_name",
]
