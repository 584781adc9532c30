"""Full circle, all over HTTP: a job's ID token, trusted by the policy the assistant wrote, becomes a `bktx_` token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import yaml

from audit.models import AuditEvent
from exchange_apps.models import IdentityProvider, Organization
from exchange_apps.services.identity_providers import save_identity_provider
from oidc_issuer.federation import TARGETS, RefKind, Trust, TrustedPipeline
from oidc_issuer.services.signatures import published_keys
from tests.clients.conftest import TOKEN_EXCHANGE, USER_EMAIL, Deployment
from tests.keys import sign_assertion
from tests.oidc_issuer.conftest import author_at
from tests.oidc_issuer.stage import Building, make_building, started


@pytest.fixture
def pipelines(deployment: Deployment) -> Building:
    return make_building(Organization.objects.get(slug="acme"))


def trust_in_main(deployment: Deployment, pipelines: Building) -> Trust:
    own = TARGETS["counterfoil"]
    places = {"server": deployment.url, "organization": "acme", "scopes": "read_builds"}
    return Trust(
        issuer=deployment.url,
        organization_id=str(pipelines.organization.pk),
        organization_slug="acme",
        audience=own.default_audience(places),
        pipelines=(TrustedPipeline(str(pipelines.pipeline.pk), "shop"),),
        subject_claim="pipeline_id",
        ref_kind=RefKind.BRANCH,
        ref="main",
        places=places,
    )


def trust_ourselves(trust: Trust, organization: Organization) -> None:
    """What `apply` would do with the text the assistant shows; our keys stand in it, as nothing is fetched here."""
    text = next(paste.text for paste in TARGETS["counterfoil"].pastes(trust) if paste.key == "apply")
    (entry,) = yaml.safe_load(text)["identity_providers"]
    now = datetime.now(UTC)
    provider = IdentityProvider(organization=organization, jwks=published_keys(now)[0], **entry)
    save_identity_provider(provider, author=author_at(now), acknowledged=())


def id_token(deployment: Deployment, trust: Trust, **build: Any) -> str:
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": sign_assertion(deployment.client_id, aud=deployment.token_endpoint),
        "subject_token": "bob@acme.test",
        "subject_token_type": USER_EMAIL,
        "audience": "acme",
        "scope": "write_builds",
    }
    minted = requests.post(deployment.token_endpoint, data=form, timeout=30).json()["access_token"]
    jobs = f"{deployment.url}/v2/organizations/acme/pipelines/shop/jobs"
    bearer = {"Authorization": f"Bearer {minted}"}
    job = requests.post(jobs, json=started(build=build), headers=bearer, timeout=30).json()
    request = TARGETS["counterfoil"].request(trust)
    asked = {
        "audience": request.audience,
        "lifetime": request.lifetime,
        "claims": list(request.claims),
        "subject_claim": request.subject_claim,
    }
    address = f"{job['agent_endpoint']}/jobs/{job['id']}/oidc/tokens"
    answer = requests.post(address, json=asked, headers={"Authorization": f"Token {job['token']}"}, timeout=30)
    token: str = answer.json()["token"]
    return token


def exchange(deployment: Deployment, token: str) -> requests.Response:
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "audience": "acme",
    }
    return requests.post(deployment.token_endpoint, data=form, timeout=30)


def test_from_a_job_to_a_minted_token(deployment: Deployment, pipelines: Building) -> None:
    trust = trust_in_main(deployment, pipelines)
    token = id_token(deployment, trust)
    trust_ourselves(trust, pipelines.organization)
    answer = exchange(deployment, token)
    assert answer.status_code == 200, answer.text
    minted = answer.json()
    assert minted["access_token"].startswith("bktx_")
    assert minted["scope"] == "read_builds"
    bearer = {"Authorization": f"Bearer {minted['access_token']}"}
    described = requests.get(f"{deployment.url}/v2/access-token", headers=bearer, timeout=30)
    assert described.json()["scopes"] == ["read_builds"]
    assert exchange(deployment, token).status_code == 400  # its jti is spent
    other = exchange(deployment, id_token(deployment, trust, branch="evil"))
    assert other.status_code == 400
    denied = AuditEvent.objects.filter(outcome="denied").latest("id")
    assert "build_branch" in str(denied.data["receipt"])
