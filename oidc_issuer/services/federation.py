"""Trying a trust that is not set up yet: on a token of ours, or on what the last job would have been given."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from exchange_apps.domain.compact_jws import CompactJWS, MalformedJWS
from exchange_apps.domain.jwk import inspect_jwks
from exchange_apps.jose import proven_claims
from exchange_apps.models import Organization
from oidc_issuer.federation import Target, Trust
from oidc_issuer.models import IDTokenPolicy, Job, Pipeline
from oidc_issuer.refusals import IDTokenRefused, Receipt
from oidc_issuer.services.id_tokens import claims_of, rules_within
from oidc_issuer.services.signatures import published_keys
from oidc_issuer.token_request import IDTokenRules, decide


@dataclass(frozen=True, slots=True)
class Sample:
    """A token to be tried. `is_proven` is None where there is no signature to check; `problem` is where there is no
    token at all."""

    header: dict[str, Any]
    claims: dict[str, Any]
    is_proven: bool | None = None
    problem: str = ""


def read_sample(text: str, *, now: datetime) -> Sample:
    """The token that somebody pasted, with the word of our published keys on its signature."""
    try:
        jws = CompactJWS.parse(text)
    except MalformedJWS as error:
        return Sample({}, {}, problem=str(error))
    keys = inspect_jwks(published_keys(now)[0]).usable
    return Sample(jws.unverified_header, jws.unverified_claims, proven_claims(text, keys) is not None)


def sample_of_last_job(
    organization: Organization, pipelines: Collection[Pipeline], target: Target, trust: Trust, *, now: datetime
) -> Sample | None:
    """What the last job would be told if it asked as the target needs it: claims alone, nothing is signed.

    None where no job has run.
    """
    jobs = Job.objects.filter(organization=organization).select_related("organization", "pipeline__cluster", "queue")
    job = (jobs.filter(pipeline__in=pipelines) if pipelines else jobs).order_by("-id").first()
    if job is None:
        return None
    try:
        grant = decide(job.facts(), target.request(trust), _rules_of(organization), Receipt())
    except IDTokenRefused as refusal:
        return Sample({}, {}, problem=refusal.message)
    claims = claims_of(grant, issued_at=int(now.timestamp()), jti=str(job.pk))
    return Sample({"alg": settings.ID_TOKEN_ALGORITHM, "kid": "…"}, claims)


def allowed_audiences_of(organization: Organization) -> frozenset[str]:
    """Empty: any."""
    return _rules_of(organization).allowed_audiences


def _rules_of(organization: Organization) -> IDTokenRules:
    policy = IDTokenPolicy.objects.filter(organization=organization).first()
    if policy is None:
        return rules_within(organization.slug, None, None)
    return rules_within(organization.slug, policy.max_lifetime, policy.allowed_audiences)
