"""A CI system on loopback that Acme trusts, and its jobs asking for tokens in every wire shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from exchange_apps.models import IdentityProvider, Organization
from exchange_apps.services.identity_providers import save_identity_provider
from exchange_apps.services.trust_decisions import waiting_decisions
from tests.conftest import Response, post_form
from tests.exchange_apps.services import conftest as remote
from tests.exchange_apps.services.conftest import author_at
from tests.keys import ABSENT
from tests.oidc_issuer_host import Issuer

authority, host, issuer, start, at = remote.authority, remote.host, remote.issuer, remote.start, remote.at

POLICY = [
    {
        "name": "main of shop",
        "scopes": ["read_builds", "read_pipelines"],
        "claims": {"repository_id": "1001", "repository_owner_id": "77", "ref": "refs/heads/main"},
    }
]
SaveProvider = Callable[..., IdentityProvider]


@pytest.fixture(autouse=True)
def _another_new_process() -> Any:
    remote.forget_everything()
    waiting_decisions.take_all()
    yield
    remote.forget_everything()
    waiting_decisions.take_all()


@pytest.fixture
def save_provider(
    acme: Organization, issuer: Issuer, start: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> SaveProvider:
    """Save a provider of Acme, commit and first fetch of its keys included; `changes` are attributes."""

    def saved(provider: IdentityProvider | None = None, **changes: Any) -> IdentityProvider:
        provider = provider or IdentityProvider(
            organization=acme, name="ci", preset="generic", issuer=issuer.url, audiences=["counterfoil"], policy=POLICY
        )
        for name, value in changes.items():
            setattr(provider, name, value)
        with django_capture_on_commit_callbacks(execute=True):
            save_identity_provider(provider, author=author_at(start))
        return provider

    return saved


@pytest.fixture
def provider(save_provider: SaveProvider) -> IdentityProvider:
    return save_provider()


TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@dataclass(frozen=True)
class Shape:
    """One wire shape: how a token is sent, and the error a token is refused with."""

    name: str
    refusal: str

    def form(self, token: str, provider: str) -> dict[str, Any]:
        return {
            "exchange": {
                "grant_type": TOKEN_EXCHANGE,
                "subject_token": token,
                "subject_token_type": ID_TOKEN,
                "audience": "acme",
            },
            "exchange_named": {
                "grant_type": TOKEN_EXCHANGE,
                "subject_token": token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "audience": "acme",
                "client_id": provider,
            },
            "client_credentials": {
                "grant_type": "client_credentials",
                "client_id": provider,
                "client_assertion_type": ASSERTION,
                "client_assertion": token,
            },
            "jwt_bearer": {"grant_type": JWT_BEARER, "assertion": token, "client_id": provider},
            "jwt_bearer_audience": {"grant_type": JWT_BEARER, "assertion": token, "audience": "acme"},
        }[self.name]

    def send(self, client: Client, token: str, provider: str, **changes: Any) -> Response:
        if self.name == "buddy":
            body = {"provider_id": provider, "web_identity_token": token} | changes
            return client.generic("POST", "/user/oidc/tokens", json.dumps(body), "application/json")
        extra = changes.pop("extra", {})
        form = {name: value for name, value in (self.form(token, provider) | changes).items() if value is not ABSENT}
        return post_form(client, "/oauth/token", form, **extra)


SHAPES = [
    Shape("exchange", "invalid_request"),
    Shape("exchange_named", "invalid_request"),
    Shape("client_credentials", "invalid_grant"),
    Shape("jwt_bearer", "invalid_grant"),
    Shape("jwt_bearer_audience", "invalid_grant"),
    Shape("buddy", "invalid_grant"),
]
IN_EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
Send = Callable[..., Response]


@pytest.fixture
def send(client: Client, provider: IdentityProvider, issuer: Issuer) -> Send:
    """Exchange a good token of the issuer, or the one given, in the first shape or another; changes go to the form."""

    def call(token: str = "", *, shape: Shape = SHAPES[0], claims: dict[str, Any] | None = None, **changes: Any) -> Any:
        return shape.send(client, token or issuer.id_token(**(claims or {})), str(provider.pk), **changes)

    return call
