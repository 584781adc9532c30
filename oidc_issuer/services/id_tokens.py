"""A job asks for an ID token: prove the job, decide, sign, record; or refuse, and record that."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings

from audit.actions import AuditAction, Outcome
from audit.identifiers import uuid7
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.services.lone_events import record_lone_event
from oidc_issuer.models import JOB_TOKEN_PREFIX, Job, job_name
from oidc_issuer.refusals import Check, IDTokenRefused, Reason, Receipt
from oidc_issuer.services.asking_job import AskingJob, read_asking_job
from oidc_issuer.services.signatures import NoSigningKey, active_key
from oidc_issuer.signing import PrivateHalf, sign_compact
from oidc_issuer.token_request import (
    LONGEST_LIFETIME,
    Grant,
    IDTokenRequest,
    IDTokenRules,
    decide,
    parse_id_token_request,
)


@dataclass(slots=True)
class Attempt:
    """One request, and what is known of it so far. `job` is the one that proved itself by its token."""

    origin: RequestOrigin
    now: datetime
    receipt: Receipt = field(default_factory=Receipt)
    job: AskingJob | None = None
    request: IDTokenRequest | None = None


def issue_id_token(job_id: str, secret: str, body: bytes, *, origin: RequestOrigin, now: datetime) -> str:
    """The signed token. Raises IDTokenRefused; where the job had proved itself, its organization's log tells why."""
    attempt = Attempt(origin, now)
    try:
        job = _prove_job(secret, attempt)
        _check_is_named(job, job_id, attempt.receipt)
        attempt.request = parse_id_token_request(body, attempt.receipt)
        rules = rules_within(job.organization.slug, job.max_lifetime, job.allowed_audiences)
        grant = decide(job.facts, attempt.request, rules, attempt.receipt)
        return _issue(job, attempt.request, grant, attempt)
    except IDTokenRefused as refusal:
        _record_refusal(attempt, refusal)
        raise


def rules_within(slug: str, max_lifetime: int | None, allowed_audiences: Sequence[str] | None) -> IDTokenRules:
    """An organization's policy, or None twice where it has none, within what the operator allows."""
    return IDTokenRules(
        default_audience=f"{settings.PUBLIC_URL}/{slug}",
        max_lifetime=min(LONGEST_LIFETIME if max_lifetime is None else max_lifetime, settings.ID_TOKEN_MAX_LIFETIME),
        allowed_audiences=frozenset(allowed_audiences or ()),
    )


def _prove_job(secret: str, attempt: Attempt) -> AskingJob:
    receipt = attempt.receipt
    parsed = OpaqueToken.parse(secret, JOB_TOKEN_PREFIX)
    job = parsed and read_asking_job(parsed.digest(), algorithm=settings.ID_TOKEN_ALGORITHM)
    if not job:
        receipt.refuse(Check.JOB_TOKEN, Reason.JOB_TOKEN_UNKNOWN, "The job token is not valid")
    attempt.job = job
    if attempt.now >= job.expires_at:
        receipt.refuse(Check.JOB_TOKEN, Reason.JOB_TOKEN_EXPIRED, "The job token has expired", seen=str(job.expires_at))
    receipt.passed(Check.JOB_TOKEN)
    return job


def _check_is_named(job: AskingJob, job_id: str, receipt: Receipt) -> None:
    """Whether the job that proved itself is the one in the address, and runs."""
    if job_id.lower() != job.facts.job_id:
        if _is_job_beside(job, job_id):
            message = "The job token belongs to another job"
            receipt.refuse(Check.JOB, Reason.JOB_OF_ANOTHER_TOKEN, message, expected=job.facts.job_id, seen=job_id)
        receipt.refuse(Check.JOB, Reason.JOB_UNKNOWN, "There is no such job", expected=job.facts.job_id, seen=job_id)
    receipt.passed(Check.JOB, job.facts.job_id)
    if job.finished_at is not None:
        receipt.refuse(Check.RUNNING, Reason.JOB_NOT_RUNNING, "The job is not running", seen=str(job.finished_at))
    receipt.passed(Check.RUNNING)


def _is_job_beside(job: AskingJob, job_id: str) -> bool:
    """Whether the same organization has such a job; of another's, nothing is told."""
    try:
        return Job.objects.filter(pk=uuid.UUID(job_id), organization=job.organization.uuid).exists()
    except ValueError:
        return False


def _issue(job: AskingJob, request: IDTokenRequest, grant: Grant, attempt: Attempt) -> str:
    jti = uuid7()
    claims = claims_of(grant, issued_at=int(attempt.now.timestamp()), jti=str(jti))
    try:
        key = job.signing_key or PrivateHalf.of(active_key(settings.ID_TOKEN_ALGORITHM, now=attempt.now))
    except NoSigningKey as error:
        wait = error.usable_from - attempt.now if error.usable_from else timedelta(seconds=60)
        attempt.receipt.refuse(
            Check.SIGNING_KEY,
            Reason.NO_SIGNING_KEY,
            "No signing key is published for long enough: try again later",
            retry_after=max(1, int(wait.total_seconds()) + 1),
        )
    token = sign_compact(key, orjson.dumps(claims), typ=None)
    _record(AuditAction.ID_TOKEN_ISSUED, job, attempt, key_id=key.kid, data={
        "jti": str(jti), "audience": grant.audience, "sub": grant.subject, "lifetime": grant.lifetime,
        "algorithm": key.algorithm, **_asked(request),
    })  # fmt: skip
    return token


def claims_of(grant: Grant, *, issued_at: int, jti: str) -> dict[str, object]:
    """The whole payload."""
    return {
        "iss": settings.PUBLIC_URL,
        "sub": grant.subject,
        "aud": grant.audience,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + grant.lifetime,
        "jti": jti,
        **grant.claims,
    }


def _record_refusal(attempt: Attempt, refusal: IDTokenRefused) -> None:
    """Strangers cannot fill a log: without a job that proved itself there is no event."""
    if attempt.job is None:
        return
    _record(
        AuditAction.ID_TOKEN_DENIED,
        attempt.job,
        attempt,
        outcome=Outcome.DENIED,
        reason=refusal.reason.value,
        data={
            "status": refusal.status,
            "message": refusal.message,
            **(_asked(attempt.request) if attempt.request else {}),
            "receipt": attempt.receipt.as_json(),
        },
    )


def _asked(request: IDTokenRequest) -> dict[str, Any]:
    return {
        "claims": list(request.claims),
        "aws_session_tags": list(request.aws_session_tags),
        "subject_claim": request.subject_claim or None,
    }


def _record(action: AuditAction, job: AskingJob, attempt: Attempt, *, data: dict[str, Any], **more: Any) -> None:
    facts = job.facts
    record_lone_event(
        action,
        occurred_at=attempt.now,
        organization=job.organization,
        actor=job.pipeline,
        subject=Party(PartyType.JOB, job.id, job_name(facts.pipeline_slug, facts.build_number, facts.step_key)),
        origin=attempt.origin,
        data={"agent_id": facts.agent_id, "build_id": facts.build_id, **data},
        **more,
    )
