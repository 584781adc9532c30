"""The job behind a job token: all that tokens say of it, what it may ask for, and the key that signs now.

One plain query. Nothing of it is kept: most jobs ask once, and what was true a moment ago may be revoked by now.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from audit.parties import OrganizationRef, Party, PartyType
from exchange_apps.services.plain_sql import fetch_one
from oidc_issuer.claims import JobFacts
from oidc_issuer.signing import PrivateHalf


@dataclass(frozen=True, slots=True)
class AskingJob:
    """`max_lifetime` (seconds) and `allowed_audiences` are None where the organization has no policy of its own,
    `signing_key` where no key is active."""

    id: uuid.UUID
    facts: JobFacts
    organization: OrganizationRef
    pipeline: Party
    expires_at: datetime
    finished_at: datetime | None
    max_lifetime: int | None
    allowed_audiences: list[str] | None
    signing_key: PrivateHalf | None


class _Row(NamedTuple):
    """In the order of the query; identifiers, times and JSON as the driver gives them."""

    id: Any
    organization_id: Any
    organization_slug: str
    pipeline_id: Any
    pipeline_slug: str
    build_id: Any
    build_number: int
    build_branch: str
    build_tag: str
    build_commit: str
    build_source: str
    step_key: str
    agent_id: Any
    agent_hosted: bool
    agent_tags: Any
    cluster_id: Any
    cluster_name: str | None
    queue_id: Any
    queue_key: str | None
    expires_at: datetime
    finished_at: datetime | None
    max_lifetime: int | None
    allowed_audiences: Any
    kid: str | None
    encrypted_private_key: str


_QUERY = """
SELECT j.id, j.organization_id, o.slug, j.pipeline_id, p.slug, j.build_id, j.build_number, j.build_branch, j.build_tag,
    j.build_commit, j.build_source, j.step_key, j.agent_id, j.agent_hosted, j.agent_tags, c.id, c.name, q.id, q.key,
    j.expires_at, j.finished_at, t.max_lifetime, t.allowed_audiences, k.kid, k.encrypted_private_key
FROM oidc_issuer_job j
    JOIN exchange_apps_organization o ON o.id = j.organization_id
    JOIN oidc_issuer_pipeline p ON p.id = j.pipeline_id
    LEFT JOIN oidc_issuer_cluster c ON c.id = p.cluster_id
    LEFT JOIN oidc_issuer_queue q ON q.id = j.queue_id
    LEFT JOIN oidc_issuer_idtokenpolicy t ON t.organization_id = j.organization_id
    LEFT JOIN oidc_issuer_signingkey k ON k.algorithm = %s AND k.state = 'active'
WHERE j.token_digest = %s
"""


def read_asking_job(token_digest: bytes, *, algorithm: str) -> AskingJob | None:
    """None: there is no job of this token. Raises django.db.DatabaseError."""
    found = fetch_one(_QUERY, [algorithm, token_digest])
    return _asking_job(_Row(*found), algorithm) if found else None


def _asking_job(row: _Row, algorithm: str) -> AskingJob:
    job_id, organization_id, pipeline_id = _uuid(row.id), _uuid(row.organization_id), _uuid(row.pipeline_id)
    facts = JobFacts(
        organization_id=str(organization_id),
        organization_slug=row.organization_slug,
        pipeline_id=str(pipeline_id),
        pipeline_slug=row.pipeline_slug,
        build_id=str(_uuid(row.build_id)),
        build_number=row.build_number,
        build_branch=row.build_branch,
        build_tag=row.build_tag or None,
        build_commit=row.build_commit,
        build_source=row.build_source,
        step_key=row.step_key or None,
        job_id=str(job_id),
        agent_id=str(_uuid(row.agent_id)),
        runner_environment="buildkite-hosted" if row.agent_hosted else "self-hosted",
        cluster_id=str(_uuid(row.cluster_id)) if row.cluster_id else None,
        cluster_name=row.cluster_name,
        queue_id=str(_uuid(row.queue_id)) if row.queue_id else None,
        queue_key=row.queue_key,
        agent_tags=_json(row.agent_tags),
    )
    return AskingJob(
        id=job_id,
        facts=facts,
        organization=OrganizationRef(organization_id, row.organization_slug),
        pipeline=Party(PartyType.PIPELINE, pipeline_id, row.pipeline_slug),
        expires_at=_utc(row.expires_at),
        finished_at=row.finished_at and _utc(row.finished_at),
        max_lifetime=row.max_lifetime,
        allowed_audiences=None if row.allowed_audiences is None else _json(row.allowed_audiences),
        signing_key=PrivateHalf(row.kid, algorithm, row.encrypted_private_key) if row.kid else None,
    )


def _uuid(value: Any) -> uuid.UUID:
    """SQLite keeps them as hexadecimal digits."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _utc(moment: datetime) -> datetime:
    """SQLite keeps times without a zone, in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
