"""ID tokens before verifiers that nobody here wrote, each of which knows the issuer's address and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import google.auth.transport.requests
import pytest
import requests
from google.oauth2 import id_token as google_id_token
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from pytest_django import Settings

from exchange_apps.models import Organization
from tests.clients.conftest import TOKEN_EXCHANGE, USER_EMAIL, Deployment
from tests.keys import sign_assertion
from tests.oidc_issuer.stage import make_building, started

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / "var" / "clients" / "node_modules"
AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/counterfoil"


@pytest.fixture(params=["RS256", "ES256"])
def token(request: pytest.FixtureRequest, deployment: Deployment, settings: Settings) -> str:
    """From a scheduler's assertion to a job's ID token, all over HTTP."""
    settings.ID_TOKEN_ALGORITHM = request.param
    make_building(Organization.objects.get(slug="acme"))
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
    job = requests.post(jobs, json=started(), headers={"Authorization": f"Bearer {minted}"}, timeout=30).json()
    address = f"{job['agent_endpoint']}/jobs/{job['id']}/oidc/tokens"
    asked = {"audience": AUDIENCE, "claims": ["pipeline_id"]}
    answer = requests.post(address, json=asked, headers={"Authorization": f"Token {job['token']}"}, timeout=30)
    found: str = answer.json()["token"]
    return found


def discovered(deployment: Deployment) -> dict[str, Any]:
    document: dict[str, Any] = requests.get(f"{deployment.url}/.well-known/openid-configuration", timeout=30).json()
    assert document["issuer"] == deployment.url
    return document


def assert_is_the_job(claims: Any) -> None:
    assert claims["sub"] == "organization:acme:pipeline:shop:ref:refs/heads/main:commit:5d1c0b:step:deploy"
    assert claims["build_number"] == 42
    assert claims["aud"] == AUDIENCE


def test_joserfc_accepts_it(deployment: Deployment, token: str) -> None:
    found = discovered(deployment)
    keys = KeySet.import_key_set(requests.get(found["jwks_uri"], timeout=30).json())
    algorithms = found["id_token_signing_alg_values_supported"]
    decoded = joserfc_jwt.decode(token, keys, algorithms=algorithms)
    needed = {name: {"essential": True} for name in ("sub", "exp", "iat", "nbf", "jti")}
    registry = joserfc_jwt.JWTClaimsRegistry(
        **needed, iss={"essential": True, "value": found["issuer"]}, aud={"essential": True, "value": AUDIENCE}
    )
    registry.validate(decoded.claims)
    assert_is_the_job(decoded.claims)


@pytest.mark.filterwarnings("ignore:authlib.jose module is deprecated")  # it recommends joserfc, and is used widely
def test_authlib_accepts_it(deployment: Deployment, token: str) -> None:
    from authlib.jose import JsonWebKey, JsonWebToken

    found = discovered(deployment)
    keys = JsonWebKey.import_key_set(requests.get(found["jwks_uri"], timeout=30).json())
    options = {"iss": {"essential": True, "value": found["issuer"]}, "aud": {"essential": True, "value": AUDIENCE}}
    decoder = JsonWebToken(found["id_token_signing_alg_values_supported"])
    claims = decoder.decode(token, keys, claims_options=options)
    claims.validate(now=int(time.time()))
    assert_is_the_job(claims)


def test_google_auth_accepts_it(deployment: Deployment, token: str) -> None:
    certificates = discovered(deployment)["jwks_uri"]
    session = google.auth.transport.requests.Request()
    assert_is_the_job(google_id_token.verify_token(token, session, AUDIENCE, certificates))


@pytest.mark.skipif(
    shutil.which("node") is None or not (INSTALLED / "openid-client").is_dir(),
    reason="needs node, and `make clients` to have installed openid-client and jose",
)
def test_openid_client_and_jose_accept_it(deployment: Deployment, token: str) -> None:
    script = INSTALLED.parent / f"{os.getpid()}-verify.mjs"
    script.write_text((Path(__file__).parent / "verify_id_token.mjs").read_text())
    environment = {"PATH": os.environ["PATH"], "ISSUER": deployment.url, "AUDIENCE": AUDIENCE, "TOKEN": token}
    try:
        done = subprocess.run(
            ["node", str(script)], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        script.unlink()
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert_is_the_job(told["payload"])
    assert set(told["protectedHeader"]) == {"alg", "kid"}
