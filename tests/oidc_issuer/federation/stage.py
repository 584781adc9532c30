"""A trust in one pipeline's main branch, and tokens that jobs would get for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oidc_issuer.claims import JobFacts
from oidc_issuer.federation import TARGETS, RefKind, Row, Target, Trust, TrustedPipeline, trial
from oidc_issuer.refusals import Receipt
from oidc_issuer.token_request import IDTokenRules, decide
from tests.oidc_issuer.test_claims import CLUSTERED

ISSUER = "https://tokens.example.com"
NOW = 1_790_000_000
HEADER = {"alg": "RS256", "kid": "k1"}
SHOP = TrustedPipeline(CLUSTERED.pipeline_id, "shop")
OTHER = TrustedPipeline("0199aaaa-0000-7000-8000-0000000000ff", "other")


def places_of(target: Target) -> dict[str, str]:
    return {place.name: place.example for place in target.places}


def trust_for(target: Target, **changes: Any) -> Trust:
    """In the main branch of shop, by the pipeline's identifier."""
    places = places_of(target)
    return Trust(
        issuer=ISSUER,
        organization_id=CLUSTERED.organization_id,
        organization_slug="acme",
        audience=target.default_audience(places),
        pipelines=(SHOP,),
        subject_claim="pipeline_id",
        ref_kind=RefKind.BRANCH,
        ref="main",
        places=places,
    ).but(**changes)


def claims_for(target: Target, trust: Trust, job: JobFacts = CLUSTERED, **changes: Any) -> dict[str, Any]:
    """What the job would be given for the request that the assistant shows."""
    request = target.request(trust)
    grant = decide(replace(job, **changes), request, IDTokenRules(default_audience=ISSUER), Receipt())
    times = {"iat": NOW, "nbf": NOW, "exp": NOW + grant.lifetime}
    return {"iss": ISSUER, "sub": grant.subject, "aud": grant.audience, **times, **grant.claims}


def failed(target: Target, trust: Trust, claims: dict[str, Any], header: Any = None, *, now: int = NOW) -> list[Row]:
    return [row for row in trial(target, trust, header or HEADER, claims, now=now) if not row.passed]


ALL = list(TARGETS.values())
"""Every target, for tables."""
