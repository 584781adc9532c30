"""Authlib's requests session with `private_key_jwt`, as docs/clients.md shows it."""

from __future__ import annotations

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from tests.clients.conftest import TOKEN_EXCHANGE, USER_EMAIL, Deployment, assert_minted


def session_for(deployment: Deployment) -> OAuth2Session:
    session = OAuth2Session(
        deployment.client_id, deployment.key_file.read_text(), token_endpoint_auth_method="private_key_jwt"
    )
    session.register_client_auth_method(
        PrivateKeyJWT(deployment.token_endpoint, headers={"kid": "deploy-1"}, alg="RS256")
    )
    return session


def fetch(session: OAuth2Session, deployment: Deployment, subject: str) -> dict[str, str]:
    token: dict[str, str] = session.fetch_token(
        deployment.token_endpoint,
        grant_type=TOKEN_EXCHANGE,
        subject_token=subject,
        subject_token_type=USER_EMAIL,
        audience="acme",
        scope="read_builds",
    )
    return token


@pytest.fixture
def allows_an_hour(deployment: Deployment) -> None:
    """Authlib signs assertions for an hour; the app must allow that."""
    from exchange_apps.models import ExchangeApplication

    ExchangeApplication.objects.update(max_assertion_lifetime=3600)


@pytest.mark.usefixtures("allows_an_hour")
def test_authlib_exchanges_and_uses_the_token(deployment: Deployment) -> None:
    session = session_for(deployment)
    token = fetch(session, deployment, "bob@acme.test")
    assert_minted(token["access_token"])
    described = session.get(f"{deployment.url}/v2/access-token").json()
    assert described["user"]["email"] == "bob@acme.test"


@pytest.mark.usefixtures("allows_an_hour")
def test_authlib_reports_a_refusal_with_our_code_and_sentence(deployment: Deployment) -> None:
    with pytest.raises(OAuthError) as refusal:
        fetch(session_for(deployment), deployment, "stranger@acme.test")
    assert refusal.value.error == "invalid_request"
    assert "active member" in refusal.value.description
