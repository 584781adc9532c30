"""A live server for clients nobody here wrote, and the app and key they use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication
from tests import factories
from tests.keys import private_key

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
USER_EMAIL = "urn:buildkite:params:oauth:token-type:user-email"


@dataclass(frozen=True)
class Deployment:
    """What an app's owner knows: where, who, and the private key's file."""

    url: str
    client_id: str
    key_file: Path

    @property
    def token_endpoint(self) -> str:
        return f"{self.url}/oauth/token"


@pytest.fixture
def deployment(transactional_db: None, live_server: LiveServer, settings: Settings, tmp_path: Path) -> Deployment:
    settings.PUBLIC_URL = live_server.url
    acme = factories.make_organization("acme")
    factories.make_member(acme, "bob@acme.test")
    application: ExchangeApplication = factories.make_application(acme)
    key_file = tmp_path / "private_key.pem"
    key_file.write_bytes(private_key("deploy-1").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Deployment(live_server.url, application.client_id, key_file)


def assert_minted(access_token: str) -> None:
    """The client got a token, and the log has the event with the key id."""
    event = AuditEvent.objects.get(type="ACCESS_TOKEN_MINTED")
    assert event.data["token_sha256"] == hashlib.sha256(access_token.encode()).hexdigest()
    assert event.key_id == "deploy-1"
