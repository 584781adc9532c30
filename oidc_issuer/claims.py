"""What an ID token may say about its job: claims, subjects, AWS session tags. Pure.

Names, values and forms are those of the tokens that CI users know; docs/issuer.md has the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ClaimValue = str | int | None

DEFAULT_CLAIMS = (
    "organization_slug",
    "pipeline_slug",
    "build_number",
    "build_branch",
    "build_tag",
    "build_commit",
    "step_key",
    "job_id",
    "agent_id",
    "build_source",
    "runner_environment",
)
"""In every token. `build_tag` and `step_key` are null where there is none."""
OPTIONAL_CLAIMS = (
    "organization_id",
    "pipeline_id",
    "build_id",
    "cluster_id",
    "cluster_name",
    "queue_id",
    "queue_key",
)
"""On request only, beside `agent_tag:NAME`. The last four exist for jobs of a pipeline that belongs to a cluster."""
SUBJECT_CLAIMS = ("organization_id", "pipeline_id", "cluster_id", "queue_id", "build_id", "job_id", "agent_id")
"""What may stand in place of the composite subject: identifiers that never change, and nobody can take over."""
AGENT_TAG = "agent_tag:"
AWS_TAGS_CLAIM = "https://aws.amazon.com/tags"

_AGENT_TAG_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")


class UnknownClaim(ValueError):
    """There is no claim of this name."""


class ClaimWithoutValue(ValueError):
    """There is such a claim, but this job has nothing to say in it."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """All that a token can tell of a job; but for the agent's tags each field is the claim of its name."""

    organization_id: str
    organization_slug: str
    pipeline_id: str
    pipeline_slug: str
    build_id: str
    build_number: int
    build_branch: str
    build_tag: str | None
    build_commit: str
    build_source: str
    step_key: str | None
    job_id: str
    agent_id: str
    runner_environment: str
    cluster_id: str | None = None
    cluster_name: str | None = None
    queue_id: str | None = None
    queue_key: str | None = None
    agent_tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        return f"refs/tags/{self.build_tag}" if self.build_tag else f"refs/heads/{self.build_branch}"


def claim_value(job: JobFacts, name: str) -> ClaimValue:
    """Raises UnknownClaim or ClaimWithoutValue. Default claims always have one, and be it null."""
    if name in DEFAULT_CLAIMS:
        value: ClaimValue = getattr(job, name)
        return value
    if name in OPTIONAL_CLAIMS:
        found: ClaimValue = getattr(job, name)
    elif name.startswith(AGENT_TAG) and _AGENT_TAG_NAME.fullmatch(name.removeprefix(AGENT_TAG)):
        found = job.agent_tags.get(name.removeprefix(AGENT_TAG))
    else:
        raise UnknownClaim(name)
    if found is None:
        raise ClaimWithoutValue(name)
    return found


def default_claims(job: JobFacts) -> dict[str, ClaimValue]:
    return {name: claim_value(job, name) for name in DEFAULT_CLAIMS}


def composite_subject(job: JobFacts) -> str:
    """Ends in `:step:` where the step has no key. Branches, tags and commits hold no colon (see `job_request`)."""
    return (
        f"organization:{job.organization_slug}:pipeline:{job.pipeline_slug}"
        f":ref:{job.ref}:commit:{job.build_commit}:step:{job.step_key or ''}"
    )


def aws_session_tags(job: JobFacts, names: Iterable[str]) -> dict[str, object]:
    """The value of the claim AWS reads tags from: numbers in decimal, nothing as an empty text, each in a list of one.

    No tag is transitive. Raises as `claim_value`.
    """
    return {"principal_tags": {name: [_tag_text(claim_value(job, name))] for name in names}}


def _tag_text(value: ClaimValue) -> str:
    return "" if value is None else str(value)
