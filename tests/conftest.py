"""The stage: the cast as fixtures, and `exchange(**changes)`, one good call to the token endpoint with changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from exchange_apps.models import ExchangeApplication, Organization, Role, User
from exchange_apps.services import failure_limit
from tests import factories
from tests.keys import ABSENT, sign_assertion

Exchange = Callable[..., HttpResponse]


@pytest.fixture(scope="session", autouse=True)
def _flush_goes_through_the_door(django_db_setup: None) -> None:
    """Tests with real commits flush all tables afterwards: that opens the log's one door, and refills the catalogue."""
    execute_sql_flush = connection.ops.execute_sql_flush
    catalogue = import_module("exchange_apps.migrations.0003_scope_catalogue")

    def flush(statements: list[str]) -> None:
        is_postgresql = connection.vendor == "postgresql"
        opening = "SET LOCAL audit.append_only = 'off'" if is_postgresql else "INSERT INTO audit_door VALUES (1)"
        closing = "SET LOCAL audit.append_only = 'on'" if is_postgresql else "DELETE FROM audit_door"
        execute_sql_flush([opening, *statements, closing])
        catalogue.fill(apps, None)

    connection.ops.execute_sql_flush = flush  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _a_new_process() -> Iterator[None]:
    failure_limit.forget_blocked()
    yield
    failure_limit.forget_blocked()


@pytest.fixture
def acme(db: None) -> Organization:
    return factories.make_organization("acme")


@pytest.fixture
def globex(db: None) -> Organization:
    return factories.make_organization("globex")


@pytest.fixture
def olga(acme: Organization) -> User:
    return factories.make_member(acme, "olga@acme.test", Role.OWNER, name="Olga")


@pytest.fixture
def alice(acme: Organization) -> User:
    return factories.make_member(acme, "alice@acme.test", Role.ADMIN, name="Alice")


@pytest.fixture
def bob(acme: Organization) -> User:
    return factories.make_member(acme, "bob@acme.test", Role.MEMBER, name="Bob")


@pytest.fixture
def carol(acme: Organization) -> User:
    return factories.make_member(acme, "carol@acme.test", Role.AUDITOR, name="Carol")


@pytest.fixture
def mallory(globex: Organization) -> User:
    return factories.make_member(globex, "mallory@globex.test", Role.OWNER, name="Mallory")


@pytest.fixture
def deploy_bot(acme: Organization) -> ExchangeApplication:
    return factories.make_application(acme)


@pytest.fixture
def exchange(client: Client, deploy_bot: ExchangeApplication, bob: User) -> Exchange:
    """Post a good exchange for Bob. Keyword arguments change form parameters (ABSENT leaves one out); `claims`,
    `headers`, `key` and `algorithm` change the assertion, `extra` the HTTP request."""

    def call(
        *,
        claims: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        key: str = "deploy-1",
        algorithm: str = "RS256",
        extra: dict[str, Any] | None = None,
        path: str = "/oauth/token",
        **changes: Any,
    ) -> HttpResponse:
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": sign_assertion(
                deploy_bot.client_id, key=key, algorithm=algorithm, headers=headers, **(claims or {})
            ),
            "subject_token": "bob@acme.test",
            "subject_token_type": "urn:buildkite:params:oauth:token-type:user-email",
            "audience": "acme",
        }
        form = {name: value for name, value in (form | changes).items() if value is not ABSENT}
        return post_form(client, path, form, **(extra or {}))

    return call


def post_form(client: Client, path: str, form: dict[str, str], **extra: Any) -> HttpResponse:
    from urllib.parse import urlencode

    return client.generic("POST", path, urlencode(form), "application/x-www-form-urlencoded", **extra)
