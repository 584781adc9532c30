"""Calling the API as the bearer of a token."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from exchange_apps.models import ExchangeApplication, Organization, Scope, User
from tests import factories
from tests.conftest import Exchange

Call = Callable[..., Any]
Mint = Callable[..., str]
ACME = "/v2/organizations/acme"
EVENTS = f"{ACME}/audit_events"


@pytest.fixture
def log_reader(acme: Organization) -> ExchangeApplication:
    return factories.make_application(
        acme, "deploy-bot", grantable_scopes=["read_audit_events", "read_builds"], default_scopes=["read_audit_events"]
    )


@pytest.fixture
def deploy_bot(log_reader: ExchangeApplication) -> ExchangeApplication:
    """The app of `exchange`: here it may also hand out the log."""
    return log_reader


@pytest.fixture
def token_for(exchange: Exchange) -> Callable[..., str]:
    def mint(email: str, **changes: Any) -> str:
        answer = exchange(subject_token=email, **changes)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)["access_token"]

    return mint


@pytest.fixture
def bearer(token_for: Mint, deploy_bot: ExchangeApplication) -> Mint:
    """A token with every scope there is, so that only the role decides."""

    def mint(person: User) -> str:
        every = sorted(Scope.objects.values_list("name", flat=True))
        ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(grantable_scopes=every, default_scopes=every)
        return token_for(person.email)

    return mint


@pytest.fixture
def call(client: Client) -> Call:
    def get(path: str, token: str | None = None, **extra: Any) -> Any:
        headers = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
        return client.get(path, **headers, **extra)

    return get


@pytest.fixture
def send(client: Client) -> Call:
    """`send(method, path, token, body, if_match=…)`; a body that is no bytes goes as JSON."""

    def request(method: str, path: str, token: str, body: Any = None, **headers: str) -> Any:
        given = {f"HTTP_{name.upper()}": value for name, value in headers.items() if name != "content_type"}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = headers.get("content_type", "application/json")
        return client.generic(method, path, data, kind, HTTP_AUTHORIZATION=f"Bearer {token}", **given)

    return request


@pytest.fixture
def no_limits(settings: Settings) -> None:
    settings.API_RATE_LIMIT = settings.API_USER_RATE_LIMIT = 0
