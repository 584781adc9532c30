"""A real JWKS host on loopback, trusted for the test, and the app `deploy_bot` pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit import identifiers
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.models import ExchangeApplication, RemoteKeySet
from exchange_apps.services import current_keys, remote_keys
from exchange_apps.services.applications import save_application
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.standing import forget_standings
from tests.certificate_authority import CertificateAuthority
from tests.jwks_host import LOOPBACK, JWKSHost, json_answer, running_jwks_host
from tests.keys import jwks, private_key, sign_assertion
from tests.oidc_issuer_host import Issuer

ADDRESS = "127.0.0.1"
Travel = Callable[..., AbstractContextManager[Any]]
Save = Callable[..., ExchangeApplication]


@pytest.fixture(autouse=True)
def _another_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(identifiers, "_last", 0)  # identifiers only grow, so a day spent in the future would stay
    forget_everything()
    yield
    forget_everything()


def forget_everything() -> None:
    """What a new process would not know."""
    forget_standings()
    remote_keys.forget_attempts()
    current_keys.forget_looks()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def host(authority: CertificateAuthority, settings: Any) -> Iterator[JWKSHost]:
    """An https host at 127.0.0.1 that publishes `deploy-1`."""
    settings.OUTBOUND_ALLOWED_NETWORKS = LOOPBACK
    settings.OUTBOUND_CA_BUNDLE = str(authority.bundle)
    with running_jwks_host(authority.server_context(ADDRESS)) as running:
        publish(running, "deploy-1")
        yield running


@pytest.fixture
def issuer(host: JWKSHost) -> Issuer:
    """The same host as an OIDC issuer."""
    found = Issuer(host, uri_of(host, ""))
    host.answer = found.answer
    return found


@pytest.fixture
def start() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def at(start: datetime) -> Travel:
    """`with at(minutes=5):` moves the clock of this process to that time after the start."""
    return lambda **span: time_machine.travel(start + timedelta(**span), tick=False)


@pytest.fixture
def save(start: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Save:
    """Save an app as the portal does, commit included. Keyword arguments are attributes to change."""

    def saved(application: ExchangeApplication, *, now: datetime = start, **changes: Any) -> ExchangeApplication:
        for name, value in changes.items():
            setattr(application, name, value)
        if connection.in_atomic_block:
            with django_capture_on_commit_callbacks(execute=True):
                save_application(application, author=author_at(now))
        else:
            save_application(application, author=author_at(now))
        return application

    return saved


@pytest.fixture
def remote(deploy_bot: ExchangeApplication, host: JWKSHost, save: Save) -> ExchangeApplication:
    """`deploy_bot` with its keys at the host, fetched at the start."""
    return save(deploy_bot, jwks=None, jwks_uri=uri_of(host))


def uri_of(host: JWKSHost, path: str = "/jwks.json") -> str:
    return host.url(path, host=ADDRESS)


def author_at(now: datetime) -> Author:
    return Author(Party(PartyType.USER, None, "alice@acme.test"), RequestOrigin(None, "", ""), now)


def without_kid(application: ExchangeApplication, key: str) -> str:
    """A good assertion whose header does not name its key."""
    claims = jwt.decode(sign_assertion(application.client_id), options={"verify_signature": False})
    return jwt.encode(claims, private_key(key), "RS256")


def publish(host: JWKSHost, *names: str, **answer: Any) -> None:
    """Let the host publish the keys of these names from now on."""
    host.answer = json_answer(jwks(*names), **answer)


def key_set(application: ExchangeApplication) -> RemoteKeySet:
    return RemoteKeySet.objects.get(uri=application.jwks_uri)


def kids(application: ExchangeApplication) -> list[str]:
    document = key_set(application).document
    return [] if document is None else [key["kid"] for key in document["keys"]]


def events(*types: str) -> list[AuditEvent]:
    """The events of these types, oldest first."""
    return list(AuditEvent.objects.filter(type__in=types).order_by("id"))
